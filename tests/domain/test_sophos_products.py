"""Telling firewalls apart, and names without their band."""

from __future__ import annotations

import pytest

from core.domain.models import SophosProduct
from core.domain.sophos_products import display_name, is_firewall, short_name


def product(description: str, group: str = "Device", code: str = "DEMO-1") -> SophosProduct:
    return SophosProduct(
        code=code, description=description, product_group=group, first_seen=None, last_seen=None
    )


@pytest.mark.parametrize(
    "description",
    [
        "XGS 136 Xstream Protection - MSP Monthly",
        "XGS 2100 Standard Protection - MSP Monthly",
        "XGS87w Standard Protection",
        "SF SW/Virtual UP TO 4 CORES & 6GB RAM - MSP Monthly",
        "SW/Virtual EnterpriseGuard Plus - UP TO 2 CORES & 4GB RAM - 500-999 DEVICES - MSP Monthly",
        "Sophos Firewall Enhanced Support",
    ],
)
def test_firewalls(description):
    assert is_firewall(product(description))


@pytest.mark.parametrize(
    ("description", "group"),
    [
        ("Sophos Endpoint - User MSP Monthly", "User"),
        ("Cloud Optix MSP", "Device"),
        ("AP6 840 Access Point Support", "Device"),
        ("Central Firewall Reporting Advanced", "Device"),
        ("Sophos Firewall training", "User"),
        ("Server with web application firewall", "Server"),
        ("Staff transfer", "Device"),
    ],
)
def test_other_products(description, group):
    assert not is_firewall(product(description, group))


def test_a_code_without_usage_is_told_by_the_code():
    assert is_firewall(product("", group="", code="DEMO-XGS136-XP"))
    assert not is_firewall(product("", group="", code="CIXA-MSP"))


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Sophos Endpoint - User MSP Monthly", "Sophos Endpoint - User"),
        ("Sophos Endpoint - User - 50-99 USERS - MSP Monthly", "Sophos Endpoint - User"),
        ("Sophos XDR - MSP Monthly", "Sophos XDR"),
        ("Sophos  Email\n 1,000-4,999", "Sophos Email 1,000-4,999"),
        (
            "SF SW/Virtual UP TO 4 CORES - 1000+ DEVICES - MSP Monthly",
            "SF SW/Virtual UP TO 4 CORES",
        ),
        ("Cloud Optix MSP", "Cloud Optix"),
        ("MSP Monthly", "MSP Monthly"),
        ("", ""),
    ],
)
def test_short_name(description, expected):
    assert short_name(description) == expected


def test_display_name_falls_back_to_the_code():
    assert display_name(product("Name")) == "Name"
    assert display_name(product("", code="CIXA-MSP")) == "CIXA-MSP"
