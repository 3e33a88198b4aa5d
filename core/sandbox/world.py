"""The world that both sandbox systems show: records by table, tenants and usage.

The world is loaded from the CSVs of `data/demo`, with every date relative to today. What is
changed afterwards is kept as a small overlay, written to a state file when one is given, so that
a restart goes on where it stopped.
"""

from __future__ import annotations

import copy
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import simplejson

from core.sandbox.demo_connectwise import load_connectwise
from core.sandbox.demo_sophos import SophosDemo, load_sophos

DEMO_DIR = Path(__file__).resolve().parents[2] / "data" / "demo"

Record = dict[str, Any]

TABLE_NAMES = (
    "additions",
    "agreementTypes",
    "agreements",
    "audittrail",
    "billingCycles",
    "catalog",
    "categories",
    "companies",
    "companyStatuses",
    "companyTypes",
    "contacts",
    "departments",
    "locations",
    "manufacturers",
    "subcategories",
    "taxCodes",
    "types",
    "unitOfMeasures",
)

# Tables that are read parent by parent, and where their records keep the parent's id.
PARENT_MEMBERS = {"additions": "agreementId"}


class Table:
    """Records of one kind by id. Change them only through the methods, under the world's lock.

    A record is a plain dict in the shape of the wire: Decimal numbers, ISO strings for dates,
    nulls omitted. `records` is for reading; what is stored is a copy of what was given.
    `parent_member` names the member with the id of the record above, where `below` is used.
    """

    def __init__(
        self,
        name: str,
        records: dict[int, Record] | None = None,
        on_change: Callable[[str, int], None] | None = None,
        parent_member: str = "",
    ) -> None:
        self.name = name
        self._on_change = on_change or (lambda _name, _id: None)
        self.parent_member = parent_member
        given = records or {}
        self.load(given, max(given, default=0) + 1)

    def load(self, records: dict[int, Record], next_id: int) -> None:
        """Hold exactly these records, as they are, without telling of a change."""
        self.records = records
        self.next_id = next_id
        self._below: dict[object, set[int]] = {}
        for record_id, record in records.items():
            self._index(record_id, record)

    def get(self, record_id: int) -> Record | None:
        """The live record, or None."""
        return self.records.get(record_id)

    def all(self) -> list[Record]:
        """The live records in the order of their ids."""
        return [self.records[key] for key in sorted(self.records)]

    def insert(self, record: Record) -> int:
        """Store a new record under the next id, which is never used twice."""
        record_id = self.next_id
        self.replace(record_id, record)
        return record_id

    def replace(self, record_id: int, record: Record) -> None:
        """Store the record under this id, whole."""
        self.put_back(record_id, {"id": record_id, **_without_id(copy.deepcopy(record))})
        self.next_id = max(self.next_id, record_id + 1)
        self._on_change(self.name, record_id)

    def delete(self, record_id: int) -> None:
        """Forget the record; KeyError when there is none."""
        if record_id not in self.records:
            raise KeyError(record_id)
        self.put_back(record_id, None)
        self._on_change(self.name, record_id)

    def put_back(self, record_id: int, record: Record | None) -> None:
        """Store a record as it is, or none, without telling of a change."""
        former = self.records.pop(record_id, None)
        if former is not None and self.parent_member:
            self._below[former.get(self.parent_member)].discard(record_id)
        if record is not None:
            self.records[record_id] = record
            self._index(record_id, record)

    def below(self, parent_id: int) -> list[Record]:
        """The live records of one parent, in the order of their ids."""
        return [self.records[key] for key in sorted(self._below.get(parent_id, ()))]

    def _index(self, record_id: int, record: Record) -> None:
        if self.parent_member:
            self._below.setdefault(record.get(self.parent_member), set()).add(record_id)


def _without_id(record: Record) -> Record:
    return {key: value for key, value in record.items() if key != "id"}


