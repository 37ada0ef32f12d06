"""Answers to requests: a list whenever one is asked for, also for somebody unknown."""

from __future__ import annotations

from array import array
from typing import Any, Literal

from stream.entries import Event
from stream.profiles.profile import Profile
from stream.recommend.lists import Lists
from stream.recommend.told import told
from stream.requests import read_request
from stream.span import Step
from stream.updates import RecommendationsAnswered, update_id

UNKNOWN = "Popular now; nothing is known yet of what you order."


def answer(lists: Lists, step: Step, event: Event, model: int, count: int) -> RecommendationsAnswered:
    """What is best for a customer, with what lies in the basket, at the time of the request.

    Parameters
    ----------
    lists
        Who makes lists.
    step, event
        The request; `step.profile` is None where nobody knows the customer.
    model
        Version of the adopted one; 0 before there is any.
    count
        Items, where the request does not say.
    """
    request = read_request(event.properties)
    profile = step.profile or Profile(event.customer, array("d"), [])
    offered = lists.recommend(profile, step.time, request.count or count, basket=request.items)
    basis: Literal["customer", "basket", "popular"] = "popular"
    if profile.bought:
        basis = "customer"
    elif request.items or lists.basket(profile, step.time):
        basis = "basket"
    empty: dict[str, Any] = {}
    if not offered:
        empty["empty_because"] = lists.why_empty(profile, step.time) or "No items are known yet."
    return RecommendationsAnswered(
        id=update_id("answer", event.customer, step.time, model, event.message_id),
        customer=event.customer,
        correlation_id=request.correlation_id,
        occurred_at=step.time,
        cause=step.cause,
        model=model,
        basis=basis,
        items=told(offered, profile, lists.title, UNKNOWN if basis == "popular" else "Popular now."),
        **empty,
    )
