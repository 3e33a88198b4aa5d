"""One change of a run that is taken back, and how it is told that it stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.domain.models import Addition, Change, Finding, FindingKind, Run, RunChange
from core.domain.plan_inputs import PlanInputs
from core.domain.undo_words import by_whom
from core.errors import Message, message


@dataclass(frozen=True)
class Case:
    """One change that was done; `later` is what runs changed since, by its key."""

    run: Run
    done: RunChange
    inputs: PlanInputs
    later: Mapping[str, tuple[Run, RunChange]]

    @property
    def change(self) -> Change:
        return self.done.change


def keys_of(row: RunChange) -> Iterator[str]:
    """What a change is found by: its addition, or its Sophos product."""
    addition_id = row.addition_id or row.change.addition_id
    if addition_id is not None:
        yield f"#{addition_id}"
    elif not row.change.target.agreement_id:
        yield row.change.target.key


def product_of(case: Case) -> int | None:
    """The ConnectWise product that the change ended with."""
    return case.done.product_id or case.change.product_id or case.change.target.product_id or None


def changed_since(case: Case, now: Message, found: Addition | None = None) -> Finding:
    """That it stays, because it is no longer as the run left it.

    `now` says how it is, `found` is the addition that somebody changed.
    """
    change, addition_id = case.change, case.done.addition_id or case.change.addition_id
    return Finding(
        kind=FindingKind.CHANGED_SINCE,
        blocks=True,
        target=change.target,
        customer_id=change.only_customer,
        product_code=change.target.product_code,
        addition_ids=() if addition_id is None else (addition_id,),
        text=_changed_by(case, now, found),
        remedy=message("It is left as it is. Change it by hand if it has to be another way."),
    )


def _changed_by(case: Case, now: Message, found: Addition | None) -> Message:
    """A run that came later did it, or somebody else."""
    later = _later_run(case, found)
    if later is not None:
        return message(
            "{place} was changed by run {later} since run {run}: {now}",
            place=_place(case),
            later=str(later.number),
            run=str(case.run.number),
            now=now,
        )
    return message(
        "{place} was changed since run {run}: {now}",
        place=_place(case),
        run=str(case.run.number),
        now=now if found is None else by_whom(found, now),
    )


def _later_run(case: Case, found: Addition | None) -> Run | None:
    """The last run that changed it, unless somebody changed it again after that."""
    last = next((case.later[key] for key in keys_of(case.done) if key in case.later), None)
    if last is None:
        return None
    run, row = last
    return run if found is None or found.quantity == row.change.after else None


def _place(case: Case) -> Message:
    names = case.done.names
    if names.agreement:
        return message("{product} on {agreement}", product=names.product, agreement=names.agreement)
    return message("{product}", product=names.product or case.change.target.product_code)


def why_of(case: Case) -> Message:
    """What a change says of its reason."""
    return message("Takes back run {run}.", run=str(case.run.number))
