from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Mode, load_settings, read_secrets

REAL = {
    "CONNECTWISE_URL": "https://api-na.myconnectwise.net/",
    "CONNECTWISE_COMPANY": "acme",
    "CONNECTWISE_PUBLIC_KEY": "public",
    "CONNECTWISE_PRIVATE_KEY": "very-private",
    "CONNECTWISE_CLIENT_ID": "client-guid",
    "SOPHOS_CLIENT_ID": "sophos-id",
    "SOPHOS_CLIENT_SECRET": "very-secret",
}


def test_nothing_configured_is_sandbox_mode() -> None:
    settings = load_settings({}, {})
    assert settings.mode is Mode.SANDBOX
    assert settings.connectwise is None
    assert settings.sophos is None


def test_sandbox_and_real_data_never_share_the_default_file() -> None:
    assert load_settings({}, {}).store_path != load_settings(REAL, {}).store_path
    assert load_settings(REAL, {}).store_path.name == "usage_sync.duckdb"


def test_everything_configured_is_real_mode() -> None:
    settings = load_settings(REAL, {})
    assert settings.mode is Mode.REAL
    assert settings.connectwise is not None
    assert settings.connectwise.url == "https://api-na.myconnectwise.net"
    assert settings.connectwise.codebase is None
    assert settings.sophos is not None
    assert settings.sophos.api_url == "https://api.central.sophos.com"


def test_the_environment_wins_over_the_secrets_file() -> None:
    settings = load_settings({"CONNECTWISE_COMPANY": "env"}, {**REAL, "CONNECTWISE_COMPANY": "x"})
    assert settings.connectwise is not None
    assert settings.connectwise.company == "env"


def test_an_empty_variable_does_not_hide_the_secrets_file() -> None:
    settings = load_settings({"CONNECTWISE_COMPANY": " "}, REAL)
    assert settings.connectwise is not None
    assert settings.connectwise.company == "acme"


@pytest.mark.parametrize("name", sorted(REAL))
def test_each_missing_setting_is_named(name: str) -> None:
    given = {key: value for key, value in REAL.items() if key != name}
    with pytest.raises(ConfigurationError) as caught:
        load_settings(given, {})
    assert [problem.field for problem in caught.value.problems] == [name]


def test_one_vendor_alone_is_half_given() -> None:
    given = {key: value for key, value in REAL.items() if key.startswith("SOPHOS")}
    with pytest.raises(ConfigurationError) as caught:
        load_settings(given, {})
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize("name", ["CONNECTWISE_URL", "SOPHOS_ID_URL", "SOPHOS_API_URL"])
def test_keys_never_go_over_plain_http(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({**REAL, name: "http://example.com"}, {})
    assert caught.value.problems[0].field == name


@pytest.mark.parametrize("url", ["https://[half", "https://", "api-na.myconnectwise.net"])
def test_an_address_that_is_none_is_a_problem_of_its_setting(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({**REAL, "CONNECTWISE_URL": url}, {})
    assert [problem.field for problem in caught.value.problems] == ["CONNECTWISE_URL"]
    assert "must start with https://" in str(caught.value.problems[0].text)
    assert "address" in str(caught.value)
    assert "incomplete" not in str(caught.value)
    assert "missing" not in str(caught.value)


def test_plain_http_is_accepted_on_this_machine_only() -> None:
    settings = load_settings({**REAL, "CONNECTWISE_URL": "http://127.0.0.1:9"}, {})
    assert settings.connectwise is not None
    with pytest.raises(ConfigurationError):
        load_settings({**REAL, "CONNECTWISE_URL": "http://127.0.0.1.example.com"}, {})


def test_secrets_do_not_show_in_a_settings_text() -> None:
    text = repr(load_settings(REAL, {}))
    assert "private" not in text
    assert "secret" not in text
    assert "client-guid" not in text


def test_a_missing_secrets_file_is_no_settings(tmp_path: Path) -> None:
    assert read_secrets(tmp_path / "secrets.toml") == {}


def test_a_secrets_file_gives_its_flat_texts(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('SOPHOS_CLIENT_ID = "abc"\n[auth]\ncookie_secret = "x"\n', encoding="utf-8")
    assert read_secrets(path) == {"SOPHOS_CLIENT_ID": "abc"}


def test_settings_under_a_heading_do_not_silently_mean_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text('[auth]\ncookie_secret = "x"\nSOPHOS_CLIENT_ID = "abc"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"SOPHOS_CLIENT_ID .*\[auth\].*above every"):
        read_secrets(path)


def test_a_broken_secrets_file_says_which_and_how(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text("SOPHOS_CLIENT_ID = abc", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="TOML"):
        read_secrets(path)
