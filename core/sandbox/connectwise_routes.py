"""From a path to a resource. Routes take any case and an optional trailing slash, as clients in
the field call them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.sandbox.connectwise_additions import ADDITIONS
from core.sandbox.connectwise_agreements import AGREEMENT_TYPES, AGREEMENTS
from core.sandbox.connectwise_audit import AUDIT_TRAIL
from core.sandbox.connectwise_catalog import CATALOG, CATALOG_INFO
from core.sandbox.connectwise_companies import COMPANIES
from core.sandbox.connectwise_lookups import LOOKUPS
from core.sandbox.connectwise_model import Resource

VERSIONED_CODEBASE = "v2026_4"
# The router to the current version; also what self-hosted servers answer to.
STABLE_CODEBASE = "v4_6_release"

RESOURCES: tuple[Resource, ...] = (
    CATALOG,
    CATALOG_INFO,
    ADDITIONS,
    AGREEMENTS,
    AGREEMENT_TYPES,
    COMPANIES,
    *LOOKUPS,
    AUDIT_TRAIL,
)

_API = re.compile(
    rf"/(?P<codebase>{VERSIONED_CODEBASE}|{STABLE_CODEBASE})/apis/3\.0(?:/(?P<route>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_ID = "[0-9]{1,15}"


class RouteKind(StrEnum):
    """What a path addresses within a resource."""

    LIST = "list"
    COUNT = "count"
    ITEM = "item"


METHODS = {
    RouteKind.LIST: ("GET", "POST"),
    RouteKind.COUNT: ("GET",),
    RouteKind.ITEM: ("GET", "PUT", "PATCH", "DELETE"),
}


@dataclass(frozen=True)
class Match:
    """A path that was understood."""

    resource: Resource
    kind: RouteKind
    parent: int | None
    record_id: int | None

    @property
    def methods(self) -> tuple[str, ...]:
        """What may be done here."""
        return METHODS[self.kind] if self.resource.writable else ("GET",)


def split_path(path: str) -> tuple[str, str] | None:
    """Codebase as called and route below it; None where the cloud's router knows no codebase."""
    match = _API.fullmatch(path)
    return None if match is None else (match["codebase"], (match["route"] or "").strip("/"))


def find_route(route: str) -> Match | None:
    """The resource that a route is of."""
    for pattern, resource, kind in _PATTERNS:
        match = pattern.fullmatch(route)
        if match is not None:
            found = match.groupdict()
            return Match(resource, kind, _number(found, "parent"), _number(found, "id"))
    return None


def _number(found: dict[str, str], name: str) -> int | None:
    return int(found[name]) if name in found else None


def _patterns() -> Iterator[tuple[re.Pattern[str], Resource, RouteKind]]:
    for resource in RESOURCES:
        base = resource.route.replace("{parentId}", f"(?P<parent>{_ID})")
        yield re.compile(base, re.IGNORECASE), resource, RouteKind.LIST
        yield re.compile(f"{base}/count", re.IGNORECASE), resource, RouteKind.COUNT
        if resource not in (CATALOG_INFO, AUDIT_TRAIL):
            yield re.compile(f"{base}/(?P<id>{_ID})", re.IGNORECASE), resource, RouteKind.ITEM
    info = re.compile(f"procurement/catalog/(?P<id>{_ID})/info", re.IGNORECASE)
    yield info, CATALOG_INFO, RouteKind.ITEM


_PATTERNS = tuple(_patterns())
