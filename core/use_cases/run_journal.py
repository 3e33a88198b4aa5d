"""The journal of one run: what is announced is committed before its call, outcomes after it.

Calls take longer than commits only when many share one: changes that come next are announced some
time ahead, together with the outcomes that have come in. A crash leaves them announced, and they
are read back when the run is resumed; what was announced ahead and not begun when a run ends is
taken back.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.domain.models import Addition, Binding, JournalEntry, Outcome
from core.storage.mappings_store import MappingDecision
from core.storage.store import Store
from core.use_cases.jobs import Clock

# Enough for a commit to be cheap beside its calls, and few to be read back after a crash.
_AHEAD = 48
_MOST_OUTCOMES = 500


@dataclass
class _Announcement:
    entry: JournalEntry
    committed: bool = False
    error: Exception | None = None


@dataclass
class _Outcomes:
    entries: list[JournalEntry] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    unbind: list[tuple[int, int]] = field(default_factory=list)
    additions: list[Addition] = field(default_factory=list)

    def __add__(self, later: _Outcomes) -> _Outcomes:
        return _Outcomes(
            self.entries + later.entries,
            self.bindings + later.bindings,
            self.unbind + later.unbind,
            self.additions + later.additions,
        )


class RunJournal:
    """Writes the journal of one run; threads share it."""

    def __init__(self, store: Store, run_id: str, clock: Clock) -> None:
        self._store = store
        self._run_id = run_id
        self._clock = clock
        self._lock = threading.Lock()
        self._committing = threading.Lock()
        self._announced: list[_Announcement] = []
        self._expected: deque[int] = deque()
        self._ahead: set[int] = set()
        self._settled: set[int] = set()
        self._outcomes = _Outcomes()

    def expect(self, numbers: Iterable[int]) -> None:
        """The changes that will be announced next, in this order, and never were before."""
        with self._lock:
            self._expected = deque(numbers)

    def announce(self, number: int) -> None:
        """Return when it is committed that the call of a change is about to be made.

        Raises what keeps it from being committed, a closed month for example: then the call must
        not be made.
        """
        if self._was_announced_ahead(number):
            self._announce_more()
            return
        mine = _Announcement(JournalEntry(number=number, at=self._clock()))
        with self._lock:
            self._announced.append(mine)
        with self._committing:
            if not mine.committed and mine.error is None:
                self._commit()
        if mine.error is not None:
            raise mine.error

    def settle(
        self,
        entry: JournalEntry,
        *,
        binding: Binding | None = None,
        unbind: tuple[int, int] | None = None,
        addition: Addition | None = None,
    ) -> None:
        """Take the outcome of a change, with what it does to bindings and to the snapshot."""
        with self._lock:
            # It may have come without a call.
            self._ahead.discard(entry.number)
            self._settled.add(entry.number)
            self._outcomes.entries.append(entry)
            self._outcomes.bindings += [binding] if binding else []
            self._outcomes.unbind += [unbind] if unbind else []
            self._outcomes.additions += [addition] if addition else []
            many = len(self._outcomes.entries) >= _MOST_OUTCOMES
        if many:
            self._try_to_commit()

    def settle_product(self, entry: JournalEntry, decide: MappingDecision) -> None:
        """Commit the outcome of a product with what it does to the mappings, at once."""
        with self._committing:
            self._commit()
            self._store.runs.settle(self._run_id, [entry], decide=decide)

    def flush(self) -> None:
        """Commit what was taken and not committed yet; take back what was not begun."""
        with self._lock:
            unbegun, self._ahead = sorted(self._ahead), set()
            self._expected.clear()
        for number in unbegun:
            self.settle(JournalEntry(number=number, at=self._clock(), outcome=Outcome.WAITING))
        with self._committing:
            self._commit()

    def _was_announced_ahead(self, number: int) -> bool:
        with self._lock:
            if number not in self._ahead:
                return False
            self._ahead.remove(number)
            return True

    def _announce_more(self) -> None:
        """Commit while others make the calls that are announced, before those run out."""
        with self._lock:
            enough = len(self._ahead) > _AHEAD // 2 or not self._expected
        if not enough:
            self._try_to_commit()

    def _try_to_commit(self) -> None:
        """Commit unless somebody else does it at this moment."""
        if self._committing.acquire(blocking=False):
            try:
                self._commit()
            finally:
                self._committing.release()

    def _commit(self) -> None:
        with self._lock:
            announced = self._not_announced_ahead()
            numbers = {announcement.entry.number for announcement in announced}
            ahead = self._next_numbers(numbers) if announced or self._ahead else []
        entries = [announcement.entry for announcement in announced]
        entries += [JournalEntry(number=number, at=self._clock()) for number in ahead]
        try:
            self._write(entries)
        except Exception as error:
            for announcement in announced:
                announcement.error = error
            raise
        for announcement in announced:
            announcement.committed = True
        with self._lock:
            # Who announced himself while a commit took his number ahead has begun.
            self._ahead = (self._ahead | set(ahead)) - numbers - self._settled

    def _not_announced_ahead(self) -> list[_Announcement]:
        """Those who wait, but for whom the commit that they waited for has announced already."""
        waiting, self._announced = self._announced, []
        found = []
        for each in waiting:
            if each.entry.number in self._ahead:
                self._ahead.remove(each.entry.number)
                each.committed = True
            else:
                found.append(each)
        return found

    def _next_numbers(self, announced: set[int]) -> list[int]:
        """What to announce ahead: nothing that has its outcome, or that somebody announces now."""
        found: list[int] = []
        while self._expected and len(found) + len(self._ahead) < _AHEAD:
            number = self._expected.popleft()
            if number not in announced and number not in self._settled:
                found.append(number)
        return found

    def _write(self, announced: list[JournalEntry]) -> None:
        """Both in one transaction; what happened is kept even where nothing may be announced."""
        if not announced:
            self._commit_outcomes()
            return
        with self._lock:
            outcomes, self._outcomes = self._outcomes, _Outcomes()
        try:
            self._store.runs.announce(
                self._run_id,
                announced,
                outcomes=outcomes.entries,
                bindings=outcomes.bindings,
                unbind=outcomes.unbind,
                additions=outcomes.additions,
            )
        except Exception:
            with self._lock:
                self._outcomes = outcomes + self._outcomes
            self._commit_outcomes()
            raise

    def _commit_outcomes(self) -> None:
        with self._lock:
            outcomes, self._outcomes = self._outcomes, _Outcomes()
        if not outcomes.entries:
            return
        try:
            self._store.runs.settle(
                self._run_id,
                outcomes.entries,
                outcomes.bindings,
                outcomes.unbind,
                additions=outcomes.additions,
            )
        except Exception:
            with self._lock:
                self._outcomes = outcomes + self._outcomes
            raise
