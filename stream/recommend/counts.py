"""What a partition counts of its items: the components' counts, item by item, and a bounded number of items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgpack
import numpy as np

from stream.config import RecommendConfig
from stream.items import NOTHING_KNOWN, WITHDRAWN
from stream.products import Product
from stream.recommend.again import BuyAgain
from stream.recommend.attributes import Attributes
from stream.recommend.blend import Blend
from stream.recommend.catalogue import Catalogue
from stream.recommend.component import NONE, Floats, Numbers, Order, Places, Stored
from stream.recommend.content import Content
from stream.recommend.neighbours import ItemNeighbours
from stream.recommend.popularity import Popularity
from stream.recommend.rows import row_of
from stream.recommend.rules import Rules
from stream.recommend.sequences import Sequences

CHANGED = "items:changed"
"""The index of a partition's items, by the entries that were applied when their counts last changed."""

ADD_WEIGHT = 0.2
"""An add to the basket, beside an order's 1, in an item's popularity."""


class ItemCounts:
    """Counts of all items of a partition.

    `config.counted_items` items are kept. When there are a quarter more the lightest go (by decayed orders and adds; of
    equal ones the later comer). A newcomer starts from nothing and is weighed only when that many others have come, so
    none is counted too high, and what sells now displaces what sold once. Items that the catalogue tells of do not go,
    and are not counted among those (see `Attributes`).

    Parameters
    ----------
    config
        Engine settings of recommendations.
    rows
        Item -> packed row, of all items that the store has of this partition.
    state
        What else it has, from `state`.
    extra
        Names of signals that come from elsewhere (see `Blend`).

    Attributes
    ----------
    catalogue
        The items, by number.
    attributes
        What is known of them beside counts.
    rules
        What may be shown.
    blend
        The components and their rankers.

    Notes
    -----
    Source: Manku and Motwani, Lossy Counting (2002), for items. What is kept of an item is in `stream.recommend.rows`.
    """

    def __init__(
        self,
        config: RecommendConfig,
        rows: Mapping[str, bytes] | None = None,
        state: Sequence[int] = (0, 0),
        extra: tuple[str, ...] = (),
    ) -> None:
        self._config = config
        self._most = config.counted_items
        self._newest, self._next = state  # time of the newest order; the next newcomer's id
        self._changed: set[str] = set()
        self._popularity = Popularity()
        half_life, cap, most, shrink = config.half_life, config.neighbours, config.pair_items, config.shrink
        self._neighbours = neighbours = ItemNeighbours(half_life, cap, most, shrink=shrink)
        sequences = Sequences(half_life, cap, most, shrink=shrink)
        self._stored: tuple[Stored, ...] = (self._popularity, neighbours, sequences)
        self.catalogue = Catalogue()
        self.rules = Rules(config.rules)
        self._content = Content(lambda: self.attributes.told > 0)
        self.attributes = Attributes(config.catalogue_items, (self.rules, self._content))
        self.blend = Blend(1, 1, (self._popularity, BuyAgain(), neighbours, sequences, self._content), extra)
        self._hidden: dict[str, bytes] | None = None  # as others were told last
        self._ids = self._times = NONE  # by number: ids, and the newest time when the item last changed
        self._load(rows or {})

    @property
    def state(self) -> tuple[int, int]:
        """What is to be stored beside the rows."""
        return self._newest, self._next

    def items(self) -> Iterable[str]:
        """Names of the items counted."""
        return self.catalogue.names

    def learn_add(self, item: str, time: int) -> None:
        """An item was put into a basket."""
        number = self.catalogue.number(item)
        if number < 0:
            number = int(self._numbers([item])[0])
        self._pass_time(time)
        self._popularity.count_one(number, time, ADD_WEIGHT)
        self._times[number] = self._newest
        self._changed.add(item)
        self._forget()

    def learn_order(self, items: Sequence[str], time: int, before: Iterable[str] = ()) -> None:
        """Items were ordered together; repeats of an item count once.

        Of more than `config.pair_items` distinct items a sample is paired, drawn by a hash of item and time: an order
        of 10,000 items makes no more pairs than one of `pair_items`, and wholesalers do not drown everyone else.

        Parameters
        ----------
        items
            Ordered.
        time
            Event time in ms.
        before
            Items of the same customer's order before.
        """
        numbers = self._numbers(items)
        known = self.catalogue.known(dict.fromkeys(before))
        self._pass_time(time)
        self.blend.learn(Order(time, numbers, known))
        self._times[numbers] = self._times[known] = self._newest
        names = self.catalogue.names
        self._changed.update(names[number] for number in (*numbers.tolist(), *known.tolist()))
        self._forget()

    def tell(self, kind: str, given: Mapping[str, Any]) -> None:
        """The catalogue tells of an item.

        Parameters
        ----------
        kind
            One of `CATALOGUE`.
        given
            From `read_item`.
        """
        item = given["product_id"]
        number = int(self._numbers([item])[0])
        if kind == WITHDRAWN:
            self.attributes.withdraw(number)
        else:
            self.attributes.tell(number, given)
        self._changed.add(item)
        loose, gone = self.attributes.release()
        if len(loose) or len(gone):
            names = self.catalogue.names
            self._changed.update(names[one] for one in loose.tolist())
            if len(gone):
                self._keep(np.setdiff1d(np.arange(len(names)), gone))
            self._forget()

    def hear(self, products: Iterable[Product]) -> None:
        """Customers' events say something of items; of those that are not counted it is not kept."""
        for product in products:
            number = self.catalogue.number(product.id)
            if number >= 0 and self.attributes.hear(number, product):
                self._changed.add(product.id)

    def likeness(self, items: Numbers) -> Callable[[int], Floats]:
        """How alike some items are, by content or by what they are ordered with, whichever is more.

        Returns
        -------
        callable
            Place of one of the items -> similarity of each to it, in [0, 1], shape [n].
        """
        vectors = self._content.vectors(items)
        size = max(len(self.catalogue), int(items.max(initial=-1)) + 1)

        def similar(place: int) -> Floats:
            alike: Floats = (vectors * vectors[place]).sum(axis=1)
            if items[place] < len(self.catalogue):
                near = self._neighbours.near(int(items[place])).scores(size)
                alike = np.maximum(alike, np.minimum(near[items], 1.0))
            return alike

        return similar

    def drain_changed(self) -> set[str]:
        """Items that changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def hidden(self, changed: Iterable[str]) -> dict[str, bytes | None]:
        """Items that are not shown to anyone, with the reason, as far as that has changed; None where they are again.

        Parameters
        ----------
        changed
            Names of items of which something has changed. The first time all items are looked at.
        """
        if self._hidden is None:
            self._hidden = {}
            changed = (*self.catalogue.names, *self._config.rules.hide_items)
        found: dict[str, bytes | None] = {}
        for name in changed:
            number = self.catalogue.number(name)
            why = self.rules.why(name, NOTHING_KNOWN if number < 0 else self.attributes.item(number))
            now = None if why is None else why.encode()
            if now != self._hidden.get(name):
                found[name] = now
                if now is None:
                    del self._hidden[name]
                else:
                    self._hidden[name] = now
        return found

    def pack_item(self, name: str) -> bytes | None:
        """One item's counts, as stored; None when it is not counted any more."""
        number = self.catalogue.number(name)
        if number < 0:
            return None
        time = int(self._times[number])
        pieces = [component.pack(number, self._ids, time) for component in self._stored]
        packed: bytes = msgpack.packb((int(self._ids[number]), time, *pieces, self.attributes.pack(number)))
        return packed

    def _pass_time(self, time: int) -> None:
        """All count in units of the same time, which is stored once."""
        if time > self._newest:
            self._newest = time
            for component in self._stored:
                component.advance(time)

    def _numbers(self, items: Sequence[str]) -> Numbers:
        numbers = self.catalogue.numbers(items)
        if (new := len(self.catalogue) - self.blend.size) > 0:
            if len(self.catalogue) > len(self._ids):
                more = np.zeros(max(64, len(self._ids), new), np.intp)
                self._ids, self._times = np.concatenate((self._ids, more)), np.concatenate((self._times, more))
            self._ids[self.blend.size : len(self.catalogue)] = np.arange(self._next, self._next + new)
            self._next += new
            self._reserve()
        return numbers

    def _reserve(self) -> None:
        self.blend.reserve(len(self.catalogue))
        self.attributes.reserve(len(self.catalogue))

    def _load(self, rows: Mapping[str, bytes]) -> None:
        unpacked = ((name, row_of(packed)) for name, packed in rows.items())
        found: list[tuple[int, str, Sequence[Any]]] = sorted((row[0], name, row) for name, row in unpacked)
        self.catalogue = Catalogue(name for _, name, _ in found)
        self._ids = np.array([id_ for id_, _, _ in found], np.intp)
        self._times = np.array([row[1] for _, _, row in found], np.intp)
        self._reserve()
        places = Places(self._ids)
        for component in self._stored:
            component.advance(self._newest)
        for number, (_, _, (_, time, *pieces, attributes)) in enumerate(found):
            self.attributes.unpack(number, attributes)
            for component, piece in zip(self._stored, pieces, strict=True):
                component.unpack(number, piece, time, places)

    def _forget(self) -> None:
        """Let the lightest items go when there are a quarter more than are to be kept.

        Ids are not given out again: a stored row may go on naming an item that has gone.
        """
        excess = len(self.catalogue) - self.attributes.told - self._most
        if excess <= self._most // 4:
            return
        loose = self.attributes.loose
        lightest = loose[np.lexsort((-loose, self._popularity.lasting[loose]))]
        kept = np.ones(len(self.catalogue), np.bool_)
        kept[lightest[:excess]] = False
        self._keep(kept.nonzero()[0])

    def _keep(self, kept: Numbers) -> None:
        """Forget all items but these, ascending."""
        self._changed.update(self.catalogue.keep(kept))
        self._ids, self._times = self._ids[kept], self._times[kept]
        for component in self._stored:
            component.keep(kept)
        self.attributes.keep(kept)
        self.blend.size = len(kept)
