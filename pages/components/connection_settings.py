"""Which connection settings are given, and from where. Their values are never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

from core.errors import UsageSyncError
from core.settings import read_secrets
from pages.components.language import _
from pages.components.problems import show_error


class Source(StrEnum):
    """Where a setting comes from; the environment wins over the file."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"
    MISSING = "missing"


@dataclass(frozen=True)
class Setting:
    """One setting by name, and whether and where it is given."""

    name: str
    source: Source


_REQUIRED, _OPTIONAL = True, False
_SETTINGS = (
    ("CONNECTWISE_URL", _REQUIRED),
    ("CONNECTWISE_COMPANY", _REQUIRED),
    ("CONNECTWISE_PUBLIC_KEY", _REQUIRED),
    ("CONNECTWISE_PRIVATE_KEY", _REQUIRED),
    ("CONNECTWISE_CLIENT_ID", _REQUIRED),
    ("CONNECTWISE_CODEBASE", _OPTIONAL),
    ("SOPHOS_CLIENT_ID", _REQUIRED),
    ("SOPHOS_CLIENT_SECRET", _REQUIRED),
    ("SOPHOS_ID_URL", _OPTIONAL),
    ("SOPHOS_API_URL", _OPTIONAL),
    ("USAGE_SYNC_STORE", _OPTIONAL),
)


def connection_settings(
    environment: Mapping[str, str], secrets: Mapping[str, str]
) -> list[Setting]:
    """Every setting with its source."""
    return [
        Setting(name, _source(name, required, environment, secrets)) for name, required in _SETTINGS
    ]


def draw_connection_settings() -> None:
    """The table of settings: name, state, source."""
    try:
        settings = connection_settings(os.environ, read_secrets())
    except UsageSyncError as error:
        show_error(error)
        return
    words = {
        Source.ENVIRONMENT: _("Given, from the environment"),
        Source.FILE: _("Given, from .streamlit/secrets.toml"),
        Source.DEFAULT: _("Not given: the default holds"),
        Source.MISSING: _("Not given"),
    }
    name, state = _("Setting"), _("State")
    st.dataframe(
        [{name: setting.name, state: words[setting.source]} for setting in settings],
        hide_index=True,
        height="content",
    )


def _source(
    name: str, required: bool, environment: Mapping[str, str], secrets: Mapping[str, str]
) -> Source:
    if environment.get(name, "").strip():
        return Source.ENVIRONMENT
    if secrets.get(name, "").strip():
        return Source.FILE
    return Source.MISSING if required else Source.DEFAULT
