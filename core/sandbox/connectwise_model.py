"""A resource of the API: where it is, what it is made of, and the rules of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.sandbox.conditions_check import Names
from core.sandbox.connectwise_answers import FieldError
from core.sandbox.connectwise_fields import Field, Fields, child_names, condition_names
from core.sandbox.switches import Switches
from core.sandbox.world import Table, World

Record = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """The server that answers: its records and how it behaves."""

    world: World
    switches: Switches

    def table(self, name: str) -> Table:
        """The records of one kind."""
        return self.world.tables[name]

    def referred(self, record: Record, name: str, table: str) -> Record | None:
        """The record that a reference of `record` points to, if there is one."""
        pointer = record.get(name)
        if not isinstance(pointer, Mapping) or pointer.get("id") is None:
            return None
        return self.table(table).get(pointer["id"])


@dataclass(frozen=True)
class Write:
    """One record about to be written, with references already found.

    `before` is None for a new record. `sent` are the members that the client gave, and `parent`
    is the id in the route; `replacing` is a PUT.
    """

    record: Record
    before: Record | None
    sent: frozenset[str]
    parent: int | None = None
    replacing: bool = False


@dataclass(frozen=True)
class Rules:
    """What a resource adds to its fields. The defaults add nothing.

    - `max_length`: the longest text that a member may hold.
    - `complete`: defaults of a new or wholly replaced record, for members that were not sent.
    - `problems`: what is refused beyond required members, lengths and references.
    - `settle`: members that the server decides, whatever was sent.
    - `computed`: members that are worked out at each reading.
    - `links`: hrefs of collections inside `_info`, for a record and the base URL.
    """

    max_length: Callable[[Site, str, Field], int | None] = lambda _site, _name, spec: (
        spec.max_length
    )
    complete: Callable[[Site, Write], Record] = lambda _site, _write: {}
    problems: Callable[[Site, Write], list[FieldError]] = lambda _site, _write: []
    settle: Callable[[Site, Write], Record] = lambda _site, _write: {}
    computed: Callable[[Site, Record], Record] = lambda _site, _record: {}
    links: Callable[[Record, str], Record] = lambda _record, _base: {}


@dataclass(frozen=True)
class Parent:
    """The record above in a nested route. `member` is where its child keeps its id."""

    model: str
    table: str
    member: str
    is_reference: bool = False

    def owns(self, parent_id: int, record: Record) -> bool:
        """Whether a record is below this parent."""
        held = record.get(self.member)
        if self.is_reference:
            return isinstance(held, Mapping) and held.get("id") == parent_id
        return held == parent_id

    def pointer(self, parent_id: int) -> Record:
        """The member that puts a new record below its parent."""
        return {self.member: {"id": parent_id} if self.is_reference else parent_id}


@dataclass(frozen=True)
class Resource:
    """One collection of records and the routes to it.

    `route` has `{parentId}` where a parent's id stands. `audit_type` is the audit trail's name of
    the model, empty where it keeps none.
    """

    model: str
    route: str
    table: str
    fields: Fields
    rules: Rules = field(default_factory=Rules)
    parent: Parent | None = None
    audit_type: str = ""
    writable: bool = True
    names: Names = field(init=False, repr=False)
    children: Names = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", condition_names(self.fields))
        object.__setattr__(self, "children", child_names(self.fields))

    @property
    def name(self) -> str:
        """The model as validation errors write it."""
        return self.model[0].lower() + self.model[1:]
