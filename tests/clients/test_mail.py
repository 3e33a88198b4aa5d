"""Mail over real SMTP, with real encryption and login, and what is said when it does not go."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.clients.mail import Mail, Mailer
from core.errors import AccessError, RefusedError, TryAgainError, VendorError
from core.notification_settings import MailSettings, SmtpSecurity
from tests.mail_receiver import MailReceiver, mail_receiver, trusting_context

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
MAIL = Mail("run-7", "Synchronisation terminée\n", "Été 🧾\n.\n..two dots\n" + "x" * 2000)
PASSWORD = "hush-password"
HIDDEN = ("ana@", "ben@", "sync@", PASSWORD, "localhost", "hush-user")


@pytest.fixture
def receiver() -> Iterator[MailReceiver]:
    with mail_receiver() as running:
        running.user, running.password = "hush-user", PASSWORD
        yield running


def settings(receiver: MailReceiver, **changes: object) -> MailSettings:
    given = MailSettings(
        to=("ana@example.com", "ben@example.com"),
        sender="sync@example.com",
        host="localhost",
        port=receiver.port,
    )
    return replace(given, **changes)


LOGIN = {"user": "hush-user", "password": PASSWORD}


def send(
    given: MailSettings, *, timeout: float = 20.0, context: ssl.SSLContext | None = None
) -> int:
    mailer = Mailer(given, timeout=timeout, context=context or trusting_context())
    return mailer.send(MAIL, NOW)


def failure(given: MailSettings, *, timeout: float = 20.0, trusted: bool = True) -> VendorError:
    context = trusting_context() if trusted else ssl.create_default_context()
    with pytest.raises(VendorError) as caught:
        send(given, timeout=timeout, context=context)
    error = caught.value
    assert error.remedy is not None
    assert error.__suppress_context__
    told = f"{error} {error.detail} {error!r}"
    assert [hidden for hidden in HIDDEN if hidden in told] == []
    return error


# ---------------------------------------------------------------- what is sent


def test_a_mail_arrives_encrypted_and_signed_in(receiver: MailReceiver) -> None:
    assert send(settings(receiver, **LOGIN)) == 0
    (mail,) = receiver.received
    assert receiver.recipients == [["ana@example.com", "ben@example.com"]]
    assert receiver.encrypted == [True]
    assert receiver.signed_in == ["hush-user"]
    assert mail["From"] == "sync@example.com"
    assert mail["To"] == "ana@example.com, ben@example.com"
    assert mail["Subject"] == "Synchronisation terminée"
    assert mail["Message-ID"] == "<run-7@example.com>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == MAIL.text


def test_encrypted_from_the_first_byte() -> None:
    with mail_receiver(encrypted=True) as receiver:
        send(settings(receiver, security=SmtpSecurity.SSL))
        assert receiver.encrypted == [True]


def test_unencrypted_where_that_is_wanted(receiver: MailReceiver) -> None:
    send(settings(receiver, security=SmtpSecurity.NONE))
    assert receiver.encrypted == [False]


@pytest.mark.parametrize("logins", ["PLAIN", "LOGIN", "XOAUTH2 LOGIN"])
def test_the_kinds_of_login_that_there_are(receiver: MailReceiver, logins: str) -> None:
    receiver.logins = logins
    send(settings(receiver, **LOGIN))
    assert receiver.signed_in == ["hush-user"]


def test_the_same_id_again_is_the_same_message(receiver: MailReceiver) -> None:
    for _ in range(2):
        send(settings(receiver))
    assert receiver.ids == ["<run-7@example.com>"] * 2


def test_a_goodbye_that_fails_takes_nothing_back(receiver: MailReceiver) -> None:
    receiver.says["QUIT"] = ""
    send(settings(receiver))
    assert len(receiver.received) == 1


def test_one_refused_recipient_of_two_is_counted_and_the_other_has_it(
    receiver: MailReceiver,
) -> None:
    receiver.says["RCPT ben@example.com"] = "550 5.1.1 <ben@example.com> unknown"
    assert send(settings(receiver)) == 1
    assert receiver.recipients == [["ana@example.com"]]


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("about", "answer", "kind", "named"),
    [
        ("AUTH", "535 5.7.8 hush-user unknown", AccessError, "SMTP_PASSWORD"),
        ("AUTH", "454 4.7.0 hush-user later", TryAgainError, "SMTP_PASSWORD"),
        ("MAIL", "530 5.7.0 login, sync@example.com", AccessError, "SMTP_USER"),
        ("MAIL", "553 5.7.1 not sync@example.com", AccessError, "NOTIFY_EMAIL_FROM"),
        ("MAIL", "451 4.7.1 sync@example.com later", TryAgainError, "NOTIFY_EMAIL_FROM"),
        ("RCPT", "550 5.1.1 ana@example.com unknown", AccessError, "NOTIFY_EMAIL_TO"),
        ("RCPT", "450 4.2.0 ana@example.com greylisted", TryAgainError, "NOTIFY_EMAIL_TO"),
        ("DATA", "554 5.7.1 no, sync@example.com", RefusedError, "log"),
        (".", "554 5.7.1 spam from sync@example.com", RefusedError, "log"),
        (".", "452 4.3.1 full", TryAgainError, "log"),
        ("CONNECT", "554 no service for localhost", AccessError, "SMTP_HOST"),
        ("CONNECT", "421 localhost is busy", TryAgainError, "SMTP_HOST"),
    ],
)
def test_each_refusal_has_its_sentence_and_remedy(
    receiver: MailReceiver, about: str, answer: str, kind: type[VendorError], named: str
) -> None:
    receiver.says[about] = answer
    error = failure(settings(receiver, **LOGIN))
    assert type(error) is kind
    assert answer[:3] in str(error.text)
    assert named in str(error.remedy)


def test_a_wrong_password(receiver: MailReceiver) -> None:
    error = failure(settings(receiver, user="hush-user", password=PASSWORD + "x"))
    assert isinstance(error, AccessError)
    assert "refused the login" in str(error.text)


@pytest.mark.parametrize("login", [{**LOGIN, "password": "hush-pässword"}])
def test_a_login_that_cannot_be_sent(receiver: MailReceiver, login: dict[str, str]) -> None:
    assert "SMTP_PASSWORD" in str(failure(settings(receiver, **login)))


def test_a_server_without_starttls_gets_no_mail(receiver: MailReceiver) -> None:
    receiver.offers_starttls = False
    assert "STARTTLS" in str(failure(settings(receiver, **LOGIN)))
    assert (receiver.received, receiver.signed_in) == ([], [])


def test_a_server_that_refuses_starttls_gets_no_mail(receiver: MailReceiver) -> None:
    receiver.says["STARTTLS"] = "454 TLS not available"
    failure(settings(receiver, **LOGIN))
    assert (receiver.received, receiver.signed_in) == ([], [])


@pytest.mark.parametrize("logins", ["", "XOAUTH2"])
def test_a_server_without_a_known_login(receiver: MailReceiver, logins: str) -> None:
    receiver.logins = logins
    assert "no login" in str(failure(settings(receiver, **LOGIN)).text)


def test_a_certificate_that_nobody_trusts(receiver: MailReceiver) -> None:
    error = failure(settings(receiver, **LOGIN), trusted=False)
    assert "certificate" in str(error.text)
    assert (receiver.received, receiver.signed_in) == ([], [])


def test_a_certificate_of_another_name() -> None:
    with mail_receiver(encrypted=True) as receiver:
        given = settings(receiver, host="127.0.0.1", security=SmtpSecurity.SSL)
        assert "certificate" in str(failure(given).text)
        assert receiver.received == []


def test_encryption_where_none_is_spoken(receiver: MailReceiver) -> None:
    error = failure(settings(receiver, security=SmtpSecurity.SSL))
    assert "encrypted" in str(error.text)
    assert "SMTP_SECURITY" in str(error.remedy)


def test_no_encryption_where_it_is_spoken() -> None:
    with mail_receiver(encrypted=True) as receiver:
        error = failure(settings(receiver), timeout=0.3)
    assert isinstance(error, TryAgainError)
    assert "SMTP_SECURITY" in str(error.remedy)


@pytest.mark.parametrize("about", ["CONNECT", "MAIL", "."])
def test_a_server_that_does_not_answer_in_time(receiver: MailReceiver, about: str) -> None:
    receiver.says[about] = None
    error = failure(settings(receiver), timeout=0.3)
    assert isinstance(error, TryAgainError)
    assert "in time" in str(error.text)


@pytest.mark.parametrize("about", ["CONNECT", "MAIL", "."])
def test_a_server_that_hangs_up(receiver: MailReceiver, about: str) -> None:
    receiver.says[about] = ""
    error = failure(settings(receiver))
    assert isinstance(error, TryAgainError)
    assert "closed the connection" in str(error.text)


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        receiver = MailReceiver(port=taken.getsockname()[1])
        error = failure(settings(receiver, host="127.0.0.1"))
    assert isinstance(error, TryAgainError)
    assert "cannot be reached" in str(error.text)


def test_a_host_that_there_is_not(receiver: MailReceiver) -> None:
    error = failure(settings(receiver, host="localhost.invalid"))
    assert "not known" in str(error.text)
    assert "SMTP_HOST" in str(error.remedy)


def test_the_log_has_neither_login_nor_addresses_nor_text(
    receiver: MailReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(settings(receiver, **LOGIN))
    receiver.says["RCPT"] = "550 ana@example.com unknown"
    failure(settings(receiver, **LOGIN))
    assert "mail server run-7 -> sent" in caplog.text
    assert "mail server run-7 -> SMTPRecipientsRefused" in caplog.text
    for hidden in (*HIDDEN, "Synchronisation", "Été"):
        assert hidden not in caplog.text
