"""What a person left out of a run before it was approved, by the names of today."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.domain.models import Agreement, Run, SophosProduct, Target
from core.domain.product_search import normalise
from core.storage.store import Store
from core.use_cases.catalog import Catalog

_KEY = re.compile(r"(?:(\d+)/)?(?:\+(.+)|(\d+))", re.DOTALL)


@dataclass(frozen=True)
class LeftOut:
    """One row that was left out, and why.

    `target` is its key. What has no name any more is told by its id; a key that names nothing of
    ours is the product.
    """

    target: str
    reason: str
    product: str
    agreement: str = ""
    company: str = ""
    agreement_id: int | None = None
    product_id: int | None = None

    @property
    def place(self) -> str:
        """Whose agreement, which one, and the product."""
        return " / ".join(part for part in (self.company, self.agreement, self.product) if part)


class Exclusions:
    """Tells what was left out of runs. Names are read once, and only where something was."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    def of(self, run: Run) -> Sequence[LeftOut]:
        """What was left out of a run, by its place."""
        found = [self._named(key, reason) for key, reason in run.options.excluded.items()]
        return sorted(found, key=lambda one: (normalise(one.place), one.target))

    def _named(self, key: str, reason: str) -> LeftOut:
        target = _target(key)
        if target is None:
            return LeftOut(key, reason, product=key)
        agreement = self._agreements.get(target.agreement_id)
        unknown = f"#{target.agreement_id}" if target.agreement_id else ""
        return LeftOut(
            key,
            reason,
            product=self._product(target),
            agreement=agreement.name if agreement else unknown,
            company=agreement.company.name if agreement else "",
            agreement_id=target.agreement_id or None,
            product_id=target.product_id or None,
        )

    def _product(self, target: Target) -> str:
        if target.product_id:
            entry = (self._catalog.snapshot().by_id or {}).get(target.product_id)
            return entry.identifier if entry else f"#{target.product_id}"
        product = self._sophos_products.get(target.product_code)
        return (product.description if product else "") or target.product_code

    @cached_property
    def _agreements(self) -> Mapping[int, Agreement]:
        return self._store.customers.agreements()

    @cached_property
    def _sophos_products(self) -> Mapping[str, SophosProduct]:
        return {product.code: product for product in self._store.products.all()}


def _target(key: str) -> Target | None:
    """What a key is of, see `Target.key`; None for a text that is none."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    agreement, code, product = found.groups()
    return Target(int(agreement or 0), int(product or 0), code or "")
