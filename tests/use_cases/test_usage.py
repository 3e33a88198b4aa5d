from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.models import FetchSource, FetchStatus, MappingState, Tenant
from core.domain.month import Month
from core.domain.product_form import ProductDefaults
from core.domain.saving import MappingValues, RowEdit
from core.errors import InputError, VendorError
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.services import Services


@pytest.fixture
def month(services: Services) -> Month:
    return Month.last_complete(services.clock().date())


def test_a_fetch_keeps_every_line_and_sums_them(
    services: Services, month: Month, sandbox: Sandbox
) -> None:
    fetch = services.usage.fetch(month, "ana")
    sent = sandbox.world.usage_lines(str(month)) or []
    assert fetch.status is FetchStatus.COMPLETE
    assert fetch.line_count == len(sent) > 50
    total = sum(Decimal(str(line["billableQuantity"])) for line in sent)
    assert sum(u.billable for u in services.usage.by_product(month).values()) == total
    assert fetch.fetched_by == "ana"


def test_a_month_that_has_not_begun_is_not_fetched(services: Services) -> None:
    running = Month.of(services.clock().date())
    with pytest.raises(InputError, match="has not begun"):
        services.usage.fetch(running.plus(2), "ana")
    assert services.usage.last_fetch() is None
    assert services.usage.fetch(running, "ana").month == running


def test_two_lines_of_one_customer_and_product_are_one_usage(
    services: Services, month: Month, sandbox: Sandbox
) -> None:
    services.usage.fetch(month, "ana")
    lines = sandbox.world.usage_lines(str(month)) or []
    keys = [(line.get("accountId"), line["productCode"]) for line in lines]
    assert len(set(keys)) < len(keys)
    usages = services.store.usage.usage(month)
    assert len(usages) == len(set(keys))


def test_unassigned_lines_have_their_own_list(services: Services, month: Month) -> None:
    services.usage.fetch(month, "ana")
    unassigned = services.usage.unassigned_lines(month)
    assert unassigned
    assert all(line.account_id is None for line in unassigned)


def test_progress_reaches_the_number_of_lines(services: Services, month: Month) -> None:
    seen: list[int] = []
    fetch = services.usage.fetch(month, "ana", lambda done, total: seen.append(done))
    assert seen == sorted(seen)
    assert seen[-1] == fetch.line_count


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(effect=Effect.STATUS, path="billing/usage", status=500),
        FaultRule(effect=Effect.RESET, path="billing/usage"),
        FaultRule(effect=Effect.TRUNCATE_JSON, path="billing/usage", when=When.AFTER),
        FaultRule(effect=Effect.HTML, path="billing/usage"),
    ],
    ids=lambda rule: str(rule.effect),
)
def test_a_failed_fetch_is_incomplete_and_keeps_the_earlier_usage(
    services: Services, month: Month, sandbox: Sandbox, rule: FaultRule
) -> None:
    services.usage.fetch(month, "ana")
    before = services.usage.by_product(month)
    sandbox.controls.faults.add(rule)
    with pytest.raises(VendorError):
        services.usage.fetch(month, "ana")
    last = services.usage.last_fetch(month)
    assert last is not None
    assert last.status is FetchStatus.INCOMPLETE
    assert last.error
    assert services.usage.by_product(month) == before


def test_a_page_that_fails_in_the_middle_leaves_nothing_of_the_month(
    services: Services, month: Month, sandbox: Sandbox
) -> None:
    sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.TRUNCATE_JSON, path="billing/usage", query="pageFromKey", when=When.AFTER
        )
    )
    sandbox.world.set_usage_lines(str(month), (sandbox.world.usage_lines(str(month)) or []) * 9)
    with pytest.raises(VendorError):
        services.usage.fetch(month, "ana")
    assert services.usage.by_product(month) == {}
    assert services.mappings.rows() == ()


def test_a_month_without_data_is_empty_and_complete(services: Services) -> None:
    fetch = services.usage.fetch(Month(2011, 1), "ana")
    assert fetch.status is FetchStatus.COMPLETE
    assert fetch.line_count == 0


def test_a_month_whose_lines_vanish_keeps_its_usage(
    services: Services, month: Month, sandbox: Sandbox
) -> None:
    services.usage.fetch(month, "ana")
    sandbox.world.set_usage_lines(str(month), None)
    with pytest.raises(VendorError, match="before"):
        services.usage.fetch(month, "ana")
    assert services.usage.by_product(month)


def test_new_sophos_products_follow_the_setting(services: Services, month: Month) -> None:
    services.preferences.save_defaults(ProductDefaults(new_products_sync=True), "ana")
    services.usage.fetch(month, "ana")
    rows = services.mappings.rows()
    assert rows
    assert all(row.mapping.sync for row in rows)
    assert all(row.mapping.state is MappingState.UNMAPPED for row in rows)
    used = [row for row in rows if row.last_usage is not None]
    assert all(row.default_product is not None for row in used)


