from __future__ import annotations

import threading

import pytest

from core.use_cases.kept import KeptFew


def refuse() -> str:
    raise AssertionError("it is kept already")


def test_a_value_is_read_once_and_the_oldest_makes_room():
    kept: KeptFew[str] = KeptFew(2)
    assert kept.get("a", lambda: "A") == "A"
    assert kept.get("b", lambda: "B") == "B"
    assert kept.get("a", refuse) == "A"
    assert kept.get("c", lambda: "C") == "C"
    assert kept.get("a", refuse) == "A"
    assert kept.get("b", lambda: "again") == "again"


def test_nobody_waits_for_a_look_at_what_is_there():
    kept: KeptFew[str] = KeptFew(2)
    assert kept.peek("a") is None
    seen: list[str | None] = []
    assert kept.get("a", lambda: seen.append(kept.peek("a")) or "A") == "A"
    assert seen == [None]
    assert kept.peek("a") == "A"


def test_what_fails_to_be_read_is_read_again():
    kept: KeptFew[str] = KeptFew(2)
    with pytest.raises(AssertionError):
        kept.get("a", refuse)
    assert kept.get("a", lambda: "A") == "A"


def test_one_that_takes_long_holds_up_only_who_asks_for_it():
    kept: KeptFew[str] = KeptFew(2)
    reading, go_on = threading.Event(), threading.Event()
    found: list[str] = []

    def slow() -> str:
        reading.set()
        assert go_on.wait(30)
        return "A"

    asking = [threading.Thread(target=lambda: found.append(kept.get("a", slow)))]
    asking[0].start()
    assert reading.wait(30)
    assert kept.get("b", lambda: "B") == "B"
    asking.append(threading.Thread(target=lambda: found.append(kept.get("a", refuse))))
    asking[1].start()
    go_on.set()
    for thread in asking:
        thread.join()
    assert found == ["A", "A"]
