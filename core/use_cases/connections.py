"""Whether both vendors can be reached with what is configured, and if not, what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.clients.connectwise import ConnectWise
from core.clients.sophos import SophosPartner
from core.errors import Message, UsageSyncError, message


@dataclass(frozen=True)
class ConnectionCheck:
    """The outcome of one test; `remedy` is set when something is to be done."""

    system: str
    ok: bool
    text: Message
    remedy: Message | None = None


class Connections:
    """Tests both connections."""

    def __init__(self, connectwise: ConnectWise, sophos: SophosPartner) -> None:
        self._tests: tuple[tuple[str, Callable[[], object]], ...] = (
            ("ConnectWise", connectwise.check),
            ("Sophos", sophos.check),
        )

    def check(self) -> list[ConnectionCheck]:
        """Try both; never raises for a connection that does not work."""
        return [_check(system, test) for system, test in self._tests]


def _check(system: str, test: Callable[[], object]) -> ConnectionCheck:
    try:
        test()
    except UsageSyncError as error:
        return ConnectionCheck(system, False, error.text, error.remedy)
    return ConnectionCheck(system, True, message("{system} answers.", system=system))
