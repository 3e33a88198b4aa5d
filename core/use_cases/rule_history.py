"""Putting one saved change of a quantity rule back, from its entries in a history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.domain.models import CustomerHistoryEntry, MappingHistoryEntry
from core.domain.rule_editing import OverrideEdit, RuleEdit, member_text, with_member
from core.errors import ConflictError, InputError, message
from core.use_cases.quantity_rules import BUNDLE_FIELD, RULE_FIELD, Rules

Entry = MappingHistoryEntry | CustomerHistoryEntry
ORIGIN = "history"


def is_of_a_rule(entry: Entry) -> bool:
    """Whether it is a rule that was changed."""
    return entry.field.split("/")[0] in (RULE_FIELD, BUNDLE_FIELD)


def together(entry: Entry, history: Iterable[Entry], rules: Rules) -> tuple[Entry, ...]:
    """What was saved with this change and is put back with it; empty: it cannot be put back.

    How a bundle combines and which product leads it belong together, and need their bundle.
    """
    if isinstance(entry, CustomerHistoryEntry) or _kind(entry) == RULE_FIELD:
        return (entry,)
    if not rules.base(entry.product_code).members.is_bundle:
        return ()
    saved = (entry.at, entry.by)
    return tuple(
        each for each in history if _kind(each) == BUNDLE_FIELD and (each.at, each.by) == saved
    )


def put_back(entries: Sequence[Entry], history: Sequence[Entry], rules: Rules, by: str) -> None:
    """Save what a rule was before; see `History.put_back_mapping`."""
    entry = entries[0]
    if isinstance(entry, CustomerHistoryEntry):
        _put_back_override(entry, history, rules, by)
    elif _kind(entry) == RULE_FIELD:
        _put_back_rule(entry, history, rules, by)
    else:
        _put_back_bundle(entry.product_code, entries, history, rules, by)


def _put_back_rule(
    entry: MappingHistoryEntry, history: Sequence[Entry], rules: Rules, by: str
) -> None:
    base, name = rules.base(entry.product_code), _name(entry)
    _refuse_changed(entry, member_text(base.rule, name), history)
    if not base.agree:
        raise InputError(
            message("The products of this bundle have different rules; nothing was put back."),
            remedy=message("Open the rule on the page Product mapping and save it for all."),
        )
    rule = with_member(base.rule, name, entry.old)
    rules.save(RuleEdit(base, rule, base.bundle), by, ORIGIN)


def _put_back_bundle(
    code: str, entries: Sequence[Entry], history: Sequence[Entry], rules: Rules, by: str
) -> None:
    base = rules.base(code)
    bundle = base.bundle
    for entry in entries:
        _refuse_changed(entry, member_text(base.bundle, _name(entry)), history)
        bundle = with_member(bundle, _name(entry), entry.old)
    rules.save(RuleEdit(base, base.rule, bundle), by, ORIGIN)


def _put_back_override(
    entry: CustomerHistoryEntry, history: Sequence[Entry], rules: Rules, by: str
) -> None:
    _kind_of_it, code, name = entry.field.split("/")
    base = rules.override_base(entry.customer_id, code)
    _refuse_changed(entry, member_text(base.override, name), history)
    override = with_member(base.override, name, entry.old)
    others = {replace(each, basis=None) for each in base.overrides}
    if len(others) > 1:
        raise InputError(
            message("The products of this bundle have different rules; nothing was put back."),
            remedy=message("Open the customer's rules on the page Customers and save them there."),
        )
    rules.save_override(OverrideEdit(base, override), by, ORIGIN)


def _refuse_changed(entry: Entry, now: str, history: Iterable[Entry]) -> None:
    if now != entry.new:
        raise changed_since(next(each for each in history if each.field == entry.field))


def changed_since(newest: Entry) -> ConflictError:
    """The error of what was changed after it; `newest` is the last change."""
    return ConflictError(
        message(
            "It was changed since, by {name} on {when}; nothing was put back.",
            name=newest.by,
            when=newest.at,
        ),
        remedy=message("Put the later change back first, or set the value by hand."),
    )


def _kind(entry: Entry) -> str:
    return entry.field.split("/")[0]


def _name(entry: Entry) -> str:
    return entry.field.rsplit("/", 1)[-1]
