"""One event, one of the catalogue, one command, and one update of each kind, as documentation shows them."""

from __future__ import annotations

from typing import Any

from stream.measured import (
    CalibrationBin,
    DecileMeasured,
    ListsMeasured,
    Measures,
    MetricsMeasured,
    RecommendationsMeasured,
    TargetMeasured,
)
from stream.updates import (
    Cause,
    Deciding,
    EventRejected,
    ItemsRecommended,
    PropensityScored,
    RecommendationsAnswered,
    RecommendedItem,
    SegmentCard,
    SegmentChanged,
    SegmentRef,
    SegmentsRevised,
    Update,
    update_id,
)

ITEM: dict[str, Any] = {
    "type": "track",
    "messageId": "item-85123A-7",
    "timestamp": "2026-03-01T12:00:00.000Z",
    "event": "Product Updated",
    "properties": {"product_id": "85123A", "name": "White lantern", "category": "lanterns", "price": 2.55, "stock": 40},
}

EVENT: dict[str, Any] = {
    "type": "track",
    "messageId": "order-50314",
    "userId": "ann",
    "timestamp": "2026-03-01T12:34:56.789Z",
    "event": "Order Completed",
    "properties": {
        "order_id": "50314",
        "revenue": 23.4,
        "currency": "EUR",
        "products": [
            {"product_id": "85123A", "price": 2.55, "quantity": 6, "category": "Lights"},
            {"product_id": "71053", "price": 8.1, "quantity": 1, "category": "Lanterns"},
        ],
    },
}

COMMAND: dict[str, Any] = {"action": "name", "segment": "s3", "name": "Gift buyers", "by": "ann@example.com"}

_TIME = 1_772_368_496_789
_CAUSE = Cause(kind="event", event_id="order-50314", event="Order Completed")

_MEASURES = Measures(
    examples=5_120,
    positives=1_536,
    auc=0.742,
    auc_bound=0.0007,
    log_loss=0.521,
    brier=0.171,
    calibration_error=0.012,
    accuracy=0.763,
    precision=0.641,
    recall=0.482,
    f1=0.55,
)
_LISTS = ListsMeasured(
    lists=940,
    items=9_400,
    clicked_lists=141,
    clicked_items=188,
    ordered_items=47,
    viewed_orders=60,
    click_through=0.15,
    item_click_through=0.02,
    conversion=0.25,
    view_through=0.006383,
    trials=1_210,
    hit_rate=0.574,
    popular_hit_rate=0.281,
)

UPDATES: tuple[Update, ...] = (
    SegmentChanged(
        id=update_id("segment", "order-50314", "ann"),
        customer="ann",
        occurred_at=_TIME,
        from_=SegmentRef(id="s2", name="Rare, low spend"),
        to=SegmentRef(id="s4", name="Frequent, high spend"),
        cause=_CAUSE,
        model=18,
        margin=0.214,
        features=(
            Deciding(feature="frequency", value=7, contribution=0.131, unit="orders"),
            Deciding(feature="monetary", value=412.8, contribution=0.083, unit="money"),
        ),
    ),
    PropensityScored(
        id=update_id("score", "order-50314", "ann"),
        customer="ann",
        occurred_at=_TIME,
        target="orders_again",
        score=0.71,
        band="high",
        decile=9,
        previous=0.58,
        cause=_CAUSE,
        model=18,
        features=(Deciding(feature="recency", value=0, contribution=0.62, unit="days"),),
        base=-0.41,
        rest=0.685384,
    ),
    ItemsRecommended(
        id=update_id("items", "order-50314", "ann"),
        customer="ann",
        occurred_at=_TIME,
        cause=_CAUSE,
        model=18,
        items=(
            RecommendedItem(
                item="22423",
                score=0.34,
                reason="similar",
                because="85123A",
                sentence="Often bought by those who bought 85123A.",
            ),
            RecommendedItem(item="47566", score=0.02, reason="popular", sentence="Popular now."),
        ),
    ),
    RecommendationsAnswered(
        id=update_id("answer", "request-7", "bob"),
        customer="bob",
        correlation_id="basket-7c1f",
        occurred_at=_TIME,
        cause=Cause(kind="event", event_id="request-7", event="Recommendations Requested"),
        model=18,
        basis="basket",
        items=(
            RecommendedItem(
                item="22423",
                score=0.34,
                reason="similar",
                because="85123A",
                sentence="Often ordered together with 85123A.",
            ),
        ),
    ),
    SegmentsRevised(
        id=update_id("segments", 18),
        model=18,
        occurred_at=_TIME,
        segments=(
            SegmentCard(
                id="s4",
                name="Frequent, high spend",
                size=412,
                share=0.1006,
                centre={"recency": 12.5, "frequency": 8.2, "monetary": 611.0},
                lineage="kept",
            ),
        ),
        why="Learnt from 4,096 customers.",
    ),
    MetricsMeasured(
        id=update_id("metrics", 18),
        model=18,
        occurred_at=_TIME,
        targets=(
            TargetMeasured(
                target="orders_again",
                threshold=0.5,
                since_start=_MEASURES,
                fading=_MEASURES,
                segments={"s4": _MEASURES},
                deciles=(DecileMeasured(decile=10, score=0.69, rate=0.71, lift=2.37, gain=0.237),),
                calibration=(CalibrationBin(score=0.348, rate=0.351, examples=811),),
            ),
        ),
        recommendations=RecommendationsMeasured(since_start=_LISTS, fading=_LISTS),
    ),
    EventRejected(
        id=update_id("rejected", "events", 3, 4711),
        code="not_json",
        detail="Invalid JSON: EOF while parsing a value at line 1 column 14.",
        topic="events",
        partition=3,
        offset=4711,
        timestamp=_TIME,
        key=b"ann",
        value=b'{"type":"track',
    ),
)
