"""What takes back a change of a product and its mapping, or why it stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.domain.models import Change, ChangeKind, Finding, FindingKind, Run
from core.domain.plan_inputs import PlanInputs
from core.domain.undo_case import Case, changed_since, product_of, why_of
from core.errors import message


def _product_back(case: Case) -> Change | Finding:
    """From CREATE_PRODUCT and REVIVE_PRODUCT."""
    return _unmapped(case, ChangeKind.RETIRE_PRODUCT)


def _adoption_back(case: Case) -> Change | Finding:
    """From ADOPT_PRODUCT: only the mapping was changed."""
    return _unmapped(case, ChangeKind.UNMAP_PRODUCT)


def _retirement_back(case: Case) -> Change | Finding:
    return _mapped_again(case, ChangeKind.REVIVE_PRODUCT)


def _unmapping_back(case: Case) -> Change | Finding:
    return _mapped_again(case, ChangeKind.ADOPT_PRODUCT)


def _unmapped(case: Case, kind: ChangeKind) -> Change | Finding:
    product_id = product_of(case)
    mapped = _mapped_to(case)
    if mapped != product_id:
        return changed_since(case, message("The Sophos product is mapped to another product now."))
    return _product_change(case, kind, case.change.product_before)


def _mapped_again(case: Case, kind: ChangeKind) -> Change | Finding:
    """Only while the mapping is as the undo left it."""
    if _mapped_to(case) != case.change.product_before:
        return changed_since(case, message("The Sophos product is mapped to another product now."))
    return _product_change(case, kind, case.change.product_before)


def _product_change(case: Case, kind: ChangeKind, before: int | None) -> Change:
    change = case.change
    return Change(
        kind=kind,
        target=change.target,
        product_id=product_of(case),
        product_before=before,
        default_product=change.default_product,
        steps=(why_of(case),),
    )


def _mapped_to(case: Case) -> int | None:
    mapping = case.inputs.mappings.get(case.change.target.product_code)
    return mapping.connectwise_product_id if mapping else None


def without_used_products(
    changes: Sequence[Change], run: Run, inputs: PlanInputs
) -> tuple[list[Change], list[Finding]]:
    """Without the products that something else uses by now, and that these stay."""
    used = _used_afterwards(changes, inputs)
    kept: list[Change] = []
    refused: list[Finding] = []
    for change in changes:
        if change.kind is ChangeKind.RETIRE_PRODUCT and change.product_id in used:
            refused.append(_used(change, run, inputs))
        else:
            kept.append(change)
    return kept, refused


def _used_afterwards(changes: Sequence[Change], inputs: PlanInputs) -> set[int | None]:
    """The ConnectWise products that stay mapped or bound when these changes are carried out."""
    unmapped = {c.target.product_code for c in changes if c.kind in _UNMAPPING}
    unbound = {
        (change.target.agreement_id, change.target.product_id)
        for change in changes
        if change.target.agreement_id and change.month_after is None
    }
    mapped = {
        mapping.connectwise_product_id
        for code, mapping in inputs.mappings.items()
        if code not in unmapped
    }
    return mapped | {key[1] for key in inputs.bindings if key not in unbound}


_UNMAPPING = frozenset({ChangeKind.RETIRE_PRODUCT, ChangeKind.UNMAP_PRODUCT})


def _used(change: Change, run: Run, inputs: PlanInputs) -> Finding:
    return Finding(
        kind=FindingKind.CHANGED_SINCE,
        blocks=True,
        target=change.target,
        product_code=change.target.product_code,
        text=message(
            "{product}, which run {run} created, is used elsewhere by now.",
            product=inputs.product_name(change.product_id or 0),
            run=str(run.number),
        ),
        remedy=message("It stays active, and the mapping stays too."),
    )


PRODUCT_RULES: Mapping[ChangeKind, Callable[[Case], Change | Finding]] = {
    ChangeKind.CREATE_PRODUCT: _product_back,
    ChangeKind.REVIVE_PRODUCT: _product_back,
    ChangeKind.ADOPT_PRODUCT: _adoption_back,
    ChangeKind.RETIRE_PRODUCT: _retirement_back,
    ChangeKind.UNMAP_PRODUCT: _unmapping_back,
}
