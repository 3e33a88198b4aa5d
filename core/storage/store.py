"""Everything that the product keeps, in one file that belongs to one mode."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from core.errors import Message, StoreMismatchError, message
from core.storage.additions_store import AdditionsStore
from core.storage.catalog_store import CatalogStore
from core.storage.customers_store import CustomersStore
from core.storage.database import Clock, Database, utc_now
from core.storage.history_store import HistoryStore
from core.storage.mappings_store import MappingsStore
from core.storage.migrations import migrate, pending_migrations
from core.storage.months_store import MonthsStore
from core.storage.outbox_store import OutboxStore
from core.storage.products_store import ProductsStore
from core.storage.reconciliation_store import ReconciliationStore
from core.storage.rules_store import RulesStore
from core.storage.runs_store import RunsStore
from core.storage.schema import MIGRATIONS
from core.storage.settings_store import SettingsStore
from core.storage.usage_store import UsageStore
from core.storage.waiting_store import WaitingStore

_MODE = "mode"


class Store:
    """The open store; threads share it. Get one with `Store.open`, and close it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.mappings = MappingsStore(database)
        self.products = ProductsStore(database)
        self.catalog = CatalogStore(database)
        self.usage = UsageStore(database)
        self.settings = SettingsStore(database)
        self.customers = CustomersStore(database)
        self.rules = RulesStore(database)
        self.additions = AdditionsStore(database)
        self.runs = RunsStore(database)
        self.history = HistoryStore(database)
        self.months = MonthsStore(database)
        self.waiting = WaitingStore(database)
        self.reconciliation = ReconciliationStore(database)
        self.outbox = OutboxStore(database)

    @classmethod
    def open(cls, path: Path, mode: str, now: Clock = utc_now) -> Store:
        """Open the file at `path`, created when absent, upgraded after a backup when older.

        `mode` is "sandbox" or "real": a file keeps the mode that it was created with, so that
        sandbox data can never meet real customers. `now` is the clock. Raises StoreInUseError
        (another process has it), StoreMismatchError (another version, mode or kind of file) or
        StoreError.
        """
        database = Database(path, clock=now)
        try:
            _prepare(database, str(mode))
        except BaseException:
            database.close()
            raise
        return cls(database)

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    @property
    def revision(self) -> int:
        """Grows with every committed change: what was read at the same revision is still true."""
        return self._database.revision

    @property
    def facts_revision(self) -> int:
        """Grows with every committed change that plans and reports can follow from."""
        return self._database.facts_revision

    def close(self) -> None:
        """Finish the write in progress and release the file."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _prepare(database: Database, mode: str) -> None:
    new = len(pending_migrations(database, MIGRATIONS)) == len(MIGRATIONS)
    if not new:
        _refuse_other_mode(database, mode)
    migrate(database, MIGRATIONS)
    _bind(database, mode)


def _bound_mode(database: Database) -> str | None:
    rows = database.read("SELECT value FROM store.store_info WHERE name = ?", [_MODE])
    return rows[0][0] if rows else None


def _refuse_other_mode(database: Database, mode: str) -> None:
    bound = _bound_mode(database)
    if bound is not None and bound != mode:
        raise StoreMismatchError(
            _other_mode(database.path, bound),
            remedy=message("Set USAGE_SYNC_STORE to another file."),
            detail=f"bound to {bound}, opened for {mode}",
        )


def _other_mode(path: Path, bound: str) -> Message:
    if bound == "sandbox":
        return message(
            "The database {path} holds sandbox data and cannot be used with real systems.",
            path=str(path),
        )
    return message(
        "The database {path} holds data of real systems and cannot be used with the sandbox.",
        path=str(path),
    )


def _bind(database: Database, mode: str) -> None:
    # Not only when new: a process killed just after creating the file left it without a mode.
    if _bound_mode(database) is None:
        with database.transaction() as transaction:
            transaction.execute(
                "INSERT INTO store.store_info (name, value) VALUES (?, ?)", [_MODE, mode]
            )
