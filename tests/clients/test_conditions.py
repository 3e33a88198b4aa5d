from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.conditions import (
    LONGEST_CONDITIONS,
    all_of,
    any_of,
    batches,
    containing,
    exactly,
    quoted,
    with_id,
    with_ids,
)

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("ab'\"*%_[]\\ "), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=120,
)


def literals(text: str) -> list[str]:
    """The quoted strings of a condition, read as a server would: no escapes."""
    found, rest = [], text
    while opening := re.search("[\"']", rest):
        mark, start = opening[0], opening.end()
        end = rest.index(mark, start)
        found.append(rest[start:end])
        rest = rest[end + 1 :]
    return found


def test_the_quote_is_the_one_that_the_value_lacks() -> None:
    assert quoted("plain") == '"plain"'
    assert quoted("it's") == '"it\'s"'
    assert quoted('24" screen') == "'24\" screen'"
    with pytest.raises(ValueError, match="both"):
        quoted("5' 3\"")


def test_an_exact_match() -> None:
    assert exactly("identifier", "Sophos_XDR").text == 'identifier="Sophos_XDR"'
    assert exactly("identifier", "Sophos_XDR").exact


@pytest.mark.parametrize("value", ["100%", "a*b", "[string]", "a\\", "5' 3\"", "a\nb"])
def test_a_value_that_cannot_be_written_is_to_be_filtered(value: str) -> None:
    condition = exactly("identifier", value)
    assert not condition.exact
    assert "identifier contains" in condition.text


def test_text_in_one_of_two_fields() -> None:
    condition = containing(("identifier", "description"), "Intercept X")
    assert condition.exact
    assert condition.text == (
        '(identifier contains "Intercept X" or description contains "Intercept X")'
    )


def test_several_parts_must_all_be_there() -> None:
    assert containing(("name",), "5' 3\" cable*").text == (
        '(name contains "cable" and name contains "3" and name contains "5")'
    )


def test_nothing_but_wildcards_narrows_nothing() -> None:
    for text in ("%%", "**", "[]", "'\"'"):
        condition = containing(("identifier",), text)
        assert (condition.text, condition.exact) == ("", False)


@given(TEXTS)
def test_what_is_written_is_harmless_and_part_of_the_text(text: str) -> None:
    for condition in (containing(("identifier", "description"), text), exactly("identifier", text)):
        for literal in literals(condition.text):
            assert literal in text
            assert not set(literal) & set("*%[]\\\n")
        # An underscore may stay: it matches itself and more, and is filtered afterwards.
        assert not (condition.exact and set(text) & set("*%[]\\"))


@given(TEXTS)
def test_a_search_condition_stays_short_in_an_address(text: str) -> None:
    assert len(quote(containing(("identifier", "description"), text).text, safe="")) < 1400


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("227", "id=227"),
        ("00227", "id=227"),
        ("2147483647", "id=2147483647"),
        ("2147483648", ""),
        ("9" * 40, ""),
        ("0", ""),
        ("", ""),
        ("-5", ""),
        ("1.5", ""),
        ("²", ""),
        ("٣", ""),
    ],
)
def test_an_id(text: str, condition: str) -> None:
    assert with_id(text) == condition


def test_joining() -> None:
    assert any_of("a", "", "b") == "(a or b)"
    assert any_of("", "b") == "b"
    assert any_of() == ""
    assert all_of("a", "", "b") == "a and b"


def test_batches_hold_every_condition_and_stay_under_the_limit() -> None:
    conditions = [f'identifier="item {number}"' for number in range(100)]
    joined = batches(conditions, 300)
    assert [part for text in joined for part in text.split(" or ")] == conditions
    assert all(len(quote(text, safe="")) <= 300 for text in joined)
    assert len(joined) < 100
    assert batches([], 300) == []
    assert batches(["x" * 400, "y"], 300) == ["x" * 400, "y"]


@given(st.lists(st.integers(1, 2**31 - 1), max_size=400))
def test_every_id_is_asked_for_once_and_each_text_fits(ids: list[int]) -> None:
    texts = with_ids(ids)
    asked = [int(each) for text in texts for each in text[len("id in (") : -1].split(",")]
    assert asked == sorted(set(ids))
    assert all(len(quote(text, safe="")) <= LONGEST_CONDITIONS for text in texts)
