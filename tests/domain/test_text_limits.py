"""Counting and cutting as ConnectWise counts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.text_limits import cut, utf16_length

mixed = st.text(alphabet=st.sampled_from("a🔥é"), max_size=40)


def test_lengths():
    assert [utf16_length(text) for text in ("", "aé", "🔥", "a🔥")] == [0, 2, 2, 3]


@given(mixed, st.integers(0, 50))
def test_cut_keeps_as_much_as_fits(text, limit):
    kept = cut(text, limit)
    assert text.startswith(kept)
    assert utf16_length(kept) <= limit
    if kept != text:
        assert utf16_length(text[: len(kept) + 1]) > limit