class World:
    """Both vendors' records. Hold `lock` over anything that reads and then writes."""

    def __init__(
        self, today: date, data_dir: Path = DEMO_DIR, state_file: Path | None = None
    ) -> None:
        self.lock = threading.RLock()
        self.today = today
        self._follows_the_day = False
        self._drift = today - datetime.now(UTC).date()
        self._data_dir = data_dir
        self._state_file = state_file
        self._depth = 0
        self._dirty = False
        self._load_day()
        self._apply_state()

    @classmethod
    def load(
        cls,
        today: date | None = None,
        data_dir: Path | None = None,
        state_file: Path | None = None,
    ) -> World:
        """The demo world of a day (default: today), with what the state file adds to it."""
        world = cls(today or datetime.now(UTC).date(), data_dir or DEMO_DIR, state_file)
        world._follows_the_day = today is None
        return world

    def follow_the_day(self) -> None:
        """Move every relative date on when a new day has begun, unless the day was given."""
        day = datetime.now(UTC).date()
        if not self._follows_the_day or day == self.today:
            return
        with self.lock:
            state = self._state()
            self.today = day
            self._load_day()
            self._restore(state)

    def _load_day(self) -> None:
        self._base = load_connectwise(self._data_dir, self.today)
        self._sophos: SophosDemo = load_sophos(self._data_dir, self.today)
        self._start_anew()

    def now(self) -> datetime:
        """The world's clock, UTC: the real one, moved to the world's day."""
        return datetime.now(UTC) + self._drift

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; the state file is written once, at the end."""
        with self.lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                self._save_if_due()

    def reset(self) -> None:
        """Back to the demo data; the state file is emptied too."""
        with self.transaction():
            self._start_anew()
            self._dirty = True

    # ------------------------------------------------------------ Sophos

    @property
    def partner_id(self) -> str:
        """The partner's id, which `whoami` answers and `X-Partner-ID` carries."""
        return self._sophos.partner_id

    @property
    def tenants(self) -> list[Record]:
        """All tenants in the shape of the Partner API."""
        with self.lock:
            return [self._patched(tenant) for tenant in self._sophos.tenants]

    def patch_tenant(self, tenant_id: str, changes: Record) -> Record:
        """Change members of a tenant; None removes one. KeyError for an unknown id."""
        with self.transaction():
            known = {tenant["id"]: tenant for tenant in self._sophos.tenants}
            self._tenant_changes.setdefault(known[tenant_id]["id"], {}).update(changes)
            self._dirty = True
            return self._patched(known[tenant_id])

    def _patched(self, tenant: Record) -> Record:
        changes = self._tenant_changes.get(tenant["id"], {})
        removed = {name for name, value in changes.items() if value is None}
        merged = {**tenant, **changes}
        return {name: value for name, value in merged.items() if name not in removed}

    def usage_lines(self, month: str) -> list[Record] | None:
        """The billing report's lines of a month `YYYY-MM`; None where there is no data."""
        with self.lock:
            if month in self._usage_overrides:
                given = self._usage_overrides[month]
                # Records are replaced and never altered, so that only the list is copied.
                return None if given is None else list(given)
            lines = self._sophos.lines(month)
            if lines is None:
                return None
            return [self._renamed(line) for line in lines]

    def usage_months(self) -> list[str]:
        """The months that have data, oldest first; the last one is the unfinished month."""
        with self.lock:
            given = {month: lines is not None for month, lines in self._usage_overrides.items()}
            known = {month: True for month in self._sophos.months()} | given
            return sorted(month for month, has_data in known.items() if has_data)

    def set_usage_lines(self, month: str, lines: list[Record] | None) -> None:
        """Replace a month's lines; None makes the month answer that there is no data."""
        with self.transaction():
            self._usage_overrides[month] = copy.deepcopy(lines)
            self._dirty = True

    def rename_sophos_product(self, product_code: str, description: str) -> None:
        """Let every month's lines of this code carry another description, as the vendor does."""
        with self.transaction():
            self._descriptions[product_code] = description
            self._dirty = True

    def _renamed(self, line: Record) -> Record:
        name = self._descriptions.get(line["productCode"])
        return line if name is None else {**line, "productDescription": name}

    # ------------------------------------------------------------ base and overlay

    def _start_anew(self) -> None:
        # A change always puts a new record in the place of the old one, so the records of the
        # base stay as they were loaded and need no copies.
        self.tables = {
            name: Table(
                name,
                dict(self._base.get(name, {})),
                self._note_change,
                PARENT_MEMBERS.get(name, ""),
            )
            for name in TABLE_NAMES
        }
        self._changed: dict[str, set[int]] = {}
        self._usage_overrides: dict[str, list[Record] | None] = {}
        self._descriptions: dict[str, str] = {}
        self._tenant_changes: dict[str, Record] = {}

    def _note_change(self, table: str, record_id: int) -> None:
        with self.lock:
            self._changed.setdefault(table, set()).add(record_id)
            self._dirty = True
            self._save_if_due()

    def _save_if_due(self) -> None:
        if self._depth or not self._dirty:
            return
        self._dirty = False
        if self._state_file is not None:
            _write_atomically(self._state_file, simplejson.dumps(self._state(), use_decimal=True))

    def _state(self) -> Record:
        return {
            "tables": {
                name: {str(key): self.tables[name].get(key) for key in sorted(keys)}
                for name, keys in self._changed.items()
            },
            "next_ids": {name: self.tables[name].next_id for name in self._changed},
            "usage": self._usage_overrides,
            "descriptions": self._descriptions,
            "tenants": self._tenant_changes,
        }

    def _apply_state(self) -> None:
        if self._state_file is None or not self._state_file.exists():
            return
        text = self._state_file.read_text(encoding="utf-8")
        self._restore(simplejson.loads(text, use_decimal=True))

    def _restore(self, state: Record) -> None:
        for name, records in state["tables"].items():
            self._apply_table(self.tables[name], records)
        for name, next_id in state["next_ids"].items():
            self.tables[name].next_id = max(self.tables[name].next_id, next_id)
        self._usage_overrides = state["usage"]
        self._descriptions = state["descriptions"]
        self._tenant_changes = state["tenants"]

    def _apply_table(self, table: Table, records: dict[str, Record | None]) -> None:
        for key, record in records.items():
            table.put_back(int(key), record)
            self._changed.setdefault(table.name, set()).add(int(key))


def _write_atomically(path: Path, text: str) -> None:
    """Write beside the file and swap, so that a crash leaves the old state or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
