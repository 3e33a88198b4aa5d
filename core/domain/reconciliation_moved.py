"""Usage that is billed in another place than it belongs to by now, told on both rows.

A customer was moved to another agreement, or a Sophos product was mapped anew: until a sync moves
it, one row has usage that nothing bills, and another one an addition that nobody uses. Each of them
says where the other half is. What an addition carries is noted with what sync keeps of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.domain.carried import carried_parts
from core.domain.models import Binding, ReconciliationRow
from core.domain.plan_inputs import PlanInputs
from core.domain.reconciliation_steps import with_more
from core.errors import Fact, Message, message

_ZERO = Decimal(0)
_Place = tuple[int, int]


@dataclass
class _Move:
    """A customer's usage of some products, from what still bills it to where it belongs."""

    customer_id: str
    binding: Binding
    to: _Place
    codes: list[str] = field(default_factory=list)


def tell_moves(
    rows: Sequence[ReconciliationRow], inputs: PlanInputs
) -> Sequence[ReconciliationRow]:
    """The rows, with those that belong together naming each other."""
    moves = list(_moves(inputs))
    if not moves:
        return rows
    by_key = {row.key: row for row in rows}
    by_addition = {row.addition_id: row for row in rows if row.bound}
    told: dict[str, list[Message]] = {}
    for move in moves:
        there = by_addition.get(move.binding.addition_id)
        here = by_key.get(f"{move.to[0]}/{move.to[1]}")
        if there is None or here is None or not _still_bills(there, move.binding):
            continue
        used = {(part.customer_id, part.product_code) for part in here.used if part.quantity > 0}
        move.codes = [code for code in move.codes if (move.customer_id, code) in used]
        if move.codes:
            told.setdefault(here.key, []).append(_here(move, inputs))
            told.setdefault(there.key, []).append(_there(move, inputs))
    return [
        replace(row, steps=with_more(row.steps, more)) if (more := told.get(row.key)) else row
        for row in rows
    ]


def _moves(inputs: PlanInputs) -> Iterator[_Move]:
    """What additions carry that belongs to another place, by customer and place."""
    for key in sorted(inputs.bindings):
        binding = inputs.bindings[key]
        if binding.carries and binding.quantity > 0:
            yield from _moves_from(binding, inputs)


def _moves_from(binding: Binding, inputs: PlanInputs) -> Iterable[_Move]:
    found: dict[tuple[str, _Place], _Move] = {}
    for carried in binding.carries:
        customer_id, code = carried_parts(carried)
        place = _place_of(customer_id, code, inputs)
        if place is not None and place != (binding.agreement_id, binding.product_id):
            move = found.setdefault((customer_id, place), _Move(customer_id, binding, place))
            move.codes.append(code)
    return found.values()


def _place_of(customer_id: str, code: str, inputs: PlanInputs) -> _Place | None:
    """Where a customer's usage of a product is to be billed."""
    customer, product = inputs.customer_mappings.get(customer_id), inputs.mappings.get(code)
    if customer is None or customer.agreement_id is None:
        return None
    if product is None or product.connectwise_product_id is None:
        return None
    return customer.agreement_id, product.connectwise_product_id


def _still_bills(row: ReconciliationRow, binding: Binding) -> bool:
    """Whether the addition has what sync put there. What somebody set by hand since is theirs to
    answer for, and what it had for another month is not what it carries."""
    return row.quantity == binding.quantity and (row.billed or _ZERO) > 0


def _here(move: _Move, inputs: PlanInputs) -> Message:
    """For the row that the usage belongs to."""
    place = move.binding.agreement_id, move.binding.product_id
    return message(
        "{sophos} of {customer} is still billed on {agreement} of {company} ({product}): a sync "
        "moves it here, or its plan says why not.",
        **_facts(move, place, inputs),
    )


def _there(move: _Move, inputs: PlanInputs) -> Message:
    """For the row whose addition still bills it."""
    return message(
        "This addition still bills {sophos} of {customer}, from now on billed on {agreement} of "
        "{company} ({product}): a sync moves it there, or its plan says why not.",
        **_facts(move, move.to, inputs),
    )


def _facts(move: _Move, place: _Place, inputs: PlanInputs) -> dict[str, Fact]:
    agreement_id, product_id = place
    agreement = inputs.agreements.get(agreement_id)
    return {
        "sophos": ", ".join(inputs.sophos_name(code) for code in sorted(move.codes)),
        "customer": inputs.customer_name(move.customer_id),
        "agreement": inputs.agreement_name(agreement_id),
        "company": agreement.company.name if agreement else "–",
        "product": inputs.product_name(product_id),
    }
