"""Notifications by e-mail, over SMTP with the standard library.

Neither addresses, host nor login are ever logged or part of an error, and of what the server says
only its numbers: its sentences quote addresses.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

from core.clients.mail_errors import SYSTEM, NoLoginError, NoStartTlsError, plain_error
from core.notification_settings import MailSettings, SmtpSecurity

_log = logging.getLogger("core.clients")
_SECONDS = 20.0


@dataclass(frozen=True)
class Mail:
    """One notification as it is sent. `id` stays the same when it is sent again."""

    id: str
    subject: str
    text: str = field(repr=False)


class Mailer:
    """The mail server that is configured. `context` replaces the trusted certificates in tests."""

    def __init__(
        self,
        settings: MailSettings,
        *,
        timeout: float = _SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._timeout = timeout
        self._context = context or ssl.create_default_context()

    def send(self, mail: Mail, at: datetime) -> int:
        """Send once; returns how many recipients were refused while others were not.

        Raises TryAgainError, AccessError (every other one would fail too) or RefusedError (this
        one), each with the remedy.
        """
        refused: Mapping[str, object] = {}
        try:
            with closing(self._connect()) as server:
                self._sign_in(server)
                refused = server.send_message(self._compose(mail, at))
                _say_goodbye(server)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            _log.info("%s %s -> %s", SYSTEM, mail.id, type(error).__name__)
            # Without its cause, which quotes addresses.
            raise plain_error(error) from None
        _log.info("%s %s -> sent, %d refused", SYSTEM, mail.id, len(refused))
        return len(refused)

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security is SmtpSecurity.SSL:
            return smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=self._timeout, context=self._context
            )
        return smtplib.SMTP(settings.host, settings.port, timeout=self._timeout)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        settings = self._settings
        server.ehlo_or_helo_if_needed()
        if settings.security is SmtpSecurity.STARTTLS:
            if not server.has_extn("starttls"):
                raise NoStartTlsError
            server.starttls(context=self._context)
            server.ehlo_or_helo_if_needed()
        if settings.user:
            if not server.has_extn("auth"):
                raise NoLoginError
            server.login(settings.user, settings.password)

    def _compose(self, mail: Mail, at: datetime) -> EmailMessage:
        settings = self._settings
        composed = EmailMessage(policy=SMTP_POLICY)
        composed["From"] = settings.sender
        composed["To"] = ", ".join(settings.to)
        composed["Subject"] = " ".join(mail.subject.split())
        composed["Date"] = format_datetime(at)
        composed["Message-ID"] = f"<{mail.id}@{settings.sender.rpartition('@')[2]}>"
        # So that no absence notice answers it.
        composed["Auto-Submitted"] = "auto-generated"
        composed.set_content(mail.text, cte="quoted-printable")
        return composed


def _say_goodbye(server: smtplib.SMTP) -> None:
    """What was taken is taken, whatever the server answers to this."""
    with suppress(smtplib.SMTPException, OSError):
        server.quit()
