"""Catalog search against a plain reading of its rule, and fast enough for typing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import CatalogEntry, ProductClass
from core.domain.product_search import ProductIndex, normalise


def entry(number: int, identifier: str, description: str = "", *, inactive: bool = False):
    return CatalogEntry(
        id=number, identifier=identifier, description=description, inactive=inactive
    )


def found(entries, text, limit=20) -> list[str]:
    return [item.identifier for item in ProductIndex(entries).find(text, limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Évolué", "evolue"),
        ("ŒUVRE", "oeuvre"),
        ("Straße", "strasse"),
        ("ﬁre", "fire"),
        ("  a \n b ", "a b"),
        ("İstanbul", "istanbul"),
        ("Ærø", "aero"),
        ("ＸＧＳ", "xgs"),
        ("A\u00a0B", "a b"),
    ],
)
def test_normalise(text, expected):
    assert normalise(text) == expected


@given(st.text())
def test_normalising_twice_is_normalising_once(text):
    assert normalise(normalise(text)) == normalise(text)


def test_best_first():
    entries = [
        entry(1, "ZZZ", "contains presec inside"),
        entry(2, "MY-SEC", "word start"),
        entry(3, "SEC-EP"),
        entry(4, "SEC"),
        entry(5, "OTHER", "security by description"),
        entry(6, "SEC-OLD", inactive=True),
        replace(entry(7, "SEC-BUNDLE"), product_class=ProductClass.BUNDLE),
    ]
    best = ["SEC", "SEC-EP", "MY-SEC", "OTHER", "ZZZ"]
    assert found(entries, "sec") == [*best, "SEC-BUNDLE", "SEC-OLD"]
    assert found(entries, "SEC", limit=2) == ["SEC", "SEC-EP"]


def test_all_words_must_match_in_either_field_and_any_order():
    entries = [entry(1, "SEC-EP", "Évolué endpoint"), entry(2, "SEC-SRV", "server")]
    assert found(entries, "end SEC") == ["SEC-EP"]
    assert found(entries, "evolue") == ["SEC-EP"]
    assert found(entries, "sec server endpoint") == []


def test_a_word_does_not_match_across_the_two_fields():
    assert found([entry(1, "ABC", "DEF")], "cd") == []


@pytest.mark.parametrize("text", ["", "s", " s ", "é", "\u0301\u0301"])
def test_under_two_characters_nothing_is_found(text):
    assert found([entry(1, "s"), entry(2, "e")], text) == []


@pytest.mark.parametrize(
    "text", ['"x"', "it's", "50%", "a*b", "[z]", "<b>", "=1+1", "🔥🔥", "שלום"]
)
def test_special_characters_are_only_characters(text):
    entries = [entry(1, "PLAIN"), entry(2, f"A {text} B")]
    assert found(entries, text) == [f"A {text} B"]


letters = st.text(alphabet=st.sampled_from("aAbé-_ 1"), max_size=6)
catalogs = st.lists(st.tuples(letters, letters, st.booleans()), max_size=12)


def by_the_rule(entries, text, limit):
    """The rule of the module's docstring, word for word."""
    query = normalise(text)
    if len(query) < 2:
        return []

    def spaced(value):
        return " " + re.sub(r"[\W_]", " ", value)

    def rank(item):
        identifier = normalise(item.identifier)
        either = identifier + "\n" + normalise(item.description)
        starts = [spaced(word).strip() for word in query.split()]
        if identifier == query:
            return 0
        if identifier.startswith(query):
            return 1
        if all(start and f" {start}" in spaced(either) for start in starts):
            return 2
        return 3

    matching = [
        item
        for item in entries
        if all(
            word in normalise(item.identifier) or word in normalise(item.description)
            for word in query.split()
        )
    ]
    matching.sort(key=lambda i: (i.inactive, rank(i), normalise(i.identifier), i.id))
    return matching[:limit]


@given(catalogs, letters, st.integers(0, 5))
def test_agrees_with_a_plain_reading_of_the_rule(catalog, text, limit):
    entries = [
        entry(number, identifier, description, inactive=inactive)
        for number, (identifier, description, inactive) in enumerate(catalog)
    ]
    assert ProductIndex(entries).find(text, limit) == by_the_rule(entries, text, limit)
