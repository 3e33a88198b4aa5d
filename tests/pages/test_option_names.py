"""Names of list entries are distinct, because Streamlit sends the chosen name back."""

from __future__ import annotations

from pages.components.option_names import distinct


def test_names_that_differ_stay_as_they_are():
    name = distinct({1: "A", 2: "B"})
    assert [name(1), name(2)] == ["A", "B"]


def test_equal_names_get_their_key():
    name = distinct({1: "Licenses", 2: "Licenses", 3: "Other"})
    assert [name(1), name(2), name(3)] == ["Licenses (1)", "Licenses (2)", "Other"]
