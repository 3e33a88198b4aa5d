"""Reports over the sandbox: a month computed by hand, what people say of rows, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from core.domain.models import (
    AcceptanceEntry,
    OrderMatch,
    Reconciliation,
    ReconciliationRow,
    RowClass,
    Tolerance,
    Tolerances,
)
from core.domain.month import Month
from core.errors import InputError, VendorError
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from tests import libreoffice
from tests.snapshots import assert_snapshot
from tests.use_cases.reconciliation_world import (
    DOURLIN,
    FERRONNERIE,
    GARAGE,
    IMPRIMERIE,
    TRANSPORTS,
    arrange,
    customer_ids,
)
from tests.use_cases.sync_world import change_usage, map_products, synced

ENDPOINT, SERVER, MAIL, PHISHING, XGS87, XGS107 = 1203, 633, 694, 323, 1097, 1108
MOBILES = 374


@pytest.fixture
def services(filled: Services, sandbox: Sandbox) -> Services:
    arrange(filled, sandbox)
    return filled


@pytest.fixture
def month(services: Services) -> Month:
    return services.usage.months()[0]


@pytest.fixture
def row(services: Services, month: Month) -> Callable[[int, int], ReconciliationRow]:
    """The row of an agreement and a product, as it is now."""

    def find(agreement_id: int, product_id: int) -> ReconciliationRow:
        looked = services.reconciliation.look(month)
        return looked.by_key[f"{agreement_id}/{product_id}"].row

    return find


# ---------------------------------------------------------------- by hand


def test_the_differences_are_those_computed_by_hand(row) -> None:
    expected = {
        # agreement, product: used, billed, price of one, difference, money
        (DOURLIN, ENDPOINT): (34, 30, "4.50", 4, "18.00"),
        (DOURLIN, PHISHING): (33, 35, "1.60", -2, "-3.20"),
        (FERRONNERIE, ENDPOINT): (17, 18, "4.90", -1, "-4.90"),
        (FERRONNERIE, MAIL): (20, 19, "2.40", 1, "2.40"),
        (TRANSPORTS, ENDPOINT): (62, 60, "4.90", 2, "9.80"),
        (TRANSPORTS, MAIL): (71, 72, "2.40", -1, "-2.40"),
    }
    for (agreement_id, product_id), (used, billed, price, difference, money) in expected.items():
        found = row(agreement_id, product_id)
        assert (found.used_units, found.billed, found.difference) == (used, billed, difference)
        assert (found.unit_price, found.money) == (Decimal(price), Decimal(money))
        right = RowClass.UNDER_BILLED if difference > 0 else RowClass.OVER_BILLED
        assert found.row_class is right


@pytest.fixture
def every_class(services: Services, sandbox: Sandbox, month: Month) -> Reconciliation:
    """The same month with some things gone wrong, so that every class occurs that is not about
    the source as a whole."""
    ids = customer_ids(services)
    transports, garage = ids[TRANSPORTS], ids[GARAGE]
    add_by_hand(sandbox, DOURLIN, ENDPOINT, quantity=6)
    change_usage(
        sandbox,
        month,
        lambda line: (
            None
            if (line.get("accountId"), line["productCode"]) == (transports, "XDR-MSP")
            else line
        ),
    )
    services.usage.fetch(month, "ana")
    map_products(services, {"AP6-840-SUP-MSP": MOBILES})
    unmap_customer(services, garage)
    one_unit = Tolerance(units=Decimal(1))
    services.reconciliation.save_tolerances(Tolerances(by_product={MAIL: one_unit}), "ana")
    services.planning.refresh()
    services.reconciliation.accept(month, [f"{FERRONNERIE}/{ENDPOINT}"], "agreed", None, "ana")
    return services.reconciliation.report(month)


def add_by_hand(sandbox: Sandbox, agreement_id: int, product_id: int, *, quantity: int) -> int:
    """Another addition like the one that the agreement has of this product; returns its id."""
    table = sandbox.world.tables["additions"]
    like = next(
        one
        for one in table.all()
        if (one["agreementId"], one["product"]["id"]) == (agreement_id, product_id)
    )
    with sandbox.world.transaction():
        return table.insert({**like, "quantity": Decimal(quantity)})


def unmap_customer(services: Services, customer_id: str) -> None:
    mapping = services.store.customers.mappings()[customer_id]
    gone = replace(mapping, company_id=None, agreement_id=None, version=mapping.version + 1)
    services.store.customers.change(lambda current: ([gone], []))


@dataclass(frozen=True)
class ByHand:
    """The figures of a row, None where it has none."""

    used: int
    expected: int | None
    billed: int | None
    money: str | None
    revenue: str | None
    cost: str
    margin: str | None


Kind = RowClass
BY_HAND = {
    # 3 at 9.50 are 28.50 and cost 3 x 4.40 = 13.20: 15.30 are left.
    Kind.MATCHED: ("32/633", ByHand(3, 3, 3, "0.00", "28.50", "13.20", "15.30")),
    # 20 - 19 = 1 at 2.40. 19 x 2.40 = 45.60, less 20 x 1.05 = 21.00.
    Kind.WITHIN_TOLERANCE: ("34/694", ByHand(20, 20, 19, "2.40", "45.60", "21.00", "24.60")),
    # 62 - 60 = 2 at 4.90. 60 x 4.90 = 294.00, less 62 x 2.10 = 130.20.
    Kind.UNDER_BILLED: ("44/1203", ByHand(62, 62, 60, "9.80", "294.00", "130.20", "163.80")),
    # 33 - 35 = -2 at 1.60. 35 x 1.60 = 56.00, less 33 x 0.70 = 23.10.
    Kind.OVER_BILLED: ("32/323", ByHand(33, 33, 35, "-3.20", "56.00", "23.10", "32.90")),
    # 1 at the product's 3.20, and nobody is billed.
    Kind.MISSING_ADDITION: ("44/374", ByHand(1, 1, None, "3.20", None, "3.10", None)),
    # 62 at 6.80 for nothing.
    Kind.ADDITION_WITHOUT_USAGE: (
        "44/807",
        ByHand(0, 0, 62, "-421.60", "421.60", "0.00", "421.60"),
    ),
    # 31 x 1.90, and what they should be billed at is not known.
    Kind.UNMAPPED_PRODUCT: (
        "{imprimerie}/+NDR-MSP",
        ByHand(31, None, None, None, None, "58.90", None),
    ),
    # 13 at the product's 2.40, which cost 1.05 each.
    Kind.UNMAPPED_CUSTOMER: ("{garage}/694", ByHand(13, 13, None, "31.20", None, "13.65", None)),
    Kind.UNASSIGNED_USAGE: ("-/+DEMO-XGS136-XSP", ByHand(1, None, None, None, None, "58.00", None)),
    # Not compared: 30 x 4.90 = 147.00, less 32 x 2.10 = 67.20.
    Kind.SYNC_OFF: ("50/1203/off", ByHand(32, None, 30, None, "147.00", "67.20", "79.80")),
    # 34 used, 30 + 6 billed at 4.50: the first takes its 30. 135.00 less 34 x 2.10 = 71.40.
    Kind.AMBIGUOUS: ("32/1203", ByHand(34, 30, 30, "0.00", "135.00", "71.40", "63.60")),
    # 17 - 18 = -1 at 4.90, accepted. 18 x 4.90 = 88.20, less 17 x 2.10 = 35.70.
    Kind.EXCLUDED: ("34/1203", ByHand(17, 17, 18, "-4.90", "88.20", "35.70", "52.50")),
}


def figures(row: ReconciliationRow) -> ByHand:
    def whole(quantity: Decimal | None) -> int | None:
        return None if quantity is None else int(quantity)

    def said(amount: Decimal | None) -> str | None:
        return None if amount is None else cents(amount)

    return ByHand(
        used=int(row.used_units),
        expected=whole(row.expected),
        billed=whole(row.billed),
        money=said(row.money),
        revenue=said(row.revenue),
        cost=cents(row.cost),
        margin=said(row.margin),
    )


def test_each_class_is_that_computed_by_hand(
    services: Services, every_class: Reconciliation
) -> None:
    ids = customer_ids(services)
    names = {"garage": ids[GARAGE], "imprimerie": ids[IMPRIMERIE]}
    rows = {row.key: row for row in every_class.rows}
    for kind, (key, wanted) in BY_HAND.items():
        row = rows[key.format(**names)]
        assert (row.row_class, figures(row)) == (kind, wanted), kind
    # Of the 6 of the second addition 34 - 30 = 4 are used: 2 x 4.50 are billed too much.
    (second,) = [row for row in every_class.rows if row.key.startswith("32/1203#")]
    assert second.row_class is Kind.AMBIGUOUS
    assert figures(second) == ByHand(0, 4, 6, "-9.00", "27.00", "0.00", "27.00")
    # Every class of these, and no other, occurs in the month.
    assert set(every_class.totals.by_class) == set(BY_HAND)
    assert set(RowClass) - set(BY_HAND) == {Kind.STALE_SOURCE}


def test_the_totals_of_every_class_are_those_computed_by_hand(every_class: Reconciliation) -> None:
    totals = every_class.totals
    # 9.80 + 3.20, and of Garage Pellorce 11 x 4.90 + 1 x 9.50 + 11 x 1.60 + 13 x 2.40 = 112.20.
    assert totals.under_billed == Decimal("125.20")
    # 3.20 + 421.60 + 9.00; what is within tolerance or accepted does not count.
    assert totals.over_billed == Decimal("433.80")
    # Usage of a customer without an agreement has no currency of its own: it is that of the rest.
    (only,) = totals.by_currency
    assert (only.currency, totals.without_cycle) == ("EUR", 4)
    money = only.by_class
    assert money[Kind.UNMAPPED_CUSTOMER] == Decimal("112.20")
    assert money[Kind.WITHIN_TOLERANCE] == Decimal("0.00")  # 2.40 of one, -2.40 of another
    assert money[Kind.EXCLUDED] == Decimal("-4.90")
    assert money[Kind.AMBIGUOUS] == Decimal("-9.00")


def test_a_stale_month_has_what_was_billed_and_used_and_no_difference(
    services: Services, sandbox: Sandbox, month: Month, row
) -> None:
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, status=403, path="billing/usage"))
    with pytest.raises(VendorError):
        services.usage.fetch(month, "ana")
    found = row(DOURLIN, ENDPOINT)
    assert found.row_class is Kind.STALE_SOURCE
    # 30 x 4.50, 34 x 2.10.
    assert figures(found) == ByHand(34, None, 30, None, "135.00", "71.40", None)


def test_the_vendors_order_is_a_fact_of_its_own(services: Services, month: Month, row) -> None:
    found = row(DOURLIN, ENDPOINT)
    # 34 used of 40 ordered; the class says what is billed, and nothing of the order.
    assert (found.ordered, found.beyond_order, found.order) == (40, -6, OrderMatch.NOT_USED)
    assert found.row_class is RowClass.UNDER_BILLED
    # 382.50 for two, of which the other one belongs to nobody.
    assert row(FERRONNERIE, XGS107).net == Decimal("191.25")
    looked = services.reconciliation.look(month)
    assert looked.orders == {OrderMatch.NOT_USED: 1}
    text = services.reconciliation.export_csv(month).decode("utf-8-sig")
    told = {each["Row"]: each for each in csv.DictReader(io.StringIO(text, newline=""))}
    ordered = told[f"{DOURLIN}/{ENDPOINT}"]
    assert [ordered[name] for name in ("Ordered", "Used beyond the order", "Vendor order")] == [
        "40",
        "-6",
        "Ordered, not used",
    ]
    other = told[f"{FERRONNERIE}/{XGS107}"]
    assert (other["Net price (EUR)"], other["Ordered"], other["Vendor order"]) == (
        "191.25",
        "0",
        "",
    )
    data = services.reconciliation.export_workbook(month)
    summary = openpyxl.load_workbook(io.BytesIO(data))["Summary"]
    counts = {line[0]: line[2] for line in summary.iter_rows(values_only=True)}
    assert counts["Ordered, not used"] == 1
    assert "Used beyond the order" not in counts


def test_cost_revenue_and_margin_are_those_computed_by_hand(row) -> None:
    found = row(DOURLIN, ENDPOINT)
    # Used 34 at the vendor's 2.10; billed 30 at 4.50.
    assert (found.cost, found.revenue) == (Decimal("71.40"), Decimal("135.00"))
    assert found.margin == Decimal("63.60")
    assert found.ordered == 40


def test_what_is_billed_by_the_quarter_is_held_against_the_cost_of_a_month(row) -> None:
    found = row(GARAGE, ENDPOINT)
    # 11 x 4.90 = 53.90 a quarter, 17.966… a month; used 11 at the vendor's 2.10 a month.
    assert (found.revenue, found.cost) == (Decimal("17.97"), Decimal("23.10"))
    assert found.margin == Decimal("-5.13")


def test_included_units_are_free(row) -> None:
    found = row(TRANSPORTS, XGS87)
    # Three used in three lines; the addition has three of which one is included.
    assert (found.used_units, found.expected, found.billed) == (3, 3, 2)
    assert (found.row_class, found.difference) == (RowClass.MATCHED, 0)
    assert found.used[0].lines == 3


def test_the_totals_are_those_computed_by_hand(services: Services, month: Month) -> None:
    report = services.reconciliation.report(month)
    totals = report.totals
    assert totals.under_billed == Decimal("30.20")  # 18.00 + 2.40 + 9.80
    assert totals.over_billed == Decimal("10.50")  # 3.20 + 4.90 + 2.40
    # 6 + 4 + 4 + 6 rows could be compared, 6 of them differ.
    assert totals.match_rate == Decimal(14) / 20
    assert report.currency == "EUR"
    by_class = totals.by_class
    assert (by_class[RowClass.UNDER_BILLED], by_class[RowClass.OVER_BILLED]) == (3, 3)
    # Device encryption at Garage Pellorce, the access point at Transports Bazerolles, and two
    # products of Imprimerie Solvagne, whose other three are off.
    assert by_class[RowClass.UNMAPPED_PRODUCT] == 4
    assert by_class[RowClass.SYNC_OFF] == 3


def cents(amount: Decimal | None) -> str:
    """With two decimals, and more where there are more: no cent hides behind rounding."""
    if amount is None:
        return "-"
    exact = amount.quantize(Decimal("0.01"))
    return str(exact if exact == amount else amount)


def test_the_whole_month_as_a_snapshot(services: Services, month: Month) -> None:
    """Garage Pellorce is billed by the quarter: what its additions come to is a third a month, 9.50
    / 3 = 3.17, 53.90 / 3 = 17.97, 28.08 / 3 = 9.36 and 17.60 / 3 = 5.87. All others are billed by
    the month."""
    looked = services.reconciliation.look(month)
    lines = [
        " | ".join(
            [
                one.row.row_class.value,
                one.customer or "-",
                one.what,
                f"used {one.row.used_units} expected {one.row.expected} billed {one.row.billed}",
                f"{one.row.difference} at {cents(one.row.unit_price)} = {cents(one.row.money)}",
                f"revenue {cents(one.row.revenue)} cost {cents(one.row.cost)}",
                f"margin {cents(one.row.margin)}",
            ]
        )
        for one in sorted(looked.rows, key=lambda one: (one.customer, one.what))
    ]
    totals = looked.report.totals
    figures = [
        f"under {cents(totals.under_billed)} over {cents(totals.over_billed)}",
        f"cost {cents(totals.cost)}",
        f"used {totals.used} billed {totals.billed} open {totals.open_exceptions}",
    ]
    assert_snapshot("reconciliation.txt", "\n".join([*lines, *figures, ""]))


# ---------------------------------------------------------------- kept, and made anew


def test_a_report_is_kept_until_something_changes_that_it_follows_from(
    services: Services, month: Month
) -> None:
    reports = services.reconciliation
    first = reports.look(month)
    assert reports.look(month) is first
    key = f"{DOURLIN}/{ENDPOINT}"
    reports.note([key], "asked", "ana")
    noted = reports.look(month)
    assert noted.by_key[key].note == "asked"
    # The other rows are the very same: nothing was compared again.
    assert noted.by_key[f"{DOURLIN}/{MAIL}"] is first.by_key[f"{DOURLIN}/{MAIL}"]
    services.usage.fetch(month, "ana")
    assert reports.look(month).inputs is not first.inputs


def test_tolerances_decide_what_counts_as_a_difference(
    services: Services, month: Month, row
) -> None:
    reports = services.reconciliation
    assert reports.tolerances() == Tolerances()
    wanted = Tolerances(
        general=Tolerance(units=Decimal(1)), by_product={PHISHING: Tolerance(percent=Decimal(7))}
    )
    reports.save_tolerances(wanted, "ana")
    assert reports.tolerances() == wanted
    # One more or less is within the tolerance, two of 33 are 6 percent, 2 of 62 are over.
    assert row(FERRONNERIE, ENDPOINT).row_class is RowClass.WITHIN_TOLERANCE
    assert row(DOURLIN, PHISHING).row_class is RowClass.WITHIN_TOLERANCE
    assert row(TRANSPORTS, ENDPOINT).row_class is RowClass.UNDER_BILLED
    assert reports.report(month).totals.over_billed == 0


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (Tolerances(general=Tolerance(units=Decimal("-0.1"))), [("units", None)]),
        (Tolerances(general=Tolerance(percent=Decimal("100.1"))), [("percent", None)]),
        (
            Tolerances(
                general=Tolerance(units=Decimal("NaN")),
                by_product={17: Tolerance(percent=Decimal(-1))},
            ),
            [("units", None), ("percent", "17")],
        ),
    ],
)
def test_tolerances_out_of_bounds_are_refused_with_every_reason(
    services: Services, wanted: Tolerances, fields: list[tuple[str, str | None]]
) -> None:
    with pytest.raises(InputError) as refused:
        services.reconciliation.save_tolerances(wanted, "ana")
    assert [(problem.field, problem.key) for problem in refused.value.problems] == fields
    assert services.reconciliation.tolerances() == Tolerances()


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", '{"general": 3}', '{"by_product": {"x": {}}}']
)
def test_tolerances_that_cannot_be_read_are_none(services: Services, text: str) -> None:
    services.preferences.put("tolerances", text, "ana")
    assert services.reconciliation.tolerances() == Tolerances()


def test_customers_that_sophos_does_not_list_are_called_what_their_lines_say(
    services: Services, month: Month
) -> None:
    services.store.customers.replace_tenants([], services.clock())
    looked = services.reconciliation.look(month)
    assert looked.by_key[f"{DOURLIN}/{ENDPOINT}"].customer == "Cabinet Dourlin & Associés"


# ---------------------------------------------------------------- what people say


def test_an_accepted_difference_counts_no_more_until_it_is_withdrawn(
    services: Services, month: Month, row
) -> None:
    reports = services.reconciliation
    key = f"{DOURLIN}/{ENDPOINT}"
    reports.accept(month, [key], "  agreed by mail ", month, "ana")
    found = row(DOURLIN, ENDPOINT)
    assert (found.row_class, found.accepted_class) == (RowClass.EXCLUDED, RowClass.UNDER_BILLED)
    assert found.acceptance is not None
    assert (found.acceptance.reason, found.acceptance.by) == ("agreed by mail", "ana")
    assert reports.report(month).totals.under_billed == Decimal("12.20")
    reports.withdraw(month, [key, "99/9"], "bob")
    assert row(DOURLIN, ENDPOINT).row_class is RowClass.UNDER_BILLED
    told = reports.told(key)
    assert [entry.accepted for entry in told if isinstance(entry, AcceptanceEntry)] == [False, True]
    assert reports.told("99/9") == []


def test_an_acceptance_ends_with_its_month(services: Services, month: Month, row) -> None:
    """It holds for the months up to its last one: the next one needs a look again."""
    key, before = f"{DOURLIN}/{ENDPOINT}", month.plus(-1)
    services.reconciliation.accept(before, [key], "once", before, "ana")
    assert row(DOURLIN, ENDPOINT).row_class is RowClass.UNDER_BILLED
    services.reconciliation.accept(month, [key], "for a while", month.plus(2), "ana")
    assert row(DOURLIN, ENDPOINT).row_class is RowClass.EXCLUDED


def test_what_is_decided_for_a_month_leaves_the_reports_before_it(
    services: Services, month: Month
) -> None:
    reports, key, before = services.reconciliation, f"{DOURLIN}/{ENDPOINT}", month.plus(-1)
    services.usage.fetch(before, "ana")

    def accepted(one: Month) -> bool:
        return reports.look(one).by_key[key].row.acceptance is not None

    reports.accept(month, [key], "agreed", month, "ana")
    assert (accepted(before), accepted(month), accepted(month.plus(1))) == (False, True, False)
    reports.accept(before, [key], "agreed then", before, "ana")
    assert (accepted(before), accepted(month), accepted(month.plus(1))) == (True, True, False)
    reports.withdraw(before, [key], "ana")
    assert (accepted(before), accepted(month)) == (False, True)
    reports.accept(before, [key], "for good", None, "ana")
    reports.withdraw(month, [key], "ana")
    assert (accepted(before), accepted(month), accepted(month.plus(1))) == (True, False, False)


@pytest.mark.parametrize(
    ("reason", "back", "fields"),
    [("  ", None, ["reason"]), ("ok", 1, ["until"]), ("", 1, ["until", "reason"]),
     ("x" * 1001, None, ["reason"])],
)  # fmt: skip
def test_an_acceptance_needs_a_reason_and_a_month_to_come(
    services: Services, month: Month, reason: str, back: int | None, fields: list[str]
) -> None:
    until = None if back is None else month.plus(-back)
    with pytest.raises(InputError) as refused:
        services.reconciliation.accept(month, [f"{DOURLIN}/{ENDPOINT}"], reason, until, "ana")
    assert [problem.field for problem in refused.value.problems] == fields
    assert services.reconciliation.acceptances() == {}


def test_only_rows_of_the_report_can_be_accepted(services: Services, month: Month) -> None:
    for keys in ([], ["99/9"], [f"{DOURLIN}/{ENDPOINT}", "99/9"]):
        with pytest.raises(InputError, match="not part of the report"):
            services.reconciliation.accept(month, keys, "why", None, "ana")
    assert services.reconciliation.acceptances() == {}


def test_notes_and_assignees_are_written_once_and_taken_away(
    services: Services, month: Month
) -> None:
    reports, key = services.reconciliation, f"{DOURLIN}/{ENDPOINT}"
    for _ in range(2):
        reports.note([key, f"{DOURLIN}/{MAIL}"], " asked ", "ana")
        reports.assign([key], "Bob", "ana")
    found = reports.look(month).by_key[key]
    assert (found.note, found.assignee) == ("asked", "Bob")
    assert len(reports.told(key)) == 2
    reports.note([key], "", "ana")
    assert reports.look(month).by_key[key].note == ""
    assert len(reports.told(key)) == 3
    with pytest.raises(InputError):
        reports.note([key], "x" * 1001, "ana")


# ---------------------------------------------------------------- over the months


@pytest.fixture
def two_months(services: Services, sandbox: Sandbox, month: Month) -> Month:
    """The month before was synced with its usage, and then this month; returns the one before."""
    before = month.plus(-1)
    ids = set(customer_ids(services).values())
    change_usage(sandbox, before, lambda line: line if line.get("accountId") in ids else None)
    services.usage.fetch(before, "ana")
    for one in (before, month):
        assert synced(services, one).done > 0
        services.planning.refresh()
    return before


def test_an_older_month_is_compared_with_what_was_billed_then(
    services: Services, month: Month, two_months: Month
) -> None:
    newest, before = (services.reconciliation.report(one) for one in (month, two_months))
    assert newest.totals.under_billed == newest.totals.over_billed == 0
    assert before.totals.under_billed == before.totals.over_billed == 0
    assert before.totals.match_rate == 1
    moved = {found.key: found for found in before.rows if found.quantity_now is not None}
    # Dourlin used 35 in the month before and 34 in this one.
    assert moved[f"{DOURLIN}/{ENDPOINT}"].quantity == 35
    assert moved[f"{DOURLIN}/{ENDPOINT}"].quantity_now == 34
    assert services.reconciliation.previous_if_kept(month) == before.totals
    assert services.reconciliation.previous(month) == before.totals
    assert services.reconciliation.previous(two_months.plus(-5)) is None
    services.preferences.put("anything", "else", "ana")
    assert services.reconciliation.previous_if_kept(month) is None


def test_a_month_before_that_says_nothing_is_none_to_compare_with(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    before = month.plus(-1)
    services.usage.fetch(before, "ana")
    assert services.reconciliation.previous(month) is not None
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, status=403, path="billing/usage"))
    with pytest.raises(VendorError):
        services.usage.fetch(before, "ana")
    assert services.reconciliation.previous(month) is None
    assert services.reconciliation.previous_if_kept(month) is None


def test_files_of_a_month_that_says_nothing_have_no_money_of_differences(
    services: Services, month: Month
) -> None:
    current = month.plus(1)
    services.usage.fetch(current, "ana")
    report = services.reconciliation.report(current)
    assert report.in_progress
    text = services.reconciliation.export_csv(current).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {each["Class"] for each in rows} == {"No sound usage", "Sync is off"}
    assert {each["Difference in money per month"] + each["Difference"] for each in rows} == {""}
    book = openpyxl.load_workbook(io.BytesIO(services.reconciliation.export_workbook(current)))
    figures = {row[0]: row[1:] for row in book["Summary"].iter_rows(values_only=True)}
    for name in ("Under-billed, per month", "Over-billed, per month", "First-pass match rate"):
        assert figures[name] == (None, None, None, None)
    assert "is not over" in figures["Attention"][0]


def test_the_trend_of_one_row(services: Services, month: Month, two_months: Month) -> None:
    looked = services.reconciliation.look(month)
    rows = [looked.by_key[f"{DOURLIN}/{ENDPOINT}"]]
    points = services.reconciliation.trend(month, rows, 4)
    assert [point.month for point in points] == [month.plus(-back) for back in (3, 2, 1, 0)]
    assert [point.used for point in points] == [0, 0, 35, 34]
    # Before the first sync it was 30, which is known of the month before it and of no other.
    assert [point.billed for point in points] == [None, 30, 35, 34]


def test_the_trend_of_everything_before_the_first_sync(services: Services, month: Month) -> None:
    points = services.reconciliation.trend(month)
    assert len(points) == 14
    report = services.reconciliation.report(month)
    assert points[-1].used == report.totals.used
    assert points[-1].billed == report.totals.billed
    assert [point.billed for point in points[:-1]] == [None] * 13


# ---------------------------------------------------------------- behind a row, and files


def test_the_lines_behind_a_row(services: Services, month: Month, row) -> None:
    lines = services.reconciliation.lines(month, row(TRANSPORTS, XGS87))
    assert [(line.product_code, line.billable_quantity) for line in lines] == [
        ("DEMO-XGS87-XSP", 1)
    ] * 3
    assert len({line.account_number_or_serial_number for line in lines}) == 3
    every = services.reconciliation.all_lines(month)
    assert sum(line.billable_quantity for line in every) == 551


def test_csv_has_every_row_with_its_figures(services: Services, month: Month) -> None:
    text = services.reconciliation.export_csv(month).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == services.reconciliation.report(month).totals.rows
    worst = rows[0]
    # The greatest difference in money comes first; what has none known, by its cost, after those.
    assert (worst["Class"], worst["Difference in money per month"]) == ("Under-billed", "18.00")
    unpriced = [each for each in rows if not each["Difference in money per month"]]
    assert (unpriced[0]["Class"], unpriced[0]["Cost (EUR)"]) == ("Unmapped product", "58.90")
    assert not [cell for each in rows for cell in each.values() if cell.startswith("-0.00")]
    assert {
        each["Difference in money per month"] for each in rows if each["Difference"] == "0"
    } == {"0.00"}
    (found,) = [each for each in rows if each["Row"] == f"{DOURLIN}/{ENDPOINT}"]
    assert (found["Used"], found["Billed"], found["Difference in money per month"]) == (
        "34",
        "30",
        "18.00",
    )
    assert found["Customer"] == "Cabinet Dourlin & Associés"
    assert found["How it is computed"].endswith("34 billable, in 1 usage line.")


def test_the_workbook_has_summary_rows_and_lines(services: Services, month: Month) -> None:
    key = f"{DOURLIN}/{ENDPOINT}"
    services.reconciliation.accept(month, [key], "agreed", None, "ana")
    book = openpyxl.load_workbook(io.BytesIO(services.reconciliation.export_workbook(month)))
    assert book.sheetnames == ["Summary", "Rows", "Usage lines"]
    figures = {row[0]: row[1:] for row in book["Summary"].iter_rows(values_only=True)}
    assert figures["Under-billed, per month"] == (None, None, 12.2, None)
    assert figures["Under-billed"][1:] == (2, 12.2, None)
    # A difference that was accepted was there all the same.
    assert figures["First-pass match rate"][3] == 70
    header, *rows = book["Rows"].iter_rows(values_only=True)
    by_key = {row[-1]: dict(zip(header, row, strict=True)) for row in rows}
    assert by_key[key]["Class"] == "Accepted"
    assert (by_key[key]["Used"], by_key[key]["Difference in money per month"]) == (34, 18)
    assert by_key[key]["Accepted because"] == "agreed"
    line_header, *lines = book["Usage lines"].iter_rows(values_only=True)
    found = [dict(zip(line_header, line, strict=True)) for line in lines]
    assert sum(line["Billable quantity"] for line in found) == 551
    assert {line["Row"] for line in found} <= by_key.keys()
    assert all(line["Row"] for line in found)


@libreoffice.needed
def test_libreoffice_reads_the_workbook_as_it_was_written(
    services: Services, month: Month, tmp_path: Path
) -> None:
    until = month.plus(2)
    services.reconciliation.accept(month, [f"{DOURLIN}/{ENDPOINT}"], "=1+1", until, "ana")
    path = tmp_path / "reconciliation.xlsx"
    path.write_bytes(services.reconciliation.export_workbook(month))
    written = openpyxl.load_workbook(path)
    book = openpyxl.load_workbook(libreoffice.saved_again(path, tmp_path))
    found = libreoffice.cells(book)
    assert found == libreoffice.cells(written)
    assert {kind for rows in found.values() for row in rows for kind, _ in row} == {"s", "n", "d"}
    figures = {row[0][1]: row[1:] for row in found["Summary"]}
    first = datetime(month.year, month.number, 1)  # noqa: DTZ001 - Excel has no zones
    assert figures["Month"][0] == ("d", first)
    assert figures["Under-billed, per month"][2] == ("n", 12.2)
    header, *rows = found["Rows"]
    names = [name for _, name in header]
    key = names.index("Row")
    (row,) = [row for row in rows if row[key] == ("s", f"{DOURLIN}/{ENDPOINT}")]
    told = dict(zip(names, row, strict=True))
    assert told["Customer"] == ("s", "Cabinet Dourlin & Associés")
    assert (told["Used"], told["Billed"]) == (("n", 34), ("n", 30))
    assert told["Difference in money per month"] == ("n", 18)
    assert told["Accepted because"] == ("s", "=1+1")
    ends = datetime(until.year, until.number, 1)  # noqa: DTZ001
    assert told["Accepted until"] == ("d", ends)
    header, *lines = found["Usage lines"]
    names = [name for _, name in header]
    billable, start, end = (names.index(name) for name in ("Billable quantity", "From", "To"))
    assert sum(line[billable][1] for line in lines) == 551
    assert {line[start] for line in lines} == {("d", first)}
    assert {line[end][0] for line in lines} == {"d"}


def test_files_of_some_rows_have_only_these_and_their_lines(
    services: Services, month: Month
) -> None:
    looked = services.reconciliation.look(month)
    some = [looked.by_key[f"{TRANSPORTS}/{XGS87}"]]
    data = services.reconciliation.export_workbook(month, some, lambda text: str(text).upper())
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["SUMMARY", "ROWS", "USAGE LINES"]
    assert [sheet.max_row for sheet in book.worksheets[1:]] == [2, 4]


def test_the_summary_of_some_rows_has_their_money_and_the_rate_of_the_month(
    services: Services, month: Month
) -> None:
    looked = services.reconciliation.look(month)
    to_do = [one for one in looked.rows if one.is_open]
    book = openpyxl.load_workbook(io.BytesIO(services.reconciliation.export_workbook(month, to_do)))
    figures = {row[0]: row[1:] for row in book["Summary"].iter_rows(values_only=True)}
    assert "First-pass match rate" not in figures
    rate = figures["First-pass match rate of the month"]
    assert rate == ("Of all rows of the month, those left out included.", None, None, 70)
    assert figures["Rows"][1] == len(to_do) == 14
    assert figures["Under-billed, per month"][2] == 30.2
    worst = to_do[:1]
    book = openpyxl.load_workbook(io.BytesIO(services.reconciliation.export_workbook(month, worst)))
    figures = {row[0]: row[1:] for row in book["Summary"].iter_rows(values_only=True)}
    assert figures["First-pass match rate of the month"][3] == 70
    assert figures["Rows"][1] == 1


def test_names_that_a_spreadsheet_would_run_stay_text(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    danger = '=HYPERLINK("http://x","y")'
    change_usage(sandbox, month, lambda line: {**line, "productDescription": danger})
    services.usage.fetch(month, "ana")
    text = services.reconciliation.export_csv(month).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    book = openpyxl.load_workbook(io.BytesIO(services.reconciliation.export_workbook(month)))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds


def test_what_is_not_fetched_says_nothing_and_what_to_do(services: Services, month: Month) -> None:
    report = services.reconciliation.report(month.plus(-7))
    assert report.source_problem is not None
    assert report.source_remedy is not None
    kinds = {found.row_class for found in report.rows}
    assert kinds == {RowClass.STALE_SOURCE, RowClass.SYNC_OFF}
    assert (report.totals.under_billed, report.totals.over_billed) == (None, None)
    assert report.totals.used == 0
    assert {found.agreement_id for found in report.rows} >= {GARAGE, IMPRIMERIE}
