"""Sync settings: when usage is pushed by itself, what that may do, and the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import available_timezones

import streamlit as st
from babel.dates import format_time

from core.domain.models import Frequency, MappingRow, PlanLimits, SyncSettings, UsageGone
from core.domain.quantity import plain
from core.errors import UsageSyncError
from core.services import Services
from pages.components.identity import who
from pages.components.language import _, language, locale, ngettext
from pages.components.problems import as_typed, show_error
from pages.components.reader import zone
from pages.components.sync_schedule import draw_last_run, draw_schedule

_KEY = "sync_settings"
_SAVED = "sync_settings_saved"
_UTC = "UTC"
_WARNED = 5


def draw_sync_settings(services: Services) -> None:
    """The form, with a warning for each product that the chosen frequency keeps from syncing."""
    if st.session_state.pop(_SAVED, False):
        st.toast(_("Saved."), icon=":material/check_circle:")
    draw_schedule(services)
    draw_last_run(services)
    stored = services.preferences.sync()
    with st.container(border=True):
        wanted = _when(stored)
        _firewall_warning(wanted.frequency, services.mappings.rows())
    with st.container(border=True):
        wanted = _what(wanted)
    with st.expander(_("Limits"), icon=":material/speed:"):
        st.caption(
            _(
                "A plan that exceeds a limit is not applied, unless a person approves it with a "
                "reason."
            )
        )
        wanted = replace(wanted, limits=_limits(stored.limits))
    if st.button(_("Save"), type="primary", icon=":material/save:", key=f"{_KEY}_save"):
        try:
            services.preferences.save_sync(wanted, who())
        except UsageSyncError as error:
            show_error(error)
            return
        st.session_state[_SAVED] = True
        st.rerun()
    changed = services.preferences.sync_changed()
    if changed is not None:
        told = _("Last changed by {name}, {when}.", name=changed.by, when=changed.at)
        st.caption(as_typed(told))


def frequency_names() -> dict[str, str]:
    """The frequencies as Sophos Central calls them."""
    return {
        Frequency.INVOICE.value: _("With Sophos monthly invoice"),
        Frequency.MONTHLY.value: _("Once a month"),
        Frequency.DAILY.value: _("Once a day"),
    }


def held_up(frequency: Frequency, rows: Sequence[MappingRow]) -> list[MappingRow]:
    """The products that this frequency keeps from syncing: firewalls, except with the invoice."""
    if frequency is Frequency.INVOICE:
        return []
    return [row for row in rows if row.is_firewall and row.mapping.sync]


def _when(stored: SyncSettings) -> SyncSettings:
    scheduled = st.toggle(
        _("Sync by itself"),
        value=stored.scheduled,
        key=f"{_KEY}_scheduled",
        help=_("Otherwise only what a person starts."),
    )
    frequency = Frequency(
        st.radio(
            _("Frequency"),
            list(frequency_names()),
            index=list(frequency_names()).index(stored.frequency.value),
            format_func=frequency_names().__getitem__,
            captions=[
                _("When the month is over. The only one for firewalls."),
                _("The last complete month, on a day of your choice."),
                _("The month in progress, and the last one once more when a new one has begun."),
            ],
            key=f"{_KEY}_frequency_{language()}",
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day = _day(stored.day) if frequency is Frequency.MONTHLY else stored.day
        hour = _hour(stored.hour)
        time_zone = _time_zone(stored.time_zone)
    return replace(
        stored, scheduled=scheduled, frequency=frequency, day=day, hour=hour, time_zone=time_zone
    )


def _day(stored: int) -> int:
    return int(
        st.selectbox(
            _("Day of the month"),
            list(range(1, 32)),
            index=stored - 1,
            placeholder=_("Choose…"),
            key=f"{_KEY}_day",
            help=_("29, 30 and 31 are the last day of months that are shorter."),
            width=160,
        )
    )


def _hour(stored: int) -> int:
    names = {hour: format_time(time(hour), format="short", locale=locale()) for hour in range(24)}
    return int(
        st.selectbox(
            _("Not before"),
            list(names),
            index=stored,
            format_func=names.__getitem__,
            placeholder=_("Choose…"),
            key=f"{_KEY}_hour_{language()}",
            width=160,
        )
    )


def _time_zone(stored: str) -> str:
    zones = time_zones()
    shown = stored or _UTC
    return str(
        st.selectbox(
            _("Time zone"),
            zones,
            index=zones.index(shown) if shown in zones else zones.index(_UTC),
            placeholder=_("Choose…"),
            key=f"{_KEY}_time_zone",
            help=_("Your browser is in {zone}.", zone=str(zone())),
            width=260,
        )
    )


@lru_cache(maxsize=1)
def time_zones() -> list[str]:
    """The names that a person may mean, UTC first."""
    named = (name for name in available_timezones() if "/" in name)
    return [_UTC, *sorted(name for name in named if not name.startswith(("Etc/", "posix/")))]


def _firewall_warning(frequency: Frequency, rows: Sequence[MappingRow]) -> None:
    found = held_up(frequency, rows)
    if not found:
        return
    title = ngettext(
        "{count} firewall product will not sync with this frequency:",
        "{count} firewall products will not sync with this frequency:",
        len(found),
    )
    names = [f"- {as_typed(row.product.description or row.product.code)}" for row in found]
    more = len(names) - _WARNED
    if more > 0:
        names = [*names[:_WARNED], "- " + as_typed(ngettext("{count} more", "{count} more", more))]
    hint = _("Firewalls sync only with the Sophos monthly invoice.")
    st.warning("\n".join([as_typed(title), "", *names, "", as_typed(hint)]))


def _what(settings: SyncSettings) -> SyncSettings:
    left, right = st.columns(2, gap="medium")
    with left:
        unattended = st.radio(
            _("When a plan was made by itself"),
            ["wait", "apply"],
            index=int(settings.apply_unattended),
            format_func={
                "wait": _("Wait for approval"),
                "apply": _("Apply it"),
            }.__getitem__,
            captions=[
                _("A person looks at it on the page Usage sync."),
                _("Only if no limit is exceeded and nothing is blocked; otherwise it waits."),
            ],
            key=f"{_KEY}_unattended_{language()}",
        )
    with right:
        gone = {
            UsageGone.ZERO.value: _("Set its quantity to 0"),
            UsageGone.CANCEL.value: _("Cancel it"),
            UsageGone.LEAVE.value: _("Leave it and tell"),
        }
        usage_gone = st.radio(
            _("An addition whose usage is gone"),
            list(gone),
            index=list(gone).index(settings.usage_gone.value),
            format_func=gone.__getitem__,
            captions=[
                _("It stays on the agreement and goes on when there is usage again."),
                _("With the last day of the month before; new usage makes a new addition."),
                _("Nothing is written; the plan lists it."),
            ],
            key=f"{_KEY}_usage_gone_{language()}",
        )
    return replace(
        settings, apply_unattended=unattended == "apply", usage_gone=UsageGone(usage_gone)
    )


def _limits(stored: PlanLimits) -> PlanLimits:
    columns = st.columns(3, gap="medium")
    with columns[0]:
        share = _count(
            "changed_share",
            _("Additions that change (%)"),
            int(stored.changed_share * 100),
            100,
            help_text=_("Of the additions that exist and that the plan looked after."),
        )
        floor = _count(
            "changed_share_floor",
            _("… from this many additions on"),
            stored.changed_share_floor,
            100_000,
            help_text=_("Of a few additions, a single one is a large share already."),
        )
    with columns[1]:
        drops = _count(
            "drops_to_zero",
            _("Additions that go to 0 or are cancelled"),
            stored.drops_to_zero,
            100_000,
        )
        products = _count("new_products", _("New products"), stored.new_products, 100_000)
    with columns[2]:
        factor = _amount(
            "jump_factor", _("Factor by which a quantity may change"), stored.jump_factor, 1.0
        )
        jump_floor = _amount(
            "jump_floor", _("… from this quantity on"), stored.jump_floor, 0.0, step=1.0
        )
        quantity = _amount("quantity", _("Greatest quantity"), stored.quantity, 1.0, step=100.0)
    return PlanLimits(
        changed_share=Decimal(share) / 100,
        changed_share_floor=floor,
        drops_to_zero=drops,
        jump_factor=factor,
        jump_floor=jump_floor,
        quantity=quantity,
        new_products=products,
    )


def _count(name: str, label: str, stored: int, most: int, help_text: str | None = None) -> int:
    return int(
        st.number_input(
            label,
            min_value=0,
            max_value=most,
            value=min(stored, most),
            step=1,
            key=f"{_KEY}_{name}",
            help=help_text,
        )
    )


def _amount(name: str, label: str, stored: Decimal, least: float, step: float = 0.5) -> Decimal:
    value = st.number_input(
        label,
        min_value=least,
        max_value=1_000_000.0,
        value=max(float(stored), least),
        step=step,
        format="%g",
        key=f"{_KEY}_{name}",
    )
    return plain(Decimal(str(value)))
