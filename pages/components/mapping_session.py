"""What the mapping page remembers of one session."""

from __future__ import annotations

from core.domain.saving import MappingValues
from core.domain.staging import RowBase
from pages.components.grid_session import MAPPING, GridSession
from pages.components.mapping_filters import Show

session: GridSession[MappingValues, Show] = GridSession(MAPPING, Show, RowBase())
