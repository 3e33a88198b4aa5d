"""What is typed in a form, to and from a product."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import (
    ProductClass,
    ProductFields,
    ProductLookups,
    RecurringCycleType,
    Reference,
    SubCategory,
)
from pages.components.product_values import choices, fields_from, values_of

HARDWARE, SOFTWARE = Reference(1, "Hardware"), Reference(2, "Software")
LOOKUPS = ProductLookups(
    categories=(HARDWARE, SOFTWARE),
    subcategories=(
        SubCategory(11, "Firewalls", HARDWARE),
        SubCategory(21, "Security", SOFTWARE),
        SubCategory(22, "Backup", SOFTWARE),
    ),
    types=(Reference(5, "Service"),),
    units_of_measure=(Reference(6, "Each"),),
    manufacturers=(Reference(7, "Sophos"),),
    billing_cycles=(Reference(8, "Monthly"),),
)
PRODUCT = ProductFields(
    identifier="A",
    description="B",
    customer_description="C",
    category=SOFTWARE,
    subcategory=Reference(21, "Security"),
    type=Reference(5, "Service"),
    product_class=ProductClass.AGREEMENT,
    unit_of_measure=Reference(6, "Each"),
    price=Decimal("1234.5"),
    cost=Decimal("0.123456"),
    taxable=True,
    recurring=True,
    recurring_bill_cycle=Reference(8, "Monthly"),
    recurring_cycle_type=RecurringCycleType.CONTRACT_YEAR,
    manufacturer=Reference(7, "Sophos"),
    manufacturer_part_number="P",
    vendor_sku="V",
    notes="N",
    integration_xref="X",
)
amounts = st.none() | st.decimals(min_value=0, max_value=10**8, places=4)
texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=40).map(str.strip)


@given(identifier=texts, notes=texts, price=amounts, cost=amounts, taxable=st.booleans())
def test_an_untouched_form_changes_nothing(identifier, notes, price, cost, taxable):
    product = replace(
        PRODUCT, identifier=identifier, notes=notes, price=price, cost=cost, taxable=taxable
    )
    read, problems = fields_from(values_of(product), choices(LOOKUPS, product), product)
    assert read == product
    assert problems == ()


def test_blanks_around_a_text_are_no_part_of_it():
    values = {**values_of(PRODUCT), "identifier": "  New  "}
    read, _problems = fields_from(values, choices(LOOKUPS), PRODUCT)
    assert read.identifier == "New"


@pytest.mark.parametrize("typed", ["abc", "1,5", "1.2.3"])
def test_an_unreadable_amount_is_a_problem_at_its_field_and_is_not_sent(typed):
    values = {**values_of(PRODUCT), "price": typed}
    read, (problem,) = fields_from(values, choices(LOOKUPS), PRODUCT)
    assert problem.field == "price"
    assert typed in str(problem.text)
    assert "1,234.56" in str(problem.text)
    assert read.price == PRODUCT.price


def test_an_emptied_amount_is_none():
    read, problems = fields_from({**values_of(PRODUCT), "cost": " "}, choices(LOOKUPS), PRODUCT)
    assert read.cost is None
    assert not problems


def test_what_is_not_active_any_more_stays_with_the_product_that_has_it():
    gone = replace(
        PRODUCT,
        category=Reference(9, "Old"),
        subcategory=Reference(91, "Older"),
        type=Reference(55, "Gone"),
    )
    lists = choices(LOOKUPS, gone)
    assert lists.names["type"][55] == "Gone"
    assert lists.of_category(9) == [91]
    read, _problems = fields_from(values_of(gone), lists, gone)
    assert read == gone
    assert 55 not in choices(LOOKUPS, PRODUCT).names["type"]


def test_subcategories_are_those_of_the_category():
    lists = choices(LOOKUPS)
    assert lists.of_category(2) == [21, 22]
    assert lists.of_category(1) == [11]
    assert lists.of_category(None) == [11, 21, 22]


def test_the_cycle_of_a_product_that_never_recurred_is_no_change():
    base = replace(PRODUCT, recurring=False, recurring_bill_cycle=None, recurring_cycle_type=None)
    values = {**values_of(base), "recurring_bill_cycle": 8}
    read, _problems = fields_from(values, choices(LOOKUPS), base)
    assert read == base


def test_turning_recurrence_off_keeps_the_cycle_for_turning_it_on_again():
    values = {**values_of(PRODUCT), "recurring": False}
    read, _problems = fields_from(values, choices(LOOKUPS), PRODUCT)
    assert not read.recurring
    assert read.recurring_bill_cycle == PRODUCT.recurring_bill_cycle
