"""Configure usage synchronization: which ConnectWise product each Sophos product is billed as."""

from __future__ import annotations

from pages.components.language import _
from pages.components.mapping_view import draw_mapping
from pages.components.session import start

draw_mapping(start(_("Configure usage synchronization")))
