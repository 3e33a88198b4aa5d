"""Editing quantity rules: a bundle has one rule, and every problem is told at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import (
    Basis,
    BundleRule,
    Combine,
    QuantityRule,
    QuantityRules,
    Rounding,
    RuleOverride,
)
from core.domain.quantity import RuleProblem, customer_quantity
from core.domain.rule_editing import (
    GREATEST,
    OverrideEdit,
    RuleEdit,
    edit_problems,
    members_of,
    override_base,
    override_problems,
    rule_base,
    rule_differences,
)
from tests.domain.planning_world import mapping, usage

MAPPINGS = {
    "A": mapping("A", 1),
    "B": mapping("B", 1, sync=False),
    "C": mapping("C", 2),
    "D": mapping("D", None),
}
ACTUAL = QuantityRule(Basis.ACTUAL)
TWICE = QuantityRule(multiplier=Decimal(2))
amounts = st.decimals(min_value=Decimal("0.000001"), max_value=GREATEST, places=6, allow_nan=False)
rules = st.builds(
    QuantityRule,
    st.sampled_from(Basis),
    amounts,
    amounts,
    st.sampled_from(Rounding),
    amounts,
)


def base(code: str = "A", **by_product: QuantityRule):
    return rule_base(code, MAPPINGS, QuantityRules(by_product=by_product))


@pytest.mark.parametrize(
    ("code", "product_id", "codes"),
    [
        ("A", 1, ("A", "B")),
        ("B", 1, ("A", "B")),
        ("C", 2, ("C",)),
        ("D", None, ("D",)),
        ("never seen", None, ("never seen",)),
    ],
)
def test_members_are_what_is_mapped_to_the_same_product(code, product_id, codes):
    members = members_of(code, MAPPINGS)
    assert (members.product_id, members.codes) == (product_id, codes)
    assert members.is_bundle is (len(codes) > 1)


def test_what_is_not_stored_starts_from_the_plain_rule():
    found = base()
    assert found.rule == QuantityRule()
    assert found.bundle == BundleRule()
    assert found.agree


def test_the_basis_is_each_products_own_and_the_rest_is_that_of_all():
    edit = RuleEdit(base(B=ACTUAL), replace(TWICE, basis=Basis.ORDERED))
    assert edit.rules == (replace(TWICE, basis=Basis.ORDERED), replace(TWICE, basis=Basis.ACTUAL))


def test_a_bundle_whose_members_differ_is_told_and_mended_by_saving_any_rule():
    differing = base(B=TWICE)
    assert not differing.agree
    assert base(B=ACTUAL).agree
    edit = RuleEdit(differing, differing.rule)
    assert edit.changes
    assert edit.rules == (QuantityRule(), QuantityRule())


def test_saving_what_is_there_changes_nothing():
    assert not RuleEdit(base(B=ACTUAL), QuantityRule()).changes


def test_a_leading_product_is_kept_only_where_one_leads():
    driver = BundleRule(Combine.DRIVER, "A")
    assert RuleEdit(base(), QuantityRule(), driver).bundle_after == driver
    left_over = BundleRule(Combine.SUM, "A")
    assert RuleEdit(base(), QuantityRule(), left_over).bundle_after == BundleRule()


def test_the_combine_rule_of_a_product_alone_is_left_as_it_is():
    alone = RuleEdit(base("C"), QuantityRule(), BundleRule(Combine.MAX))
    assert alone.bundle_after == BundleRule()
    assert not alone.changes


@pytest.mark.parametrize(
    ("rule", "bundle", "wrong"),
    [
        (QuantityRule(), BundleRule(), set()),
        (QuantityRule(multiplier=Decimal("0.000001")), BundleRule(), set()),
        (QuantityRule(multiplier=Decimal("0.0000010")), BundleRule(), set()),
        (QuantityRule(multiplier=Decimal("0.0000001")), BundleRule(), {"multiplier"}),
        (QuantityRule(multiplier=Decimal(0)), BundleRule(), {"multiplier"}),
        (QuantityRule(multiplier=GREATEST), BundleRule(), set()),
        (QuantityRule(multiplier=GREATEST + 1), BundleRule(), {"multiplier"}),
        (
            QuantityRule(Basis.ACTUAL, Decimal(-1), Decimal(-1), Rounding.UP, Decimal(-1)),
            BundleRule(Combine.DRIVER),
            {"multiplier", "included", "minimum", "driver"},
        ),
        (QuantityRule(), BundleRule(Combine.DRIVER, "C"), {"driver"}),
        (QuantityRule(), BundleRule(Combine.DRIVER, "B"), set()),
        (QuantityRule(), BundleRule(Combine.MAX, "C"), set()),
    ],
)
def test_every_problem_is_told_at_once(rule, bundle, wrong):
    problems = edit_problems(RuleEdit(base(), rule, bundle))
    assert {problem.field for problem in problems} == wrong
    assert len(problems) == len(wrong)


def override(code: str = "A", **overrides: RuleOverride):
    stored = QuantityRules(overrides={("t", name): given for name, given in overrides.items()})
    return override_base("t", code, MAPPINGS, stored)


def test_what_a_customer_has_differently_is_saved_for_the_whole_bundle():
    own = RuleOverride(basis=Basis.ACTUAL, minimum=Decimal(5))
    edit = OverrideEdit(override(B=RuleOverride(basis=Basis.ORDERED)), own)
    assert edit.overrides == (own, RuleOverride(basis=Basis.ORDERED, minimum=Decimal(5)))
    assert edit.changes


def test_an_override_that_says_nothing_removes_what_was_there():
    edit = OverrideEdit(override(A=RuleOverride(minimum=Decimal(5))), RuleOverride())
    assert edit.changes
    assert not any(edit.overrides)
    assert not OverrideEdit(override(), RuleOverride()).changes


def test_an_override_has_the_same_bounds_and_may_leave_members_out():
    assert override_problems(OverrideEdit(override(), RuleOverride())) == ()
    wrong = RuleOverride(multiplier=Decimal(0), included=Decimal(-1), minimum=GREATEST * 2)
    problems = override_problems(OverrideEdit(override(), wrong))
    assert [problem.field for problem in problems] == ["multiplier", "included", "minimum"]


def test_the_history_gets_plain_values():
    before, after = QuantityRule(), QuantityRule(Basis.ACTUAL, Decimal("1.50"), minimum=Decimal(10))
    assert list(rule_differences(before, after)) == [
        ("basis", "billable", "actual"),
        ("multiplier", "1", "1.5"),
        ("minimum", "0", "10"),
    ]
    assert list(rule_differences(RuleOverride(), RuleOverride(included=Decimal(0)))) == [
        ("included", "", "0")
    ]


@given(rules, rules, rules, st.sampled_from(Basis))
def test_a_saved_bundle_always_has_a_quantity(stored_a, stored_b, wanted, basis):
    """Whatever was stored, planning never finds rules that differ after a save."""
    edit = RuleEdit(base(A=stored_a, B=stored_b), replace(wanted, basis=basis))
    codes = edit.base.members.codes
    saved = QuantityRules(by_product=dict(zip(codes, edit.rules, strict=True)))
    used = {code: usage("t", code, 3) for code in codes}
    assert not isinstance(customer_quantity("t", used, codes, 1, saved), RuleProblem)
    assert edit.base.rules[1].basis == edit.rules[1].basis
