"""Companies suggested for customers: by name, with the reason, and never one of several."""

from __future__ import annotations

import random

import pytest

from core.domain.company_words import are_near, telling, words_of
from core.domain.customer_suggestions import (
    LEAST_SCORE,
    SAME_NAME_SCORE,
    SAME_WORDS_SCORE,
    suggest_companies,
)
from core.domain.models import AgreementStatus, CustomerSuggestion, Tenant
from tests.domain.customer_samples import agreement, company, contracts, tenant

OTHERS = ["Garage Martin", "Garage du Lac", "School of Music", "Hotel Bellevue", "Steel Partners"]


def suggested(customer: str, *names: str, agreements=()) -> CustomerSuggestion | None:
    """What is suggested among these companies, numbered from 1, and some others."""
    companies = [company(number, name) for number, name in enumerate((*names, *OTHERS), start=1)]
    found = suggest_companies([tenant("t", customer)], contracts(*companies, *agreements))
    return found.get("t")


@pytest.mark.parametrize(
    ("customer", "name", "score"),
    [
        ("Dupont", "DUPONT", SAME_NAME_SCORE),
        ("Étude  notariale", "Etude Notariale", SAME_NAME_SCORE),
        ("Boulangerie Vermasse", "BOULANGERIE VERMASSE SARL", SAME_WORDS_SCORE),
        ("Imprimerie Solvagne", "Imprimerie Solvagne S.A.", SAME_WORDS_SCORE),
        ("Zell-Ottmar Maschinenbau", "Zell Ottmar Maschinenbau GmbH", SAME_WORDS_SCORE),
        ("Rookhope Analytics", "Rookhope Analytics Ltd.", SAME_WORDS_SCORE),
        ("Architectes Noirmer + Falk", "Noirmer & Falk Architectes", SAME_WORDS_SCORE),
        ("Cabinet Dourlin & Associés", "Cabinet Dourlin et Associés", SAME_WORDS_SCORE),
        ("Hôtel Les Trois Écluzes", "Hotel les 3 Ecluzes", SAME_WORDS_SCORE),
        ("Crèche Les P'tits Mélèzons", "Creche Les Petits Melezons", SAME_WORDS_SCORE),
        ("O'Hanrahan Fisheries", "OHanrahan Fisheries", SAME_WORDS_SCORE),
        ("Wychling’s Bakery", "Wychlings Bakery", SAME_WORDS_SCORE),
        ("Ferronnerie d’Aubrelac", "Ferronnerie Aubrelac", SAME_WORDS_SCORE),
        ("Ébénisterie Œillet", "EBENISTERIE OEILLET EURL", SAME_WORDS_SCORE),
    ],
)
def test_the_same_name_in_another_spelling(customer, name, score):
    found = suggested(customer, name)
    assert found is not None
    assert (found.company_id, found.score) == (1, score)


@pytest.mark.parametrize(
    ("customer", "name"),
    [
        ("Clinique vétérinaire du Marronnet", "Clin. Vét. Marronnet"),
        ("Glasspool Marine Engineering", "Glasspool Marine Eng. Ltd"),
        ("Harrowgill Farm Supplies", "Harrowgill Farm Supply"),
        ("Hexavant Logistique", "Hexavant Logistics"),
        ("Marlow Pike Solicitors", "Marlowe Pike Solicitors"),
        ("Mairie de Courtemblay", "Commune de Courtemblay (Mairie)"),
        ("Domaine viticole Castelvigne", "Domaine de Castelvigne"),
    ],
)
def test_names_that_share_enough_words(customer, name):
    found = suggested(customer, name)
    assert found is not None
    assert found.company_id == 1
    assert LEAST_SCORE <= found.score < SAME_WORDS_SCORE
    assert "Same words in the name" in str(found.reason)


@pytest.mark.parametrize("customer", ["Vanterpool Events", "Garage", "SARL", "", "🎭", "النخيل"])
def test_nothing_is_suggested_where_nothing_is_alike(customer):
    assert suggested(customer, "Quarrington Steel") is None


def test_of_several_companies_as_likely_none_is_suggested():
    assert suggested("Garage Pellorce", "Garage Pellorce Nord", "Garage Pellorce Sud") is None
    assert suggested("Dupont", "Dupont", "DUPONT") is None
    assert suggested("Dupont", "Dupont SARL", "Dupont SAS") is None


def test_the_very_same_name_wins_over_one_with_a_legal_form():
    found = suggested("Dupont", "Dupont SARL", "Dupont")
    assert found is not None
    assert found.company_id == 2


def test_a_deleted_company_is_not_suggested():
    known = contracts(company(1, "Dupont", deleted=True))
    assert suggest_companies([tenant("t", "Dupont")], known) == {}


def test_an_only_active_agreement_comes_with_the_suggestion():
    expired = agreement(12, 1, status=AgreementStatus.EXPIRED)
    one = suggested("Dupont", "Dupont", agreements=[agreement(11, 1, name="Services"), expired])
    assert one is not None
    assert one.agreement_id == 11
    assert str(one.reason) == "Same name. Its only active agreement is Services."
    two = suggested("Dupont", "Dupont", agreements=[agreement(11, 1), agreement(13, 1), expired])
    assert two is not None
    assert two.agreement_id is None
    assert str(two.reason) == "Same name. It has 2 active agreements; choose one."
    none = suggested("Dupont", "Dupont", agreements=[expired])
    assert none is not None
    assert none.agreement_id is None
    assert str(none.reason) == "Same name. It has no active agreement."


def test_the_order_of_companies_does_not_matter():
    names = ["Courtemblay Habitat", "Commune de Courtemblay (Mairie)", "Mairie d'Orvand", *OTHERS]
    companies = [company(number, name) for number, name in enumerate(names, start=1)]
    customers = [tenant(str(n), name) for n, name in enumerate(["Mairie de Courtemblay", *names])]
    wanted = suggest_companies(customers, contracts(*companies))
    for seed in range(10):
        shuffled = random.Random(seed).sample(companies, len(companies))
        assert suggest_companies(customers, contracts(*shuffled)) == wanted


def test_words_in_comparable_form():
    assert words_of("  S.A.R.L. l'Étoile-d'Or  ") == ("sarl", "l", "etoile", "d", "or")
    assert telling(words_of("La Société du Lac SARL")) == {"lac"}
    # Where there is nothing else, the legal form has to do.
    assert telling(words_of("La SARL")) == {"la", "sarl"}


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("supply", "supplies", True),
        ("laboratoire", "laboratoires", True),
        ("print", "printing", True),
        ("brewing", "brewery", False),
        ("nord", "nordique", False),
        ("castel", "casting", False),
    ],
)
def test_bent_words(word, other, near):
    assert are_near(word, other) is are_near(other, word) is near


def test_many_customers_are_told_apart():
    names = [f"Firm Number{number:04d}" for number in range(300)]
    companies = [company(number, f"{name} Ltd") for number, name in enumerate(names, start=1)]
    customers = [Tenant(id=name, name=name, billing_type="usage") for name in names]
    found = suggest_companies(customers, contracts(*companies))
    assert [found[name].company_id for name in names] == list(range(1, 301))
