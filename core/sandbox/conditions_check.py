"""What a condition may name and compare: unknown names and wrong literals are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.sandbox.conditions import (
    LITERAL_HINT,
    Comparison,
    ConditionError,
    Expression,
    Literal,
    LiteralKind,
    Operator,
)


class ValueKind(StrEnum):
    """What a field holds; for all but the last two the value is the server's word for it."""

    STRING = "string"
    NUMBER = "numeric"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    ENUM = "enum"
    REFERENCE = "reference"
    ANY = "any"


@dataclass(frozen=True)
class Name:
    """A name that conditions may use: where its value is, and what it may be compared with.

    `values` are the allowed values of an enum. A reference itself is only compared with null.
    """

    path: tuple[str, ...]
    kind: ValueKind
    values: frozenset[str] = frozenset()


Names = Mapping[str, Name]
"""By lower-case name; names in conditions are not case-sensitive."""


def check(expression: Expression, names: Names) -> None:
    """Refuse unknown names, literals of another type, and values that an enum does not have.

    Raises:
        ConditionError: with the server's message for the first fault.
    """
    if isinstance(expression, Comparison):
        _check_comparison(expression, name_of(expression, names))
        return
    for part in expression.parts:
        check(part, names)


def name_of(comparison: Comparison, names: Names) -> Name:
    """The field that a comparison is about."""
    try:
        return names[comparison.name.lower()]
    except KeyError:
        raise ConditionError(f"{comparison.name} is not a recognized name.") from None


_TEXT_OPERATORS = {Operator.LIKE, Operator.CONTAINS}
_EQUALITY = {Operator.EQUAL, Operator.NOT_EQUAL}
_UNORDERED = {ValueKind.BOOLEAN, ValueKind.ENUM, ValueKind.REFERENCE}
_ORDERING = {
    Operator.LESS,
    Operator.LESS_OR_EQUAL,
    Operator.GREATER,
    Operator.GREATER_OR_EQUAL,
}


def _check_comparison(comparison: Comparison, name: Name) -> None:
    _check_operator(comparison, name)
    for literal in comparison.literals:
        if literal.kind is LiteralKind.NULL and comparison.operator in _EQUALITY:
            continue
        _check_literal(literal, name)


def _check_operator(comparison: Comparison, name: Name) -> None:
    text_like = name.kind in {ValueKind.STRING, ValueKind.ENUM, ValueKind.ANY}
    if (comparison.operator in _TEXT_OPERATORS and not text_like) or (
        comparison.operator in _ORDERING and name.kind in _UNORDERED
    ):
        raise ConditionError(
            f"The operator {comparison.operator} cannot be used with {comparison.name}."
        )


def _check_literal(literal: Literal, name: Name) -> None:
    if name.kind is ValueKind.ANY and literal.kind is not LiteralKind.NULL:
        return
    wanted = "string" if name.kind is ValueKind.ENUM else name.kind.value
    if literal.kind != wanted:
        raise ConditionError(f"Expected a {wanted} value, not a {literal.kind}. {LITERAL_HINT}")
    if name.kind is ValueKind.ENUM and literal.value not in name.values:
        raise ConditionError("Enum value supplied was invalid")
