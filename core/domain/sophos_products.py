"""What the data of a Sophos product tells about it."""

from __future__ import annotations

import re

from core.domain.models import SophosProduct

# "XGS 136 Xstream Protection", "SF SW/Virtual UP TO 2 CORES", "SW/Virtual EnterpriseGuard Plus",
# "Sophos Firewall": the vendor's naming of firewall subscriptions, in descriptions and codes.
_FIREWALL = re.compile(
    r"\b(?:XGS?\s?\d*\w?|SF|SFOS|firewall|xstream|enterpriseguard|fullguard|SW/virtual)\b",
    re.IGNORECASE,
)
# Products that name the firewall without being one: its reporting, and what protects around it.
_NOT_FIREWALL = re.compile(r"\b(?:report\w*|web application firewall)\b", re.IGNORECASE)

# Band and billing mode vary between price lists and are no part of a product's name.
_BAND = re.compile(
    r"\s+-\s+(?:\d[\d,.]*\s*(?:-\s*\d[\d,.]*|\+)\s+\w+|MSP\s+Monthly|MSP)\b.*$"
    r"|\s+MSP(?:\s+Monthly)?$",
    re.IGNORECASE,
)

DEVICE_GROUP = "device"


def is_firewall(product: SophosProduct) -> bool:
    """Whether it is a firewall subscription, which syncs only with the monthly invoice.

    The vendor has no flag for it: the unit group is Device and the name is a firewall's. A code
    without usage yet has no group and is told by its name or code alone.
    """
    group = product.product_group.strip().casefold()
    if group not in {"", DEVICE_GROUP}:
        return False
    text = f"{product.description} {product.code.replace('-', ' ').replace('_', ' ')}"
    return bool(_FIREWALL.search(text)) and not _NOT_FIREWALL.search(product.description)


def display_name(product: SophosProduct) -> str:
    """The current description, or the code while none is known."""
    return product.description or product.code


def short_name(description: str) -> str:
    """A description without quantity band and billing mode, in one line."""
    text = " ".join(description.split())
    return _BAND.sub("", text).strip() or text
