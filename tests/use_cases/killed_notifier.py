"""A child process that is killed after sending and before recording (see test_notifications.py).

Its arguments are the store, the address of the webhook (may be empty) and the port of the mail
server (0: none). It tells one thing, sends it, and instead of recording that prints a line and
waits to be killed.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

from core.domain.notification_events import failure_event
from core.errors import UsageSyncError, message
from core.storage.outbox_store import OutboxStore
from tests.use_cases.notifier import environment, notifier

EVENT = failure_event(UsageSyncError(message("No.")), date(2026, 11, 3))


def _record(*_: object) -> None:
    print("sent", flush=True)  # noqa: T201
    time.sleep(600)


def main() -> None:
    path, hook_url, mail_port = sys.argv[1:]
    OutboxStore.record = _record
    given = environment(hook_url, int(mail_port))
    with notifier(Path(path), given, lambda: datetime.now(UTC)) as built:
        built.notifications.tell(EVENT)
        built.notifications.deliver()


if __name__ == "__main__":
    main()
