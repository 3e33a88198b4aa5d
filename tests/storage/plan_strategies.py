"""Any change, options and limits of a plan, with every field that there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st

from core.domain.models import Change, ChangeNames, LimitCheck, PlanOptions
from core.domain.month import Month
from core.errors import Fact, Message

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# Also numbers like 1.50 and 1E+5, which equal others and are written differently.
_numbers = st.decimals(allow_nan=False, allow_infinity=False)
_moments = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0))
_facts: st.SearchStrategy[Fact] = st.one_of(_texts, st.integers(), _numbers, st.dates(), _moments)


def _messages(facts: st.SearchStrategy[Fact]) -> st.SearchStrategy[Message]:
    pairs = st.lists(st.tuples(st.text("abc_", min_size=1), facts), max_size=2).map(tuple)
    return st.builds(Message, _texts, pairs, st.none() | _texts)


_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: _texts,
    int: st.integers(min_value=0, max_value=2**62),
    bool: st.booleans(),
    Decimal: _numbers,
    date: st.dates(),
    Month: st.builds(Month, st.integers(2000, 9998), st.integers(1, 12)),
    Message: _messages(_facts | _messages(_facts)),
    Mapping[str, str]: st.dictionaries(_texts, _texts, max_size=3),
    frozenset[str]: st.frozensets(_texts, max_size=3),
}


def _any(hint: Any) -> st.SearchStrategy[Any]:
    """Every field has any value of its type, so that one that is added is not forgotten."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    given = get_args(hint)
    if NoneType in given:
        return st.none() | _any(given[0])
    if ... in given:
        return st.lists(_any(given[0]), max_size=3).map(tuple)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert is_dataclass(hint), hint
    hints = get_type_hints(hint)
    return st.builds(hint, **{item.name: _any(hints[item.name]) for item in fields(hint)})


changes: st.SearchStrategy[Change] = _any(Change)
change_names: st.SearchStrategy[ChangeNames] = _any(ChangeNames)
options: st.SearchStrategy[PlanOptions] = _any(PlanOptions)
limits: st.SearchStrategy[LimitCheck] = _any(LimitCheck)
