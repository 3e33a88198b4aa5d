"""Small answers are kept, and never one that is no longer true."""

from __future__ import annotations

import threading

import pytest

from core.storage.kept_reads import KeptReads
from core.storage.store import Store
from tests.storage.samples import NOON

COUNT = ("SELECT 1", ("a",))


class Asked:
    """A question that counts how often it is really asked."""

    def __init__(self, rows: int = 1) -> None:
        self.times = 0
        self.rows = rows

    def __call__(self) -> list[tuple[int, ...]]:
        self.times += 1
        return [(self.times,)] * self.rows


def test_a_question_is_asked_once_while_nothing_is_written() -> None:
    kept, asked = KeptReads(), Asked()
    assert [kept.get(COUNT, lambda: 7, asked) for _ in range(3)] == [[(1,)]] * 3
    assert kept.get(("SELECT 1", ("b",)), lambda: 7, asked) == [(2,)]
    assert kept.get(COUNT, lambda: 8, asked) == [(3,)]
    assert kept.get(COUNT, lambda: 8, asked) == [(3,)]


def test_an_answer_is_not_kept_when_something_was_written_meanwhile() -> None:
    kept, asked = KeptReads(), Asked()
    revisions = iter([1, 2, 2, 2, 2])
    assert kept.get(COUNT, lambda: next(revisions), asked) == [(1,)]
    assert kept.get(COUNT, lambda: next(revisions), asked) == [(2,)]
    assert kept.get(COUNT, lambda: next(revisions), asked) == [(2,)]


@pytest.mark.parametrize(("rows", "text"), [(201, "a"), (1, "a" * 1001)])
def test_large_answers_and_questions_are_not_kept(rows: int, text: str) -> None:
    kept, asked = KeptReads(), Asked(rows)
    for _ in range(2):
        kept.get(("SELECT 1", (text,)), lambda: 7, asked)
    assert asked.times == 2


def test_what_is_done_to_an_answer_changes_nothing_for_the_next(store: Store) -> None:
    store.settings.put("a", "1", "ana", NOON)
    sql = "SELECT key, value FROM store.setting"
    store._database.read(sql).clear()
    assert store._database.read(sql) == [("a", "1")]


def test_readers_see_what_was_written_before_they_asked(store: Store) -> None:
    written, ended = [0], threading.Event()
    stale: list[tuple[int, int]] = []

    def read() -> None:
        while not ended.is_set():
            before = written[0]
            seen = int(store.settings.get("n") or 0)
            if seen < before:
                stale.append((seen, before))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 80):
        store.settings.put("n", str(number), "ana", NOON)
        written[0] = number
    ended.set()
    for reader in readers:
        reader.join()
    assert stale == []
