"""Usage that a run moved from one addition to another: an undo bills it on both no more than on
neither.

Whose usage an addition bills is noted with it. Taking a run back must not raise an addition while
another one still bills that usage, and must not lower one whose usage the run itself took from
another addition that does not get it back. What a later run took is told: that run has to be taken
back as well.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.domain.addition_days import is_open
from core.domain.carried import carried_parts
from core.domain.customers import is_active
from core.domain.models import Binding, Change, Finding, FindingKind, Run, RunChange, Target
from core.domain.plan_choices import is_left_out
from core.domain.plan_inputs import PlanInputs
from core.domain.plan_transfers import with_needs
from core.errors import Message, message

_Place = tuple[int, int]


@dataclass(frozen=True)
class LaterRun:
    """A run of the same month after the one that is taken back, and what it has done."""

    run: Run
    done: Sequence[RunChange]


@dataclass(frozen=True)
class _Undo:
    run: Run
    inputs: PlanInputs
    moved: frozenset[str]
    later: Mapping[str, tuple[Run, RunChange]]
    carriers: Mapping[str, Sequence[Binding]] = field(default_factory=dict)


def without_wrong_billing(
    changes: Iterable[Change],
    run: Run,
    done: Iterable[RunChange],
    later: Iterable[LaterRun],
    inputs: PlanInputs,
) -> tuple[list[Change], list[Finding]]:
    """The changes of an undo that bill no usage twice, and lose none that was billed before the
    run, each after those that it waits for; and why the others are left out.

    `done` is what the run did, `later` what came after it.
    """
    undo = _Undo(
        run,
        inputs,
        frozenset(key for row in done for key in _let_go(row.change)),
        {key: (e.run, row) for e in later for row in e.done for key in _let_go(row.change)},
        _carriers(inputs),
    )
    kept, found = list(changes), list[Finding]()
    while refused := _refused(kept, undo):
        kept = [change for change in kept if change.target not in refused]
        found += refused.values()
    return with_needs(kept, inputs), [*found, *_lost_since(kept, undo)]


def _let_go(change: Change) -> Iterable[str]:
    """Whose usage a change took from its addition, because another one bills it since."""
    if not change.needs:
        return ()
    return (key for key in change.carried if key not in change.carries)


def _carriers(inputs: PlanInputs) -> dict[str, list[Binding]]:
    """The additions that bill usage, by whose it is."""
    found: dict[str, list[Binding]] = {}
    for binding in inputs.bindings.values():
        if binding.carries and _bills(binding, inputs):
            for key in binding.carries:
                found.setdefault(key, []).append(binding)
    return found


def _bills(binding: Binding, inputs: PlanInputs) -> bool:
    """Whether an addition is billed, whoever set its quantity: an undo adds nothing to that."""
    agreement = inputs.agreements.get(binding.agreement_id)
    if agreement is None or not is_active(agreement):
        return False
    additions = inputs.additions.get(binding.agreement_id)
    if additions is None:
        return binding.quantity > 0
    return any(
        each.id == binding.addition_id and each.quantity > 0 and is_open(each, inputs.today)
        for each in additions
    )


def _refused(changes: Iterable[Change], undo: _Undo) -> dict[Target, Finding]:
    happening = _happening(changes, undo)
    refused: dict[Target, Finding] = {}
    for change in happening.values():
        other = _still_billing(change, happening, undo)
        lost = _lost(change, undo.moved, happening, undo)
        if other is not None:
            refused[change.target] = _billed_twice(change, other, undo)
        elif lost:
            refused[change.target] = _not_billed(change, lost[0], undo)
    return refused


def _happening(changes: Iterable[Change], undo: _Undo) -> dict[_Place, Change]:
    """The changes that nobody left out, by their place."""
    return {_place(each): each for each in changes if not is_left_out(each, undo.inputs)}


def _still_billing(
    change: Change, happening: Mapping[_Place, Change], undo: _Undo
) -> Binding | None:
    """An addition that goes on to bill what this one would bill again."""
    for key in change.carries if change.difference > 0 else _comes_back(change):
        other = next(_billing(key, change, happening, undo), None)
        if other is not None:
            return other
    return None


def _comes_back(change: Change) -> Iterable[str]:
    """Whose usage an addition bills again although its quantity does not grow."""
    return (key for key in change.carries if change.after and key not in change.carried)


def _lost(
    change: Change,
    taken: Container[str],
    happening: Mapping[_Place, Change],
    undo: _Undo,
) -> list[str]:
    """Of what was taken from another addition, what this one lets go and none bills then."""
    back = {key for each in happening.values() for key in each.carries}
    return [
        key
        for key in change.carried
        if key in taken
        and key not in change.carries
        and key not in back
        and not any(_billing(key, change, happening, undo))
    ]


def _billing(
    key: str, change: Change, happening: Mapping[_Place, Change], undo: _Undo
) -> Iterator[Binding]:
    """The other additions that bill usage, and that the undo leaves as they are or lets keep it."""
    for binding in undo.carriers.get(key, ()):
        place = binding.agreement_id, binding.product_id
        decided = happening.get(place)
        if place != _place(change) and (decided is None or key in decided.carries):
            yield binding


def _lost_since(changes: Iterable[Change], undo: _Undo) -> list[Finding]:
    happening = _happening(changes, undo)
    return [
        _taken_since(change, key, undo)
        for change in happening.values()
        for key in _lost(change, undo.later, happening, undo)
    ]


def _place(change: Change) -> _Place:
    return change.target.agreement_id, change.target.product_id


# ---------------------------------------------------------------- findings


def _billed_twice(change: Change, other: Binding, undo: _Undo) -> Finding:
    return Finding(
        kind=FindingKind.BILLED_ELSEWHERE,
        blocks=True,
        target=change.target,
        customer_id=change.only_customer,
        addition_ids=(other.addition_id,),
        quantity=change.after,
        text=message(
            "{product} on {agreement} stays: {other_product} on {other_agreement} bills that usage "
            "now.",
            other_product=undo.inputs.product_name(other.product_id),
            other_agreement=undo.inputs.agreement_name(other.agreement_id),
            **_names(change, undo),
        ),
        remedy=message(
            "Take back the run first that put it there, which the history of that addition names; "
            "then take back what is left of this one."
        ),
    )


def _not_billed(change: Change, key: str, undo: _Undo) -> Finding:
    return _loses(
        change,
        key,
        message(
            "{product} on {agreement} stays: it bills {sophos} of {customer}, and the addition "
            "that billed it before run {run} does not get it back.",
            **_names(change, undo),
            **_usage(key, undo),
            run=str(undo.run.number),
        ),
        message("See why that addition is left as it is, then take back what is left of this run."),
        blocks=True,
    )


def _taken_since(change: Change, key: str, undo: _Undo) -> Finding:
    run, row = undo.later[key]
    return _loses(
        change,
        key,
        message(
            "{sophos} of {customer} is billed nowhere then: run {later} took it off {other}.",
            **_usage(key, undo),
            later=str(run.number),
            other=_other(row, undo),
        ),
        message(
            "Take back run {later} as well, after this one; or sync the month anew.",
            later=str(run.number),
        ),
        blocks=False,
    )


def _loses(change: Change, key: str, text: Message, remedy: Message, *, blocks: bool) -> Finding:
    customer_id, code = carried_parts(key)
    return Finding(
        kind=FindingKind.NOT_BILLED_YET,
        blocks=blocks,
        target=change.target,
        customer_id=customer_id,
        product_code=code,
        addition_ids=() if change.addition_id is None else (change.addition_id,),
        quantity=change.before,
        text=text,
        remedy=remedy,
    )


def _names(change: Change, undo: _Undo) -> dict[str, str]:
    return {
        "product": undo.inputs.product_name(change.target.product_id),
        "agreement": undo.inputs.agreement_name(change.target.agreement_id),
    }


def _usage(key: str, undo: _Undo) -> dict[str, str]:
    customer_id, code = carried_parts(key)
    return {
        "sophos": undo.inputs.sophos_name(code),
        "customer": undo.inputs.customer_name(customer_id),
    }


def _other(row: RunChange, undo: _Undo) -> Message:
    place = _names(row.change, undo)
    return message("{product} on {agreement}", **place)
