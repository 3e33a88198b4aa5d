"""The default product: the vendor's own names, ConnectWise's limits, one product per code."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.default_product import default_product, xref_of
from core.domain.models import DefaultProduct, SophosProduct


def product(code: str, description: str = "") -> SophosProduct:
    return SophosProduct(
        code=code, description=description, product_group="User", first_seen=None, last_seen=None
    )


@pytest.mark.parametrize(
    ("code", "identifier", "description"),
    [
        ("CIXA-MSP", "Sophos_Intercept_X_Advanced", "Sophos Central Intercept X Advanced"),
        (
            "CIXAXDR",
            "Sophos_Intercept_X_Advanced_XDR",
            "Sophos Central Intercept X Advanced with XDR",
        ),
        (
            "SVRCIXAMTR-ADV-MSP",
            "Sophos_MTR_Advanced_Srv",
            "Intercept X Advanced for Server with XDR and MTR Advanced",
        ),
        ("CDE-MSP", "Sophos_Device_Encryption", "Sophos Central Device Encryption"),
    ],
)
def test_products_of_the_vendors_list(code, identifier, description):
    found = default_product(product(code, "Whatever it is called today"))
    assert found == DefaultProduct(identifier, description, code)


@pytest.mark.parametrize(
    ("description", "identifier", "short"),
    [
        ("Sophos NDR - MSP Monthly", "Sophos_NDR", "Sophos NDR"),
        ("Cloud Optix MSP", "Sophos_Cloud_Optix", "Cloud Optix"),
        ("XGS 136 Xstream Protection", "Sophos_XGS_136_Xstream_Protection", None),
        ("Protection des e-mails évoluée", "Sophos_Protection_des_e_mails_evoluee", None),
        ("防火墙", "Sophos_NDR_MSP", None),
        ("", "Sophos_NDR_MSP", "NDR-MSP"),
        ("Sophos", "Sophos_Sophos", None),
    ],
)
def test_other_products_are_named_after_themselves(description, identifier, short):
    found = default_product(product("NDR-MSP", description))
    assert (found.identifier, found.description) == (identifier, short or description)
    assert found.integration_xref == "NDR-MSP"


codes = st.text(min_size=1, max_size=120).filter(str.strip)


@given(codes, st.text(max_size=300))
def test_always_within_the_limits_of_connectwise(code, description):
    found = default_product(product(code, description))
    assert re.fullmatch(r"Sophos_\w+", found.identifier, re.ASCII)
    assert len(found.identifier) <= 60
    assert 0 < len(found.description.encode("utf-16-le", "surrogatepass")) // 2 <= 60
    assert 0 < len(found.integration_xref.encode("utf-16-le", "surrogatepass")) // 2 <= 50


@given(st.lists(codes, min_size=2, max_size=2, unique=True))
def test_no_two_codes_have_one_cross_reference(pair):
    assert xref_of(pair[0]) != xref_of(pair[1])


def test_two_long_names_that_differ_at_the_end_stay_apart():
    name = "Sophos " + "Very Long Product Name " * 5
    first = default_product(product("A", name + "One"))
    second = default_product(product("B", name + "Two"))
    assert first.identifier != second.identifier
    assert len(first.identifier) == 60
