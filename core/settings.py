"""One Settings value, from the environment over `.streamlit/secrets.toml`.

Secrets stay here: they are never stored, logged, exported or shown.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.addresses import is_protected
from core.errors import ConfigurationError, Problem, message
from core.notification_settings import (
    NOTIFICATION_NAMES,
    NotificationSettings,
    load_notifications,
)

VERSION = "0.1.0"

ROOT = Path(__file__).resolve().parent.parent
SECRETS_FILE = ROOT / ".streamlit" / "secrets.toml"

SOPHOS_ID_URL = "https://id.sophos.com"
SOPHOS_API_URL = "https://api.central.sophos.com"

_CONNECTWISE_REQUIRED = (
    "CONNECTWISE_URL",
    "CONNECTWISE_COMPANY",
    "CONNECTWISE_PUBLIC_KEY",
    "CONNECTWISE_PRIVATE_KEY",
    "CONNECTWISE_CLIENT_ID",
)
_SOPHOS_REQUIRED = ("SOPHOS_CLIENT_ID", "SOPHOS_CLIENT_SECRET")
_URLS = ("CONNECTWISE_URL", "SOPHOS_ID_URL", "SOPHOS_API_URL")
_VENDOR_NAMES = (
    *_CONNECTWISE_REQUIRED,
    "CONNECTWISE_CODEBASE",
    *_SOPHOS_REQUIRED,
    "SOPHOS_ID_URL",
    "SOPHOS_API_URL",
)
_NAMES = (*_VENDOR_NAMES, "USAGE_SYNC_STORE", *NOTIFICATION_NAMES)


class Mode(StrEnum):
    """Real vendors, or the sandbox that comes with the product; never mixed."""

    SANDBOX = "sandbox"
    REAL = "real"


@dataclass(frozen=True)
class ConnectWiseSettings:
    """How to reach ConnectWise PSA. `url` is the API host, without a path."""

    url: str
    company: str
    public_key: str = field(repr=False)
    private_key: str = field(repr=False)
    client_id: str = field(repr=False)
    codebase: str | None = None


@dataclass(frozen=True)
class SophosSettings:
    """How to reach Sophos Central Partner."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    id_url: str = SOPHOS_ID_URL
    api_url: str = SOPHOS_API_URL


@dataclass(frozen=True)
class Settings:
    """Everything that is configured. Both vendors are None in sandbox mode."""

    store_path: Path
    connectwise: ConnectWiseSettings | None = None
    sophos: SophosSettings | None = None
    notifications: NotificationSettings = field(default_factory=NotificationSettings)

    @property
    def mode(self) -> Mode:
        return Mode.SANDBOX if self.connectwise is None else Mode.REAL


def read_secrets(path: Path = SECRETS_FILE) -> dict[str, str]:
    """The flat values of a secrets.toml as texts; empty when there is no file.

    Raises ConfigurationError for a file that is not TOML, or has our settings under a heading.
    """
    if not path.is_file():
        return {}
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            message("The file {path} cannot be read as TOML.", path=str(path)),
            remedy=message('Correct it; every line is NAME = "value".'),
        ) from error
    _refuse_under_headings(parsed, path)
    # A port needs no quotes in TOML: left out for that, the default would hold without a word.
    return {
        name: value if isinstance(value, str) else str(value).lower()
        for name, value in parsed.items()
        if isinstance(value, (str, int))
    }


def _refuse_under_headings(parsed: Mapping[str, object], path: Path) -> None:
    """In TOML everything after `[auth]` belongs to it: unnoticed, that would mean the sandbox."""
    for heading, table in parsed.items():
        for name in table if isinstance(table, dict) else ():
            if name in _NAMES:
                raise ConfigurationError(
                    message(
                        "{name} stands under the heading [{heading}] of {path}, where it does not "
                        "count.",
                        name=name,
                        heading=heading,
                        path=str(path),
                    ),
                    remedy=message("Move it to the top of the file, above every heading."),
                )


def load_settings(environment: Mapping[str, str], secrets: Mapping[str, str]) -> Settings:
    """Combine both sources; raises ConfigurationError naming every missing setting.

    With neither vendor configured the result is sandbox mode. A vendor that is given in part, or
    one vendor without the other, is an error: real and sandbox are never mixed. So is a way of
    notifying that is given in part: a failure would be told to nobody.
    """
    given = {
        name: value.strip()
        for name in _NAMES
        if (value := (environment.get(name) or "").strip() or secrets.get(name) or "").strip()
    }
    _refuse_half_given(given)
    connectwise = _connectwise(given) if "CONNECTWISE_URL" in given else None
    sophos = _sophos(given) if "SOPHOS_CLIENT_ID" in given else None
    store_path = _store_path(given, sandbox=connectwise is None)
    return Settings(store_path, connectwise, sophos, load_notifications(given))


def _refuse_half_given(given: Mapping[str, str]) -> None:
    if not any(name in given for name in _VENDOR_NAMES):
        return
    missing = [name for name in (*_CONNECTWISE_REQUIRED, *_SOPHOS_REQUIRED) if name not in given]
    problems = [Problem(message("{name} is missing.", name=name), field=name) for name in missing]
    problems += [
        Problem(message("{name} must start with https://.", name=name), field=name)
        for name in _URLS
        if name in given and not is_protected(given[name])
    ]
    if missing:
        raise ConfigurationError(
            message("The connection settings are incomplete."),
            problems,
            remedy=message(
                "Set what is missing in the environment or in .streamlit/secrets.toml, "
                "or remove them all to use the sandbox."
            ),
        )
    if problems:
        raise ConfigurationError(
            message("An address in the connection settings is wrong."),
            problems,
            remedy=message(
                "Correct it in the environment or in .streamlit/secrets.toml; it begins with https://."
            ),
        )


def _connectwise(given: Mapping[str, str]) -> ConnectWiseSettings:
    return ConnectWiseSettings(
        url=given["CONNECTWISE_URL"].rstrip("/"),
        company=given["CONNECTWISE_COMPANY"],
        public_key=given["CONNECTWISE_PUBLIC_KEY"],
        private_key=given["CONNECTWISE_PRIVATE_KEY"],
        client_id=given["CONNECTWISE_CLIENT_ID"],
        codebase=given.get("CONNECTWISE_CODEBASE"),
    )


def _sophos(given: Mapping[str, str]) -> SophosSettings:
    return SophosSettings(
        client_id=given["SOPHOS_CLIENT_ID"],
        client_secret=given["SOPHOS_CLIENT_SECRET"],
        id_url=given.get("SOPHOS_ID_URL", SOPHOS_ID_URL).rstrip("/"),
        api_url=given.get("SOPHOS_API_URL", SOPHOS_API_URL).rstrip("/"),
    )


def _store_path(given: Mapping[str, str], *, sandbox: bool) -> Path:
    if "USAGE_SYNC_STORE" in given:
        return Path(given["USAGE_SYNC_STORE"]).expanduser()
    return ROOT / "data" / ("usage_sync_sandbox.duckdb" if sandbox else "usage_sync.duckdb")
