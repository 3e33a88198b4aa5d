"""Neutralising cells: nothing executable stays, and the original comes back exactly."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.domain.csv_cells import neutralise, restore

FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
awkward = st.text(alphabet=st.sampled_from("=+-@'\t\r\n;,|\"＝ aé🔥ש"), max_size=12)


@given(st.one_of(awkward, st.text()))
@example("'=1")
@example("''''@")
@example("\t\t=")
@example("a;'=b")
def test_restoring_gives_the_original(text):
    assert restore(neutralise(text)) == text


@given(st.one_of(awkward, st.text()))
def test_no_cell_starts_a_formula(text):
    assert not neutralise(text).startswith(FORMULA_STARTS)


@given(awkward)
def test_no_cell_starts_a_formula_for_a_spreadsheet_with_another_delimiter(text):
    for part in re.split('[;,|"\t]', neutralise(text)):
        assert not part.startswith(("=", "+", "-", "@"))


@given(awkward, awkward)
def test_different_texts_stay_different(left, right):
    assert (neutralise(left) == neutralise(right)) == (left == right)


@pytest.mark.parametrize("text", ["plain", "l'eau", "a=b", "Sophos - User", "", "5 - 3", "é@b"])
def test_harmless_text_is_left_as_it_is(text):
    assert neutralise(text) == text


def test_an_apostrophe_that_we_did_not_write_stays():
    assert restore("'quoted'") == "'quoted'"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("'=1", "''=1"),
        ("x;=1", "x;'=1"),
        ("-5", "'-5"),
    ],
)
def test_what_is_written(text, written):
    assert neutralise(text) == written
