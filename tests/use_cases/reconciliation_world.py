"""A month of the demo world that can be computed by hand: five customers, ten products."""

from __future__ import annotations

from core.domain.models import Agreement, CustomerMapping
from core.domain.month import Month
from core.sandbox.server import Sandbox
from core.services import Services
from tests.use_cases.sync_world import change_usage, last_month, map_products

DOURLIN, FERRONNERIE, GARAGE, TRANSPORTS, IMPRIMERIE = 32, 34, 35, 44, 50
CUSTOMERS = {
    DOURLIN: "Cabinet Dourlin & Associés",
    FERRONNERIE: "Ferronnerie d'Aubrelac",
    GARAGE: "Garage Pellorce",
    TRANSPORTS: "Transports Bazerolles",
    IMPRIMERIE: "Imprimerie Solvagne",
}
PRODUCTS = {
    "CIXA-MSP": 1203,
    "SVRCLOUDADV-MSP": 633,
    "XDR-MSP": 807,
    "CEMA-MSP": 694,
    "CPHISH-MSP": 323,
    "DEMO-XGS87-XSP": 1097,
    "DEMO-XGS107-STD": 1108,
    "DEMO-XGS136-XSP": 1144,
}


def arrange(services: Services, sandbox: Sandbox) -> Month:
    """Map the five customers and eight products, and let nobody else have used anything.

    The sync of Imprimerie Solvagne is off; CDE-MSP, AP6-840-SUP-MSP and two more are unmapped.
    """
    services.customers.refresh()
    month = last_month(services)
    ids = customer_ids(services)
    change_usage(
        sandbox,
        month,
        lambda line: line if line.get("accountId") in {None, *ids.values()} else None,
    )
    services.usage.fetch(month, "ana")
    agreements = services.store.customers.agreements()
    mappings = [
        _mapping(services, ids[agreement_id], agreements[agreement_id])
        for agreement_id in CUSTOMERS
    ]
    services.store.customers.change(lambda current: (mappings, []))
    map_products(services, PRODUCTS)
    services.planning.refresh()
    return month


def customer_ids(services: Services) -> dict[int, str]:
    """The tenant that is billed on each agreement."""
    by_name = {tenant.name: tenant.id for tenant in services.store.customers.tenants().values()}
    return {agreement_id: by_name[name] for agreement_id, name in CUSTOMERS.items()}


def _mapping(services: Services, customer_id: str, agreement: Agreement) -> CustomerMapping:
    return CustomerMapping(
        customer_id=customer_id,
        company_id=agreement.company.id,
        agreement_id=agreement.id,
        sync=agreement.id != IMPRIMERIE,
        since=services.clock(),
        version=1,
    )
