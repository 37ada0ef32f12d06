"""How well scores and recommendations have done, as told to the world with each new model."""

from __future__ import annotations

from pydantic import Field

from stream.values import Instant, Value

_WEIGHT = "in the fading window, their weight"


class Measures(Value):
    """How good the scores of a target were, each measured before it was learnt from.

    Null where there was nothing to measure, such as an AUC without an example of each class.
    """

    examples: float = Field(ge=0, description=f"Scores whose outcome is known; {_WEIGHT}")
    positives: float = Field(ge=0, description=f"Those for which the target came about; {_WEIGHT}")
    auc: float | None = Field(description="Area under the ROC curve")
    auc_bound: float | None = Field(description="How far the bins of the histogram can have moved the AUC")
    log_loss: float | None = Field(description="In nats")
    brier: float | None = Field(description="Brier score")
    calibration_error: float | None = Field(description="Expected calibration error over ten bins of equal width")
    accuracy: float | None = Field(description="At the target's threshold, as the following ones")
    precision: float | None
    recall: float | None
    f1: float | None


class DecileMeasured(Value):
    """A tenth of the scores."""

    decile: int = Field(ge=1, le=10, description="10 is the most likely tenth")
    score: float | None = Field(None, description="Mean score; null where it was measured before there was this field")
    rate: float = Field(description="Share for which the target came about")
    lift: float = Field(description="That share over the share among all")
    gain: float = Field(description="Share of all positives in this tenth and those above it")


class CalibrationBin(Value):
    """Scores of one tenth of the scale."""

    score: float = Field(description="Mean score")
    rate: float = Field(description="Share for which the target came about")
    examples: float


class TargetMeasured(Value):
    """How well a target is predicted."""

    target: str
    threshold: float = Field(description="Score from which on it counts as a yes")
    since_start: Measures
    fading: Measures = Field(description="In the window: the older a score, the less it counts")
    segments: dict[str, Measures] = Field(description="Segment's id -> of its customers when scored, since the start")
    deciles: tuple[DecileMeasured, ...] = Field(description="The most likely tenth first, since the start")
    calibration: tuple[CalibrationBin, ...] = Field(description="Bins that are not empty, since the start")


class ListsMeasured(Value):
    """What came of recommendations; an impression is a list, or an item in it, that the shop says it has shown."""

    lists: float = Field(description=f"Lists shown; {_WEIGHT}")
    items: float = Field(description="Items shown in them")
    clicked_lists: float
    clicked_items: float
    ordered_items: float = Field(description="Clicked items that were ordered within the window of the click")
    viewed_orders: float = Field(description="Items ordered within the window of being shown, without a click")
    click_through: float | None = Field(description="Clicked lists over lists")
    item_click_through: float | None = Field(description="Clicked items over items")
    conversion: float | None = Field(description="Ordered items over clicked items")
    view_through: float | None = Field(description="Orders without a click over items")
    trials: float = Field(description="Orders of customers who had ordered before, tested before they were learnt from")
    hit_rate: float | None = Field(description="Share of trials in which the list of ten held an item of the order")
    popular_hit_rate: float | None = Field(description="The same for the ten most popular items")


class RecommendationsMeasured(Value):
    """How well recommendations do."""

    since_start: ListsMeasured
    fading: ListsMeasured


class MetricsMeasured(Value):
    """How well all targets are predicted and lists are made, by all that the partitions had contributed to a model."""

    id: str = Field(description="Deterministic: same model, same id")
    model: int = Field(description="Version of the model that brought them")
    occurred_at: Instant = Field(description="Event time")
    targets: tuple[TargetMeasured, ...]
    recommendations: RecommendationsMeasured
