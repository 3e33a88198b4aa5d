"""Words of names: aliases, weights, contradictions."""

from __future__ import annotations

import pytest

from core.domain.name_words import Weights, contradict, words_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sophos Endpoint - User", ("sophos", "endpoint", "user")),
        ("SEC_SRV-ADV", ("sec", "server", "advanced")),
        ("Chiffrement, par utilisateur", ("encryption", "par", "user")),
        ("Server server SERVEURS", ("server",)),
        ("XGS136", ("xgs136",)),
        ("", ()),
        ("— / —", ()),
    ],
)
def test_words(text, expected):
    assert words_of(text) == expected


def contradicting(left: str, right: str) -> bool:
    return contradict(frozenset(words_of(left)), frozenset(words_of(right)))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("XGS 136", "XGS 126", True),
        ("XGS 136", "XGS 136 3 years", False),
        ("XGS 136", "XGS", False),
        ("Endpoint User", "Endpoint Server", True),
        ("Endpoint User", "Endpoint User and Server", False),
        ("Mobile Standard", "Mobile Advanced", True),
        ("MDR Essentials", "MDR Complete", True),
        ("Email", "Email Advanced", False),
    ],
)
def test_contradictions_hold_both_ways(left, right, expected):
    assert contradicting(left, right) is expected
    assert contradicting(right, left) is expected


def test_rarer_words_weigh_more_and_noise_next_to_nothing():
    weights = Weights([("A", "server backup"), ("B", "server rack"), ("C", "sophos rack server")])
    assert weights.of("unknown") > weights.of("backup") > weights.of("rack") > weights.of("server")
    assert weights.of("server") > 0
    assert weights.of("sophos") < weights.of("server")
    assert weights.total(["rack", "server"]) == pytest.approx(
        weights.of("rack") + weights.of("server")
    )


def test_a_word_is_rare_only_in_a_large_catalog():
    assert not Weights([("A", "unique")] + [("B", "x")] * 300).is_rare("unique")
    assert Weights([("A", "unique")] + [("B", "x")] * 333).is_rare("unique")
