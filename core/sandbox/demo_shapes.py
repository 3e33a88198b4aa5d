"""Shapes that every ConnectWise record of the demo world shares."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.sandbox.demo_csv import Row, wire_moment

Record = dict[str, Any]
Records = dict[int, Record]

_FIRST_CONTACT_ID = 5000


def reference(records: Records, record_id: str) -> Record | None:
    """`{id, name}` of a record; None for an empty cell."""
    if not record_id:
        return None
    record = records[int(record_id)]
    return {"id": record["id"], "name": record["name"]}


def by_name(records: Records, name: str) -> Record:
    """`{id, name}` of the record of that name."""
    found = next(record for record in records.values() if record["name"] == name)
    return {"id": found["id"], "name": found["name"]}


def without_nulls(record: Record) -> Record:
    """The record as the wire has it: what is null is left out."""
    return {name: value for name, value in record.items() if value is not None}


def info(row: Row, today: date) -> Record:
    """`_info` from the columns `updated_days_ago` and `updated_by`."""
    days = int(row["updated_days_ago"])
    return {
        "lastUpdated": wire_moment(days, int(row["id"]), today),
        "updatedBy": row["updated_by"],
    }


def company_reference(company: Record) -> Record:
    """A reference to a company, which carries the identifier too."""
    return {name: company[name] for name in ("id", "identifier", "name")}


def contact_id(company_id: int) -> int:
    """The id of a company's only contact."""
    return _FIRST_CONTACT_ID + company_id
