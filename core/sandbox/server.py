"""Both systems on one port of this machine, in a thread of this process.

ConnectWise is at the root (`/login/companyinfo/...`, `/{codebase}/apis/3.0/...`), Sophos' id
service under `/sophos/id`, its API under `/sophos/api`, and the controls under `/_sandbox`.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from core.sandbox.admin import Admin
from core.sandbox.connection_reset import ResettableProtocol
from core.sandbox.connectwise import connectwise_app
from core.sandbox.controls import Controls, controls_of
from core.sandbox.credentials import CONNECTWISE, SOPHOS
from core.sandbox.fault_middleware import FaultMiddleware, system_of
from core.sandbox.world import World

HOST = "127.0.0.1"
ADMIN_PREFIX = "/_sandbox"
START_SECONDS = 10.0
STOP_SECONDS = 10.0
# Longer than a client keeps an idle connection, so that it is the client who closes it.
KEEP_ALIVE_SECONDS = 120


@dataclass(frozen=True)
class ConnectWiseAccess:
    """What a ConnectWise client needs to be told."""

    url: str
    company: str
    public_key: str
    private_key: str = field(repr=False)
    client_id: str


@dataclass(frozen=True)
class SophosAccess:
    """What a Sophos client needs to be told."""

    id_url: str
    api_url: str
    client_id: str
    client_secret: str = field(repr=False)


class Sandbox:
    """A running sandbox. `stop()` it, or use it in a `with` statement."""

    def __init__(self, controls: Controls, app: ASGIApp, port: int) -> None:
        self.controls = controls
        self.world = controls.world
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(_config(app))
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sandbox", daemon=True
        )
        self._thread.start()
        self._wait_until_started()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{HOST}:{self.port}"

    @property
    def admin_url(self) -> str:
        """Where the controls are."""
        return f"{self.url}/_sandbox"

    @property
    def connectwise(self) -> ConnectWiseAccess:
        """URL and keys of the ConnectWise side."""
        known = CONNECTWISE
        return ConnectWiseAccess(
            self.url, known.company, known.public_key, known.private_key, known.client_id
        )

    @property
    def sophos(self) -> SophosAccess:
        """URLs and keys of the Sophos side."""
        known = SOPHOS
        base = f"{self.url}/sophos"
        return SophosAccess(f"{base}/id", f"{base}/api", known.client_id, known.client_secret)

    def as_json(self) -> dict[str, dict[str, str]]:
        """What `python -m core sandbox --json` prints."""
        return {"connectwise": dict(vars(self.connectwise)), "sophos": dict(vars(self.sophos))}

    def reset(self) -> None:
        """The demo world and its behaviour as after a start."""
        self.controls.reset()

    def stop(self) -> None:
        """End the server and free the port. Stopping twice is harmless."""
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        self._socket.close()

    def wait(self) -> None:
        """Block until the server ends."""
        # Short joins, so that Ctrl+C is noticed on Windows too.
        while self._thread.is_alive():
            self._thread.join(0.5)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_started(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.005)


def start_sandbox(
    *,
    port: int = 0,
    today: date | None = None,
    state_file: Path | None = None,
    world: World | None = None,
) -> Sandbox:
    """Start both systems on 127.0.0.1 and return once they answer.

    `port` 0 picks a free one; OSError when the port is taken. `today` is the world's day, default
    the real one. With a `state_file`, what was changed outlives the process.
    """
    controls = controls_of(world or World.load(today=today, state_file=state_file))
    return Sandbox(controls, sandbox_app(controls), port)


def sandbox_app(controls: Controls) -> ASGIApp:
    """Everything as one ASGI application."""
    admin = Starlette(routes=Admin(controls).routes())
    systems: dict[str, ASGIApp] = {
        "sophos": Starlette(routes=controls.sophos.routes()),
        "connectwise": connectwise_app(controls.world, controls.switches, CONNECTWISE),
    }

    async def vendor(scope: Scope, receive: Receive, send: Send) -> None:
        controls.world.follow_the_day()
        await systems[system_of(scope["path"])](scope, receive, send)

    faulty = FaultMiddleware(vendor, controls.faults, controls.counters, controls.rate_limit)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = admin if scope["path"].startswith(ADMIN_PREFIX) else faulty
        await chosen(scope, receive, send)

    return app


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=ResettableProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )


def _listen(port: int) -> socket.socket:
    # asyncio sends without delay only where the protocol is named: 40 ms an answer otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener
