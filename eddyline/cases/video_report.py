"""The video service's report, as its editor reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from eddyline.cases import video_pictures
from eddyline.cases.recommenders import NEIGHBOURS, nearest_viewers
from eddyline.cases.report import Report
from eddyline.cases.video import BEST, COUNT, LOOKS, METHODS, STREAM, Video
from eddyline.cases.video_data import CLICKED, DAYS, GENRES, TESTED
from stream.durations import DAY
from stream.evaluate.lists import share
from stream.updates import rounded

SHOWN = 5
"""Titles of a shelf that are told with their reasons."""

_LATELY = 14 * DAY  # half-life
_TEACHES = (
    "Item neighbours need no more of a viewer than what was watched last, follow every evening, and explain "
    "themselves. User neighbours find what like-minded people watched, and have to search all viewers for it. Content "
    "works for a title nobody has watched yet, and sees no more than its description says. Factors find what no "
    "description says from the fewest numbers, and explain nothing by themselves. What is popular needs nothing of the "
    "viewer: it is the bar that all others have to beat, and what a newcomer gets."
)


def report(video: Video, seed: int) -> Report:
    """All that is said and drawn."""
    service = video.service
    made = Report(f"Video: what {len(service.viewers):,} viewers would watch next")
    made.numbers.update(_numbers(video, seed))
    made.say(
        f"{len(service.viewers):,} viewers, {len(service.catalogue.ids)} titles in {len(GENRES)} genres, {DAYS} days: "
        f"watch time, ratings and favourites, made up from known tastes. The first {DAYS - TESTED} days "
        f"({video.events:,} events) are streamed in order. Then each viewer gets a shelf of {COUNT} titles not started "
        f"before. It is judged by the next evening of the {len(video.tested):,} viewers who come in the {TESTED} days "
        "after.",
        "A viewer's taste has genres, which the catalogue tells, and light or dark, which it does not.",
    )
    _quality(made, video)
    _viewers(made, video)
    return made


def _quality(made: Report, video: Video) -> None:
    made.head("How good the shelves are")
    columns = [("Recommender", "left"), ("Hit rate at 10", "right"), ("95% interval", "right")]
    columns += [("Click-through", "right"), ("Coverage", "right"), ("Of favourite genres", "right")]
    cells = [
        [
            METHODS[name],
            f"{one.hit_rate:.0%}",
            f"{one.low:.0%} to {one.high:.0%}",
            f"{one.click_through:.1%}",
            f"{one.coverage:.0%}",
            f"{one.liked:.0%}",
        ]
        for name, one in video.measured.items()
    ]
    made.table(columns, cells)
    found = video.measured
    known = [name for name in METHODS if name != BEST]
    best = max(known, key=lambda name: found[name].hit_rate)
    ours, bar = found[STREAM], found["popular"]
    verdict = "beats" if ours.low > bar.high else "does not clearly beat"
    near = [METHODS[name] for name in known if name != best and found[name].hit_rate >= found[best].low]
    made.say(
        f"The stream {verdict} what is popular ({ours.hit_rate:.0%} to {bar.hit_rate:.0%}).",
        f"The most hits: {METHODS[best]}" + (f"; within its interval: {', '.join(near)}." if near else "."),
    )
    made.say(
        "The stream counts titles as going together when they are watched on one evening or on the next, batch item "
        "neighbours when they are in one history: many more pairs, from the same viewers. It also leans to what is "
        "popular, so that other genres get onto a shelf. In return its list is as new as the last evening, and a "
        "batch's as old as its last run."
        if found["item"].hit_rate > ours.hit_rate
        else ""
    )
    made.say(
        "Even the truth hits no more than that, since people watch by mood and chance. Click-through is not measured "
        f"on people: a viewer looks at place p of a shelf with probability {LOOKS:g}^(p - 1), and clicks with the "
        f"probability that the generator's own taste gives, {CLICKED:.0%} on average over all titles. Favourite genres "
        "are the two largest of the true taste."
    )
    totals = video.tally.lists.total
    rate, popular = share(totals.hits, totals.trials), share(totals.popular_hits, totals.trials)
    if rate is not None and popular is not None:
        made.say(
            f"Measured by the engine while it ran, each evening before it was learnt: {rate:.0%} of {totals.trials:,} "
            f"evenings, and {popular:.0%} for the ten most popular titles."
        )
    made.say(*_scored(video))
    made.say(_TEACHES)
    made.picture("Hit rate, click-through and coverage of each recommender", lambda: video_pictures.quality(video))
    made.picture("Hit rate week by week, each evening tested before it is learnt", lambda: video_pictures.live(video))
    made.picture("How often titles are shown, from the most to the least watched", lambda: video_pictures.reach(video))


def _scored(video: Video) -> list[str]:
    """How well the preset's first target is predicted on the way."""
    target = video.config.targets[0]
    found = video.tally.targets.get(target.name)
    if found is None:
        return []
    all_, lately = found.since_start(), found.fading(_LATELY)
    if all_.auc() is None or lately.auc() is None:
        return []
    return [
        f"On the way the engine scores who {target.description[:1].lower()}{target.description[1:]}: AUC "
        f"{all_.auc():.2f} since the start and {lately.auc():.2f} lately, on {all_.examples:,.0f} scores, each "
        f"measured before it was learnt; {all_.rate or 0:.0%} came true. The calibration error lately is "
        f"{lately.calibration_error() or 0:.3f}."
    ]


