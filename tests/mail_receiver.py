"""A mail server on this machine, over real SMTP with TLS and login, that misbehaves on request."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("loopback.pem")


@dataclass
class MailReceiver:
    """What came, and how the server is: `says` replaces the answer to a command by its first word
    (`CONNECT`, `RCPT bob@example.com` and `.` too); None hangs, the empty text hangs up.
    """

    port: int = 0
    offers_starttls: bool = True
    logins: str = "PLAIN LOGIN"
    user: str = ""
    password: str = ""
    says: dict[str, str | None] = field(default_factory=dict)
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    on_mail: Callable[[], None] = lambda: None
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.received]


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting_context() -> ssl.SSLContext:
    """For a client that trusts the certificate of the tests."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


@contextmanager
def mail_receiver(*, encrypted: bool = False) -> Iterator[MailReceiver]:
    """A running server; `encrypted` from the first byte, as on port 465."""
    receiver = MailReceiver()
    with _Server(("127.0.0.1", 0), _handler(receiver, encrypted=encrypted)) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.over.set()
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that goes away in the middle is what the tests are about."""


class _HangUpError(Exception):
    pass


def _handler(receiver: MailReceiver, *, encrypted: bool) -> type[socketserver.BaseRequestHandler]:
    class Handler(_Session):
        def setup(self) -> None:
            self.mails = receiver
            self.encrypted = encrypted

    return Handler


class _Session(socketserver.BaseRequestHandler):
    mails: MailReceiver
    encrypted: bool

    def handle(self) -> None:
        self._recipients: list[str] = []
        if self.encrypted:
            self.request = server_context().wrap_socket(self.request, server_side=True)
        self._lines = self.request.makefile("rb")
        try:
            self._answer("CONNECT", "220 loopback.test ESMTP")
            while line := self._lines.readline():
                self._do(line.decode("utf-8", "replace").strip())
        except (OSError, _HangUpError):
            pass
        finally:
            self._lines.close()
            self.request.close()

    def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        command = word.upper()
        {
            "EHLO": self._hello,
            "STARTTLS": self._encrypt,
            "AUTH": self._sign_in,
            "RCPT": self._recipient,
            "DATA": self._data,
            "QUIT": self._quit,
        }.get(command, lambda _: self._answer(command, "250 ok"))(rest)

    def _answer(self, about: str, usual: str) -> bool:
        """Say what is usual, or what the test wants; whether it was the usual."""
        said = self.mails.says.get(about, usual)
        if said is None:
            self.mails.over.wait(60)
        if not said:
            raise _HangUpError
        self.request.sendall(said.encode("ascii") + b"\r\n")
        return said == usual

    def _hello(self, _: str) -> None:
        offers = ["loopback.test", "8BITMIME"]
        offers += ["STARTTLS"] if self.mails.offers_starttls and not self.encrypted else []
        offers += [f"AUTH {self.mails.logins}"] if self.mails.logins else []
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self._answer("EHLO", "\r\n".join(lines))

    def _encrypt(self, _: str) -> None:
        if self._answer("STARTTLS", "220 go on"):
            self._lines.close()
            self.request = server_context().wrap_socket(self.request, server_side=True)
            self._lines = self.request.makefile("rb")
            self.encrypted = True

    def _sign_in(self, rest: str) -> None:
        kind, _, first = rest.partition(" ")
        if kind.upper() == "PLAIN":
            _, user, password = base64.b64decode(first).decode().split("\0")
        else:
            user = base64.b64decode(first).decode()
            self._answer("PASSWORD", "334 " + base64.b64encode(b"Password:").decode())
            password = base64.b64decode(self._lines.readline().strip()).decode()
        known = (user, password) == (self.mails.user, self.mails.password)
        if known:
            self.mails.signed_in.append(user)
        self._answer("AUTH", f"235 hello {user}" if known else f"535 5.7.8 who is {user}?")

    def _recipient(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        about = f"RCPT {address}" if f"RCPT {address}" in self.mails.says else "RCPT"
        if self._answer(about, "250 ok"):
            self._recipients.append(address)

    def _data(self, _: str) -> None:
        if not self._answer("DATA", "354 go on"):
            return
        lines = []
        while (line := self._lines.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        if "." not in self.mails.says:
            self._take(b"".join(lines))
        self._answer(".", "250 taken")

    def _take(self, content: bytes) -> None:
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.received.append(mail)
        self.mails.recipients.append(self._recipients)
        self.mails.encrypted.append(self.encrypted)
        self.mails.on_mail()
        self._recipients = []

    def _quit(self, _: str) -> None:
        self._answer("QUIT", "221 bye")
        raise _HangUpError
