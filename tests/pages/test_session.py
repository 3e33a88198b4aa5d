"""The start of every page: guard, errors, identity, language, banner."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core.services
from core.errors import ConfigurationError, Problem, StoreInUseError, message
from core.services import Services
from pages.components import identity, problems, remembered
from pages.components.session import _page_of

ROOT = Path(__file__).resolve().parents[2]


def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=20)


def test_the_first_page_opens(page_services):
    page = app().run()
    assert not page.exception
    assert page.title[0].value == "Overview"


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("http://localhost:8501/settings", "pages/settings.py"),
        ("http://localhost:8501/settings?show=broken", "pages/settings.py"),
        ("https://example.com/base/overview/", "pages/overview.py"),
        ("http://localhost:8501/", None),
        ("http://localhost:8501/app", None),
        ("http://localhost:8501/../core/settings", "pages/settings.py"),
        ("http://localhost:8501/etc/passwd", None),
        ("", None),
    ],
)
def test_a_deep_link_names_one_of_our_pages_or_none(address, page):
    assert _page_of(address) == page


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> AppTest:
    def build() -> Services:
        raise error

    monkeypatch.setattr(core.services, "build_services", build)
    st.cache_resource.clear()
    return app().run()


def test_a_half_given_configuration_says_what_is_missing(monkeypatch):
    error = ConfigurationError(
        message("The connection settings are incomplete."),
        [Problem(message("{name} is missing.", name="SOPHOS_CLIENT_ID"), "SOPHOS_CLIENT_ID")],
        remedy=message(
            "Set what is missing in the environment or in .streamlit/secrets.toml, "
            "or remove them all to use the sandbox."
        ),
    )
    page = failing(monkeypatch, error)
    assert not page.exception
    shown = page.error[0].value.replace("\\", "")
    assert "SOPHOS_CLIENT_ID is missing." in shown
    assert "or remove them all to use the sandbox" in shown


def test_a_store_in_use_says_so_and_can_be_tried_again(monkeypatch, services):
    error = StoreInUseError(message("The database is in use."), pid=4711)
    page = failing(monkeypatch, error)
    assert "The database is in use." in page.error[0].value.replace("\\", "")
    monkeypatch.setattr(core.services, "build_services", lambda: services)
    page.button[0].click().run()
    assert not page.error


def test_the_name_in_the_history_can_be_changed_and_is_kept_on_other_pages(page_services):
    page = app().run()
    assert page.text_input(key="sidebar_name").value == identity.system_user()
    page.text_input(key="sidebar_name").set_value("  Anna   Analyst ").run()
    page.switch_page("pages/settings.py").run()
    assert page.text_input(key="sidebar_name").value == "Anna Analyst"
    page.text_input(key="sidebar_name").set_value("").run()
    assert page.text_input(key="sidebar_name").placeholder == identity.system_user()
    page.switch_page("pages/overview.py").run()
    assert page.text_input(key="sidebar_name").value == identity.system_user()


def test_a_signed_in_person_is_who_they_are(page_services):
    page = app()
    page.user = {"is_logged_in": True, "email": "anna@example.com"}
    page.run()
    assert page.text_input(key="sidebar_who").value == "anna@example.com"
    assert page.text_input(key="sidebar_who").disabled
    assert "sidebar_name" not in [widget.key for widget in page.text_input]


def test_with_sign_in_configured_nobody_sees_anything_without_it(page_services):
    page = app()
    page.user = {"is_logged_in": False}
    page.run()
    assert [button.label for button in page.button] == ["Sign in"]
    assert not page.selectbox


def test_the_language_can_be_switched(page_services):
    page = app()
    page.context["locale"] = "en-US"
    page.run()
    page.selectbox(key="sidebar_language").set_value("fr").run()
    assert page.title[0].value == "Vue d'ensemble"
    page.switch_page("pages/settings.py").run()
    assert page.title[0].value == "Paramètres"
    assert page.selectbox(key="sidebar_language").value == "fr"


def test_real_systems_have_no_banner_and_the_sandbox_has(page_services, monkeypatch):
    assert not [box for box in app().run().info if "Sandbox" in box.value]
    monkeypatch.setattr(Services, "mode", core.services.Mode.SANDBOX)
    assert [box for box in app().run().info if "Sandbox" in box.value]


def test_text_of_others_is_shown_as_it_is():
    escaped = problems.as_typed("*a* <b>[c](d) $x$ `e` #f")
    assert escaped == r"\*a\* \<b\>\[c\]\(d\) \$x\$ \`e\` \#f"


def test_names_with_markdown_do_not_become_markup_on_the_overview(filled_services, sandbox):
    name = "**Bold** [link](http://x) <script>"
    code = filled_services.mappings.rows()[0].product.code
    request = urllib.request.Request(
        f"{sandbox.admin_url}/sophos-products/{code}",
        data=json.dumps({"description": name}).encode(),
        method="PUT",
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()
    filled_services.usage.fetch(filled_services.usage.months()[0], "Test")
    page = app().run()
    shown = [box.value for box in page.markdown if "Bold" in box.value]
    assert shown
    assert all(problems.as_typed(name) in value for value in shown)


def test_name_and_language_are_remembered_by_the_browser(page_services):
    page = app().run()
    page.text_input(key="sidebar_name").set_value('Zoë "Z"; </script> Ω').run()
    written = "".join(html.proto.body for html in page.get("html"))
    assert "usage_sync_name=Zo%C3%AB%20%22Z%22%3B%20%3C%2Fscript%3E%20%CE%A9; path=/" in written
    page.run()
    assert "usage_sync_name" not in "".join(html.proto.body for html in page.get("html"))


@pytest.mark.parametrize(
    ("cookie", "name"),
    [("Zo%C3%AB%20Z", "Zoë Z"), ("", None), ("x" * 500, "x" * 60), ("%20%0A", None)],
)
def test_what_the_browser_remembers_is_not_trusted_to_be_short(monkeypatch, cookie, name):
    monkeypatch.setattr(identity, "recall", lambda key: remembered.unquote(cookie))
    monkeypatch.setattr(st, "session_state", {})
    assert identity.who() == (name or identity.system_user())