def test_usage_of_zero_resumes_nothing(services: Services, month: Month, sandbox: Sandbox) -> None:
    services.catalog.refresh()
    services.usage.fetch(month, "ana")
    first, second = [e.id for e in services.catalog.entries() if not e.inactive][:2]
    for product in (first, second):
        mapping = services.store.mappings.all()["XDR-MSP"]
        wanted = MappingValues(product, True)
        edit = RowEdit("XDR-MSP", mapping.version, MappingValues.of(mapping), wanted)
        services.mappings.save([edit], "ana")
    lines = sandbox.world.usage_lines(str(month)) or []
    for line in lines:
        if line["productCode"] == "XDR-MSP":
            line["billableQuantity"] = 0
    sandbox.world.set_usage_lines(str(month), lines)
    services.usage.fetch(month, "ana")
    assert services.store.mappings.all()["XDR-MSP"].state is MappingState.STOPPED


FILE = (
    "productCode,productDescription,billableQuantity,accountId,assignedAccountIdentifier,"
    "billingStartDate,unitPrice\r\n"
    "CIXA-MSP,Sophos Endpoint,12,tenant-1,Customer One,2026-03-01,1.40\r\n"
    "CIXA-MSP,Sophos Endpoint,3,tenant-1,Customer One,2026-03-01,1.40\r\n"
)


def test_the_vendor_file_is_usage_too(services: Services) -> None:
    fetch = services.usage.import_file(FILE, "ana").fetch
    assert fetch.month == Month(2026, 3)
    assert services.usage.by_product(fetch.month)["CIXA-MSP"].billable == 15
    assert [row.product.code for row in services.mappings.rows()] == ["CIXA-MSP"]


def test_a_file_of_another_month_than_the_given_one_is_refused(services: Services) -> None:
    with pytest.raises(InputError, match=r"of 2026-03, not of 2026-04.*leave the month out"):
        services.usage.import_file(FILE, "ana", Month(2026, 4))
    assert services.usage.last_fetch() is None
    assert services.usage.import_file(FILE, "ana", Month(2026, 3)).fetch.month == Month(2026, 3)


def test_a_quantity_with_the_noise_of_a_double_does_not_keep_the_month_out(
    services: Services, month: Month, sandbox: Sandbox
) -> None:
    lines = sandbox.world.usage_lines(str(month)) or []
    lines[0] = {
        **lines[0],
        "productCode": "NOISY",
        "billableQuantity": Decimal("33.333333333333336"),
    }
    sandbox.world.set_usage_lines(str(month), lines)
    services.usage.fetch(month, "ana")
    assert services.usage.by_product(month)["NOISY"].billable == Decimal("33.333333333333")


def test_a_bad_row_of_the_file_leaves_nothing(services: Services) -> None:
    with pytest.raises(InputError) as caught:
        services.usage.import_file(
            FILE + "XDR-MSP,Sophos XDR,many,tenant-1,C,2026-03-01,1\r\n", "ana"
        )
    assert [problem.row for problem in caught.value.problems] == [4]
    assert services.usage.last_fetch() is None


def test_a_file_without_a_month_asks_for_it(services: Services) -> None:
    text = "productCode,billableQuantity,accountId\nCIXA-MSP,1,tenant-1\n"
    with pytest.raises(InputError, match="month"):
        services.usage.import_file(text, "ana")
    assert services.usage.import_file(text, "ana", Month(2026, 1)).fetch.month == Month(2026, 1)


BOTH = FILE + "CIXA-MSP,Sophos Endpoint,40,tenant-1,Customer One,2026-04-01,1.40\r\n"


def test_a_file_of_two_months_gives_the_given_one_alone(services: Services) -> None:
    march = Month(2026, 3)
    preview = services.usage.preview_file(BOTH, march)
    assert (preview.lines, preview.customers) == (2, 1)
    taken = services.usage.import_file(BOTH, "ana", march)
    assert services.usage.by_product(march)["CIXA-MSP"].billable == 15
    assert taken.left_out == preview.left_out == ((Month(2026, 4), 1),)
    assert (taken.fetch.line_count, taken.customers) == (2, 1)
    assert "1 line of 2026-04 left out." in str(taken.told)
    with pytest.raises(InputError, match="which single month"):
        services.usage.import_file(BOTH, "ana")
    with pytest.raises(InputError, match="not of 2026-05"):
        services.usage.import_file(BOTH, "ana", Month(2026, 5))


