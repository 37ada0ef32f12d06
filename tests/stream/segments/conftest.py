"""Data to cluster, with known ground truth or known skew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.config import EngineConfig, Feature, SegmentsConfig

Array = NDArray[np.float64]


def make_blobs(n: int, spread: float, d: int = 8, k: int = 5, seed: int = 1) -> Array:
    """Round clusters in the unit cube; a spread of 0.25 makes them overlap."""
    rng = np.random.default_rng(seed)
    centres = rng.random((k, d))
    return np.clip(centres[rng.integers(0, k, n)] + rng.normal(0, spread, (n, d)), 0, 1)


def make_customers(n: int, seed: int = 2) -> Array:
    """Recency, frequency, spend, gap, refund share: skewed like a shop's, with NaN where there is nothing."""
    rng = np.random.default_rng(seed)
    loyal = rng.random(n) < 0.2
    frequency = np.where(loyal, rng.geometric(0.08, n), rng.geometric(0.6, n)).astype(np.float64)
    spend = rng.lognormal(3.5, 0.9, n) * frequency
    recency = np.where(loyal, rng.exponential(15, n), rng.exponential(120, n))
    gap = np.where(frequency > 1, 200 / frequency * rng.lognormal(0, 0.3, n), np.nan)
    refunds = np.where(rng.random(n) < 0.04, rng.random(n), 0.0)
    return np.column_stack([recency, frequency, spend, gap, refunds])


FEATURES = (
    Feature(name="recency", aggregate="recency", log=True, high="lapsed", low="recent"),
    Feature(name="frequency", aggregate="count", log=True, missing=0, high="frequent", low="rare"),
    Feature(name="monetary", aggregate="sum", value="revenue", log=True, high="high spend", low="low spend"),
    Feature(name="order_gap", aggregate="mean_gap", log=True, high="slow rhythm", low="quick rhythm"),
    Feature(name="refund_share", aggregate="mean", value="refund", missing=0, high="refund often", low="keep"),
)


@pytest.fixture
def blobs() -> Callable[..., Array]:
    return make_blobs


@pytest.fixture
def customers() -> Callable[..., Array]:
    return make_customers


@pytest.fixture
def config() -> Callable[..., EngineConfig]:
    """Settings over the features of `customers`, with these settings of segments."""
    return lambda **segments: EngineConfig(features=FEATURES, segments=SegmentsConfig(**segments))
