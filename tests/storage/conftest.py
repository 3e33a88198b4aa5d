from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.storage.database import Database
from core.storage.store import Store
from tests.storage.samples import NOON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "usage_sync.duckdb"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, "sandbox", now=lambda: NOON) as opened:
        yield opened


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path, clock=lambda: NOON)
    yield opened
    opened.close()
