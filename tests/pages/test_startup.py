"""What the server imports before its first session."""

from __future__ import annotations

import subprocess
import sys

from pages.locale.update import ROOT

CODE = """
import sys
from unittest import mock
from pages.components.startup import import_pages
with mock.patch("streamlit.components.v1.declare_component") as declare:
    import_pages()
assert "pages.components.sync_view" in sys.modules
assert not declare.called and "st_aggrid" not in sys.modules
"""


def test_no_component_is_declared_outside_of_a_session():
    """The server would not know it, and its page would stay blank."""
    # In a process of its own: here the other tests have imported everything.
    subprocess.run([sys.executable, "-W", "ignore", "-c", CODE], check=True, cwd=ROOT)
