"""Viewers of a video service, made up: their tastes are known, and so is how likely each would click on a title."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from producers.customer_event import customer_event
from stream.durations import DAY
from stream.records import Outgoing

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

GENRES = ("comedy", "crime", "documentary", "drama", "family", "romance", "science fiction", "thriller")
DAYS, TESTED = 90, 14
"""Days of history, and how many of them, the last, recommendations are tested on."""
START = 1_767_225_600_000
"""2026-01-01, in ms."""
FINISHED = 0.6
"""Share of a title from which on it counts as watched."""
CLICKED = 0.05
"""Share of all titles that a viewer who looks at them would click on."""

_FIRST = tuple(
    """Last First Silent Golden Hidden Broken Distant Little Northern Second Paper Winter Open
    Secret Blue""".split()  # noqa: SIM905
)
_SECOND = (  # by genre
    ("Wedding", "Neighbours", "Holiday", "Landlord", "Reunion"),
    ("Witness", "Harbour", "Evidence", "Inspector", "Verdict"),
    ("Ocean", "Empire", "Glacier", "Orchestra", "Migration"),
    ("Daughter", "Promise", "Village", "Harvest", "Letter"),
    ("Dragon", "Treehouse", "Lighthouse", "Circus", "Pony"),
    ("Summer", "Kiss", "Balcony", "Waltz", "Garden"),
    ("Orbit", "Colony", "Signal", "Machine", "Horizon"),
    ("Passenger", "Bridge", "Ransom", "Shadow", "Exit"),
)
MOST_TITLES = len(_FIRST) * 5 * len(GENRES)
_TASTE, _TONE, _FAME, _MOOD = 4.0, 1.1, 0.75, 2.2  # what liking is made of, and the mood of an evening beside it
_EVENING = 3  # titles at most
_LEFT = 20  # titles that a viewer never gets to, so that there is something to recommend
_MINUTE = 60_000


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Titles, m of them.

    Attributes
    ----------
    ids, names
        Of each.
    genres
        Place in `GENRES`, shape [m].
    tone
        From dark (-) to light (+), shape [m]: no description says it, and viewers differ in what they like.
    fame
        How well known, shape [m].
    minutes
        Length, shape [m].
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    genres: Ints
    tone: Array
    fame: Array
    minutes: Ints

    def told(self, title: int) -> str:
        """A title as a person reads it."""
        return f"{self.names[title]} ({GENRES[self.genres[title]]})"


class Watched(NamedTuple):
    """A title that was started: `share` of it was watched, rated from 1 to 5 or not (0), made a favourite or not."""

    title: int
    share: float
    rating: int
    favourite: bool


class Evening(NamedTuple):
    """One viewer's titles in a row, from `time` (ms) on."""

    time: int
    viewer: int
    watched: tuple[Watched, ...]


@dataclass(frozen=True, eq=False)
class Service:
    """A video service.

    Attributes
    ----------
    viewers
        Their ids, n of them.
    tastes
        Share of each genre in a viewer's taste, shape [n, genres].
    liking
        How much each would like each title, shape [n, m]: the truth that recommendations are judged by.
    evenings
        In order of time.
    """

    viewers: tuple[str, ...]
    catalogue: Catalogue
    tastes: Array
    liking: Array
    evenings: tuple[Evening, ...]

    @property
    def split(self) -> int:
        """Time from which on is tested, in ms."""
        return START + (DAYS - TESTED) * DAY

    def click_chances(self) -> Array:
        """How likely each viewer who looks at a title clicks on it, shape [n, m].

        A logistic curve over the liking, moved so that over all viewers and titles its mean is `CLICKED`.
        """
        low, high = -30.0, 30.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if float(_logistic(self.liking - middle).mean()) > CLICKED else (low, middle)
        return _logistic(self.liking - high)


def made_up(viewers: int = 1_000, titles: int = 240, seed: int = 7) -> Service:
    """A service with viewers who each like a few genres, light or dark titles, and what is well known.

    Notes
    -----
    On an evening a viewer is in the mood for one genre, drawn by taste, and watches one to three titles that are new
    to them, drawn in proportion to exp(liking + mood). How much of a title is watched, its rating, and whether it
    becomes a favourite go by the liking too, with noise.

    Examples
    --------
    >>> service = made_up(20, 60)
    >>> len(service.viewers), service.liking.shape, service.evenings == made_up(20, 60).evenings
    (20, (20, 60), True)
    """
    rng = np.random.default_rng(seed)
    catalogue = _catalogue(rng, titles)
    tastes = rng.dirichlet(np.full(len(GENRES), 0.3), viewers)
    liking = (
        _TASTE * np.sqrt(tastes[:, catalogue.genres])
        + _TONE * rng.normal(0, 1, (viewers, 1)) * catalogue.tone
        + _FAME * catalogue.fame
    )
    counts = np.clip(np.round(rng.lognormal(1.9, 0.85, viewers)), 2, 40).astype(int).tolist()
    evenings = [
        evening
        for viewer in range(viewers)
        for evening in _history(rng, viewer, counts[viewer], tastes[viewer], liking[viewer], catalogue)
    ]
    width = len(str(viewers))
    ids = tuple(f"v{number:0{width}}" for number in range(1, viewers + 1))
    return Service(ids, catalogue, tastes, liking, tuple(sorted(evenings)))


