"""Everything that a plan is made from, as one value. Reading it is the caller's business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from core.domain.models import (
    Addition,
    Agreement,
    BillCustomer,
    BillingCycle,
    Binding,
    CatalogEntry,
    Company,
    CustomerMapping,
    PlanOptions,
    ProductMapping,
    QuantityRules,
    SophosProduct,
    SyncSettings,
    Usage,
    UsageFetch,
    VendorTerms,
)
from core.domain.month import Month

_ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class PlanInputs:
    """One month, and all that is known.

    `fetch` is the complete reading that `usage` comes from; `newest_fetch` the last attempt,
    whatever became of it. `customer_names` are for reading. `catalog` and `companies` are None
    while they were never read. `additions` has an entry for every agreement that could be read,
    also for one without additions: an agreement that is missing there gets no writes. `bindings`
    by agreement and ConnectWise product. `product_settings` are those for new products and
    `vendor_terms` the last bill's of each Sophos product that may need one; `former_products` the
    ConnectWise products that a Sophos product was mapped to before, `former_agreements` the
    agreements of a customer. `billing_cycles` are those of ConnectWise, by id.
    """

    month: Month
    today: date
    fetch: UsageFetch | None
    newest_fetch: UsageFetch | None
    usage: Sequence[Usage]
    products: Mapping[str, SophosProduct]
    mappings: Mapping[str, ProductMapping]
    catalog: Mapping[int, CatalogEntry] | None
    customer_mappings: Mapping[str, CustomerMapping]
    agreements: Mapping[int, Agreement]
    additions: Mapping[int, Sequence[Addition]]
    bindings: Mapping[tuple[int, int], Binding]
    companies: Mapping[int, Company] | None = None
    billing_cycles: Mapping[int, BillingCycle] = field(default_factory=dict)
    rules: QuantityRules = field(default_factory=QuantityRules)
    customer_names: Mapping[str, str] = field(default_factory=dict)
    closed: frozenset[Month] = frozenset()
    product_settings: str = ""
    former_agreements: Mapping[str, frozenset[int]] = field(default_factory=dict)
    vendor_terms: Mapping[str, VendorTerms] = field(default_factory=dict)
    former_products: Mapping[str, frozenset[int]] = field(default_factory=dict)
    settings: SyncSettings = field(default_factory=SyncSettings)
    options: PlanOptions = field(default_factory=PlanOptions)

    @cached_property
    def usage_of(self) -> Mapping[str, Mapping[str, Usage]]:
        """Usage by customer and product code; without the lines that belong to no customer."""
        found: dict[str, dict[str, Usage]] = {}
        for usage in self.usage:
            if usage.account_id is not None:
                found.setdefault(usage.account_id, {})[usage.product_code] = usage
        return found

    @cached_property
    def billable_of_product(self) -> Mapping[str, Decimal]:
        """The billable quantity of each product over all customers, the unassigned included."""
        found: dict[str, Decimal] = {}
        for usage in self.usage:
            found[usage.product_code] = found.get(usage.product_code, _ZERO) + usage.billable
        return found

    @cached_property
    def bound_products(self) -> Mapping[int, set[int]]:
        """The ConnectWise products with a bound addition, by agreement."""
        found: dict[int, set[int]] = {}
        for agreement_id, product_id in self.bindings:
            found.setdefault(agreement_id, set()).add(product_id)
        return found

    @cached_property
    def rules_in_force(self) -> QuantityRules:
        """Without what is left of bundles: a product that nothing leads any more, and that a single
        Sophos product is mapped to, is billed with that one."""
        mapped: dict[int | None, set[str]] = {}
        for code, mapping in self.mappings.items():
            mapped.setdefault(mapping.connectwise_product_id, set()).add(code)
        bundles = {
            product_id: bundle
            for product_id, bundle in self.rules.bundles.items()
            if len(mapped.get(product_id, ())) > 1 or bundle.driver in mapped.get(product_id, ())
        }
        return replace(self.rules, bundles=bundles)

    @cached_property
    def customers_off(self) -> Mapping[int, list[str]]:
        """The customers whose sync is off, by the agreement that they are mapped to."""
        found: dict[int, list[str]] = {}
        for mapping in self.customer_mappings.values():
            if mapping.agreement_id is not None and not mapping.sync:
                found.setdefault(mapping.agreement_id, []).append(mapping.customer_id)
        return found

    @cached_property
    def unbilled_additions(self) -> frozenset[int]:
        """The additions that cost their customers nothing, whatever their price."""
        return frozenset(
            addition.id
            for additions in self.additions.values()
            for addition in additions
            if addition.bill_customer is not BillCustomer.BILLABLE
        )

    def customer_name(self, customer_id: str) -> str:
        """For sentences; the id where no name is known."""
        return self.customer_names.get(customer_id) or customer_id

    def sophos_name(self, code: str) -> str:
        """For sentences; the code where no name is known."""
        product = self.products.get(code)
        return (product.description if product else "") or code

    def product_name(self, product_id: int) -> str:
        """For sentences: the identifier of a ConnectWise product, else its id."""
        entry = self.catalog.get(product_id) if self.catalog else None
        return entry.identifier if entry else f"#{product_id}"

    def agreement_name(self, agreement_id: int) -> str:
        """For sentences: the agreement's name, else its id."""
        agreement = self.agreements.get(agreement_id)
        return agreement.name if agreement else f"#{agreement_id}"
