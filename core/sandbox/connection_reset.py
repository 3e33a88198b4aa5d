"""A real TCP reset from inside an ASGI application served by uvicorn.

ASGI has no way to drop a connection, so uvicorn's HTTP protocol is extended: each request's
scope carries a function that closes the socket with SO_LINGER 0, which sends RST, not FIN.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

EXTENSION = "usage_sync.reset"
RECEIVED_AT = "usage_sync.received_at"

# struct linger has two shorts on Windows and two ints elsewhere.
_LINGER_ZERO = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class ResettableProtocol(H11Protocol):
    """uvicorn's h11 protocol whose requests can reset their connection."""

    received_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Note when it came, on the monotonic clock."""
        self.received_at = time.monotonic()
        super().data_received(data)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wrap the application of this connection, so that its scopes carry the reset."""
        super().connection_made(transport)
        served = self.app

        async def app(scope: Any, receive: Any, send: Any) -> None:
            extensions = scope.setdefault("extensions", {})
            extensions[EXTENSION] = _resetter(transport)
            extensions[RECEIVED_AT] = self.received_at
            await served(scope, receive, send)

        self.app = app


def _resetter(transport: asyncio.Transport) -> Callable[[], None]:
    def reset() -> None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()

    return reset


async def reset_connection(scope: Any) -> None:
    """Reset the connection of this request. Nothing can be sent afterwards."""
    scope["extensions"][EXTENSION]()
    # Two turns of the loop: the transport reports the loss in the next one, and only then does
    # uvicorn know that no answer is owed.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def received_at(scope: Any) -> float:
    """When the last of this request came, on the monotonic clock."""
    return float(scope["extensions"][RECEIVED_AT])
