"""What a rule makes of one customer's usage, told while it is edited."""

from __future__ import annotations

from decimal import Decimal

from core.domain.models import BundleRule, Combine, QuantityRule, QuantityRules, RuleOverride
from core.domain.rule_editing import OverrideEdit, RuleEdit, override_base, rule_base
from core.domain.rule_example import example_of, telling_customer
from tests.domain.planning_world import MONTH, mapping, usage

MAPPINGS = {"A": mapping("A", 1), "B": mapping("B", 1), "C": mapping("C", 2)}
USAGES = [
    usage("one", "A", 100),
    usage("two", "A", 3),
    usage("two", "B", 4),
    usage(None, "B", 999),
    usage("none", "A", 0),
    usage("none", "B", 0),
]


def example(rule: QuantityRule, bundle: BundleRule, counting: str = "AB", rules=None):
    stored = rules or QuantityRules()
    edit = RuleEdit(rule_base("A", MAPPINGS, stored), rule, bundle)
    return example_of(edit, stored, USAGES, "two", counting, str.upper, MONTH)


def test_the_customer_with_the_most_products_shows_most():
    assert telling_customer(USAGES, "AB") == "two"
    assert telling_customer(USAGES, "A") == "one"
    assert telling_customer(USAGES, "C") is None


def test_every_step_is_told_with_the_rule_as_it_is_being_edited():
    found = example(QuantityRule(multiplier=Decimal(2)), BundleRule(Combine.MAX))
    assert (found.customer, found.month, found.quantity) == ("TWO", MONTH, Decimal(8))
    assert [str(step) for step in found.steps][-2:] == [
        "The highest of the bundle counts: 4.",
        "Times 2: 8.",
    ]


def test_a_product_whose_sync_is_off_does_not_count_and_the_edited_one_does():
    assert example(QuantityRule(), BundleRule(), counting="A").quantity == 3
    assert example(QuantityRule(), BundleRule(), counting="B").quantity == 7


def test_rules_that_give_no_quantity_are_told_as_none():
    found = example(QuantityRule(), BundleRule(Combine.DRIVER))
    assert (found.quantity, found.steps) == (None, ())


def test_what_the_customer_has_differently_goes_into_the_example():
    own = {("two", code): RuleOverride(minimum=Decimal(50)) for code in "AB"}
    found = example(QuantityRule(), BundleRule(), rules=QuantityRules(overrides=own))
    assert found.quantity == 50


def test_an_override_has_its_own_example():
    stored = QuantityRules(by_product=dict.fromkeys("AB", QuantityRule(multiplier=Decimal(3))))
    base = override_base("two", "A", MAPPINGS, stored)
    edit = OverrideEdit(base, RuleOverride(included=Decimal(1)))
    found = example_of(edit, stored, USAGES, "two", "AB", str, MONTH)
    assert found.quantity == 20
