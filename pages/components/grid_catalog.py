"""Hands a catalog to the browser once per version, for the grid's type-ahead.

A component without a face puts it on the page, where the grid's frame finds it. The grid tells in
each message which version the browser holds; from then on only the version is sent. Measured with
20,000 products: 1.7 MB once, nothing per edit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from streamlit.components.v1 import declare_component

from pages.components.grid_assets import DIRECTORY

# Not a component of version 2: those leave values in the session that cannot be pickled.
_component = declare_component("catalog", path=str(DIRECTORY / "catalog"))


def send_catalog(
    name: str, version: str, pack: Callable[[], str], *, held: str, unsaved: bool, key: str
) -> None:
    """Make `version` of the catalog `name` available to the grid; `held` is what the browser has.

    `pack` gives it as JSON, see `packed_catalog`. With `unsaved`, the browser asks before a reload
    or a closed tab drops what is staged.
    """
    packed = "" if held == version else pack()
    _component(name=name, version=version, packed=packed, unsaved=unsaved, key=key, default=None)


def guard_leaving(*, unsaved: bool, key: str) -> None:
    """The same question where there is no grid and so no catalog to send."""
    _component(name="", version="", packed="", unsaved=unsaved, key=key, default=None)


def packed_catalog(
    ids: Sequence[int],
    identifiers: Sequence[str],
    descriptions: Sequence[str],
    categories: Sequence[str],
    flags: Sequence[int],
    **more: Sequence[object],
) -> str:
    """A catalog as JSON columns; category names are told once.

    Entries are searched by `identifiers` and `descriptions`; those with a flag come last.
    """
    names = sorted(set(categories))
    position = {name: index for index, name in enumerate(names)}
    columns = {
        "ids": ids,
        "identifiers": identifiers,
        "descriptions": descriptions,
        "category_names": names,
        "categories": [position[name] for name in categories],
        "flags": flags,
        **more,
    }
    return json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
