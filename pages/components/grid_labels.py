"""The words that the cells of every grid use. Places like {shown} are filled there."""

from __future__ import annotations

from pages.components.language import _


def common_labels() -> dict[str, str]:
    """What a page's own labels are added to, in the reader's language."""
    return {
        "quick_filter": _("Find in all columns"),
        "rows": _("Rows: {shown}"),
        "none": _("none"),
        "was": _("Not saved yet. Was: {value}"),
        "on": _("On"),
        "off": _("Off"),
        "conflict": _("Conflict"),
        "conflict_hint": _("Somebody else changed this row. See above the grid."),
        "use": _("Use"),
        "type_more": _("Type one more character."),
        "first_of": _("The first {shown} of {total} matches. Type more to narrow the list."),
        "suggested": _("Suggested"),
    }
