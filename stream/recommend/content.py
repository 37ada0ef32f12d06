"""Content: what is like the customer's own items by category, brand, price and the words of its name."""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from heapq import nsmallest
from typing import Self
from zlib import crc32

import numpy as np

from stream.items import Item
from stream.recommend.blend import best
from stream.recommend.component import NOTHING, Component, Floats, Numbers, Offers, Order, Query, marked
from stream.recommend.neighbours import fading

WORDS = 12
"""Words of a name that are looked at."""

SEEDS = 12
"""Own items that make a taste, the latest."""

FEATURES = 16
"""Features of a taste that are looked up, those that weigh most."""

LOOKED_AT = 128
"""Items that are looked at of those that have a feature, the newest."""

OFFERED = 50
"""Items that are offered, those most alike."""

_WORD = re.compile(r"\w\w+")


class Content(Component):
    """Items that share features with what the customer ordered or has in the basket, though nobody has ordered them.

    Features are the category, the brand, the price to half an octave, and the words of the name, by their hash. An item
    is a vector of its features, each weighing log(1 + N / n) for n of N items that have it (TF-IDF), of length 1 but
    for these weights; a taste is the sum of the own items' vectors, each as heavy as it is lately and often ordered.
    The part of an item's score that a feature brings has as its seed the own item of which most of that feature comes.

    Nothing is learnt from orders. What is known of items comes as they change (see `Follower`).

    Parameters
    ----------
    wanted
        Whether it is to offer anything. Where no catalogue tells of items, all that are known have been added or
        ordered, and other signals know more of them.

    Notes
    -----
    Sources: Salton and Buckley, Term-weighting approaches in automatic text retrieval (1988); Pazzani and Billsus,
    Content-based recommendation systems (2007).

    Examples
    --------
    >>> from stream.recommend.component import Own
    >>> content = Content()
    >>> for number, name in enumerate(("Red lantern", "Red mug", "Blue lantern", "Oak frame")):
    ...     content.know(number, Item(name=name, category=name.split()[1]))
    >>> own = Own(np.array([0]), np.ones(1), np.zeros(1), np.zeros(1))
    >>> likes, _ = content.score(Query(0, own))
    >>> likes.items.tolist(), likes.because(2)
    ([0, 1, 2], 0)
    """

    signals = ("like_own", "like_basket")
    beside = 10

    def __init__(self, wanted: Callable[[], bool] = lambda: True) -> None:
        self._wanted = wanted
        self._features: list[tuple[int, ...]] = []
        self._having: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))  # feature -> items, ascending
        self._scale = np.zeros(64)  # 1 / √(number of features)
        self._part = np.zeros(64, np.intp)
        self._known = 0

    def know(self, number: int, item: Item) -> None:
        """See `Follower.know`."""
        if number >= len(self._features):
            self._features += [()] * (number + 1 - len(self._features))
        features = features_of(item)
        before = self._features[number]
        if features == before:
            return
        for feature in before:
            having = self._having[feature]
            having.pop(bisect_left(having, number))
            if not having:
                del self._having[feature]
        self._put(number, features)
        self._known -= bool(before)

    def score(self, query: Query) -> Sequence[Offers]:
        """See `Component.score`."""
        if not self._known or not self._wanted():
            return NOTHING, NOTHING
        own, weights = query.own.items[-SEEDS:], fading(query.own, query.time)[-SEEDS:]
        basket = query.basket[-SEEDS:]
        return self._like(own, weights), self._like(basket, np.ones(len(basket)))

    def vectors(self, items: Numbers) -> Floats:
        """Features of some items as vectors of length 1, or 0 where none are known; shape [n, features of any]."""
        known = [self._features[item] if item < len(self._features) else () for item in items.tolist()]
        columns = {feature: place for place, feature in enumerate(dict.fromkeys(f for one in known for f in one))}
        made = np.zeros((len(items), len(columns)))
        for row, features in zip(made, known, strict=True):
            for feature in features:
                row[columns[feature]] = math.log1p(self._known / len(self._having[feature]))
        made /= np.maximum(np.sqrt((made**2).sum(axis=1)), 1e-300)[:, None]
        return made

    def learn(self, order: Order) -> None:
        """See `Component.learn`."""

    def reserve(self, size: int) -> None:
        """See `Component.reserve`."""

    def keep(self, kept: Numbers) -> None:
        """See `Follower.keep`."""
        before = self._features
        self._features, self._known = [], 0
        self._having.clear()
        for number, old in enumerate(kept.tolist()):
            features = before[old] if old < len(before) else ()
            self._features.append(())
            if features:
                self._put(number, features)

    def merge(self, others: Sequence[Self], numbers: Sequence[Numbers], size: int) -> Self:
        """See `Component.merge`; of what several know, what the first does."""
        merged = type(self)()
        merged._features = [()] * size
        for part, names in zip((self, *others), numbers, strict=True):
            for number, features in zip(names.tolist(), part._features, strict=False):
                if features and not merged._features[number]:
                    merged._put(number, features)
        return merged

    def _put(self, number: int, features: tuple[int, ...]) -> None:
        """Give features to an item that has none."""
        self._features[number] = features
        self._known += bool(features)
        for feature in features:
            having = self._having[feature]
            if having and having[-1] > number:
                having.insert(bisect_left(having, number), number)
            else:
                having.append(number)
        if number >= len(self._scale):
            more = np.zeros(max(number + 1, 2 * len(self._scale)) - len(self._scale))
            self._scale = np.concatenate((self._scale, more))
            self._part = np.zeros(len(self._scale), np.intp)
        self._scale[number] = 1 / math.sqrt(len(features)) if features else 0.0

    def _like(self, seeds: Numbers, weights: Floats) -> Offers:
        """The items most alike to some of the customer's, with the one that speaks most for each."""
        taste: dict[int, float] = {}
        most: dict[int, tuple[float, int]] = {}
        for seed, weight in zip(seeds.tolist(), weights.tolist(), strict=True):
            features = self._features[seed] if seed < len(self._features) else ()
            part = weight * float(self._scale[seed]) if features else 0.0
            for feature in features:
                taste[feature] = taste.get(feature, 0.0) + part
                if part > most.get(feature, (0.0, -1))[0]:
                    most[feature] = part, seed
        if not taste:
            return NOTHING
        known, postings, log1p = self._known, self._having, math.log1p
        found = [(-weight * log1p(known / len(postings[feature])) ** 2, feature) for feature, weight in taste.items()]
        heaviest = nsmallest(FEATURES, found)
        chosen = [feature for _, feature in heaviest]
        having = [np.frombuffer(self._having[feature], np.uint32)[-LOOKED_AT:] for feature in chosen]
        lengths = [len(one) for one in having]
        items = np.concatenate(having).astype(np.intp)
        values = np.array([-weight for weight, _ in heaviest]).repeat(lengths) * self._scale[items]
        speaking = np.array([most[feature][1] for feature in chosen], np.intp).repeat(lengths)
        self._part[items] = np.arange(len(items))
        of = self._part[items]  # one part of each item stands for it, so that nothing here is as long as the catalogue
        scores: Floats = np.bincount(of, values, len(items)).astype(np.float64)
        alike = scores.nonzero()[0]
        top = alike[best(scores[alike], OFFERED)]
        parts = marked(of, top).nonzero()[0]
        parts = parts[np.lexsort((values[parts], items[parts]))]  # an item's together, its largest last
        last = parts[np.append(np.diff(items[parts]) > 0, True)]
        return Offers(items[last], scores[of[last]], speaking[last])


def features_of(item: Item) -> tuple[int, ...]:
    """Features of an item by their hash, distinct; none where nothing is known of it.

    >>> len(features_of(Item(name="White lantern, white", price=2.5)))
    3
    """
    return tuple(dict.fromkeys(crc32(text.encode("utf-8", "replace")) for text in _texts(item)))


def _texts(item: Item) -> Iterable[str]:
    if item.category is not None:
        yield f"category {item.category.lower()}"
    if item.brand is not None:
        yield f"brand {item.brand.lower()}"
    if item.price is not None:
        yield f"price {math.floor(2 * math.log2(max(item.price, 0.01)))}"
    if item.name is not None:
        yield from _WORD.findall(item.name.lower())[:WORDS]
