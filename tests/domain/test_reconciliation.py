"""The reconciliation: nothing is lost, nothing counts twice, and each class at its edges."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.addition_days import is_open
from core.domain.models import (
    Acceptance,
    AgreementStatus,
    BillCustomer,
    ChangeKind,
    FetchStatus,
    Frequency,
    MappingState,
    OrderMatch,
    QuantityRule,
    QuantityRules,
    ReconciliationRow,
    RowClass,
    SyncSettings,
    Tolerance,
    Tolerances,
)
from core.domain.planning import PlanInputs, make_plan
from core.domain.reconciliation import compare, is_open_exception, reconcile, totals_of
from core.domain.reconciliation_additions import divided
from tests.domain.planning_world import (
    ELSEWHERE,
    MONTH,
    addition,
    agreement,
    applied,
    bind,
    customer,
    entry,
    fetched,
    mapping,
    renamed,
    usage,
    world,
    worlds,
)

KEPT = addition(100, 11, 1, 5)
_NEEDS_NOBODY = {RowClass.MATCHED, RowClass.WITHIN_TOLERANCE}


def simple(**more: object) -> PlanInputs:
    values: dict[str, object] = {
        "usages": [usage("alpha", "X", 8)],
        "mappings": [mapping("X", 1)],
        "customers": [customer("alpha", 11)],
        "agreements": [agreement(11)],
        "additions": [KEPT],
        "catalog": [entry(1)],
        **more,
    }
    return world(**values)  # type: ignore[arg-type]


def only(inputs: PlanInputs, **more: object) -> ReconciliationRow:
    rows = reconcile(inputs, **more).rows  # type: ignore[arg-type]
    (row,) = [each for each in rows if not each.key.startswith("somebody else/")]
    return row


# ---------------------------------------------------------------- properties


@given(worlds())
@settings(max_examples=300)
def test_every_used_unit_is_in_exactly_one_row(inputs: PlanInputs) -> None:
    found = Counter(
        {
            (part.customer_id or None, part.product_code): 0
            for row in reconcile(inputs).rows
            for part in row.used
        }
    )
    units: dict[tuple[str | None, str], Decimal] = {}
    for row in reconcile(inputs).rows:
        for part in row.used:
            found[part.customer_id or None, part.product_code] += 1
            units[part.customer_id or None, part.product_code] = part.quantity
    assert units == {(u.account_id, u.product_code): u.billable for u in inputs.usage}
    assert set(found.values()) <= {1}


@given(worlds())
@settings(max_examples=300)
def test_every_open_addition_of_a_mapped_product_is_in_exactly_one_row(
    inputs: PlanInputs,
) -> None:
    mapped = {m.connectwise_product_id for m in inputs.mappings.values()}
    agreements = {
        agreement_id
        for agreement_id in inputs.additions
        if inputs.agreements[agreement_id].status is AgreementStatus.ACTIVE
    }
    expected = Counter(
        each.id
        for agreement_id in agreements
        for each in inputs.additions[agreement_id]
        if is_open(each, inputs.today)
        and (each.product.id in mapped or (agreement_id, each.product.id) in inputs.bindings)
    )
    rows = reconcile(inputs).rows
    assert Counter(row.addition_id for row in rows if row.addition_id is not None) == expected


@given(worlds())
@settings(max_examples=200)
def test_keys_are_unique_and_totals_are_those_of_the_rows(inputs: PlanInputs) -> None:
    report = reconcile(inputs)
    keys = [row.key for row in report.rows]
    assert len(set(keys)) == len(keys)
    assert report.totals == totals_of(report.rows)
    assert report.totals.used == sum((u.billable for u in inputs.usage), Decimal(0))
    assert sum(report.totals.by_class.values()) == len(report.rows)


@given(worlds())
@settings(max_examples=200)
def test_several_additions_differ_together_by_what_all_of_them_bill(inputs: PlanInputs) -> None:
    """Whichever of them is meant: what is expected less everything that is billed, in units; and
    none is billed too much while another one is billed too little."""
    report = reconcile(inputs)
    groups: dict[tuple[int | None, int | None], list[ReconciliationRow]] = {}
    for row in report.rows:
        if row.row_class is RowClass.AMBIGUOUS and row.expected is not None:
            groups.setdefault((row.agreement_id, row.product_id), []).append(row)
    for rows in groups.values():
        differences = [row.difference or Decimal(0) for row in rows]
        expected = sum((row.expected or Decimal(0) for row in rows), Decimal(0))
        billed = sum((row.billed or Decimal(0) for row in rows), Decimal(0))
        assert sum(differences) == expected - billed
        assert not (min(differences) < 0 < max(differences))
        assert len({row.addition_id for row in rows}) == len(rows)


@given(
    st.decimals(0, 60, places=1),
    st.lists(st.decimals(0, 30, places=1), min_size=2, max_size=5),
)
def test_what_is_expected_is_divided_without_loss(
    expected: Decimal, quantities: list[Decimal]
) -> None:
    found = [replace(KEPT, id=100 + n, quantity=each) for n, each in enumerate(quantities)]
    shares = divided(expected, found)
    assert (sum(shares), len(shares)) == (expected, len(found))
    over = [share - each for share, each in zip(shares, quantities, strict=True)]
    assert all(each <= 0 for each in over[1:])
    assert sum(over) == expected - sum(quantities)


@given(worlds(), st.data())
@settings(max_examples=150)
def test_the_third_leg_is_a_fact_beside_the_class_and_loses_nothing(
    inputs: PlanInputs, data: st.DataObject
) -> None:
    # A rule may take the ordered quantity for its basis; without one it decides nothing.
    inputs = replace(inputs, rules=QuantityRules())
    amounts = st.integers(0, 30).map(Decimal)
    usages = [replace(each, ordered=data.draw(amounts)) for each in inputs.usage]
    prices = {(each.account_id, each.product_code): data.draw(amounts) for each in usages}
    before = {row.key: row.row_class for row in reconcile(inputs).rows}
    rows = reconcile(replace(inputs, usage=usages), net_prices=prices).rows
    assert {row.key: row.row_class for row in rows} == before
    assert sum(row.net or Decimal(0) for row in rows) == sum(prices.values())
    assert sum(row.ordered or Decimal(0) for row in rows) == sum(u.ordered for u in usages)
    sound = [each for each in usages if each.ordered]
    if not any(row.says_nothing for row in rows):
        beyond = sum((row.beyond_order or Decimal(0) for row in rows), Decimal(0))
        assert beyond == sum((each.billable - each.ordered for each in sound), Decimal(0))
    for row in rows:
        signs = {OrderMatch.BEYOND_ORDER: 1, OrderMatch.NOT_USED: -1, OrderMatch.AS_ORDERED: 0}
        if row.order is not None:
            assert row.beyond_order is not None
            assert signs[row.order] == (row.beyond_order > 0) - (row.beyond_order < 0)
        else:
            assert row.beyond_order is None


@given(worlds())
@settings(max_examples=200)
def test_what_a_plan_changes_differs_and_what_was_applied_matches(inputs: PlanInputs) -> None:
    """A row that is expected to change is no match; afterwards it is one."""
    plan = make_plan(inputs)
    after = {row.key: row for row in reconcile(applied(inputs, plan)).rows}
    before = {row.key: row for row in reconcile(inputs).rows}
    for change in plan.changes:
        if change.target.agreement_id == 0 or not change.target.product_id:
            continue
        # Usage may also leave an addition with the right quantity, when its product has broken.
        if change.kind is ChangeKind.SET_QUANTITY:
            row = before.get(change.target.key)
            if row is not None:
                assert row.row_class not in _NEEDS_NOBODY
        if change.kind is ChangeKind.CANCEL:
            continue  # an addition that stood beside it may be left
        done = after.get(change.target.key)
        if done is not None and done.row_class is not RowClass.SYNC_OFF:
            assert done.row_class is RowClass.MATCHED


@given(worlds())
@settings(max_examples=100)
def test_renames_do_not_matter(inputs: PlanInputs) -> None:
    def facts(report: object) -> list[object]:
        return [
            (r.key, r.row_class, r.used, r.expected, r.quantity)
            for r in report.rows  # type: ignore[attr-defined]
        ]

    assert facts(reconcile(renamed(inputs))) == facts(reconcile(inputs))


@given(
    st.decimals(0, 50, places=1),
    st.decimals(0, 50, places=1),
    st.decimals(0, 10, places=1),
    st.decimals(0, 50, places=0),
)
def test_a_tolerance_holds_on_both_sides_of_its_edge(
    expected: Decimal, billed: Decimal, units: Decimal, percent: Decimal
) -> None:
    found = compare(expected, billed, used=True, tolerance=Tolerance(units, percent))
    allowed = max(units, expected * percent / 100)
    if expected == billed:
        assert found is RowClass.MATCHED
    elif abs(expected - billed) <= allowed:
        assert found is RowClass.WITHIN_TOLERANCE
    else:
        right = RowClass.UNDER_BILLED if expected > billed else RowClass.OVER_BILLED
        assert found is right


@pytest.mark.parametrize(
    ("billed", "tolerance", "wanted"),
    [
        (98, Tolerance(units=Decimal(2)), RowClass.WITHIN_TOLERANCE),
        (97, Tolerance(units=Decimal(2)), RowClass.UNDER_BILLED),
        (102, Tolerance(units=Decimal(2)), RowClass.WITHIN_TOLERANCE),
        (103, Tolerance(units=Decimal(2)), RowClass.OVER_BILLED),
        (95, Tolerance(percent=Decimal(5)), RowClass.WITHIN_TOLERANCE),
        (94, Tolerance(percent=Decimal(5)), RowClass.UNDER_BILLED),
        (95, Tolerance(units=Decimal(2), percent=Decimal(5)), RowClass.WITHIN_TOLERANCE),
    ],
)
def test_tolerances(billed: int, tolerance: Tolerance, wanted: RowClass) -> None:
    inputs = simple(
        usages=[usage("alpha", "X", 100)], additions=[replace(KEPT, quantity=Decimal(billed))]
    )
    assert only(inputs, tolerances=Tolerances(general=tolerance)).row_class is wanted
    of_product = Tolerances(by_product={1: tolerance})
    assert only(inputs, tolerances=of_product).row_class is wanted
    of_another = Tolerances(by_product={2: tolerance})
    assert only(inputs, tolerances=of_another).row_class not in _NEEDS_NOBODY


# ---------------------------------------------------------------- classes


def test_under_billed_with_its_money() -> None:
    row = only(simple(), costs={("alpha", "X"): Decimal("9.60")})
    assert row.row_class is RowClass.UNDER_BILLED
    assert (row.used_units, row.expected, row.billed, row.difference) == (8, 8, 5, 3)
    assert (row.money, row.revenue, row.margin) == (6, 10, Decimal("0.40"))
    assert row.ordered == 10
    assert [str(step) for step in row.steps] == ["Name of X: 8 billable, in 1 usage line."]


def test_over_billed_and_totals() -> None:
    report = reconcile(simple(usages=[usage("alpha", "X", 1)]))
    assert [row.row_class for row in report.rows] == [RowClass.OVER_BILLED]
    assert (report.totals.under_billed, report.totals.over_billed) == (0, 8)
    assert (report.totals.open_exceptions, report.totals.match_rate) == (1, 0)


def test_a_missing_addition_is_worth_the_price_of_the_product() -> None:
    row = only(simple(additions=[]))
    assert row.row_class is RowClass.MISSING_ADDITION
    assert (row.billed, row.money) == (None, 24)


def test_an_addition_without_usage() -> None:
    row = only(simple(usages=ELSEWHERE))
    assert (row.row_class, row.money) == (RowClass.ADDITION_WITHOUT_USAGE, -10)
    empty = simple(usages=ELSEWHERE, additions=[replace(KEPT, quantity=Decimal(0))])
    assert only(empty).row_class is RowClass.MATCHED


def test_included_units_are_free_on_both_sides() -> None:
    included = replace(KEPT, quantity=Decimal(8), less_included=Decimal(3))
    row = only(simple(additions=[included]))
    assert (row.row_class, row.billed, row.difference) == (RowClass.MATCHED, 5, 0)


def test_what_is_not_charged_is_worth_nothing() -> None:
    free = replace(KEPT, bill_customer=BillCustomer.DO_NOT_BILL)
    row = only(simple(additions=[free]))
    assert (row.row_class, row.money) == (RowClass.UNDER_BILLED, 0)


def test_several_additions_are_ambiguous_unless_one_is_bound() -> None:
    two = [KEPT, addition(101, 11, 1, 2)]
    first, second = reconcile(simple(additions=two)).rows
    assert first.row_class is second.row_class is RowClass.AMBIGUOUS
    assert (first.addition_id, second.addition_id) == (100, 101)
    assert (first.used_units, second.used_units) == (8, 0)
    # 8 used, 5 + 2 billed: one unit of 2.00 is not billed, whichever addition is meant.
    assert (first.expected, first.billed, first.difference, first.money) == (6, 5, 1, 2)
    assert (second.expected, second.billed, second.difference, second.money) == (2, 2, 0, 0)
    assert [str(step) for step in first.steps[1:]] == [
        "2 additions of this product are open on the agreement and bill 7 together. What is "
        "expected is divided over them: 6 of 8 for this one."
    ]
    assert str(second.steps[0]).endswith("2 of 8 for this one.")
    totals = reconcile(simple(additions=two)).totals
    assert (totals.billed, totals.under_billed, totals.over_billed) == (7, 2, 0)
    first, second = reconcile(simple(additions=two, bound=[bind(two[1])])).rows
    assert (first.row_class, first.addition_id) == (RowClass.UNDER_BILLED, 101)
    assert (second.row_class, second.money) == (RowClass.ADDITION_WITHOUT_USAGE, -10)


def test_what_is_billed_by_a_second_addition_beyond_all_usage_is_billed_too_much() -> None:
    dear = replace(addition(101, 11, 1, 6), unit_price=Decimal(7))
    report = reconcile(simple(additions=[KEPT, dear]))
    first, second = report.rows
    assert (first.difference, first.money) == (0, 0)
    # 8 used: 5 of them on the first, 3 of the 6 on the second, whose price is 7.
    assert (second.expected, second.difference, second.money) == (3, -3, -21)
    assert (report.totals.under_billed, report.totals.over_billed) == (0, 21)
    nobody = reconcile(simple(usages=ELSEWHERE, additions=[KEPT, dear])).totals
    assert nobody.over_billed == 10 + 42


def test_included_units_of_each_of_several_additions_are_free() -> None:
    first = replace(KEPT, less_included=Decimal(3))
    second = replace(addition(101, 11, 1, 2), less_included=Decimal(1))
    rows = reconcile(simple(usages=[usage("alpha", "X", 9)], additions=[first, second])).rows
    assert [(row.expected, row.billed, row.difference) for row in rows] == [(7, 2, 2), (2, 1, 0)]


def test_additions_are_ambiguous_where_the_bound_one_is_gone() -> None:
    two = [KEPT, addition(101, 11, 1, 2)]
    gone = bind(addition(99, 11, 1, 8))
    rows = reconcile(simple(additions=two, bound=[gone])).rows
    assert [row.row_class for row in rows] == [RowClass.AMBIGUOUS] * 2
    assert [row.difference for row in rows] == [1, 0]


@pytest.mark.parametrize(
    ("ordered", "tolerance", "wanted"),
    [
        (0, Tolerance(), (None, None)),
        (8, Tolerance(), (0, OrderMatch.AS_ORDERED)),
        (6, Tolerance(), (2, OrderMatch.BEYOND_ORDER)),
        (11, Tolerance(), (-3, OrderMatch.NOT_USED)),
        (6, Tolerance(units=Decimal(2)), (2, OrderMatch.AS_ORDERED)),
        (6, Tolerance(units=Decimal("1.9")), (2, OrderMatch.BEYOND_ORDER)),
        (10, Tolerance(percent=Decimal(20)), (-2, OrderMatch.AS_ORDERED)),
        (10, Tolerance(percent=Decimal(19)), (-2, OrderMatch.NOT_USED)),
    ],
)
def test_what_was_ordered_is_held_against_what_was_used(
    ordered: int, tolerance: Tolerance, wanted: tuple[int | None, OrderMatch | None]
) -> None:
    used = replace(usage("alpha", "X", 8), ordered=Decimal(ordered))
    row = only(simple(usages=[used]), tolerances=Tolerances(general=tolerance))
    assert (row.ordered, row.beyond_order, row.order) == (ordered, *wanted)


def test_in_a_bundle_only_what_was_ordered_is_held_against_its_order() -> None:
    by_use = replace(usage("alpha", "X", 5), ordered=Decimal(0))
    committed = replace(usage("alpha", "Y", 3), ordered=Decimal(4))
    row = only(simple(usages=[by_use, committed], mappings=[mapping("X", 1), mapping("Y", 1)]))
    assert (row.ordered, row.beyond_order, row.order) == (4, -1, OrderMatch.NOT_USED)


def test_usage_that_says_nothing_says_nothing_of_an_order() -> None:
    row = only(simple(newest_fetch=fetched(FetchStatus.INCOMPLETE)))
    assert (row.ordered, row.beyond_order, row.order) == (10, None, None)


def test_what_is_not_mapped() -> None:
    product = only(simple(mappings=[], additions=[]))
    assert (product.row_class, product.key) == (RowClass.UNMAPPED_PRODUCT, "alpha/+X")
    person = only(simple(customers=[], additions=[]))
    assert (person.row_class, person.money) == (RowClass.UNMAPPED_CUSTOMER, 24)
    expired = simple(agreements=[agreement(11, status=AgreementStatus.EXPIRED)])
    assert only(expired).row_class is RowClass.UNMAPPED_CUSTOMER
    nobody = simple(usages=[usage(None, "X", 2)], additions=[])
    assert only(nobody).row_class is RowClass.UNASSIGNED_USAGE


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"mappings": []}, RowClass.UNMAPPED_PRODUCT),
        ({"customers": []}, RowClass.UNMAPPED_CUSTOMER),
        ({"customers": [], "mappings": []}, RowClass.UNMAPPED_PRODUCT),
    ],
)
def test_what_is_not_mapped_and_was_not_used_keeps_its_row_and_needs_nobody(
    changed: dict[str, object], wanted: RowClass
) -> None:
    report = reconcile(simple(usages=[usage("alpha", "X", 0)], additions=[], **changed))
    (row,) = report.rows
    assert (row.row_class, row.used_units, len(row.used)) == (wanted, 0, 1)
    assert not is_open_exception(row)
    assert (report.totals.open_exceptions, report.totals.by_class) == (0, {wanted: 1})
    used = reconcile(simple(usages=[usage("alpha", "X", 1)], additions=[], **changed))
    assert used.totals.open_exceptions == 1


def test_unassigned_usage_of_nothing_needs_nobody() -> None:
    report = reconcile(simple(usages=[usage(None, "X", 0)], additions=[]))
    assert [row.row_class for row in report.rows] == [RowClass.UNASSIGNED_USAGE]
    assert report.totals.open_exceptions == 0


def test_usage_that_is_taken_back_elsewhere_is_something_to_bill() -> None:
    both = [usage("alpha", "X", 2), usage("alpha", "Y", -2)]
    inputs = simple(
        usages=both, customers=[], additions=[], mappings=[mapping("X", 1), mapping("Y", 1)]
    )
    (row,) = reconcile(inputs).rows
    assert (row.row_class, row.used_units) == (RowClass.UNMAPPED_CUSTOMER, 0)
    assert is_open_exception(row)


def test_what_is_expected_less_what_is_included_and_billed_is_the_difference() -> None:
    included = replace(KEPT, quantity=Decimal(3), less_included=Decimal(1))
    row = only(simple(usages=[usage("alpha", "X", 3)], additions=[included]))
    assert (row.expected, row.included, row.billed, row.difference) == (3, 1, 2, 0)


def test_switches_that_are_off() -> None:
    product = only(simple(mappings=[mapping("X", 1, sync=False)]))
    assert (product.row_class, product.used_units, product.addition_id) == (
        RowClass.SYNC_OFF,
        8,
        100,
    )
    person = only(simple(customers=[customer("alpha", 11, sync=False)]))
    assert (person.row_class, person.addition_id) == (RowClass.SYNC_OFF, 100)


def test_a_member_of_a_bundle_that_is_off_has_a_row_of_its_own() -> None:
    inputs = simple(
        usages=[usage("alpha", "X", 5), usage("alpha", "Y", 3)],
        mappings=[mapping("X", 1), mapping("Y", 1, sync=False)],
    )
    on, off = reconcile(inputs).rows
    assert (on.row_class, on.product_codes) == (RowClass.MATCHED, ("X",))
    assert (off.row_class, off.product_codes, off.addition_id) == (
        RowClass.SYNC_OFF,
        ("Y",),
        None,
    )


def test_rules_count_in_what_is_expected() -> None:
    rules = QuantityRules(by_product={"X": QuantityRule(multiplier=Decimal("0.5"))})
    row = only(simple(rules=rules))
    assert (row.used_units, row.expected, row.row_class) == (8, 4, RowClass.OVER_BILLED)


def test_a_stale_source_says_nothing_of_any_row() -> None:
    report = reconcile(simple(newest_fetch=fetched(FetchStatus.INCOMPLETE)))
    assert [row.row_class for row in report.rows] == [RowClass.STALE_SOURCE]
    assert report.source_problem is not None
    assert report.totals.match_rate is None


def test_a_stale_source_claims_no_money_and_leaves_what_does_not_follow_from_it() -> None:
    inputs = simple(
        usages=[usage("alpha", "X", 8), usage("alpha", "Y", 3), usage("alpha", "Z", 1)],
        mappings=[mapping("X", 1), mapping("Y", 2, sync=False), mapping("Z", 3)],
        additions=[KEPT, addition(103, 11, 3, 1)],
        catalog=[entry(1), entry(2), entry(3)],
        newest_fetch=fetched(FetchStatus.INCOMPLETE),
    )
    accepted = Acceptance(key="11/1", reason="agreed", until=None, by="Ann")
    report = reconcile(inputs, acceptances=[accepted])
    assert {row.key: row.row_class for row in report.rows} == {
        "11/1": RowClass.EXCLUDED,
        "11/2/off": RowClass.SYNC_OFF,
        "11/3": RowClass.STALE_SOURCE,
    }
    first = report.rows[0]
    assert (first.used_units, first.billed, first.acceptance) == (8, 5, accepted)
    for row in report.rows:
        assert (row.expected, row.difference, row.money, row.margin) == (None, None, None, None)
        assert not is_open_exception(row)
    totals = report.totals
    assert (totals.under_billed, totals.over_billed, totals.match_rate) == (None, None, None)
    assert totals.open_exceptions == 0
    assert totals.by_currency == ()


@pytest.mark.parametrize("today", [date(2026, 10, 1), date(2026, 10, 31), date(2026, 9, 30)])
def test_a_month_that_is_not_over_claims_no_money(today: date) -> None:
    at = datetime.combine(today, time(12), UTC)
    fresh = {"fetch": fetched(at=at), "newest_fetch": fetched(at=at), "today": today}
    report = reconcile(simple(**fresh))
    assert [row.row_class for row in report.rows] == [RowClass.STALE_SOURCE]
    assert (report.in_progress, report.totals.under_billed) == (True, None)
    assert str(report.source_problem) == "2026-10 is not over: usage so far."
    assert report.source_remedy is not None


@pytest.mark.parametrize(
    ("today", "wanted"),
    [(date(2026, 10, 15), RowClass.UNDER_BILLED), (date(2026, 9, 30), RowClass.STALE_SOURCE)],
)
def test_the_month_in_progress_is_compared_where_it_syncs_once_a_day(
    today: date, wanted: RowClass
) -> None:
    at = datetime.combine(today, time(12), UTC)
    fresh = {"fetch": fetched(at=at), "newest_fetch": fetched(at=at), "today": today}
    daily = SyncSettings(frequency=Frequency.DAILY)
    report = reconcile(simple(**fresh, settings=daily))
    assert [row.row_class for row in report.rows] == [wanted]
    assert report.in_progress is (wanted is RowClass.STALE_SOURCE)


def test_the_first_day_after_a_month_its_fetch_is_old_and_not_its_end() -> None:
    at = datetime(2026, 10, 31, 23, tzinfo=UTC)
    early = {"fetch": fetched(at=at), "newest_fetch": fetched(at=at), "today": date(2026, 11, 1)}
    report = reconcile(simple(**early))
    assert (report.in_progress, str(report.source_remedy)) == (False, "Fetch it again.")


def test_no_money_is_zero_without_a_sign() -> None:
    free = replace(KEPT, bill_customer=BillCustomer.DO_NOT_BILL)
    row = only(simple(usages=[usage("alpha", "X", 1)], additions=[free]))
    assert (row.row_class, str(row.money)) == (RowClass.OVER_BILLED, "0.00")
    priced = replace(KEPT, unit_price=Decimal("0.00"))
    row = only(simple(usages=[usage("alpha", "X", 1)], additions=[priced]))
    assert str(row.money) == "0.00"
    credit = replace(KEPT, quantity=Decimal(0), unit_price=Decimal("-2.00"))
    row = only(
        simple(usages=[usage("alpha", "X", 0)], additions=[credit]),
        costs={("alpha", "X"): Decimal(0)},
    )
    assert [str(each) for each in (row.money, row.revenue, row.margin)] == ["0.00"] * 3


def test_an_acceptance_holds_from_the_month_that_it_was_made_for() -> None:
    def row_class(since: object, until: object) -> RowClass:
        accepted = Acceptance(key="11/1", reason="r", since=since, until=until, by="Ann")  # type: ignore[arg-type]
        return only(simple(), acceptances=[accepted]).row_class

    assert row_class(MONTH, None) is row_class(MONTH, MONTH) is RowClass.EXCLUDED
    assert row_class(MONTH.plus(-1), MONTH.plus(1)) is RowClass.EXCLUDED
    assert row_class(MONTH.plus(1), None) is RowClass.UNDER_BILLED
    assert row_class(MONTH.plus(-2), MONTH.plus(-1)) is RowClass.UNDER_BILLED


def test_an_accepted_difference_is_excluded_until_its_month() -> None:
    def row_class(until: object) -> RowClass:
        accepted = Acceptance(key="11/1", reason="agreed by mail", until=until, by="Ann")  # type: ignore[arg-type]
        return only(simple(), acceptances=[accepted]).row_class

    assert row_class(None) is row_class(MONTH) is RowClass.EXCLUDED
    assert row_class(MONTH.plus(-1)) is RowClass.UNDER_BILLED
    report = reconcile(
        simple(), acceptances=[Acceptance(key="11/1", reason="r", until=None, by="Ann")]
    )
    assert (report.totals.under_billed, report.totals.open_exceptions) == (0, 0)
    assert report.rows[0].accepted_class is RowClass.UNDER_BILLED


def test_an_accepted_difference_was_compared_and_does_not_match() -> None:
    inputs = simple(
        usages=[usage("alpha", "X", 8), usage("alpha", "Y", 3), usage("alpha", "Z", 1)],
        mappings=[mapping("X", 1), mapping("Y", 2), mapping("Z", None)],
        additions=[KEPT, addition(102, 11, 2, 3)],
        catalog=[entry(1), entry(2)],
    )
    accepted = [
        Acceptance(key=key, reason="agreed", until=None, by="Ann") for key in ("11/1", "alpha/+Z")
    ]
    before, after = reconcile(inputs).totals, reconcile(inputs, acceptances=accepted).totals
    assert (before.match_rate, before.open_exceptions) == (Decimal("0.5"), 2)
    # What is not mapped was not compared, whoever accepted it.
    assert (after.match_rate, after.open_exceptions) == (Decimal("0.5"), 0)


@given(worlds(), st.data())
@settings(max_examples=150)
def test_accepting_differences_leaves_the_match_rate(
    inputs: PlanInputs, data: st.DataObject
) -> None:
    report = reconcile(inputs)
    chosen = [row.key for row in report.rows if data.draw(st.booleans())]
    accepted = [Acceptance(key=key, reason="r", until=None, by="Ann") for key in chosen]
    after = reconcile(inputs, acceptances=accepted)
    assert after.totals.match_rate == report.totals.match_rate
    assert after.totals.open_exceptions == sum(map(is_open_exception, after.rows))


def test_an_addition_counts_where_it_was_billed_at_the_end_of_the_month() -> None:
    before = replace(KEPT, cancelled_date=date(2026, 10, 30))
    assert only(simple(additions=[before])).row_class is RowClass.MISSING_ADDITION
    for day in (date(2026, 10, 31), date(2026, 11, 1)):
        since = only(simple(additions=[replace(KEPT, cancelled_date=day)]))
        assert (since.row_class, since.billed) == (RowClass.UNDER_BILLED, Decimal(5))
    for day, kind in (
        (date(2026, 10, 31), RowClass.UNDER_BILLED),
        (date(2026, 11, 1), RowClass.MISSING_ADDITION),
    ):
        begun = replace(KEPT, effective_date=day)
        assert only(simple(additions=[begun])).row_class is kind
    # One that sync keeps begins later where the month had been invoiced before it was made.
    later = replace(KEPT, effective_date=date(2026, 12, 1))
    kept = only(simple(additions=[later], bound=[bind(later)]))
    assert kept.row_class is RowClass.UNDER_BILLED


def test_a_bound_addition_whose_product_nothing_is_mapped_to() -> None:
    inputs = simple(
        mappings=[mapping("X", 2, state=MappingState.ACTIVE)],
        catalog=[entry(1), entry(2)],
        bound=[bind(KEPT)],
    )
    left, missing = reconcile(inputs).rows
    assert (left.key, left.row_class) == ("11/1#100", RowClass.ADDITION_WITHOUT_USAGE)
    assert (missing.key, missing.row_class) == ("11/2", RowClass.MISSING_ADDITION)
