"""What the entries of a list are called, each by a name of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

Option = TypeVar("Option", int, str)


def distinct(names: Mapping[Option, str]) -> Callable[[Option], str]:
    """A function from option to name; equal names get the option's key behind them.

    Streamlit sends the chosen name back, so two equal ones would be the same choice. Names are
    looked up beforehand, because widgets also ask where no reader is known.
    """
    count = Counter(names.values())
    return {
        option: name if count[name] == 1 else f"{name} ({option})" for option, name in names.items()
    }.__getitem__
