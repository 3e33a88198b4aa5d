"""Choosing list entries: the settings first, then the likeliest, never a wrong billing cycle."""

from __future__ import annotations

import pytest

from core.domain.models import ProductLookups, Reference, SubCategory
from core.domain.product_choices import (
    choose_cycle,
    choose_manufacturer,
    choose_subcategory,
    choose_type,
    choose_unit,
)

SOFTWARE = Reference(1, "Logiciels")
HARDWARE = Reference(2, "Matériel")


def lookups(*subcategories: SubCategory) -> ProductLookups:
    return ProductLookups((), subcategories, (), (), (), ())


def options(*names: str) -> list[Reference]:
    return [Reference(number, name) for number, name in enumerate(names, start=1)]


SUBCATEGORIES = lookups(
    SubCategory(1, "Câbles", HARDWARE),
    SubCategory(2, "Sécurité", SOFTWARE),
    SubCategory(3, "Retired", SOFTWARE, inactive=True),
)


@pytest.mark.parametrize(
    ("subcategory_id", "category_id", "expected"),
    [
        (None, None, "Sécurité"),
        (1, None, "Câbles"),
        (1, 1, "Câbles"),
        (3, None, "Sécurité"),
        (99, 2, "Câbles"),
        (None, 99, "Sécurité"),
    ],
)
def test_subcategory(subcategory_id, category_id, expected):
    assert choose_subcategory(SUBCATEGORIES, subcategory_id, category_id).name == expected


def test_subcategory_of_a_system_with_other_names_or_none():
    only = SubCategory(7, "Divers", HARDWARE)
    assert choose_subcategory(lookups(only), None, None) is only
    assert choose_subcategory(lookups(), None, None) is None


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        (("Labor", "Software License"), None, "Software License"),
        (("Labor", "Software"), 1, "Labor"),
        (("Labor", "Other"), 99, "Labor"),
    ],
)
def test_type(names, wanted, expected):
    assert choose_type(options(*names), wanted).name == expected


@pytest.mark.parametrize(
    ("names", "group", "expected"),
    [
        (("Box", "Each", "User"), "User", "User"),
        (("Box", "Each"), "User", "Each"),
        (("Box", "Each"), "", "Each"),
        (("Box",), "Device", "Box"),
    ],
)
def test_unit(names, group, expected):
    assert choose_unit(options(*names), None, group).name == expected


def test_manufacturer_is_never_guessed():
    assert choose_manufacturer(options("Dell", "SOPHOS"), None).name == "SOPHOS"
    assert choose_manufacturer(options("Dell"), None) is None
    assert choose_manufacturer(options("Dell"), 1).name == "Dell"


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        (("Bi-Monthly", "Monthly"), None, "Monthly"),
        (("Bi-Monthly", "Mensuelle"), None, "Mensuelle"),
        (("Bi-Monthly", "Monthly"), 1, "Bi-Monthly"),
        (("Bi-Monthly", "Yearly"), None, None),
        ((), 1, None),
    ],
)
def test_cycle(names, wanted, expected):
    chosen = choose_cycle(options(*names), wanted)
    assert (chosen and chosen.name) == expected


def test_nothing_to_choose_from():
    assert (choose_type([], 1), choose_unit([], 1, "User")) == (None, None)
