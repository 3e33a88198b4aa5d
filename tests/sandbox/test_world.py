from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.sandbox.world import Table, World

TODAY = date(2026, 3, 10)


@pytest.fixture(scope="module")
def demo() -> World:
    """The demo world, only read by these tests."""
    return World.load(TODAY)


def usage_by_code(world: World, month: str) -> dict[str, Decimal]:
    totals: Counter[str] = Counter()
    for line in world.usage_lines(month) or []:
        totals[line["productCode"]] += line["billableQuantity"]
    return dict(totals)


# ---------------------------------------------------------------- tables


def test_a_table_never_uses_an_id_twice() -> None:
    table = Table("things", {7: {"id": 7}})
    assert table.insert({"name": "eighth"}) == 8
    table.delete(8)
    assert table.insert({"name": "ninth"}) == 9


def test_a_table_keeps_a_copy_under_its_own_id() -> None:
    table = Table("things")
    given = {"name": "one", "inner": {"a": 1}, "id": 999}
    record_id = table.insert(given)
    given["inner"]["a"] = 2
    assert table.get(record_id) == {"id": record_id, "name": "one", "inner": {"a": 1}}


def test_deleting_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        Table("things").delete(1)


def test_inserting_from_many_threads_gives_every_record_its_own_id() -> None:
    world = World.load(TODAY)
    table = world.tables["manufacturers"]
    before = len(table.records)

    def insert() -> None:
        for _ in range(50):
            with world.transaction():
                table.insert({"name": "x"})

    threads = [threading.Thread(target=insert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(table.records) == before + 400


# ---------------------------------------------------------------- the demo data


def test_the_world_has_the_promised_size(demo: World) -> None:
    assert len(demo.tables["catalog"].records) == 1200
    assert len(demo.tables["companies"].records) >= 60
    assert 380 <= len(demo.tables["additions"].records) <= 420
    assert 60 <= len(demo.tenants) <= 70
    products = {
        line["productCode"]
        for month in demo.usage_months()
        for line in demo.usage_lines(month) or []
    }
    assert len(products) == 25


@pytest.mark.parametrize(
    ("today", "newest"),
    [
        (date(2026, 3, 1), "2026-02"),
        (date(2026, 3, 31), "2026-02"),
        (date(2027, 1, 1), "2026-12"),
        (date(2028, 2, 29), "2028-01"),
    ],
)
def test_the_newest_complete_month_is_the_one_before_today(today: date, newest: str) -> None:
    world = World.load(today)
    months = world.usage_months()
    assert len(months) == 15
    assert months[-2:] == [newest, today.strftime("%Y-%m")]
    assert all(world.usage_lines(month) for month in months)


def test_months_outside_the_report_have_no_data(demo: World) -> None:
    assert demo.usage_lines("2026-04") is None
    assert demo.usage_lines("2024-12") is None
    assert demo.usage_lines("2025-01") is not None


def test_the_unfinished_month_is_partial(demo: World) -> None:
    current, newest = demo.usage_lines("2026-03"), demo.usage_lines("2026-02")
    assert current is not None
    assert newest is not None
    assert 0 < len(current) < len(newest)


def test_usage_grows(demo: World) -> None:
    totals = [sum(usage_by_code(demo, month).values()) for month in demo.usage_months()[:-1]]
    assert totals == sorted(totals)
    assert totals[-1] > totals[0] * Decimal("1.1")


def test_every_date_is_in_its_place_on_any_day() -> None:
    for today in (date(2026, 1, 1), date(2026, 5, 31), date(2028, 2, 29)):
        world = World.load(today)
        for record in world.tables["catalog"].all() + world.tables["additions"].all():
            assert record["_info"]["lastUpdated"][:10] < today.isoformat()
        for agreement in world.tables["agreements"].all():
            assert agreement["startDate"] <= agreement.get("endDate", "9999")


def test_additions_refer_to_what_exists_and_start_within_billing(demo: World) -> None:
    catalog, agreements = demo.tables["catalog"], demo.tables["agreements"]
    for addition in demo.tables["additions"].all():
        product = catalog.records[addition["product"]["id"]]
        assert product["productClass"] != "Bundle"
        agreement = agreements.records[addition["agreementId"]]
        assert addition["effectiveDate"] >= agreement["billStartDate"]
        assert addition.get("cancelledDate", "9999") >= addition["effectiveDate"]


def test_products_keep_the_limits_of_the_api(demo: World) -> None:
    identifiers = [record["identifier"] for record in demo.tables["catalog"].all()]
    assert len(set(identifiers)) == len(identifiers)
    assert max(map(len, identifiers)) == 60
    for record in demo.tables["catalog"].all():
        assert 0 < len(record["description"]) <= 60
        assert 0 < len(record["customerDescription"]) <= 6000
        assert None not in record.values()


def test_the_catalog_has_texts_that_break_careless_code(demo: World) -> None:
    catalog = demo.tables["catalog"].all()
    text = "\n".join(record["identifier"] + record["description"] for record in catalog)
    for awkward in ('"', "'", "<script>", "☎️", "دعم", "é", "%", "[", "\\", "*"):
        assert awkward in text
    assert any(record["description"][0] in "=+-@" for record in catalog)
    assert any(len(record["customerDescription"]) == 6000 for record in catalog)


# ---------------------------------------------------------------- the awkward cases


def test_products_are_renamed_under_the_same_code(demo: World) -> None:
    def names(month: str) -> set[str]:
        lines = demo.usage_lines(month) or []
        return {x["productDescription"] for x in lines if x["productCode"] == "CIXA-MSP"}

    months = demo.usage_months()
    assert {len(names(month)) for month in months} == {1}
    assert names(months[0]) != names(months[-2])


def test_one_tenant_has_two_lines_of_one_code(demo: World) -> None:
    lines = demo.usage_lines("2026-02") or []
    keys = Counter(
        (line.get("accountId"), line["productCode"], line["accountNumberOrSerialNumber"])
        for line in lines
    )
    assert 2 in keys.values()


def test_some_firewalls_have_no_customer(demo: World) -> None:
    lines = demo.usage_lines("2026-02") or []
    unassigned = [line for line in lines if "accountId" not in line]
    assert {line["productGroup"] for line in unassigned} == {"Device"}
    assert any(line["productCode"].startswith("DEMO-XGS") for line in unassigned)
    assert any("assignedAccountIdentifier" not in line for line in unassigned)


def test_a_suspended_tenant_and_one_that_left_have_usage(demo: World) -> None:
    lines = demo.usage_lines("2026-02") or []
    status = {line["accountId"]: line["accountStatus"] for line in lines if "accountId" in line}
    listed = {tenant["id"] for tenant in demo.tenants}
    suspended = [key for key, value in status.items() if value == "suspended"]
    left = [key for key in status if key not in listed]
    assert len(suspended) == 1
    assert suspended[0] in listed
    assert [status[key] for key in left] == ["canceled"]


def test_a_product_is_new_and_another_is_gone(demo: World) -> None:
    before, now = usage_by_code(demo, "2026-01"), usage_by_code(demo, "2026-02")
    assert "DEMO-ZTNA-MSP" in now.keys() - before.keys()
    assert "CW7-SUP-MSP" in before.keys() - now.keys()


def test_a_line_says_zero_and_quantities_differ(demo: World) -> None:
    lines = demo.usage_lines("2026-02") or []
    assert any(line["billableQuantity"] == 0 for line in lines)
    assert any(line["billableQuantity"] % 1 for line in lines)
    assert any(line["actualQuantity"] != line["billableQuantity"] for line in lines)
    assert any(line["orderedQuantity"] for line in lines)


def test_net_price_is_of_the_whole_order_line(demo: World) -> None:
    lines = [x for x in demo.usage_lines("2026-02") or [] if x["productCode"] == "CEMA-MSP"]
    assert len({line["orderLineItemNumber"] for line in lines}) == 1
    whole = sum(line["billableQuantity"] * Decimal(line["unitPrice"]) for line in lines)
    assert {Decimal(line["netPrice"]) for line in lines} == {whole}


def test_tenants_are_of_every_billing_type(demo: World) -> None:
    assert {tenant["billingType"] for tenant in demo.tenants} == {"usage", "term", "trial"}


def test_agreements_are_of_every_status_and_companies_of_every_kind(demo: World) -> None:
    agreements = demo.tables["agreements"].all()
    statuses = Counter(agreement["agreementStatus"] for agreement in agreements)
    assert set(statuses) == {"Active", "Cancelled", "Expired", "Inactive"}
    active = Counter(
        agreement["company"]["id"]
        for agreement in agreements
        if agreement["agreementStatus"] == "Active"
    )
    every = {agreement["company"]["id"] for agreement in agreements}
    assert max(active.values()) >= 2
    assert every - active.keys()
    assert demo.tables["companies"].records.keys() - every


def test_company_names_are_like_the_tenants_but_rarely_equal(demo: World) -> None:
    tenants = {tenant["name"] for tenant in demo.tenants}
    companies = {company["name"] for company in demo.tables["companies"].all()}
    assert len(tenants & companies) < 5


def test_additions_have_the_awkward_cases(demo: World) -> None:
    additions = demo.tables["additions"].all()
    open_ = Counter(
        (addition["agreementId"], addition["product"]["id"])
        for addition in additions
        if "cancelledDate" not in addition
    )
    assert max(open_.values()) == 2
    assert any("cancelledDate" in addition for addition in additions)
    assert any(addition["lessIncluded"] > 0 for addition in additions)
    assert {a["billCustomer"] for a in additions} == {"Billable", "DoNotBill", "NoCharge"}
    by_hand = demo.tables["additions"].records[1005]
    assert by_hand["_info"]["updatedBy"] == "s.okafor"


def test_cross_references_point_at_products(demo: World) -> None:
    known = usage_by_code(demo, "2026-02").keys()
    found = {
        record["integrationXRef"]: record
        for record in demo.tables["catalog"].all()
        if record["integrationXRef"] in known
    }
    assert len(found) >= 3
    assert not any(record["inactiveFlag"] for record in found.values())


# ---------------------------------------------------------------- state


def test_what_was_changed_outlives_the_process(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state.json"
    first = World.load(TODAY, state_file=state)
    product = {**first.tables["catalog"].records[101], "price": Decimal("12.345678")}
    first.tables["catalog"].replace(101, product)
    created = first.tables["catalog"].insert({"identifier": "NEW-é"})
    first.tables["catalog"].delete(102)
    first.set_usage_lines("2026-02", [{"productCode": "X", "billableQuantity": Decimal("0.1")}])
    first.set_usage_lines("2026-01", None)
    first.rename_sophos_product("CEMA-MSP", "Another name")
    first.patch_tenant(first.tenants[0]["id"], {"status": "suspended"})

    second = World.load(TODAY, state_file=state)
    assert second.tables["catalog"].records[101]["price"] == Decimal("12.345678")
    assert second.tables["catalog"].records[created]["identifier"] == "NEW-é"
    assert 102 not in second.tables["catalog"].records
    assert second.usage_lines("2026-02") == [
        {"productCode": "X", "billableQuantity": Decimal("0.1")}
    ]
    assert second.usage_lines("2026-01") is None
    assert "2026-01" not in second.usage_months()
    names = {
        line["productDescription"]
        for line in second.usage_lines("2025-12") or []
        if line["productCode"] == "CEMA-MSP"
    }
    assert names == {"Another name"}
    assert second.tenants[0]["status"] == "suspended"
    assert second.tables["catalog"].insert({"identifier": "NEXT"}) == created + 1


def test_an_id_stays_used_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = World.load(TODAY, state_file=state)
    created = first.tables["catalog"].insert({"identifier": "GONE"})
    first.tables["catalog"].delete(created)
    second = World.load(TODAY, state_file=state)
    assert second.tables["catalog"].insert({"identifier": "NEXT"}) == created + 1


def test_a_transaction_writes_the_state_once(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    world = World.load(TODAY, state_file=state)
    with world.transaction():
        world.tables["catalog"].delete(101)
        assert not state.exists()
        world.tables["catalog"].delete(102)
    assert set(json.loads(state.read_text(encoding="utf-8"))["tables"]["catalog"]) == {"101", "102"}
    assert list(tmp_path.iterdir()) == [state]


def test_reset_forgets_everything_on_disk_too(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    world = World.load(TODAY, state_file=state)
    world.tables["catalog"].delete(101)
    world.rename_sophos_product("CEMA-MSP", "Another name")
    world.reset()
    assert 101 in world.tables["catalog"].records
    again = World.load(TODAY, state_file=state)
    assert 101 in again.tables["catalog"].records
    assert again.usage_lines("2026-02") == World.load(TODAY).usage_lines("2026-02")


def test_changes_stay_and_the_rest_moves_when_days_pass(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    World.load(TODAY, state_file=state).tables["catalog"].delete(101)
    later = World.load(TODAY + timedelta(days=40), state_file=state)
    assert 101 not in later.tables["catalog"].records
    assert later.usage_months()[-1] == "2026-04"


def test_the_clock_is_of_the_worlds_day(demo: World) -> None:
    assert demo.now().date() in (TODAY, TODAY + timedelta(days=1))
    assert demo.now().utcoffset() == timedelta(0)


def test_an_unknown_tenant_cannot_be_changed(demo: World) -> None:
    with pytest.raises(KeyError):
        demo.patch_tenant("nobody", {"status": "active"})


def test_a_world_that_runs_into_a_new_day_moves_on_and_keeps_what_was_changed() -> None:
    world = World.load()
    world.tables["catalog"].insert({"identifier": "Made here"})
    kept = world.tables["catalog"].next_id - 1
    world.today -= timedelta(days=40)
    before = world.usage_months()
    world.follow_the_day()
    assert world.today == datetime.now(UTC).date()
    assert world.usage_months()[-1] > before[0]
    assert world.tables["catalog"].records[kept]["identifier"] == "Made here"


def test_a_world_of_a_given_day_stays_there() -> None:
    day = date(2026, 3, 31)
    world = World.load(today=day)
    world.follow_the_day()
    assert world.today == day
