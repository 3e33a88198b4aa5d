"""What a person reads when a mail server did not take a notification."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping

from core.clients.delivery_trouble import Trouble, trouble_of
from core.errors import AccessError, Message, RefusedError, TryAgainError, VendorError, message

SYSTEM = "mail server"


class NoStartTlsError(smtplib.SMTPException):
    """The server offers no encryption on this port."""


class NoLoginError(smtplib.SMTPException):
    """The server takes no login."""


def plain_error(error: Exception) -> VendorError:
    """`error` of the library in words for a person who set up the mail."""
    missing = _missing(error)
    if missing is not None:
        text, remedy = missing
        return AccessError(text, system=SYSTEM, remedy=remedy)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return _answered(error, min(codes, default=500))
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered(error, error.smtp_code)
    trouble = trouble_of(error)
    text, remedy = _NOT_ANSWERED[trouble]
    return TryAgainError(text, system=SYSTEM, remedy=remedy, detail=trouble.name)


def _missing(error: Exception) -> tuple[Message, Message] | None:
    """What one of the two sides cannot do."""
    match error:
        case NoStartTlsError():
            return (
                message("The mail server offers no encryption by STARTTLS on this port."),
                message(
                    "Check SMTP_PORT, or set SMTP_SECURITY to ssl with the port for it, usually "
                    "465."
                ),
            )
        case NoLoginError():
            return (
                message("The mail server takes no login on this port."),
                message(
                    "Check SMTP_PORT and SMTP_SECURITY, or remove SMTP_USER and SMTP_PASSWORD."
                ),
            )
        case UnicodeError():
            return (
                message("SMTP_USER or SMTP_PASSWORD holds characters that cannot be sent."),
                message("Copy them again; accents and other signs outside ASCII are not possible."),
            )
        # The library has no class of its own for a server whose logins it does not know.
        case _ if type(error) in (smtplib.SMTPException, smtplib.SMTPNotSupportedError):
            return (
                message("The mail server takes no login of a kind that is known here."),
                message("Ask who runs the server for another way to sign in."),
            )
        case _:
            return None


def _answered(error: smtplib.SMTPException, code: int) -> VendorError:
    """What the server said no to, with its number; from 400 to 499 it may say yes later."""
    text, remedy = _no_to(error, code)
    if 400 <= code < 500:
        return TryAgainError(text, system=SYSTEM, status=code, remedy=remedy)
    if isinstance(error, smtplib.SMTPDataError):
        return RefusedError(text, system=SYSTEM, status=code, remedy=remedy)
    return AccessError(text, system=SYSTEM, status=code, remedy=remedy)


def _no_to(error: smtplib.SMTPException, code: int) -> tuple[Message, Message]:
    match error:
        case smtplib.SMTPAuthenticationError():
            return (
                message("The mail server refused the login (error {status}).", status=code),
                message(
                    "Check SMTP_USER and SMTP_PASSWORD. Some providers want a password made for "
                    "programs, or have to allow sending by SMTP first."
                ),
            )
        case _ if code == 530:
            return (
                message("The mail server wants a login first (error {status}).", status=code),
                message("Set SMTP_USER and SMTP_PASSWORD, and SMTP_SECURITY to starttls or ssl."),
            )
        case smtplib.SMTPSenderRefused():
            return (
                message("The mail server refused the sender (error {status}).", status=code),
                message("Check NOTIFY_EMAIL_FROM: the login may have to be allowed to send as it."),
            )
        case smtplib.SMTPRecipientsRefused():
            return (
                message("The mail server refused every recipient (error {status}).", status=code),
                message(
                    "Check NOTIFY_EMAIL_TO, and whether the server takes mail for others without "
                    "a login."
                ),
            )
        case smtplib.SMTPDataError():
            return (
                message("The mail server refused the mail (error {status}).", status=code),
                message("Look into the server's log, or ask who runs it."),
            )
        case _:
            return (
                message(
                    "The mail server does not serve this computer (error {status}).", status=code
                ),
                message("Check SMTP_HOST and SMTP_PORT, or ask who runs the server."),
            )


_PORTS = message(
    "Check that SMTP_PORT and SMTP_SECURITY belong together: usually 587 with starttls, 465 with "
    "ssl."
)
_NOT_ANSWERED: Mapping[Trouble, tuple[Message, Message]] = {
    Trouble.NAME_UNKNOWN: (
        message("The mail server is not known."),
        message("Check the spelling of SMTP_HOST, and the network."),
    ),
    Trouble.UNREACHABLE: (
        message("The mail server cannot be reached."),
        message("Check SMTP_HOST, SMTP_PORT, the network and the firewall."),
    ),
    Trouble.TIMED_OUT: (
        message("The mail server did not answer in time."),
        message(
            "Check SMTP_HOST and the firewall, and that SMTP_PORT and SMTP_SECURITY belong "
            "together: usually 587 with starttls, 465 with ssl."
        ),
    ),
    Trouble.CERTIFICATE: (
        message("The certificate of the mail server cannot be trusted."),
        message(
            "Check that SMTP_HOST is the name in the certificate, and the clock of this computer."
        ),
    ),
    Trouble.ENCRYPTION: (
        message("No encrypted connection to the mail server could be made."),
        _PORTS,
    ),
    Trouble.CUT_OFF: (message("The mail server closed the connection."), _PORTS),
}
