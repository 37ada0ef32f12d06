"""The video service: histories streamed, and what each recommender would show next."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eddyline.cases import recommenders
from eddyline.cases.video_data import FINISHED, GENRES, Service, events
from eddyline.embedded import Embedded
from stream.config import EngineConfig, preset
from stream.errors import DataError
from stream.evaluate.tally import Tally
from stream.profiles.profile import Profile
from stream.recommend.model import ItemsModel
from stream.recommend.ranking import Ranked
from stream.store.memory import MemoryStore

Array = NDArray[np.float64]

COUNT = 10
"""Titles on a shelf."""

LOOKS = 0.85
"""A viewer looks at place p of a shelf with probability 0.85^(p - 1)."""

STREAM, BEST = "stream", "truth"
METHODS = {
    STREAM: "All signals, learnt by the stream",
    "item": "Item neighbours, batch",
    "user": "User neighbours, batch",
    "content": "Content (genres), batch",
    "factors": "Factors (ALS), batch",
    "popular": "What is popular",
    BEST: "The truth: what each likes best",
}
"""What is compared; the last is what nobody can know."""


class Measured(NamedTuple):
    """How good a recommender's shelves are.

    Attributes
    ----------
    hit_rate, low, high
        Share of viewers who, on their next evening, watched one of their ten; with its 95 % interval (Wilson).
    click_through
        Clicks on titles shown, expected by the truth.
    coverage
        Share of the catalogue that is on somebody's shelf.
    liked
        Titles shown that are of one of the viewer's two favourite genres, by the true taste.
    """

    hit_rate: float
    low: float
    high: float
    click_through: float
    coverage: float
    liked: float


@dataclass(frozen=True, eq=False)
class Video:
    """What has come of it.

    Attributes
    ----------
    config
        Of the engine.
    tally
        What the engine measured while it ran, each list before the evening was learnt.
    items
        The stream's model at the split.
    weights
        How much each viewer had to do with each title before the split, shape [n, m].
    tested
        Viewers with a next evening to test on, and at least one title before.
    shelves
        Method -> titles on each viewer's shelf, shape [n, 10].
    reasons
        The stream's shelves with their reasons.
    measured
        Method -> how good it is.
    events
        Streamed.
    factors
        Of viewers and titles, for reasons.
    """

    service: Service
    config: EngineConfig
    tally: Tally
    items: ItemsModel
    weights: Array
    tested: NDArray[np.intp]
    shelves: dict[str, NDArray[np.intp]]
    reasons: tuple[tuple[Ranked, ...], ...]
    measured: dict[str, Measured]
    events: int
    factors: tuple[Array, Array]


def run(service: Service, seed: int = 7, advance: Callable[[int], None] = lambda done: None) -> Video:
    """Stream the histories up to the split, make everyone's shelf, and judge it by the next evening and by the truth.

    Raises
    ------
    DataError
        Where too little is watched to learn or to test.
    """
    records = events(service, service.split)
    config = preset("video", learning={"every": max(200, len(records) // 20)}, segments={"warm_up": 50, "seed": seed})
    product = Embedded(config, MemoryStore(), partitions=2)
    product.process(records, watch=lambda done: advance(done.events))
    engines = product.engines
    items = engines[0].model.items
    weights, wanted = _histories(service)
    tested = np.array(
        [viewer for viewer, titles in enumerate(wanted) if titles and weights[viewer].any()], dtype=np.intp
    )
    if items is None or len(tested) < COUNT:
        raise DataError("too little is watched to learn from and to test on: take more viewers")
    started = weights > 0
    known = {profile.customer: (engine, profile) for engine in engines for profile in engine.customers}
    stranger = engines[0], Profile("", array("d"), [])
    places = {title: place for place, title in enumerate(service.catalogue.ids)}
    reasons = []
    for viewer, name in enumerate(service.viewers):
        engine, profile = known.get(name, stranger)
        hidden = {service.catalogue.ids[title] for title in np.flatnonzero(started[viewer]).tolist()}
        reasons.append(tuple(engine.recommender.lists.recommend(profile, engine.clock, COUNT, hidden)))
    viewers, titles = recommenders.factors(weights, seed)
    genres = np.eye(len(GENRES))[service.catalogue.genres]
    scores = {
        "item": recommenders.item_neighbours(weights),
        "user": recommenders.user_neighbours(weights),
        "content": recommenders.content(weights, genres),
        "factors": viewers @ titles.T,
        "popular": recommenders.popular(weights),
        BEST: service.liking,
    }
    shelves = {STREAM: _filled([[places[one.item] for one in shelf] for shelf in reasons], scores["popular"], started)}
    shelves |= {name: _top(found, started) for name, found in scores.items()}
    return Video(
        service,
        config,
        reduce(Tally.merge, (engine.tally for engine in engines), Tally()),
        items,
        weights,
        tested,
        shelves,
        tuple(reasons),
        {name: _measured(service, shelves[name], wanted, tested) for name in METHODS},
        len(records),
        (viewers, titles),
    )


def _histories(service: Service) -> tuple[Array, list[set[int]]]:
    """Weights before the split, and the titles each viewer watched on the first evening after it.

    A title weighs the share that was watched, more where it was made a favourite or rated well, less where badly.
    """
    weights = np.zeros(service.liking.shape)
    wanted: list[set[int]] = [set() for _ in service.viewers]
    for evening in service.evenings:
        if evening.time < service.split:
            for one in evening.watched:
                rated = 0.25 * (one.rating - 3) if one.rating else 0.0
                weights[evening.viewer, one.title] = max(one.share + rated + 0.5 * one.favourite, 0.05)
        elif not wanted[evening.viewer]:
            wanted[evening.viewer] = {one.title for one in evening.watched if one.share >= FINISHED}
    return weights, wanted


def _top(scores: Array, started: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The ten best titles that a viewer has not started, the first of equal ones."""
    return np.argsort(-np.where(started, -np.inf, scores), axis=1, kind="stable")[:, :COUNT]


def _filled(shelves: list[list[int]], popular: Array, started: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Shelves of ten: what is missing is what is popular."""
    order = _top(popular, started).tolist()
    return np.array(
        [
            [*own, *(title for title in more if title not in own)][:COUNT]
            for own, more in zip(shelves, order, strict=True)
        ]
    )


def _measured(
    service: Service, shelves: NDArray[np.intp], wanted: list[set[int]], tested: NDArray[np.intp]
) -> Measured:
    hits = sum(bool(wanted[viewer] & set(shelves[viewer].tolist())) for viewer in tested.tolist())
    n, z = len(tested), 1.96
    rate = hits / n
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * float(np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))) / (1 + z * z / n)
    clicks = np.take_along_axis(service.click_chances(), shelves, axis=1) * LOOKS ** np.arange(COUNT)
    favourite = np.argsort(-service.tastes, axis=1, kind="stable")[:, :2]
    liked = (service.catalogue.genres[shelves][:, :, None] == favourite[:, None, :]).any(axis=2)
    coverage = len(np.unique(shelves)) / service.liking.shape[1]
    return Measured(rate, middle - half, middle + half, float(clicks.mean()), coverage, float(liked.mean()))
