"""The one place where real things are wired: store, clients, use cases, and the sandbox."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from core.clients.connectwise import ConnectWise
from core.clients.http import HttpLimits
from core.clients.mail import Mailer
from core.clients.sophos import SophosPartner
from core.clients.webhook import Webhook
from core.sandbox.server import Sandbox, start_sandbox
from core.settings import (
    ConnectWiseSettings,
    Mode,
    Settings,
    SophosSettings,
    load_settings,
    read_secrets,
)
from core.storage.store import Store
from core.use_cases.catalog import Catalog
from core.use_cases.connections import Connections
from core.use_cases.customers import Customers
from core.use_cases.history import History
from core.use_cases.jobs import Clock, Jobs
from core.use_cases.mappings import Mappings
from core.use_cases.months import Months
from core.use_cases.notification_ways import ways_of
from core.use_cases.notifications import Notifications
from core.use_cases.planning import Planning
from core.use_cases.preferences import Preferences
from core.use_cases.products import Products
from core.use_cases.quantity_rules import Rules
from core.use_cases.reconciliation import Reconciliations
from core.use_cases.runs import Runs
from core.use_cases.scheduler import Scheduler
from core.use_cases.usage import UsageFetching

# A month is hundreds of thousands of small values that stay: at Python's own thresholds, looking
# through them for cycles takes half of the time that a plan takes.
_GC_THRESHOLDS = (50_000, 20, 50)


@dataclass(frozen=True)
class Services:
    """Everything that pages and the command line may do."""

    settings: Settings
    store: Store
    connectwise: ConnectWise
    sophos: SophosPartner
    jobs: Jobs
    preferences: Preferences
    catalog: Catalog
    mappings: Mappings
    customers: Customers
    products: Products
    rules: Rules
    usage: UsageFetching
    planning: Planning
    reconciliation: Reconciliations
    runs: Runs
    months: Months
    history: History
    connections: Connections
    notifications: Notifications
    scheduler: Scheduler
    clock: Clock
    sandbox: Sandbox | None
    opened: ExitStack = field(repr=False)

    @property
    def mode(self) -> Mode:
        return Mode.REAL if self.sandbox is None else Mode.SANDBOX

    def close(self) -> None:
        """Let a running task end, then close everything and give the database file free."""
        self.opened.close()


def utc_now() -> datetime:
    return datetime.now(UTC)


def configured(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this machine; raises ConfigurationError when they do not add up."""
    return load_settings(os.environ if environment is None else environment, read_secrets())


def build_services(
    settings: Settings | None = None,
    *,
    clock: Clock = utc_now,
    limits: HttpLimits | None = None,
) -> Services:
    """Open the store and connect everything; without vendors, start the sandbox.

    Raises ConfigurationError, StoreInUseError or StoreMismatchError.
    """
    settings = settings or configured()
    gc.set_threshold(*_GC_THRESHOLDS)
    with ExitStack() as opened:
        services = _wire(settings, clock, limits, opened)
        # Nothing failed: from here on `Services.close` closes what was opened.
        return replace(services, opened=opened.pop_all())


def _wire(
    settings: Settings, clock: Clock, limits: HttpLimits | None, opened: ExitStack
) -> Services:
    store = opened.enter_context(Store.open(settings.store_path, settings.mode, clock))
    sandbox = None
    connectwise_settings, sophos_settings = settings.connectwise, settings.sophos
    if connectwise_settings is None or sophos_settings is None:
        state_file = settings.store_path.with_suffix(".world.json")
        sandbox = opened.enter_context(start_sandbox(state_file=state_file))
        given = sandbox.as_json()
        connectwise_settings = ConnectWiseSettings(**given["connectwise"])
        sophos_settings = SophosSettings(**given["sophos"])
    connectwise = opened.enter_context(closing(ConnectWise(connectwise_settings, limits)))
    sophos = opened.enter_context(closing(SophosPartner(sophos_settings, limits)))
    jobs = opened.enter_context(closing(Jobs(clock)))
    preferences = Preferences(store, clock)
    catalog = Catalog(store, connectwise, clock)
    products = Products(store, connectwise, catalog, preferences, clock)
    planning = Planning(store, connectwise, catalog, preferences, clock)
    customers = Customers(store, connectwise, sophos, clock)
    mappings = Mappings(store, catalog, clock)
    rules = Rules(store, clock)
    usage = UsageFetching(store, sophos, catalog, preferences, clock)
    notifications = _notifications(settings, store, preferences, clock, limits, opened)
    runs = Runs(
        store,
        connectwise,
        planning,
        products,
        catalog,
        jobs,
        clock,
        tell=notifications.run_ended,
    )
    scheduler = Scheduler(
        store=store,
        preferences=preferences,
        jobs=jobs,
        catalog=catalog,
        customers=customers,
        usage=usage,
        planning=planning,
        runs=runs,
        listener=notifications,
        clock=clock,
    )
    return Services(
        settings=settings,
        store=store,
        connectwise=connectwise,
        sophos=sophos,
        jobs=jobs,
        preferences=preferences,
        catalog=catalog,
        mappings=mappings,
        customers=customers,
        products=products,
        rules=rules,
        usage=usage,
        planning=planning,
        reconciliation=Reconciliations(store, planning, catalog, preferences, clock),
        runs=runs,
        months=Months(store, clock),
        history=History(store, mappings, customers, rules, planning),
        connections=Connections(connectwise, sophos),
        notifications=notifications,
        scheduler=opened.enter_context(closing(scheduler)),
        clock=clock,
        sandbox=sandbox,
        opened=opened,
    )


def _notifications(
    settings: Settings,
    store: Store,
    preferences: Preferences,
    clock: Clock,
    limits: HttpLimits | None,
    opened: ExitStack,
) -> Notifications:
    """Those ways to tell that are set up; nothing is sent before `Notifications.start`."""
    given = settings.notifications
    webhook = mailer = None
    if given.webhook is not None:
        webhook = opened.enter_context(closing(Webhook(given.webhook, limits)))
    if given.mail is not None:
        mailer = Mailer(given.mail, timeout=limits.read_timeout) if limits else Mailer(given.mail)
    notifications = Notifications(
        store,
        preferences,
        clock,
        ways_of(webhook, mailer),
        sandbox=settings.mode is Mode.SANDBOX,
        dashboard_url=given.dashboard_url,
    )
    return opened.enter_context(closing(notifications))