def _viewers(made: Report, video: Video) -> None:
    """A few viewers, so that a person can judge."""
    made.head("For a person to judge")
    catalogue = video.service.catalogue
    for viewer in shown_viewers(video):
        history = _history(video, viewer)
        liked = [title for title in history if video.weights[viewer, title] > 0.5] or history
        told = ", ".join(catalogue.told(title) for title in liked[:4])
        tastes = np.argsort(-video.service.tastes[viewer], kind="stable")[:2].tolist()
        true = " and ".join(f"{GENRES[at]} ({video.service.tastes[viewer][at]:.0%})" for at in tastes)
        made.say(
            f"{video.service.viewers[viewer]} has started {len(history)} title{'s' if len(history) > 1 else ''}, "
            f"lately {told}. True taste, which no recommender knows: {true}."
        )
        columns = [("", "right"), ("Learnt by the stream", "left"), ("Because", "left"), ("User neighbours", "left")]
        columns += [("Factors", "left")]
        cells = [
            [
                str(place + 1),
                catalogue.told(video.shelves[STREAM][viewer, place]),
                reason(video, viewer, place),
                catalogue.told(video.shelves["user"][viewer, place]),
                catalogue.told(video.shelves["factors"][viewer, place]),
            ]
            for place in range(SHOWN)
        ]
        made.table(columns, cells)
        user, factor = (int(video.shelves[name][viewer, 0]) for name in ("user", "factors"))
        shares = np.bincount(catalogue.genres, video.weights[viewer], len(GENRES))
        own = [GENRES[at] for at in np.argsort(-shares, kind="stable")[:2].tolist() if shares[at] > 0]
        made.say(
            f"User neighbours put {catalogue.names[user]} first: {_alike(video, viewer, user)} of the {NEIGHBOURS} "
            f"viewers most like {video.service.viewers[viewer]} watched it.",
            f"Factors put {catalogue.names[factor]} first: of what was watched it lies nearest to "
            f"{catalogue.names[_nearest(video, viewer, factor)]}.",
            f"Content goes by what is watched most, {' and '.join(own)}.",
        )


def shown_viewers(video: Video) -> list[int]:
    """Three of those who are tested: of one genre, of several, and with little history."""
    tested = video.tested
    counts = (video.weights[tested] > 0).sum(axis=1)
    sharp = video.service.tastes[tested].max(axis=1)
    rich = np.where(counts >= np.median(counts), sharp, np.nan)
    chosen = [int(tested[np.nanargmax(rich)]), int(tested[np.nanargmin(rich)]), int(tested[np.argmin(counts)])]
    return list(dict.fromkeys(chosen))


def reason(video: Video, viewer: int, place: int) -> str:
    """Why a title is on the stream's shelf, in words."""
    shelf = video.reasons[viewer]
    if place >= len(shelf) or shelf[place].because is None:
        return "popular now"
    title = video.service.catalogue.ids.index(shelf[place].because or "")
    return f"you watched {video.service.catalogue.names[title]}"


def _history(video: Video, viewer: int) -> list[int]:
    """Titles that a viewer started before the split, the latest first."""
    return [
        one.title
        for evening in reversed(video.service.evenings)
        if evening.viewer == viewer and evening.time < video.service.split
        for one in reversed(evening.watched)
    ]


def _alike(video: Video, viewer: int, title: int) -> int:
    near = np.flatnonzero(nearest_viewers(video.weights)[viewer])
    return int((video.weights[near, title] > 0).sum())


def _nearest(video: Video, viewer: int, title: int) -> int:
    """Of the titles watched, the one whose factors point most as those of `title`."""
    factors = video.factors[1]
    unit = factors / np.maximum(np.linalg.norm(factors, axis=1, keepdims=True), 1e-12)
    watched = np.flatnonzero(video.weights[viewer])
    return int(watched[(unit[watched] @ unit[title]).argmax()])


def _numbers(video: Video, seed: int) -> dict[str, Any]:
    service, totals = video.service, video.tally.lists.total
    return {
        "case": "video",
        "viewers": len(service.viewers),
        "titles": len(service.catalogue.ids),
        "events": video.events,
        "seed": seed,
        "tested": len(video.tested),
        "recommenders": [
            {"name": name, **{field: rounded(value) for field, value in one._asdict().items()}}
            for name, one in video.measured.items()
        ],
        "live": {"trials": totals.trials, "hits": totals.hits, "popular_hits": totals.popular_hits},
        "shown": [
            {
                "viewer": service.viewers[viewer],
                "titles": [
                    {"title": service.catalogue.told(title), "reason": reason(video, viewer, place)}
                    for place, title in enumerate(video.shelves[STREAM][viewer].tolist())
                ],
            }
            for viewer in shown_viewers(video)
        ],
    }
