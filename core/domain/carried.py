"""Whose usage of what an addition carries, as it is noted with what sync keeps of it."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.models import Carried, Part


def carried_key(customer_id: str, product_code: str) -> str:
    """How a customer's usage of a product is named."""
    return f"{customer_id}/{product_code}"


def carried_parts(key: str) -> tuple[str, str]:
    """The customer and the product code that a key names."""
    customer_id, _, product_code = key.partition("/")
    return customer_id, product_code


def carried_by(parts: Iterable[Part]) -> Carried:
    """Whose usage of what these are, where there is any."""
    return tuple(
        carried_key(part.customer_id, part.product_code) for part in parts if part.quantity > 0
    )
