"""A list in words: what an update says of each of its items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stream.profiles.profile import Profile
from stream.recommend.ranking import Ranked
from stream.values import rounded


def told(
    offered: Iterable[Ranked], profile: Profile, title: Callable[[str], str], popular: str = "Popular now."
) -> tuple[Any, ...]:
    """Fields of `RecommendedItem`: a list validates them all at once, three times as fast as one by one.

    Parameters
    ----------
    offered
        The list.
    profile
        The customer's.
    title
        What customers call an item.
    popular
        Why an item is shown that is popular.
    """
    return tuple(
        [
            {
                "item": one.item,
                "score": rounded(one.score),
                "reason": one.reason,
                "because": one.because,
                "sentence": _sentence(one, profile, title, popular),
            }
            for one in offered
        ]
    )


def _sentence(one: Ranked, profile: Profile, title: Callable[[str], str], popular: str) -> str:
    if one.because is not None:
        seed = title(one.because)
        if one.reason == "similar":
            return f"Often ordered together with {seed}."
        if one.reason == "after":
            return f"Often ordered after {seed}."
        if one.reason == "content":
            return f"Like {seed}, which you {'ordered' if one.because in profile.bought else 'added'}."
    if one.reason == "again":
        return "You ordered this before."
    return popular if one.reason == "popular" else "Chosen by the shop."
