"""Additions of an agreement: reading, creating, changing.

Facts: `Addition` of the OpenAPI document 2026.4, and the developer guide. A server may answer with
success and keep another value, so what it returns is compared with what was sent. There is no key
against doing a thing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.clients import connectwise_parsing as parsing
from core.clients.answers import Answer
from core.clients.connectwise_fields import ADDITION_NAMES, differing, patch_body, wire_value
from core.clients.connectwise_lists import Calls
from core.clients.connectwise_parsing import ADDITION_FIELDS, SYSTEM
from core.clients.http_errors import outcome_unknown
from core.clients.parsing import Reader
from core.domain.models import Addition, BillCustomer, Reference
from core.errors import Problem, RefusedError, UnexpectedAnswerError, message

AGREEMENTS = "/finance/agreements"


@dataclass(frozen=True, kw_only=True)
class NewAddition:
    """An addition to be created. Price, cost and texts are those of the product."""

    agreement_id: int
    product_id: int
    quantity: Decimal
    effective_date: date


class AdditionDiffersError(UnexpectedAnswerError):
    """ConnectWise created the addition with other values: `created` exists."""

    def __init__(self, created: Addition, fields: Sequence[str], answer: Answer) -> None:
        super().__init__(
            message(
                "ConnectWise created the addition {id} with other values than it was sent.",
                id=created.id,
            ),
            system=SYSTEM,
            status=answer.status,
            request_id=answer.request_id,
            remedy=message("Correct or cancel it in ConnectWise, then make the plan again."),
            detail="differing: " + ", ".join(fields),
        )
        self.created = created


class AdditionCalls(Calls):
    """The calls of `ConnectWise` that are about additions."""

    def additions(self, agreement_id: int, *, brief: bool = False) -> list[Addition]:
        """All additions of an agreement, cancelled ones included, by id.

        `brief` leaves out who changed them when, and everything that is not in Addition. Raises
        NotFoundError if the agreement was deleted.
        """
        return self._lists.all(
            _path(agreement_id),
            "addition",
            lambda reader: parsing.addition(reader, agreement_id),
            {"fields": ADDITION_FIELDS} if brief else {},
            record=True,
        )

    def create_addition(self, wanted: NewAddition) -> Addition:
        """Create an addition, billable, once: never repeated when the answer is lost.

        Raises RefusedError, NotFoundError, OutcomeUnknownError (look at the additions of the
        agreement before trying again), or AdditionDiffersError.
        """
        sent: dict[str, object] = {
            "product": Reference(wanted.product_id, ""),
            "quantity": wanted.quantity,
            "bill_customer": BillCustomer.BILLABLE,
            "effective_date": wanted.effective_date,
        }
        body = {ADDITION_NAMES[ours]: wire_value(value) for ours, value in sent.items()}
        path = _path(wanted.agreement_id)
        answer = self._wire.call("POST", path, json=body, record=True)
        created = _written(answer, wanted.agreement_id)
        fields = differing(sent, created)
        if fields:
            raise AdditionDiffersError(created, fields, answer)
        return created

    def patch_addition(
        self, agreement_id: int, addition_id: int, changes: Mapping[str, object]
    ) -> Addition:
        """Change the given fields (named as in Addition, None clears one), and check that they
        arrived.

        Raises RefusedError naming every field that the server did not take, OutcomeUnknownError
        when the answer was lost, or NotFoundError. Returns the addition as it is now.
        """
        answer = self._wire.call(
            "PATCH",
            f"{_path(agreement_id)}/{addition_id}",
            json=patch_body(changes, ADDITION_NAMES),
            record=True,
        )
        changed = _written(answer, agreement_id)
        missing = differing(changes, changed)
        if changed.id != addition_id:
            raise outcome_unknown(SYSTEM, answer, f"addition {changed.id} was returned")
        if missing:
            raise _not_taken(missing, answer)
        return changed


def _path(agreement_id: int) -> str:
    return f"{AGREEMENTS}/{agreement_id}/additions"


def _written(answer: Answer, agreement_id: int) -> Addition:
    """The record that a write returned; if it cannot be read, the write needs reading back."""
    try:
        return parsing.addition(Reader.of(SYSTEM, answer.body, "addition"), agreement_id)
    except UnexpectedAnswerError as error:
        raise outcome_unknown(SYSTEM, answer, error.detail) from error


def _not_taken(fields: Sequence[str], answer: Answer) -> RefusedError:
    return RefusedError(
        message("ConnectWise did not take every value, although it reported success."),
        [Problem(message("ConnectWise kept another value here."), field) for field in fields],
        system=SYSTEM,
        status=answer.status,
        request_id=answer.request_id,
        remedy=message("Look at the addition in ConnectWise, then make the plan again."),
        detail="differing: " + ", ".join(fields),
    )
