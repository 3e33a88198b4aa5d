"""Suggestions: what is trusted, what contradicts, what is never suggested."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import CatalogEntry, ProductClass, SophosProduct
from core.domain.name_words import contradict
from core.domain.suggestions import (
    CODE_SCORE,
    DEFAULT_SCORE,
    GREATEST_NAME_SCORE,
    LEAST_SCORE,
    XREF_SCORE,
    _Index,
    _names,
    suggest,
)


def product(code: str, description: str, *former: str) -> SophosProduct:
    return SophosProduct(
        code=code,
        description=description,
        product_group="User",
        first_seen=None,
        last_seen=None,
        former_descriptions=former,
    )


def entry(number: int, identifier: str, description: str = "", **other) -> CatalogEntry:
    return CatalogEntry(id=number, identifier=identifier, description=description, **other)


# What a partner's catalog has besides: without it, no word is rare.
OTHERS = [
    entry(900, "M365-BP", "Microsoft 365 Business Premium"),
    entry(901, "CBL-CAT6", "Network cable Cat6 5m"),
    entry(902, "BKP-SRV", "Server backup, per server"),
    entry(903, "LAB-REM", "Remote labor, hour"),
    entry(904, "EXO-P1", "Exchange Online Plan 1"),
    entry(905, "HW-LAT", "Dell Latitude 5550"),
]

ENDPOINT = product("CIXA-MSP", "Sophos Endpoint - User MSP Monthly", "Central Intercept X Advanced")
XGS = product("DEMO-XGS136", "XGS 136 Xstream Protection - MSP Monthly")


def best(of: SophosProduct, *catalog: CatalogEntry, taken=()):
    return suggest([of], [*OTHERS, *catalog], taken=taken).get(of.code)


@pytest.mark.parametrize(
    ("candidate", "score", "reason"),
    [
        (entry(1, "X", integration_xref="cixa-msp "), XREF_SCORE, "cross-reference"),
        (entry(1, "CIXA-MSP"), CODE_SCORE, "identifier is the product code"),
        (entry(1, "Sophos_Intercept_X_Advanced"), DEFAULT_SCORE, "default product"),
    ],
)
def test_exact_marks(candidate, score, reason):
    found = best(ENDPOINT, entry(2, "SEC", "Sophos Endpoint User"), candidate)
    assert (found.connectwise_product_id, found.score) == (1, score)
    assert reason in str(found.reason)


def test_names_are_compared_without_band_noise_and_accents():
    found = best(ENDPOINT, entry(1, "SEC-1", "Sophos Endpoint, utilisateur - licence"))
    assert found.connectwise_product_id == 1
    assert found.score >= LEAST_SCORE
    assert str(found.reason) == "Same words in the name: endpoint, user."


def test_a_former_name_counts_and_is_said():
    renamed = product("DEMO-9", "Sophos Shiny New Label", "Sophos Cloud Optix")
    found = best(renamed, entry(1, "SEC-1", "Sophos Cloud Optix"))
    assert str(found.reason) == (
        "Same words as in the former name “Sophos Cloud Optix”: cloud, optix."
    )


def test_the_closest_name_wins():
    found = best(
        XGS,
        entry(1, "FW-1", "Sophos XGS 136 Standard Protection"),
        entry(2, "FW-2", "Sophos XGS 126 Xstream Protection"),
        entry(3, "FW-3", "Sophos XGS 136 Xstream Protection"),
    )
    assert found.connectwise_product_id == 3


@pytest.mark.parametrize(
    ("of", "description"),
    [
        (XGS, "Sophos XGS 126 Xstream Protection"),
        (XGS, "Sophos XGS 136 Standard Protection"),
        (ENDPOINT, "Sophos Endpoint Server"),
        (product("A", "Sophos Mobile Standard"), "Sophos Mobile Advanced"),
    ],
)
def test_what_contradicts_is_not_suggested(of, description):
    assert best(of, entry(1, "X-1", description)) is None


@pytest.mark.parametrize(
    "description", ["Sophos Central", "MSP Monthly license", "Server backup", "", "Acme Antivirus"]
)
def test_noise_and_strangers_are_not_suggested(description):
    assert best(ENDPOINT, entry(1, "X-1", description)) is None


@pytest.mark.parametrize("other", [{"inactive": True}, {"product_class": ProductClass.BUNDLE}])
def test_what_cannot_be_billed_is_not_suggested_however_well_it_fits(other):
    same = entry(1, "CIXA-MSP", "Sophos Endpoint User", integration_xref="CIXA-MSP", **other)
    assert best(ENDPOINT, same) is None


def test_a_free_product_is_preferred_to_one_that_is_mapped_already():
    twins = [entry(1, "A-1", "Sophos Endpoint User"), entry(2, "A-2", "Sophos Endpoint User")]
    assert best(ENDPOINT, *twins).connectwise_product_id == 1
    assert best(ENDPOINT, *twins, taken={1}).connectwise_product_id == 2


def test_of_two_equal_cross_references_the_older_product():
    twins = [entry(9, "B", integration_xref="CIXA-MSP"), entry(4, "A", integration_xref="CIXA-MSP")]
    assert best(ENDPOINT, *twins).connectwise_product_id == 4


def test_an_empty_catalog_and_an_unnamed_code():
    assert suggest([ENDPOINT], []) == {}
    assert best(product("X", "")) is None


NAME_WORDS = "Sophos Endpoint Server User XGS 136 126 Email Advanced Standard é 🔥"
names = st.lists(st.sampled_from(NAME_WORDS.split()), max_size=5).map(" ".join)
entries = st.lists(st.tuples(names, names, st.booleans(), st.sampled_from(["", "C1"])), max_size=15)


@given(st.lists(names, max_size=4), entries, st.randoms())
def test_properties(descriptions, raw, chance: random.Random):
    products = [product(f"C{n}", text) for n, text in enumerate(descriptions)]
    catalog = [
        entry(n, identifier, text, inactive=inactive, integration_xref=xref)
        for n, (identifier, text, inactive, xref) in enumerate(raw)
    ]
    found = suggest(products, catalog)
    by_id = {item.id: item for item in catalog}
    assert found.keys() <= {item.code for item in products}
    for suggestion in found.values():
        assert not by_id[suggestion.connectwise_product_id].inactive
        assert LEAST_SCORE <= suggestion.score <= XREF_SCORE
        assert str(suggestion.reason)
    chance.shuffle(catalog)
    assert suggest(products, catalog) == found


@given(names, entries, st.sets(st.integers(0, 14)))
def test_the_quick_look_up_misses_nothing(description, raw, taken):
    """The bits only leave out what cannot win: the same as scoring every item."""
    catalog = [entry(n, identifier, text) for n, (identifier, text, _, _) in enumerate(raw)]
    index = _Index(catalog, frozenset(taken))
    for name in _names(product("P", description)):
        words = frozenset(name.words)
        weight = index._weights.total(words)
        ranked = sorted(
            (-index._score(words, weight, item), item.entry.identifier, item.entry.id)
            for item in index._items
            if not contradict(words, item.words)
        )
        closest = index._closest(name)
        if ranked and -ranked[0][0] >= LEAST_SCORE:
            assert closest.order() == ranked[0]
        else:
            assert closest is None


CATALOG_WORDS = """
Endpoint Server Email Advanced Standard XGS Firewall Xstream Protection Mobile Encryption Phish
Threat Backup Office Business Premium Exchange Plan Laptop Switch Port Support Gold
"""


def test_500_products_and_a_catalog_of_20000():
    chance = random.Random(3)
    words = CATALOG_WORDS.split()
    brands = ["Sophos", "Acme"]
    catalog = [
        entry(n, f"X{n}", " ".join([chance.choice(brands), *chance.sample(words, 4)]))
        for n in range(20_000)
    ]
    products = [
        product(f"C{n}", "Sophos " + " ".join(chance.sample(words, 3)) + " MSP Monthly")
        for n in range(500)
    ]
    found = suggest(products, catalog)
    assert len(found) > 50
    assert max(item.score for item in found.values()) <= GREATEST_NAME_SCORE
