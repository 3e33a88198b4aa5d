"""Fetching usage: a month complete or not at all, every raw line kept, states moved."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from core.clients.sophos import SophosPartner
from core.domain.fetches import to_fetch_again
from core.domain.mapping import availability_of, new_mapping, with_usage
from core.domain.models import (
    FetchSource,
    FetchStatus,
    ProductMapping,
    ProductUsage,
    UsageFetch,
    UsageLine,
)
from core.domain.month import Month
from core.domain.usage import aggregate, by_product, content_hash
from core.domain.usage_csv import parse_usage
from core.domain.usage_import import (
    LeftOut,
    MonthLines,
    Replacement,
    customers_of,
    lines_of_month,
    replacement,
    taken_words,
)
from core.errors import (
    InputError,
    Message,
    Problem,
    UsageSyncError,
    VendorError,
    message,
    plural_message,
)
from core.storage.mappings_store import MappingWrite
from core.storage.store import Store
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock, Progress, ignore_progress
from core.use_cases.kept import Kept
from core.use_cases.mapping_history import SYSTEM, changes_history
from core.use_cases.preferences import Preferences


@dataclass(frozen=True)
class UsagePreview:
    """What a usage file would bring. `customers` counts those that its lines are of; `replaces`
    and `lines_before` are of the last complete reading of the month, or of the one before where
    that has none: `compared_with`. None and 0 where there is neither."""

    month: Month
    lines: int
    customers: int
    left_out: LeftOut
    lines_before: int
    replaces: Replacement | None
    compared_with: Month | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The customers that the file would set to nothing without a word about them."""
        return self.replaces.missing if self.replaces else ()


@dataclass(frozen=True)
class UsageImport:
    """What a usage file brought; `left_out` are its lines of other months."""

    fetch: UsageFetch
    customers: int
    left_out: LeftOut

    @property
    def told(self) -> Message:
        """It in a sentence."""
        fetch = self.fetch
        return taken_words(fetch.month, fetch.line_count, self.customers, self.left_out)


