"""How the sandbox answers where the evidence about the real servers is split.

Each switch has a default and may be changed while the sandbox runs (`/_sandbox/switches`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

_CHOICES: Mapping[str, tuple[object, ...]] = {
    "auth_failure": ("401", "404"),
    "missing_client_id": ("401", "400", "403"),
    "duplicate_identifier": ("copy", "exists"),
    "oversized_page": ("cap", "refuse"),
    "delete_in_use": ("409", "204"),
    "nested_patch": ("ignore", "apply"),
    "identifier_limit": (75, 60),
    "forward_only": (True, False),
    "largest_page": (1000, 10),
    "unordered": ("by_id", "reverse"),
}


class UnknownSwitchError(ValueError):
    """A switch, or a position of a switch, that does not exist."""


@dataclass
class Switches:
    """The positions in force; the first of the choices is the default.

    - `auth_failure`: status for wrong keys; cloud servers may say 404.
    - `missing_client_id`: status when the `clientId` header is absent.
    - `duplicate_identifier`: a second catalog item of one identifier becomes `...-Copy0`, or is
      refused with `ObjectExists`.
    - `oversized_page`: `pageSize` over 1000 is cut to 1000, or refused with `OutOfRange`.
    - `delete_in_use`: status for deleting a catalog item that additions refer to.
    - `nested_patch`: `company/identifier` in a PATCH is ignored with a 200, or carried out.
    - `identifier_limit`: length of `CatalogItem.identifier` (75 since 2025, 60 before).
    - `forward_only`: whether `pagination-type: forward-only` is understood.
    - `largest_page`: the most records of one page, whatever `pageSize` asks for.
    - `unordered`: how a list is sorted that has neither `orderBy` nor forward-only paging.
    """

    auth_failure: str = "401"
    missing_client_id: str = "401"
    duplicate_identifier: str = "copy"
    oversized_page: str = "cap"
    delete_in_use: str = "409"
    nested_patch: str = "ignore"
    identifier_limit: int = 75
    forward_only: bool = True
    largest_page: int = 1000
    unordered: str = "by_id"

    def update(self, wanted: Mapping[str, object]) -> None:
        """Set several switches; all of them or, with an `UnknownSwitchError`, none."""
        for name, value in wanted.items():
            self._check(name, value)
        for name, value in wanted.items():
            setattr(self, name, value)

    def reset(self) -> None:
        """Back to the defaults."""
        self.update({field.name: field.default for field in fields(self)})

    def as_json(self) -> dict[str, object]:
        """The positions by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def _check(name: str, value: object) -> None:
        choices = _CHOICES.get(name)
        if choices is None:
            raise UnknownSwitchError(f"there is no switch {name!r}; known: {sorted(_CHOICES)}")
        if not any(value == choice and type(value) is type(choice) for choice in choices):
            raise UnknownSwitchError(f"{name} is one of {list(choices)}, not {value!r}")
