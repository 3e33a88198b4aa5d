"""References between records: found on a write by id or name, shown on a read as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.sandbox.connectwise_answers import FieldError
from core.sandbox.connectwise_fields import Kind, Target
from core.sandbox.connectwise_model import Record, Resource, Site


def find_references(
    site: Site, resource: Resource, members: Record
) -> tuple[Record, list[FieldError]]:
    """The members with each reference completed from its record, and what was not found.

    A reference without id or name counts as absent. The id decides; the name is only looked up
    where there is none (a recorded client creates products by names alone).
    """
    found: Record = {}
    missing: list[FieldError] = []
    for name, value in members.items():
        spec = resource.fields[name]
        if spec.kind is Kind.REFERENCE and spec.target is not None and value is not None:
            record = _lookup(site, spec.target, value, members.get("category"))
            if value and record is None:
                missing.append(_not_found(name, spec.target, value))
            found[name] = _kept(spec.target, record) if record else None
        elif spec.kind is Kind.REFERENCES and spec.target is not None and value:
            found[name], faults = _find_all(site, spec.target, name, value)
            missing += faults
        else:
            found[name] = value
    return found, missing


def _find_all(
    site: Site, target: Target, name: str, values: list[Record]
) -> tuple[list[Record], list[FieldError]]:
    pairs = [(value, _lookup(site, target, value, None)) for value in values]
    faults = [_not_found(name, target, value) for value, record in pairs if record is None]
    return [_kept(target, record) for _, record in pairs if record is not None], faults


def _lookup(site: Site, target: Target, value: Record, category: Any) -> Record | None:
    if not target.table or not value:
        return None
    table = site.table(target.table)
    if "id" in value:
        return table.get(value["id"])
    matches = [record for record in table.all() if _has_name(record, value)]
    # Subcategories of several categories may share a name; the category sent along decides.
    in_category = [record for record in matches if _is_of(record.get("category"), category)]
    return next(iter(in_category or matches), None)


def _has_name(record: Record, value: Record) -> bool:
    return all(
        str(record.get(key, "")).casefold() == str(value[key]).casefold()
        for key in ("identifier", "name")
        if key in value
    )


def _is_of(held: Any, category: Any) -> bool:
    if not isinstance(held, Mapping) or not isinstance(category, Mapping):
        return False
    return any(key in category and held.get(key) == category[key] for key in ("id", "name"))


def _kept(target: Target, record: Record) -> Record:
    return {member: record[member] for member in target.members if member in record}


def _not_found(name: str, target: Target, value: Record) -> FieldError:
    member = next(key for key in ("id", "identifier", "name") if key in value)
    return FieldError("NotFound", f"{target.label} {value[member]} not found", f"{name}/{member}")


class Viewer:
    """Records as one request sees them: references by their present names, hrefs, computed values.

    Make one per request: it remembers the references that it has shown.
    """

    def __init__(self, site: Site, resource: Resource, base: str) -> None:
        self._site = site
        self._resource = resource
        self._base = base
        self._seen: dict[tuple[str, Any], Record] = {}
        self._references = [
            (name, spec.target)
            for name, spec in resource.fields.items()
            if spec.kind is Kind.REFERENCE and spec.target is not None
        ]
        self._lists = [
            (name, spec.target)
            for name, spec in resource.fields.items()
            if spec.kind is Kind.REFERENCES and spec.target is not None
        ]

    def view(self, record: Record, only: frozenset[str] | None = None) -> Record:
        """The record as it is answered; with `only`, at least these members of it."""
        fields = self._resource.fields
        shown = {name: value for name, value in record.items() if name in fields}
        for name, target in self._references:
            if name in shown and (only is None or name in only):
                shown[name] = self._reference(name, target, shown[name])
        for name, target in self._lists:
            if name in shown:
                shown[name] = [self._reference(name, target, item) for item in shown[name]]
        shown.update(self._resource.rules.computed(self._site, record))
        self._add_links(shown, record)
        return shown

    def _add_links(self, shown: Record, record: Record) -> None:
        links = self._resource.rules.links(record, self._base)
        if links:
            shown["_info"] = {**shown.get("_info", {}), **links}

    def _reference(self, name: str, target: Target, stored: Record) -> Record:
        key = (name, stored.get("id"))
        if key not in self._seen:
            self._seen[key] = self._shown(target, stored)
        return self._seen[key]

    def _shown(self, target: Target, stored: Record) -> Record:
        present = self._site.table(target.table).get(stored.get("id", 0)) if target.table else None
        shown = {**stored, **(_kept(target, present) if present else {})}
        if target.route and stored.get("id") is not None:
            href = f"{self._base}/{target.route}/{stored['id']}"
            shown["_info"] = {f"{target.link}_href": href}
        return shown


def referring(site: Site, resources: tuple[Resource, ...], table: str, record_id: int) -> bool:
    """Whether any other record still refers to this one."""
    return any(_refers(site, resource, table, record_id) for resource in resources)


def _refers(site: Site, resource: Resource, table: str, record_id: int) -> bool:
    names = [
        name
        for name, spec in resource.fields.items()
        if spec.target is not None and spec.target.table == table
    ]
    parent = resource.parent if resource.parent and resource.parent.table == table else None
    return any(
        (parent is not None and parent.owns(record_id, record))
        or any(_points_to(record.get(name), record_id) for name in names)
        for key, record in site.table(resource.table).records.items()
        if (resource.table, key) != (table, record_id)
    )


def _points_to(value: Any, record_id: int) -> bool:
    if isinstance(value, list):
        return any(_points_to(item, record_id) for item in value)
    return isinstance(value, Mapping) and value.get("id") == record_id
