"""Small answers of the database, kept until something is written.

A page asks a few dozen small questions each time it is drawn, and twenty people draw pages all
day, while something is written only now and then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

Question = tuple[str, tuple[Any, ...]]
Rows = Sequence[tuple[Any, ...]]

_GREATEST_ANSWER = 200  # rows
_GREATEST_QUESTION = 1_000  # characters of its parameters
_MOST_ANSWERS = 1_000


class KeptReads:
    """Answers of one revision of the database. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = -1
        self._answers: dict[Question, Rows] = {}

    def get(
        self, question: Question, revision: Callable[[], int], read: Callable[[], Rows]
    ) -> Rows:
        """The answer, read when there is none of this revision.

        It is kept only where the revision stayed while it was read: a transaction is seen by
        others just before the revision grows.
        """
        before = revision()
        with self._lock:
            if self._revision != before:
                self._revision, self._answers = before, {}
            elif (kept := self._answers.get(question)) is not None:
                return kept
        answer = read()
        if _is_small(question, answer):
            with self._lock:
                if self._revision == before == revision() and len(self._answers) < _MOST_ANSWERS:
                    self._answers[question] = answer
        return answer


def _is_small(question: Question, answer: Rows) -> bool:
    if len(answer) > _GREATEST_ANSWER:
        return False
    return sum(len(each) for each in question[1] if isinstance(each, str)) <= _GREATEST_QUESTION
