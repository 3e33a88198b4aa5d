"""History in one place, and putting a saved change back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.domain.customers import CustomerValues
from core.domain.models import (
    Basis,
    BundleRule,
    ChangeFilter,
    ChangeKind,
    Combine,
    Outcome,
    QuantityRule,
    Rounding,
    RuleOverride,
    RunOrigin,
)
from core.domain.month import Month
from core.domain.row_edits import RowEdit
from core.domain.rule_editing import OverrideEdit, RuleEdit
from core.domain.saving import MappingValues
from core.errors import ConflictError, InputError
from core.services import Services
from core.use_cases.run_approval import Approval
from tests.use_cases.sync_world import agreements_that_prorate, last_month, synced

CODE = "CIXA-MSP"


@pytest.fixture
def month(ready: Services) -> Month:
    return last_month(ready)


def save(services: Services, by: str = "bob", **changed: object) -> None:
    mapping = services.store.mappings.all()[CODE]
    now = MappingValues.of(mapping)
    wanted = MappingValues(**{**vars(now), **changed})
    assert services.mappings.save([RowEdit(CODE, mapping.version, now, wanted)], by).saved


def save_customer(services: Services, customer: str, **changed: object) -> None:
    mapping = services.store.customers.mappings()[customer]
    now = CustomerValues.of(mapping)
    wanted = CustomerValues(**{**vars(now), **changed})
    shared = {wanted.agreement_id}
    edit = RowEdit(customer, mapping.version, now, wanted)
    assert services.customers.save([edit], "bob", shared_confirmed=shared).saved


def values(services: Services) -> MappingValues:
    return MappingValues.of(services.store.mappings.all()[CODE])


def newest(services: Services, field: str):
    return next(each for each in services.history.mapping_changes() if each.field == field)


def newest_of_customer(services: Services, field: str):
    return next(each for each in services.history.customer_changes() if each.field == field)


def test_a_mapping_is_put_back_and_put_back_again(ready: Services) -> None:
    before = values(ready)
    other = next(e.id for e in ready.catalog.entries() if e.is_billable and not e.inactive)
    save(ready, connectwise_product_id=other, sync=False)
    ready.history.put_back_mapping(newest(ready, "connectwise_product_id"), "ana")
    assert values(ready) == MappingValues(before.connectwise_product_id, False)
    entry = newest(ready, "connectwise_product_id")
    assert (entry.by, entry.origin) == ("ana", "history")
    ready.history.put_back_mapping(entry, "ana")
    assert values(ready) == MappingValues(other, False)


def test_a_mapping_that_was_changed_since_stays_and_it_is_told_by_whom(ready: Services) -> None:
    save(ready, "bob", sync=False)
    entry = newest(ready, "sync")
    save(ready, "carla", sync=True)
    with pytest.raises(ConflictError, match="carla"):
        ready.history.put_back_mapping(entry, "ana")
    assert values(ready).sync


def test_a_state_cannot_be_put_back(ready: Services) -> None:
    save(ready, sync=False)
    entry = newest(ready, "state")
    assert ready.history.together(entry) == ()
    with pytest.raises(InputError):
        ready.history.put_back_mapping(entry, "ana")


def test_company_and_agreement_are_put_back_together(ready: Services) -> None:
    customer, mapping = next(iter(ready.store.customers.mappings().items()))
    before = CustomerValues.of(mapping)
    contracts = ready.customers.contracts()
    assert contracts is not None
    other = next(
        contracts.agreements[each]
        for each in agreements_that_prorate(ready)
        if contracts.agreements[each].company.id != before.company_id
    )
    save_customer(ready, customer, company_id=other.company.id, agreement_id=other.id)
    entry = newest_of_customer(ready, "agreement_id")
    assert {each.field for each in ready.history.together(entry)} == {"company_id", "agreement_id"}
    ready.history.put_back_customer(entry, "ana", may_share=True)
    assert CustomerValues.of(ready.store.customers.mappings()[customer]) == before
    with pytest.raises(ConflictError, match="ana"):
        ready.history.put_back_customer(entry, "ana", may_share=True)


def test_an_agreement_is_shared_only_on_purpose(ready: Services) -> None:
    mappings = ready.store.customers.mappings()
    agreements = [mapping.agreement_id for mapping in mappings.values()]
    customer, before = next(
        (key, one) for key, one in mappings.items() if agreements.count(one.agreement_id) > 1
    )
    save_customer(ready, customer, company_id=None, agreement_id=None)
    entry = newest_of_customer(ready, "agreement_id")
    with pytest.raises(InputError, match="share"):
        ready.history.put_back_customer(entry, "ana")
    ready.history.put_back_customer(entry, "ana", may_share=True)
    assert ready.store.customers.mappings()[customer].agreement_id == before.agreement_id


def test_the_life_of_an_addition_goes_over_all_runs(ready: Services, month: Month) -> None:
    run = synced(ready, month)
    plan = ready.runs.undo_plan(run.id)
    approval = Approval(by="ana", origin=RunOrigin.PAGE, undo_of=run.id, override_reason="back")
    back = ready.runs.approve(month, plan.digest, run.options, approval)
    ready.runs.execute(back.id, "ana")
    created = next(
        row for row in ready.runs.changes(run.id) if row.change.kind is ChangeKind.CREATE_ADDITION
    )
    assert created.addition_id is not None
    life = ready.history.life(created.addition_id)
    assert [(past.run, past.row.change.kind) for past in life] == [
        (back.number, ChangeKind.UNDO_CREATE),
        (run.number, ChangeKind.CREATE_ADDITION),
    ]
    done = ChangeFilter(run_id=run.id, outcome=Outcome.DONE)
    assert ready.history.count(done) == run.done
    assert len(ready.history.changes(done, 5)) == 5
    assert [each.number for each in ready.history.runs()] == [back.number, run.number]


# ---------------------------------------------------------------- rules


def save_rule(services: Services, code: str = CODE, **changed: object) -> None:
    base = services.rules.base(code)
    edit = RuleEdit(base, replace(base.rule, **changed), base.bundle)
    services.rules.save(edit, "bob")


def bundled(services: Services) -> tuple[str, str]:
    """Two Sophos products that are mapped to one ConnectWise product."""
    mappings = services.store.mappings.all()
    other = next(
        code
        for code, each in sorted(mappings.items())
        if code != CODE and each.connectwise_product_id is not None
    )
    mapping = mappings[other]
    now = MappingValues.of(mapping)
    wanted = replace(now, connectwise_product_id=mappings[CODE].connectwise_product_id)
    edit = RowEdit(other, mapping.version, now, wanted)
    assert services.mappings.save([edit], "bob").saved
    return CODE, other


def test_one_member_of_a_rule_is_put_back_and_the_others_stay(ready: Services) -> None:
    save_rule(ready, multiplier=Decimal("1.5"), minimum=Decimal(3), basis=Basis.ACTUAL)

    ready.history.put_back_mapping(newest(ready, "rule/multiplier"), "ana")
    ready.history.put_back_mapping(newest(ready, "rule/basis"), "ana")

    assert ready.rules.base(CODE).rule == QuantityRule(minimum=Decimal(3))
    entry = newest(ready, "rule/multiplier")
    assert (entry.by, entry.origin, entry.old, entry.new) == ("ana", "history", "1.5", "1")
    ready.history.put_back_mapping(entry, "ana")
    assert ready.rules.base(CODE).rule.multiplier == Decimal("1.5")


def test_a_rule_that_was_changed_since_stays(ready: Services) -> None:
    save_rule(ready, multiplier=Decimal(2))
    entry = newest(ready, "rule/multiplier")
    save_rule(ready, multiplier=Decimal(3))

    with pytest.raises(ConflictError, match="bob"):
        ready.history.put_back_mapping(entry, "ana")
    assert ready.rules.base(CODE).rule.multiplier == Decimal(3)


def test_a_rule_of_a_bundle_is_put_back_for_all_its_products(ready: Services) -> None:
    first, second = bundled(ready)
    save_rule(ready, first, rounding=Rounding.UP)
    assert ready.rules.base(second).rule.rounding is Rounding.UP

    ready.history.put_back_mapping(newest(ready, "rule/rounding"), "ana")

    assert {each.rounding for each in ready.rules.base(first).rules} == {Rounding.NONE}


def test_products_that_came_together_with_different_rules_are_left_alone(ready: Services) -> None:
    save_rule(ready, multiplier=Decimal(2))
    entry = newest(ready, "rule/multiplier")
    bundled(ready)

    with pytest.raises(InputError, match="different rules"):
        ready.history.put_back_mapping(entry, "ana")
    assert ready.rules.base(CODE).rule.multiplier == Decimal(2)


def test_how_a_bundle_combines_is_put_back_with_the_product_that_leads_it(ready: Services) -> None:
    first, second = bundled(ready)
    base = ready.rules.base(first)
    ready.rules.save(RuleEdit(base, base.rule, BundleRule(Combine.DRIVER, second)), "bob")
    entry = newest(ready, "bundle/driver")
    assert {each.field for each in ready.history.together(entry)} == {
        "bundle/combine",
        "bundle/driver",
    }

    ready.history.put_back_mapping(entry, "ana")

    assert ready.rules.base(first).bundle == BundleRule()
    again = newest(ready, "bundle/combine")
    save(ready, connectwise_product_id=None)
    assert ready.history.together(replace(again, product_code=CODE)) == ()


def test_what_a_customer_has_differently_is_put_back(ready: Services) -> None:
    customer = next(iter(ready.store.customers.mappings()))
    base = ready.rules.override_base(customer, CODE)
    override = RuleOverride(multiplier=Decimal("0.5"), rounding=Rounding.DOWN)
    ready.rules.save_override(OverrideEdit(base, override), "bob")

    ready.history.put_back_customer(newest_of_customer(ready, f"rule/{CODE}/multiplier"), "ana")
    left = ready.rules.override_base(customer, CODE).override
    assert left == RuleOverride(rounding=Rounding.DOWN)
    ready.history.put_back_customer(newest_of_customer(ready, f"rule/{CODE}/rounding"), "ana")
    assert (customer, CODE) not in ready.rules.all().overrides
