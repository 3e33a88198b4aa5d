"""Which requests go wrong, and how: the rules that tests and demos set over HTTP.

A rule says which requests it is about (`system`, `method`, `path`, `query`), which of those it
strikes (`nth`, `every`, `probability` with `seed`, `count`; without any of them, all) and what
happens to them (`effect`). `when` says whether the handler runs first: `after` means that what
was asked is done, and only the answer is lost or replaced.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum

DEFAULT_HTML = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


class Effect(StrEnum):
    """What happens to a request that a rule strikes."""

    LATENCY = "latency"  # answered normally, `latency` seconds later
    STATUS = "status"  # `status` with `body` and `headers`
    HTML = "html"  # `status` with an HTML page, as a gateway sends
    RATE_LIMIT = "rate_limit"  # the vendor's own 429 with `Retry-After`
    RESET = "reset"  # a TCP reset
    TRUNCATE = "truncate"  # half of the body, then the connection ends
    TRUNCATE_JSON = "truncate_json"  # half of the body as a complete answer


class When(StrEnum):
    """Whether the handler runs before the effect."""

    BEFORE = "before"
    AFTER = "after"


class InvalidFaultError(ValueError):
    """A rule that cannot be understood; the text says which member is wrong."""


@dataclass(frozen=True, kw_only=True)
class FaultRule:
    """One rule. `path` and `query` are regular expressions, searched for without case.

    `latency` is in seconds and may accompany any effect: before the handler runs, or, with `when`
    after, from the request to its answer, the server's own work included. `nth` counts the
    matching requests from 1 on; `count` is how many of them are struck at most.
    """

    effect: Effect
    system: str = ""
    method: str = ""
    path: str = ""
    query: str = ""
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    count: int | None = None
    when: When = When.BEFORE
    status: int = 503
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0
    retry_after: int = 30

    def matches(self, system: str, method: str, path: str, query: str) -> bool:
        """Whether the rule is about this request."""
        return (
            self.system in ("", system)
            and self.method.upper() in ("", method)
            and re.search(self.path, path, re.IGNORECASE) is not None
            and re.search(self.query, query, re.IGNORECASE) is not None
        )


_KINDS: Mapping[str, tuple[type, ...]] = {
    "system": (str,),
    "method": (str,),
    "path": (str,),
    "query": (str,),
    "nth": (int, type(None)),
    "every": (int, type(None)),
    "probability": (int, float, Decimal, type(None)),
    "seed": (int,),
    "count": (int, type(None)),
    "status": (int,),
    "headers": (dict,),
    "latency": (int, float, Decimal),
    "retry_after": (int,),
}


def rule_from_json(values: Mapping[str, object]) -> FaultRule:
    """Build a rule from its JSON object, or raise `InvalidFaultError`."""
    _check_members(values)
    given = {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in values.items()
    }
    try:
        given["effect"] = Effect(str(values.get("effect")))
        given["when"] = When(str(values.get("when", When.BEFORE)))
        rule = FaultRule(**given)  # type: ignore[arg-type]
        for pattern in (rule.path, rule.query):
            re.compile(pattern)
    except (ValueError, re.error) as error:
        raise InvalidFaultError(str(error)) from error
    if (
        any(number is not None and number < 1 for number in (rule.nth, rule.every))
        or rule.latency < 0
    ):
        raise InvalidFaultError("nth and every count from 1, and latency is not negative")
    return rule


def _check_members(values: Mapping[str, object]) -> None:
    known = {item.name for item in fields(FaultRule)}
    for name in values:
        if name not in known:
            raise InvalidFaultError(f"unknown member {name!r}; known: {sorted(known)}")
    for name, kinds in _KINDS.items():
        value = values.get(name)
        if name in values and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise InvalidFaultError(f"{name} has the wrong type: {value!r}")


def rule_as_json(rule: FaultRule) -> dict[str, object]:
    """The rule as it was given, without members that say nothing."""
    values = {item.name: getattr(rule, item.name) for item in fields(rule)}
    return {name: value for name, value in values.items() if value not in (None, "", {})}


class _RunningRule:
    """A rule with its counts."""

    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self.seen = 0
        self.struck = 0
        self._random = random.Random(rule.seed)  # noqa: S311  (reproducible on purpose)

    def strikes(self) -> bool:
        """Count one matching request, and say whether it is struck."""
        self.seen += 1
        struck = self._is_due() and (self.rule.count is None or self.struck < self.rule.count)
        self.struck += struck
        return struck

    def _is_due(self) -> bool:
        rule = self.rule
        if rule.nth is not None and self.seen != rule.nth:
            return False
        if rule.every is not None and self.seen % rule.every != 0:
            return False
        return rule.probability is None or self._random.random() < rule.probability


class FaultPlan:
    """The rules in force, in the order in which they were set. The first that strikes wins."""

    def __init__(self, rules: tuple[FaultRule, ...] = ()) -> None:
        self._lock = threading.Lock()
        self._running = [_RunningRule(rule) for rule in rules]

    def add(self, rule: FaultRule) -> None:
        """Append a rule with fresh counts."""
        with self._lock:
            self._running.append(_RunningRule(rule))

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._running.clear()

    def choose(self, system: str, method: str, path: str, query: str = "") -> FaultRule | None:
        """The rule that strikes this request, if any. Every matching rule counts it."""
        with self._lock:
            about = [
                running
                for running in self._running
                if running.rule.matches(system, method, path, query)
            ]
            struck = [running.rule for running in about if running.strikes()]
        return struck[0] if struck else None

    def as_json(self) -> list[dict[str, object]]:
        """Each rule with how many requests it matched and struck."""
        with self._lock:
            return [
                {**rule_as_json(running.rule), "seen": running.seen, "struck": running.struck}
                for running in self._running
            ]
