"""How many requests came, by method and route, told apart into reads and writes."""

from __future__ import annotations

import re
import threading
from collections import Counter

_CODEBASE = re.compile(r"^/[^/]+/apis/3\.0(?=/)", re.IGNORECASE)
_COMPANY_INFO = re.compile(r"^/login/companyinfo/[^/]*/?$", re.IGNORECASE)
_USAGE = re.compile(r"/billing/usage/[^/]+/[^/]+$", re.IGNORECASE)
_NUMBER = re.compile(r"/\d+(?=/|$)")
_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def route_template(path: str) -> str:
    """The path without what differs between calls of one route.

    The ConnectWise codebase is dropped and numbers become `{id}`, so
    `/v4_6_release/apis/3.0/procurement/catalog/7` is `/procurement/catalog/{id}`.
    """
    if _COMPANY_INFO.match(path):
        return "/login/companyinfo/{company}"
    path = _CODEBASE.sub("", path)
    path = _USAGE.sub("/billing/usage/{year}/{month}", path)
    path = _NUMBER.sub("/{id}", path)
    return path.rstrip("/") or "/"


def is_read(method: str, template: str) -> bool:
    """Whether a call changes nothing: reads, searches sent as POST, and token requests."""
    return method in _READ_METHODS or template.endswith(("/search", "/oauth2/token"))


class Counters:
    """Thread-safe counts, with the largest number of requests that were open at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self.reset()

    def reset(self) -> None:
        """Start again at zero."""
        with self._lock:
            self._reads: Counter[str] = Counter()
            self._writes: Counter[str] = Counter()
            self._most_open = self._open

    def begin(self, method: str, path: str) -> None:
        """A request came in."""
        template = route_template(path)
        with self._lock:
            counts = self._reads if is_read(method, template) else self._writes
            counts[f"{method} {template}"] += 1
            self._open += 1
            self._most_open = max(self._most_open, self._open)

    def end(self) -> None:
        """A request is over, however it ended."""
        with self._lock:
            self._open -= 1

    def as_json(self) -> dict[str, object]:
        """Totals, and counts by `METHOD /route`."""
        with self._lock:
            return {
                "reads": dict(sorted(self._reads.items())),
                "writes": dict(sorted(self._writes.items())),
                "total_reads": self._reads.total(),
                "total_writes": self._writes.total(),
                "most_open": self._most_open,
            }
