"""Carrying out one change of an addition: called once, read back when its answer is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from core.clients.connectwise import AdditionDiffersError, ConnectWise, NewAddition
from core.domain.models import Addition, Change, ChangeKind
from core.domain.resuming import Decision, Verdict, decide
from core.errors import (
    AccessError,
    Message,
    OutcomeUnknownError,
    Problem,
    RefusedError,
    UsageSyncError,
    VendorError,
    message,
)
from core.use_cases.agreement_reading import refuse_vanished

# A write whose answer was lost may still be under way on the server when we look.
READ_BACK_WAITS = (0.5, 1.5, 3.0)
_TRIES = 2


@dataclass(frozen=True)
class Failed:
    """What keeps a change from being done. `addition_id` is that of an addition that is there
    all the same."""

    text: Message
    remedy: Message | None = None
    detail: str = ""
    addition_id: int | None = None


@dataclass(frozen=True)
class Unknown:
    """Nobody can say whether the change was made; `error` is why."""

    error: VendorError


@dataclass(frozen=True)
class Unseen:
    """The answer to a new addition was lost, and it was not there when it was looked for. It may
    still come: sending it again could bill it twice."""


class TurnedAwayError(Exception):
    """The server refused to listen (keys, company, permission): the call did nothing."""

    def __init__(self, error: AccessError) -> None:
        super().__init__(str(error))
        self.error = error


Outcome = Addition | Failed | Unknown


class AdditionWriter:
    """Makes the calls for changes of additions. `sleep` waits before a lost call is looked for."""

    def __init__(
        self, connectwise: ConnectWise, today: date, sleep: Callable[[float], None]
    ) -> None:
        self._connectwise = connectwise
        self._today = today
        self._sleep = sleep

    def look(
        self, change: Change, additions: Iterable[Addition], *, announced: bool
    ) -> Addition | Failed | None:
        """What can be said of a change without a call: it is done, or must not be; None: do it."""
        kept = list(additions)
        decision = decide(change, kept, announced=announced, today=self._today)
        return _outcome(decision, kept)

    def carry_out(
        self, change: Change, before: Sequence[Addition], announce: Callable[[], None]
    ) -> Outcome | Unseen:
        """Do it. `announce` is called before each call; `before` is what the agreement had.

        A quantity whose answer was lost is sent once more, a new addition never is. Raises
        TurnedAwayError, TryAgainError (nothing was written), AccessError when only the reading back
        was refused, and what `announce` raises.
        """
        for _ in range(_TRIES):
            announce()
            try:
                return self._call(change)
            except OutcomeUnknownError as lost:
                found = self._read_back(change, before, lost)
                if found is not None:
                    return found
                if change.kind is ChangeKind.CREATE_ADDITION:
                    return Unseen()
        return Failed(
            message("ConnectWise did not answer, twice, and the change is not there."),
            message("Retry the failed rows later; what is there already is never done twice."),
        )

    def look_again(self, change: Change, before: Sequence[Addition]) -> Outcome:
        """What became of a new addition that was not seen: it has come, or counts as failed."""
        try:
            additions = self._connectwise.additions(change.target.agreement_id)
            refuse_vanished(additions, before)
        except AccessError:
            raise
        except VendorError as error:
            return Unknown(error)
        found = self.look(change, additions, announced=True)
        return found or Failed(
            message("ConnectWise did not answer, and the addition is not there."),
            message(
                "Retry the failed rows later: it may still come, and is taken then instead of a "
                "second one."
            ),
        )

    def _call(self, change: Change) -> Addition | Failed:
        try:
            return self._send(change)
        except AccessError as error:
            raise TurnedAwayError(error) from error
        except AdditionDiffersError as differs:
            return Failed(differs.text, differs.remedy, differs.detail or "", differs.created.id)

    def _send(self, change: Change) -> Addition:
        agreement_id = change.target.agreement_id
        if change.kind is ChangeKind.CREATE_ADDITION:
            return self._connectwise.create_addition(_new(change))
        if change.addition_id is None:
            raise ValueError(f"a change of no addition: {change}")
        return self._connectwise.patch_addition(agreement_id, change.addition_id, _patch(change))

    def _read_back(
        self, change: Change, before: Sequence[Addition], lost: OutcomeUnknownError
    ) -> Outcome | None:
        """What became of a call whose answer was lost; None when it certainly was not made."""
        for wait in READ_BACK_WAITS:
            self._sleep(wait)
            try:
                additions = self._connectwise.additions(change.target.agreement_id)
                refuse_vanished(additions, before)
            except AccessError:
                raise
            except VendorError:
                return Unknown(lost)
            found = self.look(change, additions, announced=True)
            if found is not None:
                return found
        return None


def failure_of(error: UsageSyncError) -> Failed:
    """A failure as it is kept of a change: the server's reason before our general sentence."""
    problems: Sequence[Problem] = getattr(error, "problems", ())
    reasons = "; ".join(str(problem.text) for problem in problems)
    text = problems[0].text if problems else error.text
    remedy = error.remedy
    if isinstance(error, RefusedError):
        remedy = message("Correct it in ConnectWise or in the mapping, then retry this row.")
    return Failed(text, remedy, error.detail or reasons)


def _new(change: Change) -> NewAddition:
    if change.after is None or change.effective_date is None:
        raise ValueError(f"a new addition without quantity or day: {change}")
    return NewAddition(
        agreement_id=change.target.agreement_id,
        product_id=change.product_id or change.target.product_id,
        quantity=change.after,
        effective_date=change.effective_date,
    )


def _patch(change: Change) -> dict[str, object]:
    if change.kind is ChangeKind.CANCEL:
        return {"cancelled_date": change.cancelled_date}
    if change.kind in _REVERSALS:
        return {"quantity": change.after, "cancelled_date": change.cancelled_date}
    return {"quantity": change.after}


_REVERSALS = frozenset({ChangeKind.UNDO_CREATE, ChangeKind.UNDO_CANCEL})


def _outcome(decision: Decision, additions: Sequence[Addition]) -> Addition | Failed | None:
    if decision.verdict is Verdict.DO:
        return None
    if decision.verdict is Verdict.DONE:
        return next(each for each in additions if each.id == decision.addition_id)
    if decision.text is None:
        raise ValueError("a refusal says why")
    return Failed(decision.text, decision.remedy)
