"""The audit trail: `/system/audittrail?type=ProductCatalog&id=1`.

The fields are the vendor's; the wording of the entries is the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.sandbox.connectwise_fields import Fields, dates, text
from core.sandbox.connectwise_model import Record, Resource
from core.sandbox.world import World

# Where an entry keeps what it is about; not part of the answer.
ABOUT_TYPE = "aboutType"
ABOUT_ID = "aboutId"

FIELDS: Fields = {
    **text("text"),
    **dates("enteredDate"),
    **text("enteredBy", "auditType", "auditSubType", "auditSource"),
}
AUDIT_TRAIL = Resource("AuditTrailEntry", "system/audittrail", "audittrail", FIELDS, writable=False)

_UNNAMED = {"id", "_info"}


def note_created(world: World, resource: Resource, record: Record, by: str) -> None:
    """An entry for a new record."""
    _note(world, resource, record["id"], "Created", f"{resource.model} created", by)


def note_deleted(world: World, resource: Resource, record: Record, by: str) -> None:
    """An entry for a record that is gone."""
    _note(world, resource, record["id"], "Deleted", f"{resource.model} deleted", by)


def note_changed(world: World, resource: Resource, before: Record, after: Record, by: str) -> None:
    """An entry for each member that is not as before."""
    for name in sorted((before.keys() | after.keys()) - _UNNAMED):
        old, new = before.get(name), after.get(name)
        if old != new:
            line = f'{name} changed from "{_shown(old)}" to "{_shown(new)}"'
            _note(world, resource, before["id"], "Updated", line, by)


def _note(world: World, resource: Resource, record_id: int, kind: str, line: str, by: str) -> None:
    if not resource.audit_type:
        return
    entry: Record = {
        ABOUT_TYPE: resource.audit_type,
        ABOUT_ID: record_id,
        "text": line,
        "enteredDate": world.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "enteredBy": by,
        "auditType": "Record",
        "auditSubType": kind,
        "auditSource": "API",
    }
    world.tables[AUDIT_TRAIL.table].insert(entry)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("identifier") or value.get("id", ""))
    return str(value)
