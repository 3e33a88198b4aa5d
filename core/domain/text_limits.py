"""Lengths as ConnectWise counts them.

Its servers count UTF-16 units (.NET, SQL Server), so an emoji takes two of the characters allowed.
"""

from __future__ import annotations


def utf16_length(text: str) -> int:
    """How many of ConnectWise's characters a text takes."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """The start of a text that fits the limit; no character is cut in half."""
    while utf16_length(text) > limit:
        excess = utf16_length(text) - limit
        text = text[: len(text) - max(1, excess // 2)]
    return text
