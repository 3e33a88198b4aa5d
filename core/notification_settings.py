"""Where notifications go: a webhook, e-mail, both or neither, each given whole or not at all.

The values are secrets like those of the vendors: an address of a webhook often holds a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.addresses import is_protected, is_this_machine, is_web_address
from core.errors import ConfigurationError, Message, Problem, message

WEBHOOK_REQUIRED = ("NOTIFY_WEBHOOK_URL", "NOTIFY_WEBHOOK_SECRET")
WEBHOOK_OPTIONAL = ("NOTIFY_WEBHOOK_ALLOW_HTTP",)
MAIL_REQUIRED = ("NOTIFY_EMAIL_TO", "NOTIFY_EMAIL_FROM", "SMTP_HOST")
MAIL_OPTIONAL = ("SMTP_PORT", "SMTP_SECURITY", "SMTP_USER", "SMTP_PASSWORD")
LINK_OPTIONAL = ("DASHBOARD_URL",)
NOTIFICATION_NAMES = (
    *WEBHOOK_REQUIRED,
    *WEBHOOK_OPTIONAL,
    *MAIL_REQUIRED,
    *MAIL_OPTIONAL,
    *LINK_OPTIONAL,
)

_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
# What every mail server takes; anything else would have to be quoted or encoded somewhere.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


class SmtpSecurity(StrEnum):
    """How the connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    SSL = "ssl"
    NONE = "none"


_PORTS = {SmtpSecurity.STARTTLS: 587, SmtpSecurity.SSL: 465, SmtpSecurity.NONE: 25}


@dataclass(frozen=True)
class WebhookSettings:
    """Where notifications are posted, and what they are signed with."""

    url: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class MailSettings:
    """Who gets mail, and the server that takes it. Without a user nobody signs in there."""

    to: tuple[str, ...] = field(repr=False)
    sender: str = field(repr=False)
    host: str = field(repr=False)
    port: int = 587
    security: SmtpSecurity = SmtpSecurity.STARTTLS
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class NotificationSettings:
    """None: that way is not used. `dashboard_url` is what links start with, empty: no links."""

    webhook: WebhookSettings | None = None
    mail: MailSettings | None = None
    dashboard_url: str = ""


def load_notifications(given: Mapping[str, str]) -> NotificationSettings:
    """The settings among `given`, stripped texts by name.

    Raises ConfigurationError naming everything that is missing or wrong; values are not quoted.
    """
    problems = [*_webhook_problems(given), *_mail_problems(given), *_link_problems(given)]
    if problems:
        raise ConfigurationError(
            message("The settings of notifications are incomplete."),
            problems,
            remedy=message(
                "Set what is missing in the environment or in .streamlit/secrets.toml, or remove "
                "all that begin with NOTIFY_ and SMTP_ to send no notifications."
            ),
        )
    return NotificationSettings(
        webhook=_webhook(given) if WEBHOOK_REQUIRED[0] in given else None,
        mail=_mail(given) if MAIL_REQUIRED[0] in given else None,
        dashboard_url=given.get("DASHBOARD_URL", "").rstrip("/"),
    )


def _webhook_problems(given: Mapping[str, str]) -> Iterator[Problem]:
    if not any(name in given for name in (*WEBHOOK_REQUIRED, *WEBHOOK_OPTIONAL)):
        return
    yield from _missing(WEBHOOK_REQUIRED, given)
    allow_http = given.get("NOTIFY_WEBHOOK_ALLOW_HTTP", "false").lower()
    if allow_http not in _SWITCH:
        yield _problem(message("{name} must be true or false.", name="NOTIFY_WEBHOOK_ALLOW_HTTP"))
    url = given.get("NOTIFY_WEBHOOK_URL")
    if url is None:
        return
    if not is_web_address(url):
        yield _problem(message("{name} must start with https://.", name="NOTIFY_WEBHOOK_URL"))
    elif not is_protected(url) and not _SWITCH.get(allow_http, False):
        yield _problem(
            message(
                "{name} must start with https://, unless {switch} is true.",
                name="NOTIFY_WEBHOOK_URL",
                switch="NOTIFY_WEBHOOK_ALLOW_HTTP",
            )
        )


