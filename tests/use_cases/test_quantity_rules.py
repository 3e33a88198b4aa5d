"""Quantity rules over the real store: saved together, never over somebody else's, with history."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.domain.models import Basis, BundleRule, Combine, QuantityRule, RuleOverride
from core.domain.row_edits import RowEdit
from core.domain.rule_editing import OverrideEdit, RuleEdit
from core.domain.saving import MappingValues
from core.errors import ConflictError, InputError
from core.services import Services

TWICE = QuantityRule(Basis.ACTUAL, Decimal("2.5"))


@pytest.fixture
def codes(filled: Services) -> tuple[str, str]:
    """Two Sophos products of one ConnectWise product, sync on."""
    entry = next(e for e in filled.catalog.entries() if not e.inactive and e.is_billable)
    rows = [row for row in filled.mappings.rows() if row.last_usage and row.last_usage.customers]
    wanted = MappingValues(entry.id, True)
    edits = [RowEdit(r.product.code, r.mapping.version, MappingValues(), wanted) for r in rows[:2]]
    filled.mappings.save(edits, "Test")
    return edits[0].key, edits[1].key


def test_a_rule_is_saved_for_the_whole_bundle_and_survives_a_restart(filled, codes, open_services):
    first, second = codes
    base = filled.rules.base(first)
    assert base.members.codes == tuple(sorted(codes))
    saved = filled.rules.save(RuleEdit(base, TWICE, BundleRule(Combine.MAX)), "Zoë")
    assert saved.bundle == BundleRule(Combine.MAX)
    filled.close()
    again = open_services()
    try:
        rules = again.rules.all()
        assert rules.by_product[first] == TWICE
        assert rules.by_product[second] == replace(TWICE, basis=Basis.BILLABLE)
        assert rules.bundles == {saved.members.product_id: BundleRule(Combine.MAX)}
    finally:
        again.close()


def test_the_history_of_every_member_tells_the_change(filled, codes):
    first, second = codes
    edit = RuleEdit(filled.rules.base(first), TWICE, BundleRule(Combine.DRIVER, second))
    filled.rules.save(edit, "Zoë")

    def told(code: str) -> set[tuple[str, str, str, str]]:
        entries = filled.mappings.history(code)
        return {(e.field, e.old, e.new, e.by) for e in entries if "/" in e.field}

    shared = {
        ("rule/multiplier", "1", "2.5", "Zoë"),
        ("bundle/combine", "sum", "driver", "Zoë"),
        ("bundle/driver", "", second, "Zoë"),
    }
    assert told(first) == shared | {("rule/basis", "billable", "actual", "Zoë")}
    assert told(second) == shared


def test_nobody_saves_over_a_rule_that_somebody_else_changed(filled, codes):
    first, second = codes
    mine = RuleEdit(filled.rules.base(first), TWICE)
    theirs = RuleEdit(filled.rules.base(second), QuantityRule(minimum=Decimal(3)))
    filled.rules.save(theirs, "Ann")
    with pytest.raises(ConflictError):
        filled.rules.save(mine, "Zoë")
    assert filled.rules.base(first).rule == QuantityRule(minimum=Decimal(3))


def test_a_bundle_that_grew_meanwhile_is_a_conflict(filled, codes):
    first, _second = codes
    edit = RuleEdit(filled.rules.base(first), TWICE)
    other = next(r for r in filled.mappings.rows() if r.product.code not in codes)
    wanted = MappingValues(edit.base.members.product_id, True)
    filled.mappings.save(
        [RowEdit(other.product.code, other.mapping.version, MappingValues(), wanted)], "Ann"
    )
    with pytest.raises(ConflictError):
        filled.rules.save(edit, "Zoë")
    assert filled.rules.all().by_product == {}


def test_every_problem_is_told_and_nothing_saved(filled, codes):
    wrong = QuantityRule(multiplier=Decimal(0), minimum=Decimal(-1))
    edit = RuleEdit(filled.rules.base(codes[0]), wrong, BundleRule(Combine.DRIVER))
    with pytest.raises(InputError) as raised:
        filled.rules.save(edit, "Zoë")
    assert {p.field for p in raised.value.problems} == {"multiplier", "minimum", "driver"}
    assert filled.rules.all().by_product == {}


def test_what_a_customer_has_differently_is_saved_removed_and_told(filled, codes):
    first, second = codes
    own = RuleOverride(minimum=Decimal(7))
    filled.rules.save_override(OverrideEdit(filled.rules.override_base("c", first), own), "Zoë")
    assert filled.rules.all().overrides == {("c", first): own, ("c", second): own}
    base = filled.rules.override_base("c", second)
    filled.rules.save_override(OverrideEdit(base, RuleOverride()), "Zoë")
    assert filled.rules.all().overrides == {}
    told = {(e.field, e.old, e.new) for e in filled.store.customers.history("c")}
    assert {(f"rule/{code}/minimum", "", "7") for code in codes} <= told
    assert {(f"rule/{code}/minimum", "7", "") for code in codes} <= told


def test_an_override_that_somebody_else_changed_is_a_conflict(filled, codes):
    base = filled.rules.override_base("c", codes[0])
    filled.rules.save_override(OverrideEdit(base, RuleOverride(minimum=Decimal(7))), "Ann")
    with pytest.raises(ConflictError):
        filled.rules.save_override(OverrideEdit(base, RuleOverride(minimum=Decimal(8))), "Zoë")


def test_the_example_is_of_the_newest_month_and_follows_the_edit(filled, codes):
    plain = RuleEdit(filled.rules.base(codes[0]), QuantityRule())
    twice = RuleEdit(plain.base, QuantityRule(multiplier=Decimal(2)))
    before, after = filled.rules.example(plain), filled.rules.example(twice)
    assert before is not None
    assert after is not None
    assert before.month == filled.usage.months()[0]
    assert before.customer == after.customer
    assert before.quantity
    assert after.quantity == before.quantity * 2
    assert len(after.steps) == len(before.steps) + 1
    assert before.customer in {t.name for t in filled.store.customers.only_in_usage().values()}


def test_the_example_of_an_override_is_that_of_the_customer(filled, codes):
    usage = filled.store.usage.usage(filled.usage.months()[0])
    customer = next(u.account_id for u in usage if u.account_id and u.product_code == codes[0])
    assert codes[0] in filled.rules.used_products(customer)
    base = filled.rules.override_base(customer, codes[0])
    found = filled.rules.example(OverrideEdit(base, RuleOverride(minimum=Decimal(999))))
    assert found is not None
    assert found.quantity == 999


def test_without_usage_there_is_no_example(services):
    assert services.rules.example(RuleEdit(services.rules.base("A"), QuantityRule())) is None
