"""Taking a run back: a plan like any other, of the opposite of what the run did.

It restores recorded values, not recomputed ones. A row that is no longer as the run left it is
refused, with what is there now: somebody changed it since, and an undo must not take that back.
Undoing an undo does again what was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.domain.addition_days import is_open
from core.domain.customers import is_active
from core.domain.models import (
    Addition,
    Binding,
    Change,
    ChangeKind,
    Finding,
    FindingKind,
    Outcome,
    Plan,
    Run,
    RunChange,
)
from core.domain.plan_inputs import PlanInputs
from core.domain.planning import plan_of
from core.domain.undo_transfers import LaterRun, without_wrong_billing
from core.domain.undo_words import by_whom, cancelled_now, price_now, quantity_now
from core.errors import Message, message

_ZERO = Decimal(0)


@dataclass(frozen=True)
class _Case:
    """One change that was done; `later` is what runs changed since, by its key."""

    run: Run
    done: RunChange
    inputs: PlanInputs
    later: Mapping[str, tuple[Run, RunChange]]

    @property
    def change(self) -> Change:
        return self.done.change


def undo_plan(
    run: Run,
    changes: Iterable[RunChange],
    inputs: PlanInputs,
    later: Iterable[LaterRun] = (),
) -> Plan:
    """What takes back everything that the run has done.

    `inputs` are of the run's month and know the affected agreements as they are now; `later` are
    the runs of that month after it. What the run did not do, or failed to do, needs no undoing.
    """
    done = [each for each in changes if each.outcome is Outcome.DONE]
    if inputs.month in inputs.closed:
        return plan_of(inputs, [], [_closed(inputs)], 0)
    since = list(later)
    changed = {key: (each.run, row) for each in since for row in each.done for key in _keys(row)}
    found = [_RULES[each.change.kind](_Case(run, each, inputs, changed)) for each in done]
    undone = [each for each in found if isinstance(each, Change)]
    findings = [each for each in found if isinstance(each, Finding)]
    safe, unsafe = without_wrong_billing(undone, run, done, since, inputs)
    kept, refused = _without_used_products(safe, run, inputs)
    existing = sum(change.addition_id is not None for change in kept)
    told = [*findings, *unsafe, *refused, *_invoiced(kept, inputs)]
    return plan_of(inputs, kept, told, existing)


def _keys(row: RunChange) -> Iterator[str]:
    """What a change is found by: its addition, or its Sophos product."""
    addition_id = row.addition_id or row.change.addition_id
    if addition_id is not None:
        yield f"#{addition_id}"
    elif not row.change.target.agreement_id:
        yield row.change.target.key


# ---------------------------------------------------------------- additions


def _quantity_back(case: _Case) -> Change | Finding:
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
        return _changed(case, message("It is let go already."))
    else:
        kind = ChangeKind.UNBIND
    return _back(case, kind, found, before=change.after, after=change.before)


def _bound_again(case: _Case) -> Change | Finding:
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


def _creation_back(case: _Case) -> Change | Finding:
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
        return _changed(case, cancelled_now(found, None), found)
    back = _back(case, ChangeKind.UNDO_CREATE, found, before=found.quantity, after=_ZERO)
    return replace(back, cancelled_date=found.effective_date or case.inputs.month.first_day)


def _cancellation_back(case: _Case) -> Change | Finding:
    """From CANCEL and UNDO_CREATE: billed again, with the quantity of before."""
    change, found = case.change, _there(case)
    if isinstance(found, Finding):
        return found
    if found.cancelled_date != change.cancelled_date:
        return _changed(case, cancelled_now(found, change.cancelled_date), found)
    if _another_since(case, found):
        return _changed(case, message("Another addition of this product was added there."))
    newer = _newer_month(case)
    if newer is not None:
        return newer
    left = change.after if change.kind is ChangeKind.UNDO_CREATE else change.before
    meddled = _meddled(case, found, left)
    if meddled is not None:
        return meddled
    back = _back(case, ChangeKind.UNDO_CANCEL, found, before=found.quantity, after=change.before)
    return _with_days_swapped(back, change)


def _cancelled_again(case: _Case) -> Change | Finding:
    """From UNDO_CANCEL."""
    change, found = case.change, _addition(case)
    if isinstance(found, Finding):
        return found
    if found.cancelled_date != change.cancelled_date:
        return _changed(case, cancelled_now(found, change.cancelled_date), found)
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
    case: _Case,
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
        steps=(_why(case),),
    )


def _meddled(case: _Case, found: Addition, left: Decimal | None) -> Finding | None:
    """Somebody set another quantity than the run left, or another price: a sync writes none.

    The price is the one of the answer; where none was kept, the one that the plan knew: for a new
    addition, that of its product.
    """
    price = case.change.unit_price if case.done.unit_price is None else case.done.unit_price
    if found.quantity != left:
        return _changed(case, quantity_now(found, left), found)
    if price is not None and found.unit_price != price:
        return _changed(case, price_now(found, price), found)
    return None


def _existing(case: _Case) -> Addition | None:
    wanted = case.done.addition_id or case.change.addition_id
    listed = case.inputs.additions.get(case.change.target.agreement_id, ())
    return next((addition for addition in listed if addition.id == wanted), None)


def _there(case: _Case) -> Addition | Finding:
    """The addition where it may be written to, and as long as no other one took its place."""
    agreement_id = case.change.target.agreement_id
    agreement = case.inputs.agreements.get(agreement_id)
    if agreement_id not in case.inputs.additions:
        return _changed(case, message("Its agreement could not be read."))
    if agreement is None or not is_active(agreement):
        return _changed(case, message("Its agreement is not active any more."))
    found = _existing(case)
    if found is None:
        return _changed(case, message("It no longer exists in ConnectWise."))
    binding = case.inputs.bindings.get((agreement_id, found.product.id))
    if binding is not None and binding.addition_id != found.id:
        return _changed(case, message("Sync keeps another addition of this product there now."))
    return found


def _addition(case: _Case) -> Addition | Finding:
    """The same as long as it is open."""
    found = _there(case)
    if isinstance(found, Addition) and not is_open(found, case.inputs.today):
        return _changed(case, cancelled_now(found, None), found)
    return found


def _another_since(case: _Case, found: Addition) -> bool:
    """Whether an addition of the product was added since, and bills what this one would again."""
    known = case.change.known_ids
    return bool(known) and any(
        each.id not in known and is_open(each, case.inputs.today)
        for each in _of_product(found, case.inputs)
    )


def _of_product(found: Addition, inputs: PlanInputs) -> list[Addition]:
    listed = inputs.additions[found.agreement_id]
    return [each for each in listed if each.product.id == found.product.id]


def _binding(case: _Case) -> Binding | None:
    return case.inputs.bindings.get((case.change.target.agreement_id, _product_id(case) or 0))


def _newer_month(case: _Case) -> Finding | None:
    binding = _binding(case)
    if binding is None or binding.month <= case.run.month:
        return None
    return _changed(case, message("It carries the usage of {month}.", month=str(binding.month)))


# ---------------------------------------------------------------- products


def _product_back(case: _Case) -> Change | Finding:
    """From CREATE_PRODUCT and REVIVE_PRODUCT."""
    return _unmapped(case, ChangeKind.RETIRE_PRODUCT)


def _adoption_back(case: _Case) -> Change | Finding:
    """From ADOPT_PRODUCT: only the mapping was changed."""
    return _unmapped(case, ChangeKind.UNMAP_PRODUCT)


def _retirement_back(case: _Case) -> Change | Finding:
    return _mapped_again(case, ChangeKind.REVIVE_PRODUCT)


def _unmapping_back(case: _Case) -> Change | Finding:
    return _mapped_again(case, ChangeKind.ADOPT_PRODUCT)


def _unmapped(case: _Case, kind: ChangeKind) -> Change | Finding:
    product_id = _product_id(case)
    mapped = _mapped_to(case)
    if mapped != product_id:
        return _changed(case, message("The Sophos product is mapped to another product now."))
    return _product_change(case, kind, case.change.product_before)


def _mapped_again(case: _Case, kind: ChangeKind) -> Change | Finding:
    """Only while the mapping is as the undo left it."""
    if _mapped_to(case) != case.change.product_before:
        return _changed(case, message("The Sophos product is mapped to another product now."))
    return _product_change(case, kind, case.change.product_before)


def _product_change(case: _Case, kind: ChangeKind, before: int | None) -> Change:
    change = case.change
    return Change(
        kind=kind,
        target=change.target,
        product_id=_product_id(case),
        product_before=before,
        default_product=change.default_product,
        steps=(_why(case),),
    )


def _product_id(case: _Case) -> int | None:
    return case.done.product_id or case.change.product_id or case.change.target.product_id or None


def _mapped_to(case: _Case) -> int | None:
    mapping = case.inputs.mappings.get(case.change.target.product_code)
    return mapping.connectwise_product_id if mapping else None


def _without_used_products(
    changes: Sequence[Change], run: Run, inputs: PlanInputs
) -> tuple[list[Change], list[Finding]]:
    """A product that something else uses by now stays as it is."""
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


# ---------------------------------------------------------------- findings


def _changed(case: _Case, now: Message, found: Addition | None = None) -> Finding:
    """`found` is the addition that somebody changed."""
    change, addition_id = case.change, case.done.addition_id or case.change.addition_id
    return Finding(
        kind=FindingKind.CHANGED_SINCE,
        blocks=True,
        target=change.target,
        customer_id=change.customer_ids[0] if len(change.customer_ids) == 1 else "",
        product_code=change.target.product_code,
        addition_ids=() if addition_id is None else (addition_id,),
        text=_changed_by(case, now, found),
        remedy=message("It is left as it is. Change it by hand if it has to be another way."),
    )


def _changed_by(case: _Case, now: Message, found: Addition | None) -> Message:
    """A run that came later did it, or somebody else."""
    later = _later_run(case, found)
    if later is not None:
        return message(
            "{place} was changed by run {later} since run {run}: {now}",
            place=_place(case),
            later=str(later.number),
            run=_no(case),
            now=now,
        )
    return message(
        "{place} was changed since run {run}: {now}",
        place=_place(case),
        run=_no(case),
        now=now if found is None else by_whom(found, now),
    )


def _later_run(case: _Case, found: Addition | None) -> Run | None:
    """The last run that changed it, unless somebody changed it again after that."""
    last = next((case.later[key] for key in _keys(case.done) if key in case.later), None)
    if last is None:
        return None
    run, row = last
    return run if found is None or found.quantity == row.change.after else None


def _place(case: _Case) -> Message:
    names = case.done.names
    if names.agreement:
        return message("{product} on {agreement}", product=names.product, agreement=names.agreement)
    return message("{product}", product=names.product or case.change.target.product_code)


def _no(case: _Case) -> str:
    return str(case.run.number)


def _why(case: _Case) -> Message:
    return message("Takes back run {run}.", run=_no(case))


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


def _closed(inputs: PlanInputs) -> Finding:
    return Finding(
        kind=FindingKind.CLOSED_MONTH,
        blocks=True,
        text=message("{month} is closed.", month=str(inputs.month)),
        remedy=message("Reopen it with a reason if it has to change."),
    )


def _invoiced(changes: Iterable[Change], inputs: PlanInputs) -> Iterator[Finding]:
    """An invoice that is out does not change: the undo counts from the next one on."""
    for agreement_id in sorted({change.target.agreement_id for change in changes} - {0}):
        agreement = inputs.agreements.get(agreement_id)
        if agreement is None or agreement.next_invoice_date is None:
            continue
        if agreement.next_invoice_date > inputs.month.last_day:
            yield Finding(
                kind=FindingKind.INVOICED_PERIOD,
                blocks=False,
                text=message(
                    "{agreement} of {company} is invoiced up to {day}: the undo counts from the "
                    "next invoice.",
                    agreement=agreement.name,
                    company=agreement.company.name,
                    day=agreement.next_invoice_date,
                ),
                remedy=message("Correct the invoice that is out in ConnectWise if need be."),
            )


_RULES: Mapping[ChangeKind, Callable[[_Case], Change | Finding]] = {
    ChangeKind.SET_QUANTITY: _quantity_back,
    ChangeKind.ZERO: _quantity_back,
    ChangeKind.ADOPT_ADDITION: _quantity_back,
    ChangeKind.UNBIND: _bound_again,
    ChangeKind.CREATE_ADDITION: _creation_back,
    ChangeKind.CANCEL: _cancellation_back,
    ChangeKind.UNDO_CREATE: _cancellation_back,
    ChangeKind.UNDO_CANCEL: _cancelled_again,
    ChangeKind.CREATE_PRODUCT: _product_back,
    ChangeKind.REVIVE_PRODUCT: _product_back,
    ChangeKind.ADOPT_PRODUCT: _adoption_back,
    ChangeKind.RETIRE_PRODUCT: _retirement_back,
    ChangeKind.UNMAP_PRODUCT: _unmapping_back,
}
