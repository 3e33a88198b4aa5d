"""What takes back a change of an addition, or why it stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from core.domain.addition_days import is_open
from core.domain.customers import is_active
from core.domain.models import Addition, Binding, Change, ChangeKind, Finding
from core.domain.plan_inputs import PlanInputs
from core.domain.undo_case import Case, changed_since, product_of, why_of
from core.domain.undo_words import cancelled_now, price_now, quantity_now
from core.errors import message

_ZERO = Decimal(0)


def _quantity_back(case: Case) -> Change | Finding:
    """From SET_QUANTITY, ZERO and ADOPT_ADDITION."""
    change, found = case.change, _addition(case)
    if isinstance(found, Finding):
        return found
    meddled = _meddled(case, found, change.after)
    if meddled is not None:
        return meddled
    newer = _newer_month(case)
    if newer is not None:
        return newer
    if change.before != change.after or change.month_before is not None:
        kind = ChangeKind.SET_QUANTITY
    elif _binding(case) is None:
        return changed_since(case, message("It is let go already."))
    else:
        kind = ChangeKind.UNBIND
    return _back(case, kind, found, before=change.after, after=change.before)


def _bound_again(case: Case) -> Change | Finding:
    """From UNBIND: the addition is adopted anew."""
    found = _addition(case)
    if isinstance(found, Finding):
        return found
    meddled = _meddled(case, found, case.change.after)
    if meddled is not None:
        return meddled
    return _back(
        case, ChangeKind.ADOPT_ADDITION, found, before=found.quantity, after=found.quantity
    )


def _creation_back(case: Case) -> Change | Finding:
    """From CREATE_ADDITION: to 0, and cancelled from its first day."""
    found = _addition(case)
    if isinstance(found, Finding):
        return found
    meddled = _meddled(case, found, case.change.after)
    if meddled is not None:
        return meddled
    newer = _newer_month(case)
    if newer is not None:
        return newer
    if found.cancelled_date is not None:
        return changed_since(case, cancelled_now(found, None), found)
    back = _back(case, ChangeKind.UNDO_CREATE, found, before=found.quantity, after=_ZERO)
    return replace(back, cancelled_date=found.effective_date or case.inputs.month.first_day)


def _cancellation_back(case: Case) -> Change | Finding:
    """From CANCEL and UNDO_CREATE: billed again, with the quantity of before."""
    change, found = case.change, _there(case)
    if isinstance(found, Finding):
        return found
    if found.cancelled_date != change.cancelled_date:
        return changed_since(case, cancelled_now(found, change.cancelled_date), found)
    if _another_since(case, found):
        return changed_since(case, message("Another addition of this product was added there."))
    newer = _newer_month(case)
    if newer is not None:
        return newer
    left = change.after if change.kind is ChangeKind.UNDO_CREATE else change.before
    meddled = _meddled(case, found, left)
    if meddled is not None:
        return meddled
    back = _back(case, ChangeKind.UNDO_CANCEL, found, before=found.quantity, after=change.before)
    return _with_days_swapped(back, change)


def _cancelled_again(case: Case) -> Change | Finding:
    """From UNDO_CANCEL."""
    change, found = case.change, _addition(case)
    if isinstance(found, Finding):
        return found
    if found.cancelled_date != change.cancelled_date:
        return changed_since(case, cancelled_now(found, change.cancelled_date), found)
    meddled = _meddled(case, found, change.after)
    if meddled is not None:
        return meddled
    kind = ChangeKind.CANCEL if change.before == change.after else ChangeKind.UNDO_CREATE
    after = _ZERO if kind is ChangeKind.CANCEL else change.before
    back = _back(case, kind, found, before=found.quantity, after=after)
    return _with_days_swapped(back, change)


def _with_days_swapped(back: Change, change: Change) -> Change:
    return replace(
        back,
        cancelled_before=change.cancelled_date,
        cancelled_date=change.cancelled_before,
    )


def _back(
    case: Case,
    kind: ChangeKind,
    found: Addition,
    *,
    before: Decimal | None,
    after: Decimal | None,
) -> Change:
    change = case.change
    binding = case.inputs.bindings.get((found.agreement_id, found.product.id))
    return Change(
        kind=kind,
        # What was a product to be created is known by its id now.
        target=replace(change.target, product_id=found.product.id, product_code=""),
        customer_ids=change.customer_ids,
        addition_id=found.id,
        before=before,
        after=after,
        known_ids=tuple(sorted(each.id for each in _of_product(found, case.inputs))),
        unit_price=found.unit_price,
        month_before=binding.month if binding else None,
        month_after=change.month_before,
        carries=change.carried,
        carried=binding.carries if binding else (),
        steps=(why_of(case),),
    )


def _meddled(case: Case, found: Addition, left: Decimal | None) -> Finding | None:
    """Somebody set another quantity than the run left, or another price: a sync writes none.

    The price is the one of the answer; where none was kept, the one that the plan knew: for a new
    addition, that of its product.
    """
    price = case.change.unit_price if case.done.unit_price is None else case.done.unit_price
    if found.quantity != left:
        return changed_since(case, quantity_now(found, left), found)
    if price is not None and found.unit_price != price:
        return changed_since(case, price_now(found, price), found)
    return None


def _existing(case: Case) -> Addition | None:
    wanted = case.done.addition_id or case.change.addition_id
    listed = case.inputs.additions.get(case.change.target.agreement_id, ())
    return next((addition for addition in listed if addition.id == wanted), None)


def _there(case: Case) -> Addition | Finding:
    """The addition where it may be written to, and as long as no other one took its place."""
    agreement_id = case.change.target.agreement_id
    agreement = case.inputs.agreements.get(agreement_id)
    if agreement_id not in case.inputs.additions:
        return changed_since(case, message("Its agreement could not be read."))
    if agreement is None or not is_active(agreement):
        return changed_since(case, message("Its agreement is not active any more."))
    found = _existing(case)
    if found is None:
        return changed_since(case, message("It no longer exists in ConnectWise."))
    binding = case.inputs.bindings.get((agreement_id, found.product.id))
    if binding is not None and binding.addition_id != found.id:
        return changed_since(
            case, message("Sync keeps another addition of this product there now.")
        )
    return found


def _addition(case: Case) -> Addition | Finding:
    """The same as long as it is open."""
    found = _there(case)
    if isinstance(found, Addition) and not is_open(found, case.inputs.today):
        return changed_since(case, cancelled_now(found, None), found)
    return found


def _another_since(case: Case, found: Addition) -> bool:
    """Whether an addition of the product was added since, and bills what this one would again."""
    known = case.change.known_ids
    return bool(known) and any(
        each.id not in known and is_open(each, case.inputs.today)
        for each in _of_product(found, case.inputs)
    )


def _of_product(found: Addition, inputs: PlanInputs) -> list[Addition]:
    listed = inputs.additions[found.agreement_id]
    return [each for each in listed if each.product.id == found.product.id]


def _binding(case: Case) -> Binding | None:
    return case.inputs.bindings.get((case.change.target.agreement_id, product_of(case) or 0))


def _newer_month(case: Case) -> Finding | None:
    binding = _binding(case)
    if binding is None or binding.month <= case.run.month:
        return None
    return changed_since(
        case, message("It carries the usage of {month}.", month=str(binding.month))
    )


ADDITION_RULES: Mapping[ChangeKind, Callable[[Case], Change | Finding]] = {
    ChangeKind.SET_QUANTITY: _quantity_back,
    ChangeKind.ZERO: _quantity_back,
    ChangeKind.ADOPT_ADDITION: _quantity_back,
    ChangeKind.UNBIND: _bound_again,
    ChangeKind.CREATE_ADDITION: _creation_back,
    ChangeKind.CANCEL: _cancellation_back,
    ChangeKind.UNDO_CREATE: _cancellation_back,
    ChangeKind.UNDO_CANCEL: _cancelled_again,
}