def events(service: Service, until: int) -> list[Outgoing]:
    """What viewers do before `until` (ms), as customer events in order of time.

    Each title gives a `Video Playback Completed` with its minutes, a `Video Content Completed` where it was watched to
    the end, a `Video Rated` where it was rated and a `Product Added` where it was made a favourite. An evening ends in
    an `Order Completed` with the titles that were watched: what the engine counts as going together.
    """
    made = [
        record
        for number, evening in enumerate(service.evenings)
        if evening.time < until
        for record in _records(service, number, evening)
    ]
    return sorted(made, key=lambda record: record.timestamp or 0)


def _logistic(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def _catalogue(rng: np.random.Generator, titles: int) -> Catalogue:
    genres = np.arange(titles) % len(GENRES)
    rank = (np.arange(titles) // len(GENRES)).tolist()
    names = [
        f"{_FIRST[at % len(_FIRST)]} {_SECOND[genre][(at + at // len(_FIRST)) % 5]}"
        for genre, at in zip(genres.tolist(), rank, strict=True)
    ]
    width = len(str(titles))
    return Catalogue(
        tuple(f"t{number:0{width}}" for number in range(1, titles + 1)),
        tuple(names),
        genres,
        rng.normal(0, 1, titles),
        rng.normal(0, 1, titles),
        rng.integers(40, 140, titles),
    )


def _history(
    rng: np.random.Generator, viewer: int, evenings: int, taste: Array, liking: Array, catalogue: Catalogue
) -> Iterator[Evening]:
    """A viewer's evenings; nothing is watched twice."""
    fresh = np.ones(len(liking), dtype=bool)
    for day in np.sort(rng.integers(0, DAYS, evenings)).tolist():
        mood = rng.choice(len(GENRES), p=taste)
        watched = []
        for _ in range(int(rng.integers(1, _EVENING + 1))):
            if fresh.sum() <= _LEFT:
                return
            drawn = np.where(fresh, liking + _MOOD * (catalogue.genres == mood), -np.inf) + rng.gumbel(size=len(liking))
            title = int(drawn.argmax())
            fresh[title] = False
            joy = float(liking[title] - 3.0 + rng.normal(0, 1.0))
            share = float(np.clip(0.82 + 0.15 * joy + rng.normal(0, 0.15), 0.05, 1.0))
            rating = int(np.clip(round(3.3 + 0.7 * joy), 1, 5)) if rng.random() < 0.4 else 0
            favourite = joy > 1.0 and share > FINISHED and rng.random() < 0.4
            watched.append(Watched(title, round(share, 3), rating, bool(favourite)))
        start = START + day * DAY + int(rng.normal(19.5, 1.0) * 60) * _MINUTE + viewer % _MINUTE
        yield Evening(start, viewer, tuple(watched))


def _records(service: Service, number: int, evening: Evening) -> Iterator[Outgoing]:
    catalogue, who = service.catalogue, service.viewers[evening.viewer]
    time, done = evening.time, 0

    def event(name: str, properties: dict[str, Any]) -> Outgoing:
        nonlocal done
        done += 1
        return customer_event(who, time + done, f"{who}-{number}-{done}", name, properties)

    for one in evening.watched:
        minutes = max(1, round(one.share * int(catalogue.minutes[one.title])))
        time += minutes * _MINUTE
        product = _product(catalogue, one.title)
        yield event("Video Playback Completed", product | {"minutes": minutes})
        if one.share >= 0.95:
            yield event("Video Content Completed", product)
        if one.rating:
            yield event("Video Rated", product | {"rating": one.rating})
        if one.favourite:
            yield event("Product Added", product)
    finished = [_product(catalogue, one.title) for one in evening.watched if one.share >= FINISHED]
    if finished:
        yield event("Order Completed", {"products": finished})


def _product(catalogue: Catalogue, title: int) -> dict[str, Any]:
    return {"product_id": catalogue.ids[title], "category": GENRES[catalogue.genres[title]]}