class UsageFetching:
    """Brings months of usage into the store, from the vendor's API or its file."""

    def __init__(
        self,
        store: Store,
        sophos: SophosPartner,
        catalog: Catalog,
        preferences: Preferences,
        clock: Clock,
    ) -> None:
        self._store = store
        self._sophos = sophos
        self._catalog = catalog
        self._preferences = preferences
        self._clock = clock
        self._months = Kept(store.usage.months)

    def fetch(self, month: Month, by: str, progress: Progress = ignore_progress) -> UsageFetch:
        """Read one month from Sophos.

        A month that fails in any way is recorded as incomplete, decides nothing, leaves the
        usage of an earlier fetch as it is, and raises the VendorError. InputError for a month
        that has begun nowhere on earth: Sophos would answer that it has no usage.
        """
        started = self._clock()
        if month > Month.of((started + timedelta(days=1)).date()):
            raise InputError(
                message("{month} has not begun.", month=str(month)),
                remedy=message("Choose the current month or an earlier one."),
            )
        try:
            lines = self._sophos.billing_usage(month, progress)
            self._refuse_vanished(month, lines)
        except VendorError as error:
            self._record(month, (), by, FetchSource.API, started, error)
            raise
        return self._record(month, lines, by, FetchSource.API, started, None)

    def import_file(
        self,
        text: str,
        by: str,
        month: Month | None = None,
        missing_confirmed: Collection[str] = (),
    ) -> UsageImport:
        """Read the vendor's usage file, of which only the lines of `month` are taken; without it,
        the file has to be of one month.

        Raises InputError with every bad row, for a file of other months than `month`, and when
        customers of the last complete reading, of the month before if need be, are missing in it
        that are not in `missing_confirmed`; then nothing is kept.
        """
        started = self._clock()
        found = self._of_file(text, month)
        missing = self._preview(found).missing
        if set(missing) - set(missing_confirmed):
            raise self._incomplete(missing)
        fetch = self._record(found.month, found.lines, by, FetchSource.FILE, started, None)
        return UsageImport(fetch, len(customers_of(found.lines)), found.left_out)

    def preview_file(self, text: str, month: Month | None = None) -> UsagePreview:
        """What `import_file` would take, and what that would replace. Nothing is kept.

        Raises InputError with every bad row, or for a file of other months than `month`.
        """
        return self._preview(self._of_file(text, month))

    def customer_names(self) -> dict[str, str]:
        """The customers' names by id: as Sophos lists them, else as their lines call them."""
        customers = self._store.customers
        known = {**customers.only_in_usage(), **customers.tenants()}
        return {id_: tenant.name for id_, tenant in known.items()}

    def months(self) -> list[Month]:
        """The months that were read complete, newest first; one may turn out without usage."""
        return self._months.get(self._store.revision)

    def last_fetch(self, month: Month | None = None) -> UsageFetch | None:
        """The newest fetch, of one month or of any."""
        fetches = self._store.usage.fetches(month)
        return fetches[0] if fetches else None

    def to_fetch_again(self) -> list[UsageFetch]:
        """The last fetch of each open month that did not complete, or came too early."""
        today = self._clock().date()
        return to_fetch_again(self._store.usage.fetches(), self._store.months.closed(), today)

    def by_product(self, month: Month) -> dict[str, ProductUsage]:
        """The usage of one month by Sophos product."""
        return by_product(self._store.usage.usage(month))

    def unassigned_lines(self, month: Month) -> list[UsageLine]:
        """Lines of a month that belong to no customer."""
        fetch = next(
            (
                fetch
                for fetch in self._store.usage.fetches(month)
                if fetch.status is FetchStatus.COMPLETE
            ),
            None,
        )
        lines = self._store.usage.lines(fetch.id) if fetch else []
        return [line for line in lines if line.account_id is None]

    def _of_file(self, text: str, month: Month | None) -> MonthLines:
        return lines_of_month(parse_usage(text, self._known_customers()), month)

    def _known_customers(self) -> list[tuple[str, str]]:
        """Id and name; one that the newest reading calls otherwise than Sophos' list, twice."""
        newest = self.months()[:1]
        fetch = self._store.usage.complete_fetch(newest[0]) if newest else None
        read = self._store.usage.customer_names(fetch.id) if fetch else {}
        return [*self.customer_names().items(), *read.items()]

    def _preview(self, found: MonthLines) -> UsagePreview:
        readings = (found.month, found.month.plus(-1))
        complete = (self._store.usage.complete_fetch(month) for month in readings)
        before = next((fetch for fetch in complete if fetch is not None), None)
        return UsagePreview(
            month=found.month,
            lines=len(found.lines),
            customers=len(customers_of(found.lines)),
            left_out=found.left_out,
            lines_before=before.line_count if before else 0,
            replaces=self._replacement(found, before.month) if before else None,
            compared_with=before.month if before else None,
        )

    def _replacement(self, found: MonthLines, before: Month) -> Replacement:
        return replacement(self._store.usage.usage(before), aggregate(found.month, found.lines))

    def _incomplete(self, missing: Sequence[str]) -> InputError:
        names = self.customer_names()
        return InputError(
            plural_message(
                "{count} customer of the last reading is missing in this file.",
                "{count} customers of the last reading are missing in this file.",
                len(missing),
            ),
            [
                Problem(message("{customer} is missing.", customer=names.get(id_) or id_), key=id_)
                for id_ in missing
            ],
            remedy=message(
                "Choose a file with every customer, or confirm that this one replaces the whole "
                "month (on the command line with --replace)."
            ),
        )

    def _refuse_vanished(self, month: Month, lines: Sequence[UsageLine]) -> None:
        """No lines where there were some is an answer gone wrong, not a month without usage."""
        if not lines and self._store.usage.usage(month):
            raise VendorError(
                message(
                    "Sophos has no lines for {month}, though it had some before.", month=str(month)
                ),
                system="Sophos",
                remedy=message(
                    "The earlier usage is kept. Fetch again later; if it stays empty, ask Sophos."
                ),
            )

    def _record(
        self,
        month: Month,
        lines: Sequence[UsageLine],
        by: str,
        source: FetchSource,
        started: datetime,
        error: UsageSyncError | None,
    ) -> UsageFetch:
        fetch = UsageFetch(
            id=str(uuid4()),
            month=month,
            source=source,
            status=FetchStatus.COMPLETE if error is None else FetchStatus.INCOMPLETE,
            started_at=started,
            finished_at=self._clock(),
            line_count=len(lines),
            content_hash=content_hash(lines),
            error="" if error is None else str(error),
            fetched_by=by,
        )
        usages = aggregate(month, lines)
        decide = None if error else self._moves(month, by_product(usages))
        self._store.usage.record_fetch(fetch, lines, usages, decide)
        return fetch

    def _moves(
        self, month: Month, usage: Mapping[str, ProductUsage]
    ) -> Callable[[dict[str, ProductMapping]], MappingWrite]:
        """What identified usage does to the mappings, decided inside the fetch's transaction."""
        sync = self._preferences.defaults().new_products_sync
        now = self._clock()

        def decide(current: dict[str, ProductMapping]) -> MappingWrite:
            by_id = self._catalog.snapshot().by_id

            def after(mapping: ProductMapping) -> ProductMapping:
                if usage[mapping.product_code].billable <= 0:
                    return mapping
                availability = availability_of(mapping.connectwise_product_id, by_id)
                return with_usage(mapping, month, availability, now)

            seen = (current.get(code) or new_mapping(code, now, sync=sync) for code in usage)
            moved = [m for m in map(after, seen) if m != current.get(m.product_code)]
            return moved, changes_history(current, moved, now, SYSTEM, "usage")

        return decide
