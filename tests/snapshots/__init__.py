"""Texts that a test compares with, renewed only by an explicit `UPDATE_SNAPSHOTS=1`."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def assert_snapshot(name: str, text: str) -> None:
    """Fail where `text` is not what the file `name` says; look at it before renewing it."""
    path = FOLDER / name
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")
