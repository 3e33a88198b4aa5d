"""The journal of one run: what is announced is committed before its call, outcomes after it.

Threads that announce at the same moment share a transaction: the first one commits for all that
wait. An outcome goes in with the next announcement, or at the end. A crash in between leaves its
change announced, which is read back when the run is resumed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from core.domain.models import Addition, Binding, JournalEntry
from core.storage.mappings_store import MappingDecision
from core.storage.store import Store
from core.use_cases.jobs import Clock


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
        self._outcomes = _Outcomes()

    def announce(self, number: int) -> None:
        """Return when it is committed that the call of a change is about to be made.

        Raises what keeps it from being committed, a closed month for example: then the call must
        not be made.
        """
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
            self._outcomes.entries.append(entry)
            self._outcomes.bindings += [binding] if binding else []
            self._outcomes.unbind += [unbind] if unbind else []
            self._outcomes.additions += [addition] if addition else []

    def settle_product(self, entry: JournalEntry, decide: MappingDecision) -> None:
        """Commit the outcome of a product with what it does to the mappings, at once."""
        with self._committing:
            self._commit()
            self._store.runs.settle(self._run_id, [entry], decide=decide)

    def flush(self) -> None:
        """Commit what was taken and not committed yet."""
        with self._committing:
            self._commit()

    def _commit(self) -> None:
        with self._lock:
            announced, self._announced = self._announced, []
        try:
            self._commit_outcomes()
            if announced:
                entries = [announcement.entry for announcement in announced]
                self._store.runs.announce(self._run_id, entries)
        except Exception as error:
            for announcement in announced:
                announcement.error = error
            raise
        for announcement in announced:
            announcement.committed = True

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
