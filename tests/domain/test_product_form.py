"""The product form: what ConnectWise refuses is refused before it is sent."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.models import (
    CatalogItem,
    ProductClass,
    ProductFields,
    ProductLookups,
    RecurringCycleType,
    Reference,
    SophosProduct,
    SubCategory,
)
from core.domain.product_form import (
    FIELD_LIMITS,
    LABELS,
    ProductDefaults,
    changed_fields,
    fields_of,
    limits,
    prefill,
    three_way,
    validate,
)

SECURITY = Reference(1, "Security")
OTHER = Reference(2, "Hardware")
SUBCATEGORIES = (
    SubCategory(10, "Cables", OTHER),
    SubCategory(11, "Endpoint security", SECURITY),
    SubCategory(12, "Retired security", SECURITY, inactive=True),
)
LOOKUPS = ProductLookups(
    categories=(OTHER, SECURITY),
    subcategories=SUBCATEGORIES,
    types=(Reference(20, "Hardware"), Reference(21, "Software")),
    units_of_measure=(Reference(30, "Box"), Reference(31, "Each"), Reference(32, "User")),
    manufacturers=(Reference(40, "Dell"), Reference(41, "Sophos Ltd")),
    billing_cycles=(Reference(50, "Bi-Monthly"), Reference(51, "Monthly")),
)
GOOD = ProductFields(
    identifier="Sophos_Intercept_X",
    description="Sophos Central Intercept X",
    customer_description="Sophos Central Intercept X",
    category=SECURITY,
    subcategory=Reference(11, "Endpoint security"),
    type=Reference(21, "Software"),
)
SOPHOS = SophosProduct(
    code="CIXA-MSP",
    description="Sophos Endpoint - User MSP Monthly",
    product_group="User",
    first_seen=None,
    last_seen=None,
)


def problems(product: ProductFields, *, identifier_limit: int = 60) -> dict[str | None, str]:
    found = validate(product, limits(identifier_limit), subcategories=SUBCATEGORIES)
    return {problem.field: str(problem.text) for problem in found}


def test_a_complete_form_has_no_problems():
    assert problems(GOOD) == {}


def test_every_required_field_is_named_at_once():
    empty = ProductFields(
        identifier=" ", description="", customer_description="\n", subcategory=None, type=None
    )
    assert set(problems(empty)) == {
        "identifier",
        "description",
        "customer_description",
        "subcategory",
        "type",
    }


@pytest.mark.parametrize("name", sorted(FIELD_LIMITS))
def test_both_sides_of_every_limit(name):
    limit = FIELD_LIMITS[name]
    assert problems(replace(GOOD, **{name: "x" * limit})) == {}
    over = problems(replace(GOOD, **{name: "x" * (limit + 1)}))
    assert set(over) == {name}
    assert f"{limit + 1} characters; ConnectWise takes {limit}" in over[name]


def test_newer_servers_take_longer_identifiers():
    assert problems(replace(GOOD, identifier="x" * 75), identifier_limit=75) == {}
    assert "identifier" in problems(replace(GOOD, identifier="x" * 76), identifier_limit=75)


def test_an_emoji_counts_as_two_characters():
    assert problems(replace(GOOD, description="🔥" * 30)) == {}
    assert "description" in problems(replace(GOOD, description="🔥" * 31))


@pytest.mark.parametrize("name", ["price", "cost"])
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("0", None),
        ("0.000001", None),
        ("1.400000000", None),
        ("999999999.99", None),
        ("-0.01", "negative"),
        ("0.0000001", "decimals"),
        ("1000000000", "below"),
        ("NaN", "not a number"),
        ("Infinity", "not a number"),
    ],
)
def test_money(name, value, fault):
    found = problems(replace(GOOD, **{name: Decimal(value)}))
    assert (fault is None and found == {}) or (fault or "?") in found[name]


def test_the_subcategory_has_to_belong_to_the_category():
    found = problems(replace(GOOD, category=OTHER))
    assert "belongs to the category Security" in found["subcategory"]
    gone = problems(replace(GOOD, subcategory=Reference(99, "Gone")))
    assert "does not exist" in gone["subcategory"]
    assert validate(replace(GOOD, category=OTHER)) == ()


def test_what_was_wrong_before_is_no_problem_of_a_change():
    retired = replace(GOOD, subcategory=Reference(99, "Gone"), description="x" * 61)
    changed = replace(retired, price=Decimal(9))
    assert set(problems(changed)) == {"subcategory", "description"}
    subcategories = LOOKUPS.subcategories
    assert validate(changed, subcategories=subcategories, base=retired) == ()
    worse = replace(changed, description="x" * 62, customer_description="")
    found = validate(worse, subcategories=subcategories, base=retired)
    assert {problem.field for problem in found} == {"description", "customer_description"}


def test_a_recurring_product_needs_its_cycle():
    assert "recurring_bill_cycle" in problems(replace(GOOD, recurring=True))
    cycle = Reference(51, "Monthly")
    assert problems(replace(GOOD, recurring=True, recurring_bill_cycle=cycle)) == {}


def test_every_field_has_a_label():
    assert set(LABELS) == {item.name for item in fields(ProductFields)}


def test_prefill_without_any_setting_can_be_applied():
    filled = prefill(SOPHOS, ProductDefaults(), LOOKUPS, unit_cost=Decimal("1.40"))
    assert problems(filled) == {}
    assert filled.identifier == "Sophos_Intercept_X_Advanced"
    assert filled.customer_description == "Sophos Endpoint - User MSP Monthly"
    assert filled.integration_xref == "CIXA-MSP"
    assert (filled.category, filled.subcategory) == (SECURITY, Reference(11, "Endpoint security"))
    assert filled.type == Reference(21, "Software")
    assert filled.unit_of_measure == Reference(32, "User")
    assert filled.manufacturer == Reference(41, "Sophos Ltd")
    assert filled.recurring_bill_cycle == Reference(51, "Monthly")
    assert filled.recurring_cycle_type is RecurringCycleType.CALENDAR_YEAR
    assert (filled.price, filled.cost) == (None, Decimal("1.40"))
    assert filled.product_class is ProductClass.NON_INVENTORY


@pytest.mark.parametrize("amount", ["-1.40", "0.1234567"])
def test_prefill_leaves_a_price_out_that_cannot_be_a_cost(amount):
    filled = prefill(SOPHOS, ProductDefaults(), LOOKUPS, unit_cost=Decimal(amount))
    assert filled.cost is None
    assert problems(filled) == {}


def test_prefill_follows_the_settings():
    defaults = ProductDefaults(
        subcategory_id=10,
        type_id=20,
        unit_of_measure_id=30,
        billing_cycle_id=50,
        manufacturer_id=40,
        product_class=ProductClass.SERVICE,
        taxable=True,
    )
    filled = prefill(SOPHOS, defaults, LOOKUPS)
    assert (filled.subcategory, filled.category) == (Reference(10, "Cables"), OTHER)
    assert (filled.type, filled.unit_of_measure) == (
        Reference(20, "Hardware"),
        Reference(30, "Box"),
    )
    assert filled.manufacturer == Reference(40, "Dell")
    assert filled.recurring_bill_cycle == Reference(50, "Bi-Monthly")
    assert (filled.product_class, filled.taxable) == (ProductClass.SERVICE, True)


def test_settings_that_no_longer_exist_fall_back():
    defaults = ProductDefaults(
        category_id=99, subcategory_id=12, type_id=99, unit_of_measure_id=99, billing_cycle_id=99
    )
    assert prefill(SOPHOS, defaults, LOOKUPS) == prefill(SOPHOS, ProductDefaults(), LOOKUPS)


def test_a_chosen_category_gives_one_of_its_subcategories():
    filled = prefill(SOPHOS, ProductDefaults(category_id=2), LOOKUPS)
    assert filled.subcategory == Reference(10, "Cables")


def test_prefill_of_an_empty_system_leaves_the_gaps_to_validation():
    empty = ProductLookups((), (), (), (), (), ())
    filled = prefill(SOPHOS, ProductDefaults(), empty)
    assert set(problems(filled)) == {"subcategory", "type"}
    assert (filled.recurring, filled.recurring_bill_cycle) == (False, None)


def test_never_another_cycle_than_the_monthly_one():
    yearly = replace(LOOKUPS, billing_cycles=(Reference(50, "Bi-Monthly"), Reference(52, "Yearly")))
    filled = prefill(SOPHOS, ProductDefaults(), yearly)
    assert (filled.recurring, filled.recurring_bill_cycle) == (False, None)


def test_changed_fields_ignore_spelling_that_connectwise_does_not_keep():
    wanted = replace(
        GOOD,
        customer_description="Sophos\n Central  Intercept X ",
        type=Reference(21, "Software (renamed)"),
        price=Decimal("0"),
    )
    assert changed_fields(replace(GOOD, price=Decimal("0.00")), wanted) == {}


def test_changed_fields_have_the_wanted_values():
    wanted = replace(GOOD, price=Decimal("9.90"), taxable=True, category=OTHER)
    assert changed_fields(GOOD, wanted) == {
        "price": Decimal("9.90"),
        "taxable": True,
        "category": OTHER,
    }
    assert changed_fields(replace(GOOD, price=Decimal(1)), GOOD) == {"price": None}


def test_a_catalog_item_compares_by_what_may_be_entered():
    item = CatalogItem(
        id=5, last_updated=datetime(2026, 1, 1, tzinfo=UTC), updated_by="x", **vars(GOOD)
    )
    assert fields_of(item) == GOOD
    assert changed_fields(item, GOOD) == {}


def test_three_ways():
    theirs = replace(GOOD, description="Theirs", price=Decimal(1), taxable=True)
    mine = replace(GOOD, description="Mine", cost=Decimal(2), taxable=True)
    result = three_way(GOOD, theirs, mine)
    assert result.mine_only == {"cost": Decimal(2)}
    assert result.theirs_only == {"price": Decimal(1)}
    assert result.both == {"description": ("Theirs", "Mine")}
    assert result.theirs_changed


def test_three_ways_without_their_change():
    assert not three_way(GOOD, GOOD, replace(GOOD, notes="x")).theirs_changed
    same = replace(GOOD, notes="x")
    assert not three_way(GOOD, same, same).theirs_changed
