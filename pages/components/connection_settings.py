"""Which settings are given, and from where. Their values are never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
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


REQUIRED, OPTIONAL = True, False
_SETTINGS = (
    ("CONNECTWISE_URL", REQUIRED),
    ("CONNECTWISE_COMPANY", REQUIRED),
    ("CONNECTWISE_PUBLIC_KEY", REQUIRED),
    ("CONNECTWISE_PRIVATE_KEY", REQUIRED),
    ("CONNECTWISE_CLIENT_ID", REQUIRED),
    ("CONNECTWISE_CODEBASE", OPTIONAL),
    ("SOPHOS_CLIENT_ID", REQUIRED),
    ("SOPHOS_CLIENT_SECRET", REQUIRED),
    ("SOPHOS_ID_URL", OPTIONAL),
    ("SOPHOS_API_URL", OPTIONAL),
    ("USAGE_SYNC_STORE", OPTIONAL),
)


def connection_settings(
    environment: Mapping[str, str], secrets: Mapping[str, str]
) -> list[Setting]:
    """Every setting of the connections with its source."""
    return with_sources(_SETTINGS, environment, secrets)


def with_sources(
    names: Sequence[tuple[str, bool]], environment: Mapping[str, str], secrets: Mapping[str, str]
) -> list[Setting]:
    """These settings, required or not, with their sources."""
    return [
        Setting(name, _source(name, required, environment, secrets)) for name, required in names
    ]


def draw_connection_settings() -> None:
    """The table of the settings of the connections."""
    draw_settings(_SETTINGS)


def draw_settings(names: Sequence[tuple[str, bool]]) -> None:
    """A table of settings: name, state, source."""
    try:
        settings = with_sources(names, os.environ, read_secrets())
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
    # A table of text: its cells wrap where the screen is narrow.
    st.table(
        [{name: f"`{setting.name}`", state: words[setting.source]} for setting in settings],
        hide_index=True,
        border="horizontal",
        width="content",
    )


def _source(
    name: str, required: bool, environment: Mapping[str, str], secrets: Mapping[str, str]
) -> Source:
    if environment.get(name, "").strip():
        return Source.ENVIRONMENT
    if secrets.get(name, "").strip():
        return Source.FILE
    return Source.MISSING if required else Source.DEFAULT
