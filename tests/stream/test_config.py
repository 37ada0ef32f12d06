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


def target(**values: Any) -> dict[str, Any]:
    """The preset with one target."""
    return {"targets": [{"name": "buys", "events": ["Order Completed"]} | values]}


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
        ("targets.0.horizon", target(horizon="infd")),
        ("targets.0.horizon", target(horizon="1e400d")),
        ("targets.0.horizon", target(horizon="101y")),
        ("targets.0.horizon", target(horizon="36526d")),
        ("targets.0.horizon", target(horizon="0d")),
        ("targets.0.learning_rate", target(learning_rate=INF)),
        ("targets.0.bands", target(bands=[0.9, 0.1])),
        ("targets.0.bands", target(bands=[0.1, 5])),
        ("targets.0.bands.0", target(bands=[NAN, 0.5])),
        ("targets.0.events.0", target(events=["Completed Order"])),
        ("targets.0.events", target(events=[])),
        ("targets.0.at_least", target(at_least=0)),
        ("targets.0.name", target(name="Buys!")),
        ("targets.0.negatives", target(negatives=0)),
        ("targets.0: every is longer than the horizon", target(every="31d")),
        ("targets.0: 'Order Completed' is in events and in until", target(until=["Order Completed"])),
        ("targets.0.eligible.0: give least, most, or both", target(eligible=[{"feature": "frequency"}])),
        (
            "targets.0.eligible.0: least is 2 and most is 1",
            target(eligible=[{"feature": "monetary", "least": 2, "most": 1}]),
        ),
        ("settings: targets: buys: eligible names 'orders'", target(eligible=[{"feature": "orders", "least": 1}])),
        (
            "settings: targets: buys: no event 'Order Complete' is known: did you mean",
            target(events=["Order Complete"]),
        ),
        ("settings: targets: buys: no event 'Zzz' is known: declare it in events.own", target(score_on=["Zzz"])),
        ("settings: targets: buys: the horizon is longer", target(horizon="60d") | {"events": {"retention": "30d"}}),
        ("settings: target 'buys' is declared twice", {"targets": target()["targets"] * 2}),
        ("recommend.half_life", {"recommend": {"half_life": "1ms"}}),
        ("recommend.shrink", {"recommend": {"shrink": INF}}),
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
