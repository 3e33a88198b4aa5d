"""Plans: agreements and additions read fresh into the store, and what follows from the store."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

from core.clients.connectwise import ConnectWise
from core.domain.customers import is_active
from core.domain.mapping import has_nothing_to_bill_on
from core.domain.models import (
    Basis,
    CatalogEntry,
    Company,
    FetchStatus,
    Plan,
    PlanOptions,
    ProductMapping,
    QuantityRules,
    Usage,
    VendorTerms,
)
from core.domain.month import Month
from core.domain.plan_customers import left_agreements
from core.domain.plan_transfers import agreements_behind
from core.domain.planning import PlanInputs, make_plan
from core.domain.product_form import ProductDefaults
from core.errors import NotFoundError, message
from core.storage.store import Store
from core.use_cases.agreement_reading import AgreementReading, read_additions
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock, Progress, ignore_progress
from core.use_cases.kept import Kept, KeptFew, Versioned
from core.use_cases.preferences import Preferences

_NO_OPTIONS = PlanOptions()
# Inputs are large; plans differ by what each session excludes.
_INPUTS_KEPT, _PLANS_KEPT = 2, 8


class Planning:
    """Makes plans. All that a plan follows from is in the store: making one asks nobody, and
    gives the same again while nothing changes."""

    def __init__(
        self,
        store: Store,
        connectwise: ConnectWise,
        catalog: Catalog,
        preferences: Preferences,
        clock: Clock,
    ) -> None:
        self._store = store
        self._connectwise = connectwise
        self._catalog = catalog
        self._preferences = preferences
        self._clock = clock
        self._active = Kept(self._read_active)
        self._inputs: KeptFew[Versioned[PlanInputs]] = KeptFew(_INPUTS_KEPT)
        self._newest: Versioned[PlanInputs] | None = None
        self._plans: KeptFew[Plan] = KeptFew(_PLANS_KEPT)

    def today(self) -> date:
        """The day on which plans are made, in UTC like every time inside."""
        return self._clock().date()

    # ------------------------------------------------------------ reading

    def refresh(
        self, progress: Progress = ignore_progress, *, everywhere: bool = False
    ) -> AgreementReading:
        """Read the agreements that customers are mapped to or were moved away from, and those of
        nobody that are known to bill a mapped product; `everywhere`: all active ones. And their
        additions.

        An agreement that cannot be read becomes unknown, so that plans leave it alone. Raises
        AccessError, and the VendorError of an outage; then the snapshot stays as it is.
        """
        wanted = self._concerned()
        if everywhere:
            wanted |= self.of_nobody()
        return self.refresh_agreements(wanted, progress)

    def of_nobody(self) -> set[int]:
        """The active agreements that no customer is mapped to."""
        return set(self._active.get(self._store.customers.lists_revision)) - self._mapped()

    def _read_active(self) -> frozenset[int]:
        agreements = self._store.customers.agreements().values()
        return frozenset(each.id for each in agreements if is_active(each))

    def _concerned(self) -> set[int]:
        customers, additions = self._store.customers, self._store.additions
        mappings, bindings = customers.mappings(), additions.bindings()
        left = left_agreements(mappings, customers.former_agreements(), bindings)
        products = {
            mapping.connectwise_product_id
            for mapping in self._store.mappings.all().values()
            if mapping.connectwise_product_id is not None
        }
        billing = additions.agreements_with(products) & self.of_nobody()
        behind = agreements_behind(bindings, mappings)
        return self._mapped() | left.keys() | billing | behind

    def _mapped(self) -> set[int]:
        mappings = self._store.customers.mappings().values()
        return {each.agreement_id for each in mappings if each.agreement_id is not None}

    def refresh_agreements(
        self, agreement_ids: Collection[int], progress: Progress = ignore_progress
    ) -> AgreementReading:
        """`refresh` for some agreements."""
        wanted = frozenset(agreement_ids)
        started = self._clock()
        known = self._store.customers.agreements()
        agreements = self._connectwise.agreements_by_id(wanted, len(known))
        reading = read_additions(
            self._connectwise, agreements, lambda: self._store.additions.of(wanted), progress
        )
        reading.failures.update({id_: _gone() for id_ in wanted - agreements.keys()})
        moved = [each for id_, each in agreements.items() if known.get(id_) != each]
        if moved:
            self._store.customers.put_agreements(moved)
        self._keep(reading, started)
        return reading

    def _keep(self, reading: AgreementReading, at: datetime) -> None:
        """Only what moved is written: plans stay good while nothing did."""
        additions = self._store.additions
        moved = reading.additions.keys() - reading.unchanged
        if moved:
            additions.replace(moved, [each for id_ in moved for each in reading.of(id_)], at)
        additions.confirm(reading.unchanged, at)
        if reading.failures:
            additions.forget(reading.failures.keys())

    # ------------------------------------------------------------ planning

    def plan(self, month: Month, options: PlanOptions = _NO_OPTIONS) -> Plan:
        """What a sync of the month would do, from what is in the store."""
        known = self._known(month)
        key = (known.version, _key_of(options))
        return self._plans.get(key, lambda: make_plan(_with(known.value, options)))

    def inputs(self, month: Month, options: PlanOptions = _NO_OPTIONS) -> PlanInputs:
        """All that a plan of the month follows from."""
        return _with(self._known(month).value, options)

    def _known(self, month: Month) -> Versioned[PlanInputs]:
        """Read again when anything was written; the version stays while that changes nothing of
        the inputs, so that plans are made anew only where they can be others."""
        key = (self._store.facts_revision, self._catalog.version(), self.today(), month)
        return self._inputs.get(key, lambda: self._versioned(self._read(month)))

    def _versioned(self, inputs: PlanInputs) -> Versioned[PlanInputs]:
        newest = self._newest
        if newest is None or newest.value != inputs:
            newest = self._newest = Versioned(str(uuid4()), inputs)
        return newest

    def _read(self, month: Month) -> PlanInputs:
        store = self._store
        fetches = store.usage.fetches(month)
        complete = [fetch for fetch in fetches if fetch.status is FetchStatus.COMPLETE]
        rules = store.rules.all()
        usage = self._usage(month, complete[0].id if complete else "", rules)
        mappings, catalog = store.mappings.all(), self._catalog.snapshot().by_id
        return PlanInputs(
            month=month,
            today=self.today(),
            fetch=complete[0] if complete else None,
            newest_fetch=fetches[0] if fetches else None,
            usage=usage,
            products={product.code: product for product in store.products.all()},
            mappings=mappings,
            catalog=catalog,
            customer_mappings=store.customers.mappings(),
            agreements=store.customers.agreements(),
            companies=self._companies(),
            billing_cycles=store.customers.billing_cycles(),
            additions=store.additions.of(),
            bindings=store.additions.bindings(),
            rules=rules,
            customer_names=self._customer_names(usage, complete[0].id if complete else ""),
            closed=store.months.closed(),
            product_settings=_product_settings(self._preferences.defaults()),
            vendor_terms=self._vendor_terms(mappings, catalog),
            former_products=store.mappings.former_products(),
            former_agreements=store.customers.former_agreements(),
            settings=self._preferences.sync(),
        )

    def _usage(self, month: Month, fetch_id: str, rules: QuantityRules) -> Sequence[Usage]:
        """Where a rule bills another quantity than the billable one: with what the lines leave out.
        What is not said is not zero."""
        usage = self._store.usage.usage(month)
        given = {rule.basis for rule in rules.by_product.values()}
        given |= {rule.basis for rule in rules.overrides.values() if rule.basis is not None}
        if given <= {Basis.BILLABLE}:
            return usage
        unsaid = self._store.usage.unsaid(fetch_id)
        return [
            replace(each, unsaid=found)
            if (found := unsaid.get((each.account_id, each.product_code)))
            else each
            for each in usage
        ]

    def _vendor_terms(
        self, mappings: Mapping[str, ProductMapping], catalog: Mapping[int, CatalogEntry] | None
    ) -> dict[str, VendorTerms]:
        """Of the products that may get a new one in ConnectWise: few do."""
        waiting = [
            code for code, mapping in mappings.items() if has_nothing_to_bill_on(mapping, catalog)
        ]
        lines = [self._store.usage.latest_line(code) for code in waiting]
        return {line.product_code: VendorTerms(line.unit_price, line.sku) for line in lines if line}

    def _companies(self) -> Mapping[int, Company] | None:
        if self._store.customers.connectwise_read_at() is None:
            return None
        return self._store.customers.companies()

    def _customer_names(self, usage: Iterable[Usage], fetch_id: str) -> dict[str, str]:
        """Customers that Sophos does not list are called what its lines call them."""
        listed = {key: each.name for key, each in self._store.customers.tenants().items()}
        if all(each.account_id is None or each.account_id in listed for each in usage):
            return listed
        return {**self._store.usage.customer_names(fetch_id), **listed}


def _product_settings(defaults: ProductDefaults) -> str:
    """Of the settings, those that decide what a new product is like."""
    return str(replace(defaults, new_products_sync=False))


def _gone() -> NotFoundError:
    return NotFoundError(
        message("ConnectWise no longer lists this agreement."),
        system="ConnectWise",
        remedy=message("Choose another agreement on the page Customers."),
    )


def _with(inputs: PlanInputs, options: PlanOptions) -> PlanInputs:
    return inputs if options == inputs.options else replace(inputs, options=options)


def _key_of(options: PlanOptions) -> Hashable:
    return (
        tuple(sorted(options.excluded.items())),
        options.recreate,
        options.only,
        options.older_month_reason,
    )
