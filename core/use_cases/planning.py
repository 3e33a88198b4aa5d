"""Plans: agreements and additions read fresh into the store, and what follows from the store."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import date

from core.clients.connectwise import ConnectWise
from core.domain.models import Company, FetchStatus, Plan, PlanOptions, Usage
from core.domain.month import Month
from core.domain.planning import PlanInputs, make_plan
from core.errors import NotFoundError, message
from core.storage.store import Store
from core.use_cases.agreement_reading import AgreementReading, read_additions
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock, Progress, ignore_progress
from core.use_cases.kept import KeptFew
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
        self._inputs: KeptFew[PlanInputs] = KeptFew(_INPUTS_KEPT)
        self._plans: KeptFew[Plan] = KeptFew(_PLANS_KEPT)

    def today(self) -> date:
        """The day on which plans are made, in UTC like every time inside."""
        return self._clock().date()

    # ------------------------------------------------------------ reading

    def refresh(self, progress: Progress = ignore_progress) -> AgreementReading:
        """Read the agreements that customers are mapped to, and their additions.

        An agreement that cannot be read becomes unknown, so that plans leave it alone. Raises
        AccessError, and the VendorError of an outage; then the snapshot stays as it is.
        """
        mappings = self._store.customers.mappings().values()
        mapped = {each.agreement_id for each in mappings if each.agreement_id is not None}
        return self.refresh_agreements(mapped, progress)

    def refresh_agreements(
        self, agreement_ids: Collection[int], progress: Progress = ignore_progress
    ) -> AgreementReading:
        """`refresh` for some agreements."""
        wanted = frozenset(agreement_ids)
        started = self._clock()
        total = len(self._store.customers.agreements())
        agreements = self._connectwise.agreements_by_id(wanted, total)
        before = self._store.additions.of(wanted)
        reading = read_additions(self._connectwise, agreements, before, progress)
        reading.failures.update({id_: _gone() for id_ in wanted - agreements.keys()})
        self._store.customers.put_agreements(agreements.values())
        self._store.additions.replace(
            reading.additions.keys(),
            [addition for found in reading.additions.values() for addition in found],
            started,
        )
        self._store.additions.forget(reading.failures.keys())
        return reading

    # ------------------------------------------------------------ planning

    def plan(self, month: Month, options: PlanOptions = _NO_OPTIONS) -> Plan:
        """What a sync of the month would do, from what is in the store."""
        key = (self._key(month), _key_of(options))
        return self._plans.get(key, lambda: make_plan(self.inputs(month, options)))

    def inputs(self, month: Month, options: PlanOptions = _NO_OPTIONS) -> PlanInputs:
        """All that a plan of the month follows from."""
        inputs = self._inputs.get(self._key(month), lambda: self._read(month))
        return inputs if options == inputs.options else replace(inputs, options=options)

    def _key(self, month: Month) -> Hashable:
        return self._store.revision, self._catalog.version(), self.today(), month

    def _read(self, month: Month) -> PlanInputs:
        store = self._store
        fetches = store.usage.fetches(month)
        complete = [fetch for fetch in fetches if fetch.status is FetchStatus.COMPLETE]
        usage = store.usage.usage(month)
        return PlanInputs(
            month=month,
            today=self.today(),
            fetch=complete[0] if complete else None,
            newest_fetch=fetches[0] if fetches else None,
            usage=usage,
            products={product.code: product for product in store.products.all()},
            mappings=store.mappings.all(),
            catalog=self._catalog.snapshot().by_id,
            customer_mappings=store.customers.mappings(),
            agreements=store.customers.agreements(),
            companies=self._companies(),
            additions=store.additions.of(),
            bindings=store.additions.bindings(),
            rules=store.rules.all(),
            customer_names=self._customer_names(usage, complete[0].id if complete else ""),
            closed=store.months.closed(),
            settings=self._preferences.sync(),
        )

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


def _gone() -> NotFoundError:
    return NotFoundError(
        message("ConnectWise no longer lists this agreement."),
        system="ConnectWise",
        remedy=message("Choose another agreement on the page Customers."),
    )


def _key_of(options: PlanOptions) -> Hashable:
    return (
        tuple(sorted(options.excluded.items())),
        options.recreate,
        options.only,
        options.older_month_reason,
    )
