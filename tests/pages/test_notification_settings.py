"""The section on notifications: what is given, which events, tests, how the last ones went."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core.services
from core.clients.http import HttpLimits
from core.domain.models import Channel, EventKind, NotificationChoices
from core.domain.notification_events import failure_event
from core.errors import UsageSyncError, message
from core.notification_settings import NOTIFICATION_NAMES
from core.sandbox.server import Sandbox
from core.services import Services, build_services
from core.settings import load_settings
from pages.components.notification_settings import kind_names
from tests.conftest import Clock
from tests.e2e.dashboard import connection_environment
from tests.hook_receiver import HookReceiver, hook_receiver
from tests.mail_receiver import MailReceiver, mail_receiver
from tests.use_cases.notifier import SECRET, environment, until

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = (SECRET, "t0ken", "hush-", "ana@", "ben@", "sync@")


@pytest.fixture
def hook() -> Iterator[HookReceiver]:
    with hook_receiver() as running:
        yield running


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as running:
        running.user, running.password = "hush-user", "hush-password"
        yield running


@pytest.fixture
def serve(
    sandbox: Sandbox,
    tmp_path: Path,
    clock: Clock,
    impatient: HttpLimits,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[dict[str, str]], Services]]:
    """Services with these settings of notifications, which also stand in the environment."""
    with ExitStack() as opened:

        def build(given: dict[str, str]) -> Services:
            for name, value in given.items():
                monkeypatch.setenv(name, value)
            connected = connection_environment(sandbox, tmp_path / "store.duckdb")
            settings = load_settings({**connected, **given}, {})
            services = opened.enter_context(
                closing(build_services(settings, clock=clock, limits=impatient))
            )
            monkeypatch.setattr(core.services, "build_services", lambda: services)
            st.cache_resource.clear()
            st.cache_data.clear()
            return services

        yield build
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def told(
    serve: Callable[[dict[str, str]], Services], hook: HookReceiver, mail: MailReceiver
) -> Services:
    return serve(environment(hook.url, mail.port))


def open_page(language: str = "en-US") -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.context["locale"] = language
    app.run()
    return run(app.switch_page("pages/settings.py"))


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception, page.exception
    tables = [*page.dataframe, *page.table]
    everything = str(page) + "".join(str(each.value.to_csv()) for each in tables)
    assert [hidden for hidden in HIDDEN if hidden in everything] == []
    return page


def words(page: AppTest) -> str:
    boxes = [*page.markdown, *page.caption, *page.success, *page.error, *page.toast]
    return "\n".join(box.value for box in boxes).replace("\\", "")


def table(page: AppTest, column: str) -> list[dict[str, object]]:
    for frame in page.dataframe:
        if column in frame.value.columns:
            return frame.value.to_dict("records")
    return []


def states(page: AppTest) -> dict[str, str]:
    found = {str(row["Setting"]).strip("`"): str(row["State"]) for row in _rows(page)}
    return {name: found[name] for name in NOTIFICATION_NAMES}


def _rows(page: AppTest) -> list[dict[str, object]]:
    frames = [frame.value for frame in page.table if "Setting" in frame.value.columns]
    return [row for frame in frames for row in frame.to_dict("records")]


def test_without_a_way_it_says_how_to_set_one_up(
    serve: Callable[[dict[str, str]], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NOTIFICATION_NAMES:
        monkeypatch.delenv(name, raising=False)
    serve({})
    page = open_page()
    assert "Nothing is sent yet." in words(page)
    assert states(page)["NOTIFY_WEBHOOK_URL"] == "Not given"
    assert states(page)["SMTP_PORT"] == "Not given: the default holds"
    assert set(states(page)) == set(NOTIFICATION_NAMES)
    assert [button.key for button in page.button if button.key == "notifications_save"] == []


def test_which_settings_are_given_and_never_their_values(told: Services) -> None:
    found = states(open_page())
    assert found["NOTIFY_WEBHOOK_SECRET"] == "Given, from the environment"
    assert found["SMTP_PASSWORD"] == "Given, from the environment"
    assert found["DASHBOARD_URL"] == "Not given: the default holds"


def test_only_the_ways_that_are_set_up_are_offered(
    serve: Callable[[dict[str, str]], Services], hook: HookReceiver
) -> None:
    serve(environment(hook.url))
    keys = {widget.key for widget in [*open_page().checkbox, *open_page().button]}
    assert "notifications_webhook_run_failed" in keys
    assert "notifications_test_webhook" in keys
    assert not {key for key in keys if key and "email" in key}


def test_every_event_but_the_test_can_be_chosen() -> None:
    assert set(kind_names()) == set(EventKind) - {EventKind.TEST}


def test_events_and_language_are_kept(told: Services) -> None:
    page = open_page()
    assert all(box.value for box in page.checkbox if box.key.startswith("notifications_"))
    page.checkbox(key="notifications_email_run_finished").uncheck()
    page.checkbox(key="notifications_webhook_plan_blocked").uncheck()
    page.selectbox(key="notifications_language").set_value("fr")
    run(page)
    page.button(key="notifications_save").click()
    run(page)
    muted = {(Channel.EMAIL, EventKind.RUN_FINISHED), (Channel.WEBHOOK, EventKind.PLAN_BLOCKED)}
    assert told.notifications.choices() == NotificationChoices("fr", frozenset(muted))
    again = open_page()
    assert not again.checkbox(key="notifications_email_run_finished").value
    assert again.checkbox(key="notifications_webhook_run_finished").value


def test_both_tests_say_that_they_arrived(
    told: Services, hook: HookReceiver, mail: MailReceiver
) -> None:
    page = open_page()
    page.button(key="notifications_test_webhook").click()
    assert "The webhook took the test." in words(run(page))
    page.button(key="notifications_test_email").click()
    assert "The mail server took the test." in words(run(page))
    assert (len(hook.received), len(mail.received)) == (1, 1)


def test_a_test_that_fails_says_what_to_do(
    told: Services, hook: HookReceiver, mail: MailReceiver
) -> None:
    hook.answers = [404]
    mail.says["AUTH"] = "535 5.7.8 hush-user"
    page = open_page()
    page.button(key="notifications_test_webhook").click()
    assert "What to do: Check NOTIFY_WEBHOOK_URL" in words(run(page))
    page.button(key="notifications_test_email").click()
    assert "What to do: Check SMTP_USER and SMTP_PASSWORD" in words(run(page))


def test_a_mail_is_in_the_language_that_was_chosen_whoever_looks(
    told: Services, mail: MailReceiver
) -> None:
    page = open_page("fr-FR")
    page.button(key="notifications_test_email").click()
    run(page)
    assert "Notifications arrive here." in mail.received[0]["Subject"]


def test_the_last_notifications_with_their_outcome_and_again(
    told: Services, hook: HookReceiver, mail: MailReceiver
) -> None:
    hook.answers = [500, 500, 200]
    failure = failure_event(UsageSyncError(message("No.")), told.clock().date())
    told.notifications.tell(failure)
    told.notifications.deliver()
    page = open_page()
    # The dashboard that just started tried again at once.
    until(lambda: max(each.tries for each in told.notifications.deliveries(9)) == 2)
    rows = {str(row["Way"]): row for row in table(run(page), "Way")}
    assert rows["Webhook"]["Attempts"] == 2
    assert rows["E-mail"]["State"].startswith("Arrived, ")
    assert rows["E-mail"]["Event"] == "The scheduled sync failed."
    assert rows["Webhook"]["State"].startswith("Failed, again at ")
    assert [box.value.split(" ·")[0] for box in page.warning] == ["**Webhook**"]
    assert "error 500" in page.warning[0].value
    assert "What to do: It is sent again later." in page.warning[0].value.replace("\\", "")

    hook.answers = [200]
    page.button(key="notifications_again").click()
    assert "1 notification is being sent again." in words(run(page))
    until(lambda: max(each.tries for each in told.notifications.deliveries(9)) == 3)
    rows = {str(row["Way"]): row for row in table(run(page), "Way")}
    assert rows["Webhook"]["State"].startswith("Arrived, ")
    assert "notifications_again" not in {button.key for button in page.button}
    assert not page.warning


def test_the_dashboard_delivers_by_itself(told: Services, hook: HookReceiver) -> None:
    open_page()
    told.notifications.tell(failure_event(UsageSyncError(message("No.")), told.clock().date()))
    until(lambda: len(hook.received) == 1)
