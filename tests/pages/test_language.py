"""Which language is shown, and how messages are said in it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import Message, message, plural_message
from pages.components import language, reader
from pages.components.language import _, ngettext, text


def _page() -> None:
    import streamlit as st

    from pages.components.language import _, language, locale

    st.text(f"{language()} {locale()} {_('Settings')}")


def shown(**context: str) -> str:
    app = AppTest.from_function(_page)
    app.context.update(context)
    return app.run().text[0].value


@pytest.mark.parametrize(
    ("browser", "expected"),
    [
        ("en-US", "en en_US Settings"),
        ("fr-FR", "fr fr_FR Paramètres"),
        ("fr-CA", "fr fr_CA Paramètres"),
        ("fr", "fr fr Paramètres"),
        ("de-DE", "en en Settings"),
        ("", "en en Settings"),
        ("../../etc", "en en Settings"),
        ("fr-FR-x-private", "fr fr_FR Paramètres"),
    ],
)
def test_the_browser_chooses(browser, expected):
    assert shown(locale=browser) == expected


def test_the_reader_chooses_against_the_browser():
    app = AppTest.from_function(_page)
    app.context["locale"] = "en-US"
    app.session_state[reader.CHOICE_KEY] = "fr"
    assert app.run().text[0].value == "fr fr Paramètres"
    app.session_state[reader.CHOICE_KEY] = "xx"
    assert app.run().text[0].value == "en en_US Settings"


def test_languages_name_themselves():
    assert language.available() == {"en": "English", "fr": "Français"}


@pytest.fixture
def in_french(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(language, "language", lambda: "fr")
    monkeypatch.setattr(language.formats, "locale", lambda: "fr_FR")


def test_places_are_filled_in_english():
    assert _("Line {row}: {problem}", row=1234, problem="x") == "Line 1,234: x"
    assert _("100 %") == "100 %"
    assert text(message("{name} is missing.", name="A")) == "A is missing."


def test_facts_are_written_as_usual_in_the_language(in_french):
    sentence = message(
        "{a} {b} {day} {month} {id} {inner}",
        a=1234,
        b=Decimal("0.5"),
        day=date(2026, 10, 5),
        month="2026-10",
        id=12345,
        inner=message("{name} is missing.", name="X"),
    )
    assert text(sentence) == "1\u202f234 0,5 5 oct. 2026 octobre 2026 12345 X est absent."


def test_what_looks_like_a_place_in_a_fact_is_left_alone():
    assert text(message("{name} is missing.", name="{row}")) == "{row} is missing."


def test_a_place_without_a_fact_does_not_break_the_page():
    assert text(Message("{name} is missing.", (("other", "x"),))) == "{name} is missing."


def test_plural_forms_differ_between_the_languages(monkeypatch):
    forms = ("{count} change", "{count} changes")
    assert [ngettext(*forms, n) for n in (0, 1, 2)] == ["0 changes", "1 change", "2 changes"]
    monkeypatch.setattr(language, "language", lambda: "fr")
    french = [ngettext(*forms, n) for n in (0, 1, 2)]
    assert french == ["0 modification", "1 modification", "2 modifications"]
    assert text(plural_message(*forms, 2)) == "2 modifications"


def _telling_page() -> None:
    import streamlit as st

    from core.errors import message
    from pages.components.language import text, text_in

    known = message("{name} is missing.", name=1234)
    st.text(" ".join([text(known), text_in(known, "en"), text(known)]))


def test_somebody_else_is_told_in_their_own_language_whoever_looks():
    app = AppTest.from_function(_telling_page)
    app.context["locale"] = "fr-FR"
    here = "1\u202f234 est absent."
    assert app.run().text[0].value == f"{here} 1,234 is missing. {here}"


def test_in_a_thread_without_a_reader_the_language_that_is_asked_for_is_spoken():
    sentence = message(
        "{name} is missing. {inner}", name=1234, inner=message("{name} is missing.", name="X")
    )
    assert text(sentence) == "1,234 is missing. X is missing."
    assert (
        language.text_in(message("{name} is missing.", name=1234), "fr") == "1\u202f234 est absent."
    )
    month = message("{month}", month="2026-10")
    assert [language.text_in(month, code) for code in ("fr", "en", "../../etc")] == [
        "octobre 2026",
        "October 2026",
        "October 2026",
    ]
