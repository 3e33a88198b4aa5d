"""Runs and their changes as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from core.domain.models import Outcome, Run, RunChange, RunEvent, RunEventKind, RunOrigin, RunStatus
from core.domain.price_effect import PriceEffect, price_effect
from core.errors import Message
from pages.components.language import _, text

TO_LOOK_AT = frozenset({Outcome.FAILED, Outcome.SKIPPED, Outcome.IN_FLIGHT, Outcome.WAITING})


@dataclass(frozen=True)
class RunFigures:
    """A run in figures. `unknown` were announced and have no outcome, `waiting` not begun.

    `price_effect` is that of what was done.
    """

    done: int
    failed: int
    skipped: int
    unknown: int
    waiting: int
    price_effect: PriceEffect

    @property
    def left(self) -> int:
        """What has no outcome yet."""
        return self.unknown + self.waiting


def figures(changes: Sequence[RunChange]) -> RunFigures:
    """Count the outcomes."""
    count = {outcome: 0 for outcome in Outcome}
    for change in changes:
        count[change.outcome] += 1
    effect = price_effect(row.change for row in changes if row.outcome is Outcome.DONE)
    return RunFigures(
        count[Outcome.DONE],
        count[Outcome.FAILED],
        count[Outcome.SKIPPED],
        count[Outcome.IN_FLIGHT],
        count[Outcome.WAITING],
        effect,
    )


def to_look_at(changes: Iterable[RunChange]) -> list[RunChange]:
    """What was not done."""
    return [change for change in changes if change.outcome in TO_LOOK_AT]


@dataclass(frozen=True)
class Trouble:
    """Changes that were not done for the same reason."""

    outcome: Outcome
    text: Message | None
    remedy: Message | None
    detail: str
    changes: tuple[RunChange, ...]


def troubles(changes: Iterable[RunChange]) -> list[Trouble]:
    """What went wrong, gathered by the reason, the most frequent first.

    What was not begun has no reason of its own: that is the run's.
    """
    gathered: dict[tuple[Outcome, Message | None, Message | None, str], list[RunChange]] = {}
    for one in changes:
        if one.outcome in {Outcome.FAILED, Outcome.SKIPPED, Outcome.IN_FLIGHT}:
            key = (one.outcome, one.text, one.remedy, one.detail)
            gathered.setdefault(key, []).append(one)
    found = [Trouble(*key, tuple(ones)) for key, ones in gathered.items()]
    return sorted(found, key=lambda trouble: -len(trouble.changes))


def duration(run: Run) -> timedelta | None:
    """From the approval to the end; None while it is open."""
    return None if run.finished_at is None else run.finished_at - run.approved_at


def last_word(run: Run) -> RunEvent | None:
    """The event that says why a run ended, where it says so."""
    last = run.events[-1] if run.events else None
    return last if last is not None and last.text is not None else None


def was_started(run: Run) -> bool:
    """Whether anybody began to carry it out."""
    begun = {RunEventKind.STARTED, RunEventKind.RESUMED}
    return any(event.kind in begun for event in run.events)


def was_cut_off(run: Run) -> bool:
    """Whether it was gone on with after nobody had ended it: what that pass had asked for was not
    counted."""
    kinds = [event.kind for event in run.events]
    begun = {RunEventKind.STARTED, RunEventKind.RESUMED}
    return any(
        before in begun and after is RunEventKind.RESUMED for before, after in pairwise(kinds)
    )


def can_be_resumed(run: Run, newest: Run | None) -> bool:
    """Whether what is left can still be carried out: only of the newest run."""
    stopped = run.status in {RunStatus.STOPPED, RunStatus.ABORTED, RunStatus.OPEN}
    return stopped and newest is not None and newest.id == run.id


def can_be_retried(run: Run, found: RunFigures) -> bool:
    """Whether a plan of what was not done makes sense. What an undo did not get done is undone
    again from the run that it takes back."""
    unfinished = bool(found.failed or found.skipped or found.left)
    return run.status is not RunStatus.OPEN and not run.undo_of and unfinished


# ---------------------------------------------------------------- words


def status_names() -> dict[RunStatus, str]:
    """Where a run stands."""
    return {
        RunStatus.OPEN: _("Not ended"),
        RunStatus.REFUSED: _("Refused"),
        RunStatus.STOPPED: _("Stopped by hand"),
        RunStatus.ABORTED: _("Broken off"),
        RunStatus.FINISHED: _("Finished"),
    }


def standing(run: Run, *, carried_out: bool) -> str:
    """The status of a run, and of one that has not ended, whether this process is at it."""
    if run.status is not RunStatus.OPEN:
        return status_names()[run.status]
    if carried_out:
        return _("Under way")
    return _("Cut off") if was_started(run) else _("Not started")


def older_month_note(run: Run) -> str:
    """Why an older month was pushed where a newer one was."""
    return _("An older month is pushed on purpose: {reason}", reason=run.options.older_month_reason)


def requests_text(run: Run) -> str:
    """How many requests it took, as far as that was kept; empty where it is not known."""
    if not (run.reads or run.writes):
        return ""
    if was_cut_off(run):
        return _(
            "reads: at least {reads}, writes: at least {writes}", reads=run.reads, writes=run.writes
        )
    return _("reads: {reads}, writes: {writes}", reads=run.reads, writes=run.writes)


def outcome_names() -> dict[Outcome, str]:
    """What became of a change."""
    return {
        Outcome.WAITING: _("Not begun"),
        Outcome.IN_FLIGHT: _("Unknown"),
        Outcome.DONE: _("Done"),
        Outcome.FAILED: _("Failed"),
        Outcome.SKIPPED: _("Skipped"),
    }


def origin_names() -> dict[RunOrigin, str]:
    """How a run was started."""
    return {
        RunOrigin.PAGE: _("Manual"),
        RunOrigin.COMMAND_LINE: _("Command line"),
        RunOrigin.SCHEDULE: _("Schedule"),
    }


def moment_of(change: RunChange) -> datetime | None:
    """When a change came to its outcome. One that was announced and taken back was not begun."""
    return None if change.outcome is Outcome.WAITING else change.at


def origin_of(run: Run) -> str:
    """Where a run came from, in a word: what it goes on from or takes back says more than where
    somebody pressed."""
    if run.undo_of:
        return _("Undo of a run")
    if run.retry_of:
        return _("Retry of a run")
    return origin_names()[run.origin]


def reason_of(change: RunChange | Trouble) -> str:
    """Why a change was not done, in a sentence; empty where there is nothing to say."""
    if change.text is not None:
        return text(change.text)
    if change.outcome is Outcome.IN_FLIGHT:
        return _("Its call may have been made; it is looked for before anything is written.")
    return ""


def advice_of(change: RunChange | Trouble) -> str:
    """The remedy, and the server's own words."""
    parts = [_ended(text(change.remedy))] if change.remedy is not None else []
    if change.detail:
        parts.append(_("ConnectWise said: {detail}", detail=change.detail))
    return " ".join(parts)


def message_of(change: RunChange) -> str:
    """Reason and advice together, each a sentence of its own."""
    parts = [part for part in (reason_of(change), advice_of(change)) if part]
    return " ".join([*map(_ended, parts[:-1]), *parts[-1:]])


def _ended(words: str) -> str:
    """With a full stop: what a server said often has none, and more words follow."""
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."


def status_colour(run: Run, *, carried_out: bool = False) -> str:
    """Green for what went well, red and orange for what needs a person."""
    if run.status is RunStatus.OPEN:
        return "blue" if carried_out else "orange"
    if run.status is RunStatus.FINISHED:
        return "orange" if run.failed or run.skipped else "green"
    return {
        RunStatus.REFUSED: "red",
        RunStatus.STOPPED: "orange",
        RunStatus.ABORTED: "red",
    }[run.status]
