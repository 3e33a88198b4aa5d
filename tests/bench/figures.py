"""A measured value beside its bound."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value and the bound that it must not exceed."""

    name: str
    value: float
    bound: float
    unit: str

    def row(self) -> str:
        ratio = self.value / self.bound
        return (
            f"| {self.name} | {self.value:.0f} {self.unit} | {self.bound:.0f} {self.unit} "
            f"| {ratio:.2f} |"
        )
