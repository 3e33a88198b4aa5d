"""Planning a save: what may be written, what somebody else changed meanwhile, what is wrong.

A save with problems reports all of them at once and writes nothing. Rows that somebody else
changed since they were loaded are refused one by one, with theirs, mine and the base; the others go
through.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.mapping import MappingChange
from core.domain.models import CatalogEntry, ProductClass, ProductMapping
from core.errors import Problem, message

CODE_LIMIT = 100


@dataclass(frozen=True)
class MappingValues:
    """The two values of a mapping that an editor sets."""

    connectwise_product_id: int | None = None
    sync: bool = False

    @classmethod
    def of(cls, mapping: ProductMapping) -> MappingValues:
        """The values of a stored mapping."""
        return cls(mapping.connectwise_product_id, mapping.sync)


@dataclass(frozen=True)
class RowEdit:
    """One row as an editor wants it: what was loaded (`base`, at `base_version`) and what for."""

    product_code: str
    base_version: int
    base: MappingValues
    wanted: MappingValues


@dataclass(frozen=True)
class Conflict:
    """A row that somebody else changed since it was loaded. `by` and `at` are of their save."""

    product_code: str
    base: MappingValues
    mine: MappingValues
    theirs: MappingValues
    theirs_version: int
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class SavePlan:
    """What a save would do. With `problems`, nothing at all may be written.

    `unchanged` are the rows that already have the wanted values, so that nothing needs writing.
    """

    changes: tuple[MappingChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()
    unchanged: tuple[str, ...] = ()


def plan_save(
    staged: Sequence[RowEdit],
    current: Mapping[str, ProductMapping],
    catalog: Mapping[int, CatalogEntry] | None,
    *,
    saved_by: Mapping[str, tuple[str, datetime]] | None = None,
) -> SavePlan:
    """Compare the edits with what is stored now.

    A code without a stored mapping is accepted: it waits for its usage. `catalog` is None while
    there is no snapshot to check products against. `saved_by` has who saved a row last, and when.
    """
    changes: list[MappingChange] = []
    conflicts: list[Conflict] = []
    unchanged: list[str] = []
    for edit in staged:
        stored = current.get(edit.product_code)
        theirs = MappingValues() if stored is None else MappingValues.of(stored)
        version = 0 if stored is None else stored.version
        if stored is not None and theirs == edit.wanted:
            unchanged.append(edit.product_code)
        elif version != edit.base_version and theirs != edit.base:
            conflicts.append(_conflict(edit, theirs, version, saved_by or {}))
        else:
            changes.append(_change(edit))
    problems = (*_repeated(staged), *_problems(staged, current, catalog))
    return SavePlan(tuple(changes), tuple(conflicts), problems, tuple(unchanged))


def _change(edit: RowEdit) -> MappingChange:
    return MappingChange(edit.product_code, edit.wanted.connectwise_product_id, edit.wanted.sync)


def _conflict(
    edit: RowEdit,
    theirs: MappingValues,
    version: int,
    saved_by: Mapping[str, tuple[str, datetime]],
) -> Conflict:
    by, at = saved_by.get(edit.product_code, ("", None))
    return Conflict(edit.product_code, edit.base, edit.wanted, theirs, version, by, at)


def _repeated(staged: Sequence[RowEdit]) -> Iterator[Problem]:
    seen: set[str] = set()
    for edit in staged:
        if edit.product_code in seen:
            yield Problem(
                message("The product code {code} is edited twice.", code=edit.product_code),
                field="product_code",
            )
        seen.add(edit.product_code)


def _problems(
    staged: Sequence[RowEdit],
    current: Mapping[str, ProductMapping],
    catalog: Mapping[int, CatalogEntry] | None,
) -> Iterator[Problem]:
    for edit in staged:
        problem = code_problem(edit.product_code)
        if problem is not None:
            yield replace(problem, key=edit.product_code)
        stored = current.get(edit.product_code)
        product_id = edit.wanted.connectwise_product_id
        # A product that is mapped already may have gone since; switching sync off must still work.
        if product_id is None or (stored and stored.connectwise_product_id == product_id):
            continue
        problem = product_problem(edit.product_code, product_id, catalog)
        if problem is not None:
            yield replace(problem, key=edit.product_code)


def code_problem(code: str) -> Problem | None:
    """Why a text cannot be a Sophos product code; None when it can."""
    if not code.strip():
        return Problem(message("The product code is missing."), field="product_code")
    if code != code.strip() or any(unicodedata.category(char) == "Cc" for char in code):
        text = message(
            "The product code {code} has blanks around it or control characters.", code=repr(code)
        )
        return Problem(text, field="product_code")
    if len(code) > CODE_LIMIT:
        text = message(
            "The product code {code} is longer than {limit} characters.",
            code=code[:20] + "…",
            limit=CODE_LIMIT,
        )
        return Problem(text, field="product_code")
    return None


def product_problem(
    code: str, product_id: int, catalog: Mapping[int, CatalogEntry] | None
) -> Problem | None:
    """Why a ConnectWise product cannot be mapped; None when it can, or nothing is known of it."""
    if catalog is None:
        return None
    entry = catalog.get(product_id)
    if entry is None:
        text = message(
            "{code}: there is no ConnectWise product with the ID {id}. "
            "Refresh the catalog or choose another product.",
            code=code,
            id=product_id,
        )
    elif entry.inactive:
        text = message(
            "{code}: the ConnectWise product {product} is inactive. "
            "Reactivate it in ConnectWise or choose another product.",
            code=code,
            product=entry.identifier,
        )
    elif entry.product_class is ProductClass.BUNDLE:
        text = message(
            "{code}: the ConnectWise product {product} is of the class Bundle, which cannot be "
            "billed on an agreement. Choose a product of another class.",
            code=code,
            product=entry.identifier,
        )
    elif not entry.is_billable:
        text = message(
            "{code}: the ConnectWise product {product} is of the class {class_name}, which this "
            "version of Usage Sync does not know. Choose a product of another class.",
            code=code,
            product=entry.identifier,
            class_name=entry.product_class,
        )
    else:
        return None
    return Problem(text, field="connectwise_product_id")
