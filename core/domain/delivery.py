"""When a notification is sent again, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.domain.models import Attempt, AttemptOutcome, Notification

GIVE_UP_AFTER = timedelta(days=3)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_DOUBLED_AT_MOST = 20  # long before that the longest pause is reached


def next_attempt(notification: Notification, failed_at: datetime) -> datetime | None:
    """When to try again after a try that failed at `failed_at`; None when it is given up.

    `notification` is as it was before that try.
    """
    if failed_at - notification.at >= GIVE_UP_AFTER:
        return None
    doubled = min(notification.tries, _DOUBLED_AT_MOST)
    return failed_at + min(_FIRST_PAUSE * (1 << doubled), _LONGEST_PAUSE)


def is_due(notification: Notification, now: datetime) -> bool:
    """Whether it is to be tried now."""
    last = notification.last
    if last is None or last.outcome is AttemptOutcome.ASKED:
        return True
    if last.outcome is not AttemptOutcome.FAILED:
        return False
    return last.next_at is None or last.next_at <= now


def is_paused(newest: Attempt | None, now: datetime) -> bool:
    """Whether a way to tell rests, after the newest attempt on it said that nothing gets through.

    Otherwise each of many waiting notifications would knock at a door that is known to be shut.
    """
    if newest is None or newest.outcome is not AttemptOutcome.FAILED or not newest.whole_channel:
        return False
    return newest.next_at is not None and newest.next_at > now
