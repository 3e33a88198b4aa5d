"""Customers: which ConnectWise company and agreement each Sophos customer is billed on."""

from __future__ import annotations

from pages.components.customer_view import draw_customers
from pages.components.language import _
from pages.components.session import start

draw_customers(start(_("Customers")))
