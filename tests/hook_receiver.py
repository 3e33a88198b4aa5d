"""A receiver of webhooks on this machine, over real HTTP, that misbehaves on request."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("loopback.pem")


@dataclass(frozen=True)
class Received:
    """One request as it came; names of headers in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class HookReceiver:
    """What came, and what is answered: a status, "hang" or "hang up"; the last answer stays."""

    url: str = ""
    answers: list[int | str] = field(default_factory=lambda: [200])
    received: list[Received] = field(default_factory=list)
    on_request: Callable[[], None] = lambda: None
    over: threading.Event = field(default_factory=threading.Event)

    def next_answer(self) -> int | str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.received]


@contextmanager
def hook_receiver(*, encrypted: bool = False) -> Iterator[HookReceiver]:
    """A running receiver; its certificate is trusted by nobody."""
    receiver = HookReceiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    if encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        # The handshake is each connection's own, so that a refused one does not stop the server.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "https" if encrypted else "http"
    receiver.url = (
        f"{scheme}://127.0.0.1:{server.server_port}/hooks/t0ken-in-path?key=t0ken-in-query"
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(receiver: HookReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            receiver.on_request()
            self._answer(receiver.next_answer())

        def _answer(self, answer: int | str) -> None:
            if answer == "hang":
                receiver.over.wait(60)
                self.close_connection = True
            elif answer == "hang up":
                self.close_connection = True
            else:
                self.send_response(int(answer))
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """The tests' output stays clean."""

    return Handler
