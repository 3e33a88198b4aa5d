"""A plan in a few lines, for whoever approves it."""

from __future__ import annotations

from core.domain.models import ChangeKind, Plan
from pages.components.formats import number
from pages.components.language import _, ngettext
from pages.components.plan_effect import effect_text
from pages.components.plan_rows import kind_counts, totals
from pages.components.plan_table import kind_names

_SYNCED = (
    (ChangeKind.CREATE_ADDITION,),
    (ChangeKind.SET_QUANTITY,),
    (ChangeKind.ZERO, ChangeKind.CANCEL),
    (ChangeKind.ADOPT_ADDITION,),
    (ChangeKind.CREATE_PRODUCT,),
)


def total_lines(plan: Plan, *, undo: bool = False) -> list[str]:
    """Rows, what happens to how many of them, and what it costs. What a sync does is told even
    where it happens to none; an undo does other things."""
    found = totals(plan)
    lines = [ngettext("{count} row", "{count} rows", found.todo), *_kinds(plan, undo=undo)]
    taken_over = sum(
        change.kind is ChangeKind.ADOPT_ADDITION and not change.difference
        for change in plan.changes
    )
    if taken_over:
        lines.append(
            ngettext(
                "{count} addition that is taken over has its quantity already.",
                "{count} additions that are taken over have their quantity already.",
                taken_over,
            )
        )
    lines.append(effect_text(found.price_effect))
    if found.excluded:
        lines.append(
            ngettext("{count} row is left out.", "{count} rows are left out.", found.excluded)
        )
    if found.blocked:
        lines.append(
            ngettext(
                "{count} finding blocks rows; they are not written.",
                "{count} findings block rows; they are not written.",
                found.blocked,
            )
        )
    return lines


def _kinds(plan: Plan, *, undo: bool) -> list[str]:
    counts = kind_counts(plan.changes)
    told = []
    if not undo:
        for kinds in _SYNCED:
            count = sum(counts.pop(kind.value, 0) for kind in kinds)
            told.append(_("{name}: {count}", name=_synced_names()[kinds[0]], count=number(count)))
    names = kind_names()
    rest = [
        _("{name}: {count}", name=names[kind], count=number(count))
        for kind, count in counts.items()
    ]
    return told + rest


def _synced_names() -> dict[ChangeKind, str]:
    return {
        ChangeKind.CREATE_ADDITION: _("New additions"),
        ChangeKind.SET_QUANTITY: _("Quantities set"),
        ChangeKind.ZERO: _("Set to 0 or cancelled"),
        ChangeKind.ADOPT_ADDITION: _("Additions taken over"),
        ChangeKind.CREATE_PRODUCT: _("New products"),
    }
