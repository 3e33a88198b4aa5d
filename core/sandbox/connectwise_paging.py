"""Pages of a list and the `Link` header, both ways that the Developer Guide has.

Navigable (the default): `page` and `pageSize`; the header has the relations first, prev, next and
last, with `page` as the last query parameter and `rel="last"` last while there is a next page.
Forward-only (header `pagination-type: forward-only`): ordered by id, `pageId` means ids after it;
the header is always there, and empty at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from core.sandbox.connectwise_answers import FieldError, invalid_object, out_of_range
from core.sandbox.connectwise_model import Record
from core.sandbox.switches import Switches

DEFAULT_SIZE = 25
MAX_SIZE = 1000


@dataclass(frozen=True)
class Paging:
    """What a request asks for. `after` is the `pageId` of forward-only paging."""

    size: int
    page: int
    forward_only: bool
    after: int


@dataclass(frozen=True)
class Address:
    """The URL of a list as the client called it, to build the links from."""

    url: str
    query: Sequence[tuple[str, str]]

    def with_last(self, name: str, value: int) -> str:
        """The same URL with one parameter replaced, as the last one."""
        kept = [(key, text) for key, text in self.query if key.lower() not in {"page", "pageid"}]
        return f"{self.url}?{urlencode([*kept, (name, str(value))], quote_via=quote)}"


def read_paging(
    params: Mapping[str, str], headers: Mapping[str, str], switches: Switches, *, forward: bool
) -> Paging:
    """The paging that a request asks for; `forward` is whether the resource knows forward-only.

    Raises:
        ApiError: a number that is none, or out of its range.
    """
    wanted = headers.get("pagination-type", "").strip().lower() == "forward-only"
    forward_only = wanted and forward and switches.forward_only
    size = _number(params, "pageSize", DEFAULT_SIZE)
    if size < 1 or (size > MAX_SIZE and switches.oversized_page == "refuse"):
        raise out_of_range("pageSize", 1, MAX_SIZE)
    page = 1 if forward_only else _number(params, "page", 1)
    if page < 1:
        raise out_of_range("page", 1, 2**31 - 1)
    after = _number(params, "pageId", 0) if forward_only else 0
    return Paging(min(size, switches.largest_page), page, forward_only, after)


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name.lower(), "").strip()
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        reason = f"The value '{text}' is not valid for {name}."
        raise invalid_object(name, [FieldError("InvalidField", reason, name)]) from None


def forward_link(address: Address, page: Sequence[Record], *, more: bool) -> str:
    """The header of forward-only paging: the id of the last record returned, or nothing."""
    if not more:
        return ""
    return f'<{address.with_last("pageId", page[-1]["id"])}>; rel="next"'


def navigable_link(address: Address, paging: Paging, total: int) -> str | None:
    """The header of navigable paging; None where one page holds everything."""
    last = max(1, -(-total // paging.size))
    if last == 1 and paging.page == 1:
        return None
    pages: list[tuple[str, int]] = []
    if paging.page > 1:
        pages += [("first", 1), ("prev", min(paging.page - 1, last))]
    if paging.page < last:
        pages += [("next", paging.page + 1), ("last", last)]
    return ", ".join(f'<{address.with_last("page", page)}>; rel="{rel}"' for rel, page in pages)
