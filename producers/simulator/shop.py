"""The simulated shop: its events in the order in which they arrive, and the truth about its customers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from producers.customer_event import event_with, quote, to_text
from producers.simulator.catalog import make_catalog
from producers.simulator.kinds import KINDS
from producers.simulator.people import make_people
from producers.simulator.trouble import disturb, malformed
from producers.simulator.visits import Visits, make_visits
from stream.durations import DAY
from stream.errors import InputError
from stream.records import Outgoing

_START = 1_704_067_200_000  # 2024-01-01
_Action = tuple[int, str, bool, str | None, str]  # time, customer, known, event, JSON of what else there is


class Plan(NamedTuple):
    """What is wrong on purpose: numbers of records."""

    malformed: int
    duplicates: int
    late: int


class Shop:
    """A shop whose customers are of five known kinds (`KINDS`), with items that are bought together.

    Some customers change their kind midway, some go quiet. A few records are malformed, repeated or late; `plan`
    says how many.

    Parameters
    ----------
    seed
        Same seed (and same numpy), same bytes.
    customers, items, days
        Size. The default makes about 100,000 events.
    start
        First moment, ms since 1970 UTC.
    topic
        Where the records go.

    Raises
    ------
    InputError
        When the shop would be too small: 10 customers, 10 items and 10 days are the least.

    >>> shop = Shop(seed=1, customers=40, days=30)
    >>> next(shop.events()).key, shop.truth()["c-00001"]
    (b'c-00018', 'loyal')
    """

    def __init__(
        self,
        seed: int = 7,
        *,
        customers: int = 2_000,
        items: int = 300,
        days: int = 180,
        start: int = _START,
        topic: str = "events",
    ) -> None:
        for name, value in (("customers", customers), ("items", items), ("days", days)):
            if value < 10:
                raise InputError(f"a shop needs at least 10 {name}, not {value}")
        if seed < 0:
            raise InputError(f"a seed is 0 or more, not {seed}")
        self.seed, self.days, self.start, self.topic = seed, days, start, topic
        self.catalog = make_catalog(self._rng(0), items)
        self.people = make_people(self._rng(1), customers, days, self.catalog)
        self.customers = [f"c-{number:05d}" for number in range(1, customers + 1)]

    def truth(self) -> Mapping[str, str]:
        """Customer -> name of the kind that the customer is of in the end."""
        return {name: KINDS[kind].name for name, kind in zip(self.customers, self.people.final().tolist(), strict=True)}

    def plan(self) -> Plan:
        """How many records are malformed, repeated and late."""
        customers = len(self.customers)
        return Plan(max(1, customers // 80), max(1, customers // 40), max(1, customers // 10))

    def events(self) -> Iterator[Outgoing]:
        """All records in the order in which they arrive; the same each time."""
        visits = make_visits(self._rng(2), self.people, self.catalog, self.days)
        actions = self._actions(visits)
        actions.sort(key=lambda action: action[0])
        records = [
            event_with(customer, time, f"sim-{self.seed}-{number}", event, rest, known, self.topic)
            for number, (time, customer, known, event, rest) in enumerate(actions)
        ]
        rng, plan = self._rng(3), self.plan()
        times = self.start + rng.integers(0, self.days * DAY, plan.malformed)
        who = rng.integers(0, len(self.customers), plan.malformed)
        broken = [
            malformed(number, self.customers[index], time, self.topic)
            for number, (index, time) in enumerate(zip(who.tolist(), times.tolist(), strict=True))
        ]
        yield from disturb(rng, records, broken, plan.late, plan.duplicates)

    def _rng(self, stage: int) -> np.random.Generator:
        """Every stage has its own stream, so that one can change without the others."""
        return np.random.Generator(np.random.PCG64([self.seed, stage]))

    def _actions(self, visits: Visits) -> list[_Action]:
        """What happens on all visits, and the refunds that follow, in no order."""
        rng = self._rng(4)
        count = len(visits.customer)
        returned = rng.random(count) < np.array([kind.refunds for kind in KINDS])[visits.kind]
        after = rng.integers(2 * DAY, 14 * DAY, count).tolist()
        whole = (rng.random(count) < 0.6).tolist()
        cut = (1.0 - np.array([kind.discount for kind in KINDS])[visits.kind]).tolist()
        prices = self.catalog.prices.tolist()
        named = [
            f'"product_id":{quote(item)},"category":{quote(kind)}'
            for item, kind in zip(self.catalog.ids, self.catalog.categories, strict=True)
        ]
        titles = [f',"name":{quote(name)}' for name in self.catalog.names]
        end, met = self.start + self.days * DAY, set()
        actions: list[_Action] = []
        rows = zip(*(column.tolist() for column in visits), returned.tolist(), strict=True)
        for number, (index, _, at, step, shelf, viewed, added, bought, pieces, back) in enumerate(rows):
            known = index < len(self.customers)
            customer = self.customers[index] if known else f"visitor-{index - len(self.customers) + 1:05d}"
            time = self.start + at
            if known and index not in met:
                met.add(index)
                actions.append((time, customer, True, None, f',"traits":{to_text(self.people.traits(index))}'))
            lines: list[tuple[str, float]] = []
            for place in range(viewed):
                item = shelf[place]
                price = round(prices[item] * cut[number], 2)
                about = f'{named[item]},"price":{price}'
                rest = f',"properties":{{{about}{titles[item]}}}'
                actions.append((time := time + step, customer, known, "Product Viewed", rest))
                if place < added:
                    quantity = pieces[place]
                    line = f'{about},"quantity":{quantity}'
                    actions.append((time + 5_000, customer, known, "Product Added", f',"properties":{{{line}}}'))
                    if place < bought:
                        lines.append((f"{{{line}}}", price * quantity))
                    elif bought:  # taken out again before the order
                        time += 10_000
                        actions.append((time, customer, known, "Product Removed", f',"properties":{{{line}}}'))
            if lines:
                order = f"o-{number + 1:06d}"
                actions.append((time + step, customer, known, "Order Completed", _order(order, lines)))
                time += after[number]
                if back and time < end:
                    sent = lines if whole[number] else lines[:1]
                    actions.append((time, customer, known, "Order Refunded", _order(order, sent)))
        return actions


def _order(order: str, lines: list[tuple[str, float]]) -> str:
    revenue = round(sum(amount for _, amount in lines), 2)
    products = ",".join(line for line, _ in lines)
    return f',"properties":{{"order_id":"{order}","revenue":{revenue},"currency":"EUR","products":[{products}]}}'