def _mail_problems(given: Mapping[str, str]) -> Iterator[Problem]:
    if not any(name in given for name in (*MAIL_REQUIRED, *MAIL_OPTIONAL)):
        return
    yield from _missing(MAIL_REQUIRED, given)
    for name in ("SMTP_USER", "SMTP_PASSWORD"):
        other = "SMTP_PASSWORD" if name == "SMTP_USER" else "SMTP_USER"
        if name not in given and other in given:
            yield from _missing((name,), given)
    yield from _address_problems(given)
    yield from _server_problems(given)


def _address_problems(given: Mapping[str, str]) -> Iterator[Problem]:
    recipients = _addresses(given.get("NOTIFY_EMAIL_TO", ""))
    if "NOTIFY_EMAIL_TO" in given and not (recipients and all(map(_is_address, recipients))):
        yield _problem(
            message(
                "{name} must be e-mail addresses without names, separated by commas.",
                name="NOTIFY_EMAIL_TO",
            )
        )
    if "NOTIFY_EMAIL_FROM" in given and not _is_address(given["NOTIFY_EMAIL_FROM"]):
        yield _problem(
            message("{name} must be one e-mail address without a name.", name="NOTIFY_EMAIL_FROM")
        )


def _server_problems(given: Mapping[str, str]) -> Iterator[Problem]:
    host, port = given.get("SMTP_HOST", ""), given.get("SMTP_PORT", "25")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        yield _problem(message("{name} must be a number from 1 to 65535.", name="SMTP_PORT"))
    if "SMTP_HOST" in given and (len(host) > 253 or not _HOST.fullmatch(host)):
        yield _problem(
            message(
                "{name} must be the name of a server, nothing before or after.", name="SMTP_HOST"
            )
        )
    security = given.get("SMTP_SECURITY", SmtpSecurity.STARTTLS).lower()
    if security not in set(SmtpSecurity):
        yield _problem(message("{name} must be starttls, ssl or none.", name="SMTP_SECURITY"))
    elif security == SmtpSecurity.NONE and "SMTP_PASSWORD" in given and not is_this_machine(host):
        yield _problem(
            message(
                "{name} must be starttls or ssl: a password never travels unencrypted.",
                name="SMTP_SECURITY",
            )
        )


def _link_problems(given: Mapping[str, str]) -> Iterator[Problem]:
    if not is_web_address(given.get("DASHBOARD_URL", "https://localhost")):
        yield _problem(message("{name} must start with https:// or http://.", name="DASHBOARD_URL"))


def _missing(names: tuple[str, ...], given: Mapping[str, str]) -> Iterator[Problem]:
    for name in names:
        if name not in given:
            yield _problem(message("{name} is missing.", name=name))


def _problem(text: Message) -> Problem:
    """What is wrong with the setting that is the fact `name` of `text`."""
    return Problem(text, field=str(dict(text.facts)["name"]))


def _webhook(given: Mapping[str, str]) -> WebhookSettings:
    return WebhookSettings(given["NOTIFY_WEBHOOK_URL"], given["NOTIFY_WEBHOOK_SECRET"])


def _mail(given: Mapping[str, str]) -> MailSettings:
    security = SmtpSecurity(given.get("SMTP_SECURITY", SmtpSecurity.STARTTLS).lower())
    return MailSettings(
        to=_addresses(given["NOTIFY_EMAIL_TO"]),
        sender=given["NOTIFY_EMAIL_FROM"],
        host=given["SMTP_HOST"],
        port=int(given.get("SMTP_PORT", _PORTS[security])),
        security=security,
        user=given.get("SMTP_USER", ""),
        password=given.get("SMTP_PASSWORD", ""),
    )


def _addresses(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in re.split(r"[,;]", text))
    return tuple(dict.fromkeys(part for part in parts if part))


def _is_address(text: str) -> bool:
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None
