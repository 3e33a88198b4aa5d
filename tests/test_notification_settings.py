"""Where notifications go is given whole or refused with what is missing, values never quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.notification_settings import SmtpSecurity
from core.settings import load_settings, read_secrets

WEBHOOK = {
    "NOTIFY_WEBHOOK_URL": "https://hooks.example.com/t0ken/x?y=z",
    "NOTIFY_WEBHOOK_SECRET": "hush-hook",
}
MAIL = {
    "NOTIFY_EMAIL_TO": "ana@example.com, ben@example.com",
    "NOTIFY_EMAIL_FROM": "sync@example.com",
    "SMTP_HOST": "mail.example.com",
}
LOGIN = {"SMTP_USER": "hush-user", "SMTP_PASSWORD": "hush-password"}


def refused(given: dict[str, str]) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(given, {})
    return caught.value


def fields(given: dict[str, str]) -> list[str | None]:
    return [problem.field for problem in refused(given).problems]


def test_nothing_given_is_no_notifications() -> None:
    found = load_settings({}, {}).notifications
    assert (found.webhook, found.mail) == (None, None)


def test_a_webhook_alone() -> None:
    found = load_settings(WEBHOOK, {}).notifications
    assert found.webhook is not None
    assert found.webhook.url == WEBHOOK["NOTIFY_WEBHOOK_URL"]
    assert found.webhook.secret == "hush-hook"
    assert found.mail is None


def test_mail_alone_has_encryption_by_default() -> None:
    found = load_settings(MAIL, {}).notifications
    assert found.webhook is None
    assert found.mail is not None
    assert found.mail.to == ("ana@example.com", "ben@example.com")
    assert (found.mail.port, found.mail.security) == (587, SmtpSecurity.STARTTLS)
    assert (found.mail.user, found.mail.password) == ("", "")


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("SSL", 465), ("none", 25)])
def test_each_kind_of_encryption_has_its_usual_port(security: str, port: int) -> None:
    for given, expected in (({}, port), ({"SMTP_PORT": "2525"}, 2525)):
        mail = load_settings({**MAIL, "SMTP_SECURITY": security, **given}, {}).notifications.mail
        assert mail is not None
        assert (mail.port, mail.security) == (expected, security.lower())


@pytest.mark.parametrize("name", sorted(WEBHOOK))
def test_each_missing_setting_of_the_webhook_is_named(name: str) -> None:
    assert fields({key: value for key, value in WEBHOOK.items() if key != name}) == [name]


@pytest.mark.parametrize("name", sorted(MAIL))
def test_each_missing_setting_of_the_mail_is_named(name: str) -> None:
    assert fields({key: value for key, value in MAIL.items() if key != name}) == [name]


@pytest.mark.parametrize("name", ["SMTP_PORT", "SMTP_SECURITY", "NOTIFY_WEBHOOK_ALLOW_HTTP"])
def test_an_optional_setting_alone_is_half_given(name: str) -> None:
    assert set(fields({name: "none"})) >= {"SMTP_HOST"} or name.startswith("NOTIFY_WEBHOOK")
    assert fields({name: "none"})


@pytest.mark.parametrize("name", sorted(LOGIN))
def test_a_login_is_given_whole(name: str) -> None:
    assert load_settings({**MAIL, **LOGIN}, {}).notifications.mail is not None
    rest = {key: value for key, value in LOGIN.items() if key != name}
    assert fields({**MAIL, **rest}) == [name]


def test_everything_wrong_is_said_at_once() -> None:
    wrong = {"NOTIFY_WEBHOOK_URL": "ftp://x", "SMTP_PORT": "0", "DASHBOARD_URL": "here"}
    assert fields(wrong) == [
        "NOTIFY_WEBHOOK_SECRET",
        "NOTIFY_WEBHOOK_URL",
        "NOTIFY_EMAIL_TO",
        "NOTIFY_EMAIL_FROM",
        "SMTP_HOST",
        "SMTP_PORT",
        "DASHBOARD_URL",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOTIFY_WEBHOOK_URL", "hooks.example.com"),
        ("NOTIFY_WEBHOOK_URL", "https:///path"),
        ("NOTIFY_WEBHOOK_URL", "https://[half"),
        ("NOTIFY_WEBHOOK_URL", "https://x:port"),
        ("NOTIFY_WEBHOOK_URL", "http://127.0.0.1.example.com"),
        ("NOTIFY_WEBHOOK_ALLOW_HTTP", "perhaps"),
        ("NOTIFY_EMAIL_TO", ",;,"),
        ("NOTIFY_EMAIL_TO", "Ana <ana@example.com>"),
        ("NOTIFY_EMAIL_TO", "ana@example.com\nBcc: eve@example.com"),
        ("NOTIFY_EMAIL_TO", "ana@exämple.com"),
        ("NOTIFY_EMAIL_FROM", "a@example.com,b@example.com"),
        ("NOTIFY_EMAIL_FROM", "nobody"),
        ("SMTP_HOST", "https://mail.example.com"),
        ("SMTP_HOST", "mail example"),
        ("SMTP_HOST", "mail..example.com"),
        ("SMTP_HOST", "mail.example.com:25"),
        ("SMTP_HOST", "ana@mail.example.com"),
        ("SMTP_PORT", "65536"),
        ("SMTP_PORT", "00"),
        ("SMTP_PORT", "-1"),
        ("SMTP_PORT", "٢٥"),
        ("SMTP_SECURITY", "tls1"),
        ("DASHBOARD_URL", "javascript:alert(1)"),
    ],
)
def test_a_wrong_value_is_a_problem_of_its_setting_and_is_not_quoted(name: str, value: str) -> None:
    error = refused({**WEBHOOK, **MAIL, name: value})
    assert [problem.field for problem in error.problems] == [name]
    assert value not in "".join(str(problem.text) for problem in error.problems) + str(error)


@pytest.mark.parametrize("host", ["mail", "mail.example.com.", "192.0.2.1", "2001:db8::1", "::1"])
def test_the_ways_to_name_a_mail_server(host: str) -> None:
    assert load_settings({**MAIL, "SMTP_HOST": host}, {}).notifications.mail is not None


@pytest.mark.parametrize("port", ["1", "65535"])
def test_the_ports_that_there_are(port: str) -> None:
    assert load_settings({**MAIL, "SMTP_PORT": port}, {}).notifications.mail is not None


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]/x"])
def test_a_webhook_on_this_machine_needs_no_encryption(url: str) -> None:
    assert load_settings({**WEBHOOK, "NOTIFY_WEBHOOK_URL": url}, {}).notifications.webhook


def test_plain_http_to_others_only_where_it_is_allowed() -> None:
    given = {**WEBHOOK, "NOTIFY_WEBHOOK_URL": "http://relay.example.com/x"}
    for value in ("", "false", "No", "0"):
        assert fields({**given, "NOTIFY_WEBHOOK_ALLOW_HTTP": value}) == ["NOTIFY_WEBHOOK_URL"]
    for value in ("true", "Yes", "1"):
        allowed = load_settings({**given, "NOTIFY_WEBHOOK_ALLOW_HTTP": value}, {})
        assert allowed.notifications.webhook is not None


def test_a_password_never_travels_unencrypted() -> None:
    given = {**MAIL, **LOGIN, "SMTP_SECURITY": "none"}
    assert fields(given) == ["SMTP_SECURITY"]
    assert load_settings({**given, "SMTP_HOST": "localhost"}, {}).notifications.mail
    assert load_settings({**MAIL, "SMTP_SECURITY": "none"}, {}).notifications.mail


def test_no_value_shows_in_a_settings_text() -> None:
    text = repr(load_settings({**WEBHOOK, **MAIL, **LOGIN}, {}))
    for value in ("t0ken", "hush", "example.com"):
        assert value not in text


def test_a_port_and_a_switch_in_toml_need_no_quotes(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text("SMTP_PORT = 2525\nNOTIFY_WEBHOOK_ALLOW_HTTP = true\n", encoding="utf-8")
    assert read_secrets(path) == {"SMTP_PORT": "2525", "NOTIFY_WEBHOOK_ALLOW_HTTP": "true"}


def test_notifications_under_a_heading_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('[auth]\nNOTIFY_EMAIL_TO = "a@example.com"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="NOTIFY_EMAIL_TO"):
        read_secrets(path)
