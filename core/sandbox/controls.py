"""What of a running sandbox can be changed from outside."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.sandbox.counters import Counters
from core.sandbox.credentials import SOPHOS
from core.sandbox.faults import FaultPlan
from core.sandbox.rate_limit import RateLimit
from core.sandbox.sophos import SophosBehaviour, SophosServer
from core.sandbox.switches import Switches
from core.sandbox.world import World


@dataclass(frozen=True)
class Controls:
    """One world and everything that decides how its two systems answer."""

    world: World
    sophos: SophosServer
    switches: Switches = field(default_factory=Switches)
    faults: FaultPlan = field(default_factory=FaultPlan)
    counters: Counters = field(default_factory=Counters)
    rate_limit: RateLimit = field(default_factory=RateLimit)

    def reset(self) -> None:
        """Everything as after the start; tokens given out stay good."""
        self.world.reset()
        self.sophos.behaviour.reset()
        self.switches.reset()
        self.faults.clear()
        self.counters.reset()
        self.rate_limit.reset()


def controls_of(world: World) -> Controls:
    """Default behaviour over a world."""
    return Controls(world, SophosServer(world, SOPHOS, SophosBehaviour()))
