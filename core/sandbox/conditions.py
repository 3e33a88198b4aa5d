"""ConnectWise's query language: `conditions`, `childConditions` and `customFieldConditions`.

    expression  := conjunction ("or" conjunction)*
    conjunction := factor ("and" factor)*
    factor      := "(" expression ")" | comparison
    comparison  := name ("=" | "!=" | "<" | "<=" | ">" | ">=") literal
                 | name ["not"] ("like" | "contains") literal
                 | name ["not"] "in" "(" literal ("," literal)* ")"
    literal     := "text" | 'text' | 12.5 | true | false | [2016-08-20T18:04:26Z] | null

After the vendor's Developer Guide: words in any case, `not` only between a name and its operator,
references as `company/identifier`. In text, a backslash escapes a quote or a backslash. In the
patterns of `like` and `contains`, `*` and `%` stand for any text and brackets are those of T-SQL,
so that `[[]` is a bracket. Deduced from SQL Server behind it: text compares without regard to
case, and a missing value satisfies no comparison but `= null`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn

MAX_DEPTH = 50

LITERAL_HINT = (
    "String values should be enclosed with double or single quotes; DateTime values should be "
    "enclosed in square brackets; numbers should consist of only digits, and optionally a decimal "
    "point and a negation sign; boolean values should be indicated with the keywords true or "
    "false; null values should be indicated by the keyword null."
)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<word>[A-Za-z_][A-Za-z0-9_/]*)
    | (?P<number>-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))
    | (?P<string>"(?:\\["'\\]|[^"\\]|\\(?!["'\\]))*"|'(?:\\["'\\]|[^'\\]|\\(?!["'\\]))*')
    | (?P<datetime>\[[^\]]*\])
    | (?P<operator>!=|<=|>=|=|<|>)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE | re.ASCII,
)
_ESCAPE = re.compile(r"""\\(["'\\])""")


class ConditionError(ValueError):
    """The server's `ApiFindCondition`; the text is its message."""


class LiteralKind(StrEnum):
    """How a literal was written; the value is the server's word for it."""

    STRING = "string"
    NUMBER = "numeric"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    NULL = "null"


class Operator(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    CONTAINS = "contains"
    LIKE = "like"
    IN = "in"


@dataclass(frozen=True)
class Literal:
    kind: LiteralKind
    value: str | Decimal | bool | datetime | None


@dataclass(frozen=True)
class Comparison:
    """`literals` has exactly one element, except for `in`."""

    name: str
    operator: Operator
    literals: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True)
class And:
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Or:
    parts: tuple[Expression, ...]


Expression = Comparison | And | Or


def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        ConditionError: the text is not of the grammar above.
    """
    return _Parser(_tokens(text)).whole()


def parse_datetime(text: str) -> datetime | None:
    """An ISO date or time as aware UTC (UTC is meant where no zone is given), None if it is not."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    @property
    def word(self) -> str:
        """The keyword that this token may be, in lower case."""
        return self.text.lower() if self.kind == "word" else ""


_END = _Token("end", "the end")
_WORD_OPERATORS = {"like", "contains", "in"}


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            _refuse(text[position:].strip()[:20])
        tokens.append(_Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return tokens


def _refuse(near: str) -> NoReturn:
    raise ConditionError(f"The condition could not be understood near '{near}'. {LITERAL_HINT}")


class _Parser:
    """Recursive descent; one method per rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        expression = self._expression()
        if self._peek() is not _END:
            _refuse(self._peek().text)
        return expression

    def _expression(self) -> Expression:
        parts = [self._conjunction()]
        while self._accept("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self) -> Expression:
        parts = [self._factor()]
        while self._accept("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _factor(self) -> Expression:
        if self._peek().text != "(":
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionError("The condition has too many nested parentheses.")
        self._take()
        expression = self._expression()
        self._expect(")")
        self._depth -= 1
        return expression

    def _comparison(self) -> Comparison:
        name = self._take()
        if name.kind != "word":
            _refuse(name.text)
        negated = self._accept("not")
        operator = self._operator(negated)
        literals = self._list() if operator is Operator.IN else (self._literal(),)
        return Comparison(name.text, operator, literals, negated)

    def _operator(self, negated: bool) -> Operator:
        token = self._take()
        if token.word in _WORD_OPERATORS:
            return Operator(token.word)
        if token.kind != "operator" or negated:
            _refuse(token.text)
        return Operator(token.text)

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        literals = [self._literal()]
        while self._peek().text == ",":
            self._take()
            literals.append(self._literal())
        self._expect(")")
        return tuple(literals)

    def _literal(self) -> Literal:
        token = self._take()
        if token.kind == "string":
            return Literal(LiteralKind.STRING, _ESCAPE.sub(r"\1", token.text[1:-1]))
        if token.kind == "number":
            return Literal(LiteralKind.NUMBER, Decimal(token.text))
        if token.kind == "datetime":
            return Literal(LiteralKind.DATETIME, _moment(token.text))
        if token.word in _WORDS:
            return _WORDS[token.word]
        _refuse(token.text)

    def _peek(self) -> _Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else _END

    def _take(self) -> _Token:
        token = self._peek()
        self._next += 1
        return token

    def _accept(self, word: str) -> bool:
        found = self._peek().word == word
        self._next += found
        return found

    def _expect(self, mark: str) -> None:
        token = self._take()
        if token.kind != "mark" or token.text != mark:
            _refuse(token.text)


_WORDS = {
    "true": Literal(LiteralKind.BOOLEAN, True),
    "false": Literal(LiteralKind.BOOLEAN, False),
    "null": Literal(LiteralKind.NULL, None),
}


def _moment(text: str) -> datetime:
    moment = parse_datetime(text[1:-1])
    if moment is None:
        _refuse(text)
    return moment
