"""A shop with known ground truth: who is of which kind, what belongs together, what is broken on purpose."""

from producers.simulator.kinds import KINDS, Kind
from producers.simulator.shop import Plan, Shop

__all__ = ["KINDS", "Kind", "Plan", "Shop"]