def by_name(*names: str) -> str:
    lines = [f"{name};CIXA-MSP;7;2026-03-01\r\n" for name in names]
    return "End User Identifier;Product Code;Total Quantity;Start Date\r\n" + "".join(lines)


def test_a_file_with_names_alone_is_of_the_customers_of_these_names(services: Services) -> None:
    services.store.customers.replace_tenants(
        [Tenant(id="T1", name="Boulangerie", billing_type="usage")], services.clock()
    )
    services.usage.import_file(by_name(" BOULANGERIE"), "ana")
    assert [usage.account_id for usage in services.store.usage.usage(Month(2026, 3))] == ["T1"]


def test_what_lines_called_a_customer_is_a_name_of_it_too(services: Services) -> None:
    services.usage.import_file(FILE, "ana")
    services.store.customers.replace_tenants(
        [Tenant(id="tenant-1", name="Renamed", billing_type="usage")], services.clock()
    )
    march = Month(2026, 3)
    for name in ("Customer One", "Renamed"):
        services.usage.import_file(by_name(name), "ana")
        assert [usage.account_id for usage in services.store.usage.usage(march)] == ["tenant-1"]


def test_a_name_that_is_not_known_leaves_the_month_as_it_was(
    services: Services, month: Month
) -> None:
    services.usage.fetch(month, "ana")
    before = services.store.usage.usage(month)
    text = by_name("Nobody", "Somebody").replace("2026-03", str(month))
    with pytest.raises(InputError) as caught:
        services.usage.import_file(text, "ana", month)
    assert [problem.row for problem in caught.value.problems] == [2, 3]
    assert services.store.usage.usage(month) == before
    fetch = services.usage.last_fetch(month)
    assert fetch is not None
    assert fetch.source is FetchSource.API


def test_customers_that_are_missing_have_to_be_confirmed(services: Services) -> None:
    march = Month(2026, 3)
    services.usage.import_file(
        FILE + "CIXA-MSP,Sophos Endpoint,4,tenant-2,Customer Two,2026-03-01,1.40\r\n", "ana"
    )
    preview = services.usage.preview_file(FILE, march)
    assert preview.replaces is not None
    assert preview.missing == ("tenant-2",)
    assert preview.lines_before == 3
    for confirmed in ((), ("tenant-1",)):
        with pytest.raises(InputError, match="1 customer of the last reading") as caught:
            services.usage.import_file(FILE, "ana", march, confirmed)
        assert [str(problem.text) for problem in caught.value.problems] == [
            "Customer Two is missing."
        ]
        assert "--replace" in str(caught.value.remedy)
    assert {u.account_id for u in services.store.usage.usage(march)} == {"tenant-1", "tenant-2"}
    services.usage.import_file(FILE, "ana", march, preview.missing)
    assert {u.account_id for u in services.store.usage.usage(march)} == {"tenant-1"}


def test_a_month_that_was_never_read_misses_nobody(services: Services) -> None:
    preview = services.usage.preview_file(FILE)
    assert (preview.replaces, preview.missing) == (None, ())


def test_the_first_file_of_a_month_is_held_against_the_month_before(services: Services) -> None:
    february, march = FILE.replace("2026-03", "2026-02"), Month(2026, 3)
    services.usage.import_file(
        february + "CIXA-MSP,Sophos Endpoint,4,tenant-2,Customer Two,2026-02-01,1.40\r\n", "ana"
    )
    preview = services.usage.preview_file(FILE, march)
    assert preview.compared_with == Month(2026, 2)
    assert preview.missing == ("tenant-2",)
    with pytest.raises(InputError, match="1 customer of the last reading"):
        services.usage.import_file(FILE, "ana")
    services.usage.import_file(FILE, "ana", march, preview.missing)
    assert services.usage.preview_file(FILE, march).compared_with == march


def test_a_reading_that_failed_hides_nobody_of_the_one_before(
    services: Services, month: Month, sandbox: Sandbox
) -> None:
    services.usage.fetch(month, "ana")
    had = {u.account_id for u in services.store.usage.usage(month) if u.billable > 0} - {None}
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, path="billing/usage", status=500))
    with pytest.raises(VendorError):
        services.usage.fetch(month, "ana")
    preview = services.usage.preview_file(FILE.replace("2026-03", str(month)), month)
    assert set(preview.missing) == had


def test_a_failed_fetch_claims_nothing_of_the_month(
    services: Services, month: Month, sandbox: Sandbox
) -> None:
    """The month is incomplete from then on: only of the vendor it is true that nothing changed."""
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, path="billing/usage", status=500))
    with pytest.raises(VendorError) as caught:
        services.usage.fetch(month, "ana")
    assert "Nothing was changed." not in str(caught.value)
    assert "Nothing was changed in Sophos." in str(caught.value)
