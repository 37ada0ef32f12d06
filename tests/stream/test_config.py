"""Settings that would break the fold later are refused at the start, by name."""

from __future__ import annotations

from typing import Any

import pytest

from consumers.settings import WorkerSettings
from stream.config import preset
from stream.errors import ConfigError

INF, NAN = float("inf"), float("nan")
COUNT = {"name": "n", "aggregate": "count"}


def feature(**values: Any) -> dict[str, Any]:
    """The preset with one feature."""
    return {"features": [COUNT | values]}


@pytest.mark.parametrize(
    ("field", "sections"),
    [
        ("features.0.missing", feature(missing=NAN)),
        ("features.0.missing", feature(missing=INF)),
        ("features.0.missing", feature(missing=1e308)),
        ("features.0.half_life", feature(half_life="1e300d")),
        ("features.0.window", feature(window="infd")),
        ("features.0.window", feature(window="nand")),
        ("features.0.events.1", feature(events=["Order Completed", "Completed Order"])),
        ("features.0.minus.0", feature(minus=["order_refunded"])),
        ("features.0.over.0", feature(aggregate="ratio", over=["Viewed Product"])),
        ("features.0: distinct counts product_id", feature(aggregate="distinct", value="brand")),
        ("segments.half_life", {"segments": {"half_life": INF}}),
        ("segments.seed", {"segments": {"seed": -1}}),
        ("segments.seed", {"segments": {"seed": 2**32}}),
        ("segments.quiet_check", {"segments": {"quiet_check": "1e12d"}}),
        ("segments.dwell", {"segments": {"dwell": "1e12d"}}),
        ("propensity.horizon", {"propensity": {"horizon": "infd"}}),
        ("propensity.horizon", {"propensity": {"horizon": "1e400d"}}),
        ("propensity.horizon", {"propensity": {"horizon": "101y"}}),
        ("propensity.horizon", {"propensity": {"horizon": "36526d"}}),
        ("propensity.learning_rate", {"propensity": {"learning_rate": INF}}),
        ("propensity.bands", {"propensity": {"bands": [0.9, 0.1]}}),
        ("propensity.bands", {"propensity": {"bands": [0.1, 5]}}),
        ("propensity.bands.0", {"propensity": {"bands": [NAN, 0.5]}}),
        ("propensity.event", {"propensity": {"event": "Completed Order"}}),
        ("recommend.half_life", {"recommend": {"half_life": "1ms"}}),
        ("recommend.shrink", {"recommend": {"shrink": INF}}),
        ("recommend.again", {"recommend": {"again": INF}}),
        ("recommend.triggers.0", {"recommend": {"triggers": ["Added Product"]}}),
    ],
)
def test_a_setting_that_breaks_the_fold_is_refused(field: str, sections: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        preset("shop", **sections)
    assert str(refused.value).startswith(field)


def test_events_and_segments_of_ones_own_are_fine() -> None:
    config = preset(
        "shop",
        **feature(events=["Ticket Opened", "Order Completed"], half_life="36525d"),
        segments={"dwell": 0},
        recommend={"half_life": "1s"},
    )
    assert config.features[0].events == ("Ticket Opened", "Order Completed")


def test_a_worker_may_look_all_the_time() -> None:
    assert WorkerSettings(look_every="0s").look_every == 0
