"""The ConnectWise product that stands for a Sophos product which nobody mapped by hand.

Identifiers and descriptions are the vendor's own, from the list of default products in the help
page of its ConnectWise integration ("What happens in the initial sync"); the list names products,
and the codes are those that the vendor's API uses for them. Every other product becomes `Sophos_`
and its name. The product code goes into `integrationXRef`, so that it can be found again.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from core.domain.models import DefaultProduct, SophosProduct
from core.domain.sophos_products import short_name
from core.domain.text_limits import cut, utf16_length

# ConnectWise's own limits; 60 is what the older servers take for an identifier (newer ones: 75).
IDENTIFIER_LIMIT = 60
DESCRIPTION_LIMIT = 60
XREF_LIMIT = 50

_VENDOR_LIST: dict[str, tuple[str, str]] = {
    "CEP": ("Sophos_Endpoint_Protection", "Sophos Central Endpoint Protection"),
    "CIXE": ("Sophos_Intercept_X", "Sophos Central Intercept X"),
    "CIXA": ("Sophos_Intercept_X_Advanced", "Sophos Central Intercept X Advanced"),
    "CIXAXDR": (
        "Sophos_Intercept_X_Advanced_XDR",
        "Sophos Central Intercept X Advanced with XDR",
    ),
    "CIXAMTR-STD": (
        "Sophos_MTR_Standard",
        "Intercept X Advanced with XDR and MTR Standard",
    ),
    "CIXAMTR-ADV": (
        "Sophos_MTR_Advanced",
        "Intercept X Advanced with XDR and MTR Advanced",
    ),
    "CMA": ("Sophos_Mobile_Advanced", "Sophos Central Mobile Control Advanced"),
    "CMS": ("Sophos_Mobile_Standard", "Sophos Central Mobile Control Standard"),
    "CEMA-PE-ADDON": (
        "Sophos_Email_Portal_Encryption",
        "Sophos Central Portal Encryption Add-on for Email Advanced",
    ),
    "SVRC": ("Sophos_Srv_Protection", "Sophos Central Server Protection"),
    "SVRCLOUDADV": (
        "Sophos_Intercept_X_Adv_Srv",
        "Sophos Central Server Intercept X Advanced for Server",
    ),
    "SVRCIXAXDR": (
        "Sophos_Intercept_X_Adv_Srv_XDR",
        "Sophos Central Intercept X Advanced for Server with XDR",
    ),
    "SVRCIXAMTR-STD": (
        "Sophos_MTR_Standard_Srv",
        "Intercept X Advanced for Server with XDR and MTR Standard",
    ),
    "SVRCIXAMTR-ADV": (
        "Sophos_MTR_Advanced_Srv",
        "Intercept X Advanced for Server with XDR and MTR Advanced",
    ),
    "CDE": ("Sophos_Device_Encryption", "Sophos Central Device Encryption"),
    "CPHISH": ("Sophos_Central_Phish_Threat", "Sophos Central Phish Threat"),
}

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_PREFIX = re.compile(r"^\s*sophos\b[\s_-]*", re.IGNORECASE)


def default_product(product: SophosProduct) -> DefaultProduct:
    """What to create in ConnectWise for a product; always within ConnectWise's limits.

    Depends on the name only where the vendor's list lacks the product: after a rename the item is
    still found by its cross-reference, see `xref_of`.
    """
    listed = _VENDOR_LIST.get(_base_code(product.code))
    if listed is None:
        listed = _named(product)
    return DefaultProduct(listed[0], listed[1], xref_of(product.code))


def xref_of(code: str) -> str:
    """The cross-reference of a code: the code itself, cut and kept unique over 50 characters."""
    return _shorten(code, XREF_LIMIT, code)


def _base_code(code: str) -> str:
    """`CIXA-MSP` and the term code `CIXA` are the same product in the vendor's list."""
    return code.strip().upper().removesuffix("-MSP")


def _named(product: SophosProduct) -> tuple[str, str]:
    name = short_name(product.description) or product.code
    short = _PREFIX.sub("", name) or name
    safe = _UNSAFE.sub("_", _ascii(short)).strip("_")
    if not safe:
        # A name in another script leaves nothing: the code is what identifies it.
        safe = _UNSAFE.sub("_", _ascii(product.code)).strip("_") or _digest(product.code)
    identifier = _shorten(f"Sophos_{safe}", IDENTIFIER_LIMIT, product.code)
    return identifier, cut(name, DESCRIPTION_LIMIT).strip()


def _shorten(text: str, limit: int, code: str) -> str:
    """Cut to `limit` characters; a digest of the code keeps two long texts apart."""
    if utf16_length(text) <= limit:
        return text
    tail = "_" + _digest(code)
    return cut(text, limit - len(tail)).rstrip("_") + tail


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _ascii(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return decomposed.encode("ascii", "ignore").decode("ascii")
