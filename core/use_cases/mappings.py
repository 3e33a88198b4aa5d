"""The mapping grid: its rows, saving, history, CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.default_product import default_product
from core.domain.mapping import (
    MappingChange,
    apply_change,
    availability_of,
    needs_default_product,
    new_mapping,
)
from core.domain.mapping_csv import CsvImport, export_mappings, parse_mappings
from core.domain.models import (
    CatalogEntry,
    DefaultProduct,
    MappingHistoryEntry,
    MappingRow,
    MappingState,
    ProductMapping,
    ProductUsage,
    SophosProduct,
    Suggestion,
)
from core.domain.plan_products import existing_default
from core.domain.row_edits import Conflict, RowEdit
from core.domain.saving import MappingValues, SavePlan, plan_save
from core.domain.sophos_products import is_firewall
from core.domain.suggestions import suggest
from core.errors import InputError, message
from core.storage.mappings_store import MappingWrite
from core.storage.store import Store
from core.use_cases.catalog import Catalog, Snapshot
from core.use_cases.jobs import Clock
from core.use_cases.kept import Kept, Versioned
from core.use_cases.mapping_history import changes_history


@dataclass(frozen=True)
class SaveResult:
    """What a save did. `conflicts` are the rows that it refused."""

    saved: tuple[ProductMapping, ...]
    conflicts: tuple[Conflict[MappingValues], ...]


class Mappings:
    """Product mappings, seen and edited as rows of the grid."""

    def __init__(self, store: Store, catalog: Catalog, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._rows = Kept(lambda: tuple(self._read_rows()))
        self._suggestions: tuple[object, dict[str, Suggestion]] = (None, {})
        self._defaults: tuple[str, _KnownDefaults] | None = None

    def rows(self) -> tuple[MappingRow, ...]:
        """One row per Sophos product, seen in usage or named by an import, by code.

        Read anew only after something was written.
        """
        return self.versioned_rows().value

    def versioned_rows(self) -> Versioned[tuple[MappingRow, ...]]:
        """The rows with a version that changes with them, and is never that of another process."""
        version = f"{self._store.revision} {self._catalog.version()}"
        return Versioned(version, self._rows.get(version))

    def save(
        self, edits: Sequence[RowEdit[MappingValues]], by: str, origin: str = "grid"
    ) -> SaveResult:
        """Save all rows at once, except those that somebody else changed since they were loaded.

        Raises InputError with every problem when any value is not acceptable; then nothing is
        saved. A kill at any moment leaves all or none of it.
        """
        now = self._clock()
        conflicts: tuple[Conflict[MappingValues], ...] = ()

        def decide(current: dict[str, ProductMapping]) -> MappingWrite:
            nonlocal conflicts
            # Looked at inside the transaction: a refresh that ends meanwhile moves states after.
            by_id = self._catalog.snapshot().by_id
            plan = plan_save(edits, current, by_id)
            _refuse(plan)
            conflicts = plan.conflicts
            saved = [
                _changed(change, current.get(change.product_code), by_id, now)
                for change in plan.changes
            ]
            return saved, changes_history(current, saved, now, by, origin)

        saved = self._store.mappings.change(decide)
        return SaveResult(saved, tuple(map(self._with_saver, conflicts)))

    def history(
        self, code: str | None = None, limit: int | None = None
    ) -> list[MappingHistoryEntry]:
        """Every change, newest first; of one Sophos product or of all."""
        return self._store.mappings.history(code, limit)

    def export_csv(self) -> str:
        """All mappings as CSV; importing it again changes nothing."""
        return export_mappings(self.rows())

    def parse_csv(self, text: str) -> CsvImport:
        """What a CSV asks for, with every bad row. Nothing is applied."""
        return parse_mappings(text)

    def check_csv(self, parsed: CsvImport) -> tuple[RowEdit[MappingValues], ...]:
        """The edits that an import would save; raises InputError with every bad row."""
        current = self._store.mappings.all()
        edits = parsed.edits(current)
        plan = plan_save(edits, current, self._catalog.snapshot().by_id)
        problems = parsed.every_problem(plan.problems)
        if problems:
            raise InputError(
                message("The file has rows that cannot be accepted; nothing was imported."),
                problems,
                remedy=message("Correct these rows and import the file again."),
            )
        changed = {change.product_code for change in plan.changes}
        return tuple(edit for edit in edits if edit.key in changed)

    def _read_rows(self) -> Iterator[MappingRow]:
        products = {product.code: product for product in self._store.products.all()}
        mappings = self._store.mappings.all()
        usage = self._store.usage.latest_by_product()
        snapshot = self._catalog.snapshot()
        suggestions = self._suggest(products, snapshot)
        known = self._known_defaults(snapshot)
        now = self._clock()
        for code in sorted(products.keys() | mappings.keys()):
            yield _row(
                products.get(code) or _unseen(code),
                mappings.get(code) or new_mapping(code, now),
                snapshot.by_id,
                usage.get(code),
                suggestions.get(code),
                known,
            )

    def _with_saver(self, conflict: Conflict[MappingValues]) -> Conflict[MappingValues]:
        newest = self._store.mappings.history(conflict.key, 1)
        return replace(conflict, by=newest[0].by, at=newest[0].at) if newest else conflict

    def _suggest(
        self, products: Mapping[str, SophosProduct], snapshot: Snapshot
    ) -> dict[str, Suggestion]:
        """Suggestions depend on names only, so they are kept until a name changes."""
        key = (snapshot.version, tuple(products.values()))
        if self._suggestions[0] != key:
            found = suggest(list(products.values()), snapshot.entries)
            self._suggestions = (key, found)
        return self._suggestions[1]

    def _known_defaults(self, snapshot: Snapshot) -> _KnownDefaults:
        if self._defaults is None or self._defaults[0] != snapshot.version:
            self._defaults = (snapshot.version, _KnownDefaults(snapshot.entries))
        return self._defaults[1]


class _KnownDefaults:
    """Which product a sync would take as a default product; looked up, not searched, per row."""

    def __init__(self, entries: Iterable[CatalogEntry]) -> None:
        self._by_name: dict[tuple[str, str], list[CatalogEntry]] = {}
        for entry in entries:
            for name in _names(entry.identifier, entry.integration_xref):
                self._by_name.setdefault(name, []).append(entry)

    def existing(self, wanted: DefaultProduct) -> CatalogEntry | None:
        names = _names(wanted.identifier, wanted.integration_xref)
        return existing_default(
            wanted, [entry for name in names for entry in self._by_name.get(name, ())]
        )


def _names(identifier: str, xref: str) -> tuple[tuple[str, str], ...]:
    return ("identifier", identifier.casefold()), ("xref", xref)


def _refuse(plan: SavePlan) -> None:
    if plan.problems:
        raise InputError(
            message("Nothing was saved, because some values cannot be accepted."), plan.problems
        )


def _unseen(code: str) -> SophosProduct:
    return SophosProduct(
        code=code, description="", product_group="", first_seen=None, last_seen=None
    )


def _row(
    product: SophosProduct,
    mapping: ProductMapping,
    by_id: Mapping[int, CatalogEntry] | None,
    usage: ProductUsage | None,
    suggestion: Suggestion | None,
    known: _KnownDefaults,
) -> MappingRow:
    product_id = mapping.connectwise_product_id
    availability = availability_of(product_id, by_id)
    needs_default = needs_default_product(mapping, availability, usage)
    default = default_product(product) if needs_default else None
    unusable = product_id is None or mapping.state is MappingState.BROKEN
    return MappingRow(
        product=product,
        mapping=mapping,
        entry=by_id.get(product_id) if by_id and product_id is not None else None,
        last_usage=usage,
        suggestion=suggestion if unusable else None,
        default_product=default,
        is_firewall=is_firewall(product),
        adopted=known.existing(default) if default else None,
    )


def _changed(
    change: MappingChange,
    stored: ProductMapping | None,
    by_id: Mapping[int, CatalogEntry] | None,
    now: datetime,
) -> ProductMapping:
    before = stored or new_mapping(change.product_code, now)
    return apply_change(
        before,
        change,
        availability_of(change.connectwise_product_id, by_id),
        now,
        product_name=_name(change.connectwise_product_id, by_id),
        former_name=_name(before.connectwise_product_id, by_id),
    )


def _name(product_id: int | None, by_id: Mapping[int, CatalogEntry] | None) -> str:
    entry = by_id.get(product_id) if by_id and product_id is not None else None
    return entry.identifier if entry else ""
