"""Creating, changing, replacing and deleting records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.sandbox.connectwise_answers import ApiError, FieldError, invalid_object, not_found
from core.sandbox.connectwise_audit import note_changed, note_created, note_deleted
from core.sandbox.connectwise_model import Record, Resource, Site, Write
from core.sandbox.connectwise_patch import collapse_lines, read_patch
from core.sandbox.connectwise_references import find_references, referring
from core.sandbox.connectwise_values import parse_body, read_members


@dataclass(frozen=True)
class Writer:
    """Writes of one member (`by`) to one resource. `parent` is the id in a nested route."""

    site: Site
    resource: Resource
    by: str
    parent: int | None = None

    def create(self, text: str) -> Record:
        """POST: the new record."""
        members = read_members(self.resource, parse_body(text), text)
        with self.site.world.transaction():
            record = self._whole(members, before=None)
            table = self.site.table(self.resource.table)
            record_id = table.insert(self._stamped(record, {}))
            note_created(self.site.world, self.resource, table.records[record_id], self.by)
            return table.records[record_id]

    def replace(self, record_id: int, text: str) -> Record:
        """PUT: everything that is not sent goes back to its default, or away."""
        members = read_members(self.resource, parse_body(text), text)
        with self.site.world.transaction():
            before = self.existing(record_id)
            return self._store(before, self._whole(collapse_lines(members), before))

    def patch(self, record_id: int, text: str) -> Record:
        """PATCH: only what is named changes."""
        nested = self.site.switches.nested_patch == "apply"
        changes = read_patch(self.resource, parse_body(text), text, nested=nested)
        with self.site.world.transaction():
            before = self.existing(record_id)
            found, problems = find_references(self.site, self.resource, changes)
            write = Write(before | found, before, frozenset(changes), self.parent)
            return self._store(before, self._accepted(write, problems))

    def delete(self, record_id: int, resources: tuple[Resource, ...]) -> None:
        """DELETE: 409 for a record in use ("Record possibly in use"), or not (switch)."""
        table = self.resource.table
        with self.site.world.transaction():
            before = self.existing(record_id)
            guarded = self.site.switches.delete_in_use == "409"
            if guarded and referring(self.site, resources, table, record_id):
                text = "Record possibly in use or another conflict"
                raise ApiError(409, "ConnectWiseApi", text)
            self.site.table(table).delete(record_id)
            note_deleted(self.site.world, self.resource, before, self.by)

    def existing(self, record_id: int) -> Record:
        """The record, below the parent of the route if there is one."""
        return find_record(self.site, self.resource, self.parent, record_id)

    def _whole(self, members: Record, before: Record | None) -> Record:
        """A record from all that was sent, defaults added, checked."""
        owner = self.resource.parent
        below = owner.pointer(self.parent) if owner and self.parent is not None else {}
        found, problems = find_references(self.site, self.resource, members)
        sent = frozenset(members) if before is None else frozenset(self.resource.fields)
        replacing = before is not None
        bare = Write(_present(found | below), before, sent, self.parent, replacing)
        record = self.resource.rules.complete(self.site, bare) | bare.record
        return self._accepted(Write(record, before, sent, self.parent, replacing), problems)

    def _accepted(self, write: Write, problems: list[FieldError]) -> Record:
        """The record with what the server decides, or every reason against it."""
        broken = {problem.field.partition("/")[0] for problem in problems}
        faults = [fault for fault in self._own_faults(write) if fault.field not in broken]
        everything = problems + faults + self.resource.rules.problems(self.site, write)
        if everything:
            raise invalid_object(self.resource.name, everything)
        return _present(write.record | self.resource.rules.settle(self.site, write))

    def _own_faults(self, write: Write) -> list[FieldError]:
        """Missing members and texts that are too long."""
        faults = []
        for name, spec in self.resource.fields.items():
            if write.before is not None and name not in write.sent:
                continue
            value = write.record.get(name)
            needed = spec.required or (spec.required_on_put and write.replacing)
            limit = self.resource.rules.max_length(self.site, name, spec)
            if needed and _is_blank(value):
                faults.append(FieldError("MissingRequiredField", f"{name} is required.", name))
            elif limit is not None and len(str(value or "")) > limit:
                text = f"The field {name} must be a string with a maximum length of {limit}."
                faults.append(FieldError("MaxLengthField", text, name))
        return faults

    def _store(self, before: Record, after: Record) -> Record:
        table = self.site.table(self.resource.table)
        table.replace(before["id"], self._stamped(after, before.get("_info", {})))
        stored = table.records[before["id"]]
        note_changed(self.site.world, self.resource, before, stored, self.by)
        return stored

    def _stamped(self, record: Record, info: Record) -> Record:
        """`_info` is the only version token there is."""
        now = self.site.world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        return {**record, "_info": {**info, "lastUpdated": now, "updatedBy": self.by}}


def find_record(site: Site, resource: Resource, parent: int | None, record_id: int) -> Record:
    """A record of a resource.

    Raises:
        ApiError: 404 where it is not there, or not below this parent.
    """
    record = site.table(resource.table).get(record_id)
    owner = resource.parent
    if record is None or (owner and parent is not None and not owner.owns(parent, record)):
        raise not_found(resource.model, record_id)
    return record


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _present(record: Record) -> Record:
    """Without nulls, which the server neither keeps apart nor answers."""
    return {name: value for name, value in record.items() if value is not None}
