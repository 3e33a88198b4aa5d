"""Planning a save: what may be written, what somebody else changed meanwhile, what is wrong.

A save with problems reports all of them at once and writes nothing. Rows that somebody else
changed since they were loaded are refused one by one, with theirs, mine and the base; the others go
through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.domain.mapping import MappingChange
from core.domain.models import CatalogEntry, ProductClass, ProductMapping
from core.domain.row_edits import (
    KEY_LIMIT,
    Conflict,
    KeyFault,
    RowBase,
    RowEdit,
    SavedBy,
    compare,
    key_fault,
    repeated,
)
from core.errors import Message, Problem, message

__all__ = [
    "CODE_LIMIT",
    "Conflict",
    "MappingValues",
    "RowEdit",
    "SavePlan",
    "code_problem",
    "plan_save",
    "product_problem",
]

CODE_LIMIT = KEY_LIMIT


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
class SavePlan:
    """What a save would do. With `problems`, nothing at all may be written.

    `unchanged` are the rows that already have the wanted values, so that nothing needs writing.
    """

    changes: tuple[MappingChange, ...] = ()
    conflicts: tuple[Conflict[MappingValues], ...] = ()
    problems: tuple[Problem, ...] = ()
    unchanged: tuple[str, ...] = ()


def plan_save(
    staged: Sequence[RowEdit[MappingValues]],
    current: Mapping[str, ProductMapping],
    catalog: Mapping[int, CatalogEntry] | None,
    *,
    saved_by: SavedBy | None = None,
) -> SavePlan:
    """Compare the edits with what is stored now.

    A code without a stored mapping is accepted: it waits for its usage. `catalog` is None while
    there is no snapshot to check products against. `saved_by` has who saved a row last, and when.
    """

    def stored(code: str) -> RowBase[MappingValues] | None:
        mapping = current.get(code)
        return None if mapping is None else RowBase(MappingValues.of(mapping), mapping.version)

    compared = compare(staged, stored, MappingValues(), saved_by or {})
    problems = (*_repeated(staged), *_problems(staged, current, catalog))
    changes = tuple(_change(edit) for edit in compared.changes)
    return SavePlan(changes, compared.conflicts, problems, compared.unchanged)


def _change(edit: RowEdit[MappingValues]) -> MappingChange:
    return MappingChange(edit.key, edit.wanted.connectwise_product_id, edit.wanted.sync)


def _repeated(staged: Sequence[RowEdit[MappingValues]]) -> Iterator[Problem]:
    for code in repeated(edit.key for edit in staged):
        text = message("The product code {code} is edited twice.", code=code)
        yield Problem(text, field="product_code")


def _problems(
    staged: Sequence[RowEdit[MappingValues]],
    current: Mapping[str, ProductMapping],
    catalog: Mapping[int, CatalogEntry] | None,
) -> Iterator[Problem]:
    for edit in staged:
        problem = code_problem(edit.key)
        if problem is not None:
            yield replace(problem, key=edit.key)
        stored = current.get(edit.key)
        product_id = edit.wanted.connectwise_product_id
        # A product that is mapped already may have gone since; switching sync off must still work.
        if product_id is None or (stored and stored.connectwise_product_id == product_id):
            continue
        problem = product_problem(edit.key, product_id, catalog)
        if problem is not None:
            yield replace(problem, key=edit.key)


def code_problem(code: str) -> Problem | None:
    """Why a text cannot be a Sophos product code; None when it can."""
    fault = key_fault(code)
    return None if fault is None else Problem(_fault_text(code, fault), field="product_code")


def _fault_text(code: str, fault: KeyFault) -> Message:
    if fault is KeyFault.MISSING:
        return message("The product code is missing.")
    if fault is KeyFault.UNCLEAN:
        return message(
            "The product code {code} has blanks around it or control characters.", code=repr(code)
        )
    return message(
        "The product code {code} is longer than {limit} characters.",
        code=code[:20] + "…",
        limit=CODE_LIMIT,
    )


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
