"""The product's own picture, as an address that no browser has to fetch."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

_FILE = Path(__file__).with_name("logo.svg")
# A Material icon as the page's icon would be fetched from the internet, and a file is read and
# hashed with every run of a page.
LOGO = "data:image/svg+xml;base64," + b64encode(_FILE.read_bytes()).decode("ascii")
