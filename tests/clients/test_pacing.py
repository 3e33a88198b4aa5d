from __future__ import annotations

import time

from core.clients.pacing import Pacer


def test_a_tenth_of_a_minute_may_be_spent_at_once_and_then_the_pace_holds() -> None:
    pacer = Pacer(per_minute=600, in_flight=1)
    started = time.monotonic()
    for _ in range(60):
        with pacer.turn():
            pass
    at_once = time.monotonic() - started
    for _ in range(3):
        with pacer.turn():
            pass
    assert at_once < 5  # at the pace alone it would be six seconds
    assert time.monotonic() - started >= 0.25  # three more at 100 ms each, minus rounding


def test_the_gate_opens_again_after_an_error() -> None:
    pacer = Pacer(per_minute=600, in_flight=1)
    try:
        with pacer.turn():
            raise ValueError
    except ValueError:
        pass
    with pacer.turn():
        pass
