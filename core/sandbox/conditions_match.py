"""Conditions turned into predicates over ConnectWise's JSON records."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.sandbox.conditions import (
    And,
    Comparison,
    ConditionError,
    Expression,
    Literal,
    LiteralKind,
    Operator,
    parse,
    parse_datetime,
)
from core.sandbox.conditions_check import Name, Names, ValueKind, check, name_of

Record = Mapping[str, Any]
Predicate = Callable[[Record], bool]

_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
}
_PATTERN_PIECE = re.compile(
    r"\[(?P<set>[^\]]*)\]|(?P<wild>[*%]+)|(?P<open>\[)|(?P<char>.)", re.DOTALL
)


def conditions(text: str, names: Names) -> Predicate:
    """The predicate of `conditions`.

    Raises:
        ConditionError: the text, a name or a literal is not accepted.
    """
    return _predicate(_checked(text, names), names)


def child_conditions(text: str, names: Names) -> Predicate:
    """The predicate of `childConditions`, whose names begin with an array (`types/name`).

    A record is found when one element of each array that is named satisfies the whole expression.
    """
    expression = _checked(text, names)
    _refuse_in(expression)
    holds = _predicate(expression, names)
    arrays = sorted({name_of(comparison, names).path[0] for comparison in _leaves(expression)})
    return lambda record: any(
        holds(dict(zip(arrays, elements, strict=True)))
        for elements in itertools.product(*(record.get(array) or () for array in arrays))
    )


def custom_field_conditions(text: str, names: Names) -> Predicate:
    """The predicate of `customFieldConditions`: one custom field satisfies all of it."""
    expression = _checked(text, names)
    _refuse_in(expression)
    holds = _predicate(expression, names)
    return lambda record: any(holds(entry) for entry in record.get("customFields", ()))


def _checked(text: str, names: Names) -> Expression:
    expression = parse(text)
    check(expression, names)
    return expression


def _leaves(expression: Expression) -> list[Comparison]:
    if isinstance(expression, Comparison):
        return [expression]
    return [leaf for part in expression.parts for leaf in _leaves(part)]


def _refuse_in(expression: Expression) -> None:
    # The Developer Guide lists `in` for conditions only.
    if any(leaf.operator is Operator.IN for leaf in _leaves(expression)):
        raise ConditionError("The operator in cannot be used here.")


def _predicate(expression: Expression, names: Names) -> Predicate:
    if isinstance(expression, Comparison):
        return _comparison(expression, name_of(expression, names))
    parts = [_predicate(part, names) for part in expression.parts]
    if isinstance(expression, And):
        return lambda record: all(part(record) for part in parts)
    return lambda record: any(part(record) for part in parts)


def _comparison(comparison: Comparison, name: Name) -> Predicate:
    read = _reader(name)
    if comparison.literals[0].kind is LiteralKind.NULL:
        wanted = comparison.operator is Operator.EQUAL
        return lambda record: (read(record) is None) is wanted
    test = _test(comparison, name)
    negated = comparison.negated

    def holds(record: Record) -> bool:
        value = read(record)
        return value is not None and test(value) is not negated

    return holds


def _reader(name: Name) -> Callable[[Record], Any]:
    convert = _CONVERT.get(name.kind, _as_is)
    path = name.path

    def read(record: Record) -> Any:
        value: Any = record
        for part in path:
            if not isinstance(value, Mapping):
                return None
            value = value.get(part)
        return None if value is None else convert(value)

    return read


def _test(comparison: Comparison, name: Name) -> Callable[[Any], bool]:
    if comparison.operator is Operator.IN:
        return _membership(comparison.literals)
    literal = comparison.literals[0]
    if comparison.operator in _COMPARE:
        return _ordering(comparison.operator, literal, mixed=name.kind is ValueKind.ANY)
    pattern = str(literal.value)
    if comparison.operator is Operator.CONTAINS:
        pattern = f"*{pattern}*"
    matches = like(pattern)
    return lambda value: isinstance(value, str) and matches(value)


def _membership(literals: Sequence[Literal]) -> Callable[[Any], bool]:
    wanted = {_comparable(literal) for literal in literals}
    return lambda value: value in wanted


def _ordering(symbol: Operator, literal: Literal, *, mixed: bool) -> Callable[[Any], bool]:
    compare = _COMPARE[symbol]
    wanted = _comparable(literal)
    if mixed:
        return lambda value: _kind(value) is _kind(wanted) and compare(value, wanted)
    return lambda value: compare(value, wanted)


def _comparable(literal: Literal) -> Any:
    return literal.value.lower() if isinstance(literal.value, str) else literal.value


def _kind(value: Any) -> type:
    """The type, with every number as one; bool is not a number here."""
    return Decimal if type(value) in {int, Decimal} else type(value)


def _as_is(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _to_datetime(value: Any) -> datetime | None:
    return parse_datetime(str(value))


_CONVERT: dict[ValueKind, Callable[[Any], Any]] = {ValueKind.DATETIME: _to_datetime}


def like(pattern: str) -> Callable[[str], bool]:
    """Whether a text is of a `like` pattern, without regard to case.

    An opening bracket that is never closed matches nothing, as in T-SQL.
    """
    source = _regex(pattern.lower())
    if source is None:
        return lambda _: False
    expression = re.compile(source, re.DOTALL)
    return lambda text: expression.fullmatch(text.lower()) is not None


def _regex(pattern: str) -> str | None:
    pieces: list[list[str]] = [[]]
    for match in _PATTERN_PIECE.finditer(pattern):
        if match.lastgroup == "open":
            return None
        if match.lastgroup == "wild":
            pieces.append([])
        elif match.lastgroup == "set":
            pieces[-1].append(_character_set(match.group("set")))
        else:
            pieces[-1].append(re.escape(match.group("char")))
    first, *rest = ["".join(piece) for piece in pieces]
    if not rest:
        return first
    # Atomic groups: the leftmost match of each inner piece is enough, so nothing is tried twice.
    inner = "".join(f"(?>.*?{piece})" for piece in rest[:-1])
    return f"{first}{inner}.*{rest[-1]}"


def _character_set(content: str) -> str:
    negated = content.startswith("^") and len(content) > 1
    members = content[1:] if negated else content
    ranges = [_range(part) for part in re.findall(r".-.|.", members, re.DOTALL)]
    allowed = "".join(part for part in ranges if part)
    if not allowed:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{allowed}]"


def _range(part: str) -> str:
    """One member of a set; a range that is written backwards has no characters."""
    first, last = part[0], part[-1]
    if first > last:
        return ""
    return re.escape(first) if first == last else f"{re.escape(first)}-{re.escape(last)}"
