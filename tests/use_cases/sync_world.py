"""The demo world made ready for a sync: customers on few agreements, products mapped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from core.domain.mapping import new_mapping
from core.domain.models import (
    AgreementStatus,
    CatalogEntry,
    CustomerMapping,
    MappingState,
    Plan,
    PlanLimits,
    PlanOptions,
    ProductMapping,
    Run,
    RunOrigin,
    SyncSettings,
)
from core.domain.month import Month
from core.sandbox.server import Sandbox
from core.services import Services
from core.use_cases.mapping_history import changes_history
from core.use_cases.run_approval import Approval

NOBODY_STOPS = PlanLimits(
    changed_share=Decimal(1), drops_to_zero=10_000, jump_factor=Decimal(10_000), new_products=100
)
DEFAULTS = ("NDR-MSP", "COPX-MSP")
APPROVAL = Approval(by="ana", origin=RunOrigin.PAGE)


Bill = Counter[tuple[object, ...]]


def last_month(services: Services) -> Month:
    return services.usage.months()[0]


def prepare(services: Services, *, agreements: int = 3, defaults: Iterable[str] = ()) -> Month:
    """Map the customers with usage to a few agreements that prorate, and every used Sophos product
    to a ConnectWise product of its own; `defaults` are left to a default product each.

    Some of the products have an open addition on the first agreement already.
    """
    services.customers.refresh()
    services.preferences.save_sync(SyncSettings(limits=NOBODY_STOPS), "ana")
    month = last_month(services)
    usage = services.store.usage.usage(month)
    chosen = agreements_that_prorate(services)[:agreements]
    services.planning.refresh_agreements(chosen)
    map_customers(services, {u.account_id for u in usage if u.account_id is not None}, chosen)
    left_out = set(defaults)
    codes = sorted({u.product_code for u in usage})
    products = _products(services, chosen[0])
    map_products(
        services,
        {code: None if code in left_out else products[at].id for at, code in enumerate(codes)},
    )
    services.planning.refresh()
    return month


def agreements_that_prorate(services: Services) -> list[int]:
    """Active ones that take an addition from the start of any month, those with additions first."""
    by_id = services.store.customers.agreements()
    return [
        each.id for each in by_id.values() if each.status is AgreementStatus.ACTIVE and each.prorate
    ]


def map_customers(services: Services, customers: Iterable[str], agreements: list[int]) -> None:
    by_id = services.store.customers.agreements()
    now = services.clock()
    mappings = [
        CustomerMapping(
            customer_id=customer,
            company_id=by_id[agreements[at % len(agreements)]].company.id,
            agreement_id=agreements[at % len(agreements)],
            sync=True,
            since=now,
            version=1,
        )
        for at, customer in enumerate(sorted(customers))
    ]
    services.store.customers.change(lambda current: (mappings, []))


def map_products(services: Services, wanted: Mapping[str, int | None]) -> None:
    now = services.clock()

    def decide(current: dict[str, ProductMapping]) -> Any:
        mappings = [
            ProductMapping(
                product_code=code,
                connectwise_product_id=product_id,
                sync=True,
                stopped=False,
                state=MappingState.UNMAPPED if product_id is None else MappingState.ACTIVE,
                since=now,
                reason=None,
                version=current.get(code, new_mapping(code, now)).version + 1,
            )
            for code, product_id in wanted.items()
        ]
        return mappings, changes_history(current, mappings, now, "ana", "grid")

    services.store.mappings.change(decide)


def _products(services: Services, agreement_id: int) -> list[CatalogEntry]:
    """Active ones that can be billed: those with exactly one open addition there come first."""
    today = services.planning.today()
    additions = services.store.additions.of([agreement_id])[agreement_id]
    still_open = [a.product.id for a in additions if (a.cancelled_date or today) >= today]
    alone = {product_id for product_id in still_open if still_open.count(product_id) == 1}
    usable = [
        entry
        for entry in services.catalog.entries()
        if entry.is_billable and not entry.inactive
        and (entry.id in alone or entry.id not in still_open)
        and not entry.integration_xref
    ]  # fmt: skip
    return sorted(usable, key=lambda entry: (entry.id not in alone, entry.id))


def change_usage(
    sandbox: Sandbox, month: Month, change: Callable[[dict[str, Any]], dict[str, Any] | None]
) -> None:
    """Let the vendor report other lines of a month; None drops a line."""
    lines = sandbox.world.usage_lines(str(month)) or []
    changed = [change(line) for line in lines]
    sandbox.world.set_usage_lines(str(month), [line for line in changed if line is not None])


def approved(services: Services, month: Month, options: PlanOptions | None = None) -> Run:
    """The plan of now, approved."""
    chosen = options or PlanOptions()
    plan = services.planning.plan(month, chosen)
    return services.runs.approve(month, plan.digest, chosen, APPROVAL)


def synced(services: Services, month: Month) -> Run:
    """The plan of now, approved and carried out."""
    return services.runs.execute(approved(services, month).id, "ana")


def fresh_plan(services: Services, month: Month) -> Plan:
    services.planning.refresh()
    return services.planning.plan(month)


def billed(sandbox: Sandbox) -> dict[int, tuple[object, ...]]:
    """What every addition of the world bills, by id."""
    return {
        record["id"]: (
            record["agreementId"],
            record["product"]["id"],
            Decimal(record["quantity"]),
            record.get("effectiveDate"),
            record.get("cancelledDate"),
        )
        for record in sandbox.world.tables["additions"].all()
    }


def bill(sandbox: Sandbox) -> Bill:
    """What all additions bill, whichever ids they and their products have."""
    catalog = sandbox.world.tables["catalog"].records
    return Counter(
        (agreement, catalog[product]["identifier"], *rest)
        for agreement, product, *rest in billed(sandbox).values()
    )
