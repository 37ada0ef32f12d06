"""Lists that a shop has shown, and the clicks and orders that came of them, counted."""

from __future__ import annotations

from collections.abc import Sequence

from stream.entries import Event
from stream.evaluate.lists import ListTally
from stream.profiles.profile import Profile

SHOWN = ("Recommendation Shown", "Product List Viewed")
CLICKED, ORDERED = "Product Clicked", "Order Completed"


def follow(profile: Profile, event: Event, items: Sequence[str], window: int, tally: ListTally) -> bool:
    """Count what an event says of recommendations.

    An impression is a list of `SHOWN` that names its `recommendation_id`, or in `list_id` the id of a list that was
    given to the customer. What comes of it counts at the time of the impression.

    Parameters
    ----------
    profile
        The customer's, whose impressions are remembered there.
    event, items
        The event and its items.
    window
        Attribution window in ms.
    tally
        Where it is counted.

    Returns
    -------
    bool
        Whether anything of the profile has changed.
    """
    impressions = profile.impressions
    if event.kind in SHOWN:
        name = _shown(profile, event)
        lists, new = (0, 0) if name is None else impressions.show(name, items, event.time)
        if new:
            tally.follow(event.time, lists=lists, items=new)
        return bool(new)
    if event.kind == CLICKED:
        clicked = impressions.click(items[0], _text(event, "recommendation_id"), event.time, window)
        if clicked is not None:
            shown, first = clicked
            tally.follow(shown, clicked_items=1)
            if first is not None:
                tally.follow(first, clicked_lists=1)
        return clicked is not None
    changed = False
    if event.kind == ORDERED:
        for what, shown in impressions.order(items, event.time, window):
            tally.follow(shown, **{what: 1})
            changed = True
    return changed


def _shown(profile: Profile, event: Event) -> str | None:
    name = _text(event, "recommendation_id")
    if name is not None:
        return name
    listed = _text(event, "list_id")
    return listed if listed is not None and profile.impressions.published(listed) else None


def _text(event: Event, name: str) -> str | None:
    value = event.properties.get(name)
    if type(value) is int:
        return str(value)
    return value if type(value) is str and value else None
