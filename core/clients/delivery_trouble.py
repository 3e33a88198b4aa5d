"""What kept a message from reaching a server, told by the error's causes, whatever the protocol."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from enum import Enum, auto


class Trouble(Enum):
    """Why no answer came."""

    NAME_UNKNOWN = auto()  # no such host
    CERTIFICATE = auto()  # the server could not prove who it is
    ENCRYPTION = auto()  # the two sides do not encrypt in the same way, or one not at all
    TIMED_OUT = auto()
    UNREACHABLE = auto()  # nobody listens there, or there is no way
    CUT_OFF = auto()  # connected, and then the other side hung up


def trouble_of(error: BaseException) -> Trouble:
    """The kind of trouble that `error` comes from, itself or the causes behind it."""
    chain = list(_chain(error))
    for kinds, trouble in _KINDS:
        if any(isinstance(link, kinds) for link in chain):
            return trouble
    if any(isinstance(link, OSError) and link.errno in _NO_WAY for link in chain):
        return Trouble.UNREACHABLE
    return Trouble.CUT_OFF


_NO_WAY = frozenset(
    {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL}
)


# The order counts: each of these is an OSError too.
_KINDS: tuple[tuple[tuple[type[BaseException], ...], Trouble], ...] = (
    ((socket.gaierror, socket.herror), Trouble.NAME_UNKNOWN),
    ((ssl.SSLCertVerificationError,), Trouble.CERTIFICATE),
    ((ssl.SSLError,), Trouble.ENCRYPTION),
    ((TimeoutError,), Trouble.TIMED_OUT),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), Trouble.CUT_OFF),
    ((ConnectionRefusedError,), Trouble.UNREACHABLE),
)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
