"""An event history as a table: the engine's own labelled examples, by the time at which it scored them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

import numpy as np

from eddyline.compare.columns import Column
from eddyline.compare.table import Table
from eddyline.embedded import Embedded, embedded
from stream.config import EngineConfig
from stream.errors import DataError, InputError
from stream.propensity.labels import Resolved
from stream.records import Outgoing

_DAY = 86_400_000.0
_CHUNK = 20_000


def read_history(
    events: Iterable[Outgoing],
    config: EngineConfig,
    target: str | None = None,
    *,
    partitions: int = 4,
    warn: Callable[[str], None] = lambda sentence: None,
    watch: Callable[[Embedded], None] | None = None,
) -> Table:
    """Run the engine over events, and collect the examples of a target.

    A row is an example: the customer's features as they were frozen when the engine scored them, what came of it
    within the horizon, and the probability that was published. An outcome is known a horizon later, and both sides
    learn it only then.

    Parameters
    ----------
    events
        In the order in which they arrive.
    config
        Engine settings.
    target
        Name of a target; needed where several are declared.
    partitions
        Of the events.
    warn
        See `eddyline.embedded.embedded`.
    watch
        Called after each chunk of events.

    Raises
    ------
    InputError
        Where no such target is declared, or it is not clear which is meant.
    DataError
        Where no example's horizon has passed, or all of them ended alike.
    """
    names = [one.name for one in config.targets]
    if target is None and len(names) > 1:
        raise InputError(f"settings declare {len(names)} targets ({', '.join(names)}); say which: --target NAME")
    if (target is not None and target not in names) or not names:
        near = get_close_matches((target or "").lower(), [name.lower() for name in names], 1)
        hint = [name for name in names if name.lower() in near]
        meant = f"did you mean {hint[0]!r}?" if hint else f"there are {', '.join(names) or 'none'}"
        raise InputError(f"settings declare no target {target!r}; {meant}")
    declared = next(one for one in config.targets if target in (None, one.name))
    found: list[Resolved] = []
    with embedded(config, partitions=partitions, warn=warn) as product:
        product.observe(lambda one: found.append(one) if one.target == declared.name else None)
        product.process(events, chunk=_CHUNK, watch=watch)
    days = declared.horizon / _DAY
    outcomes = {one.happened for one in found}
    if len(outcomes) < 2:
        what = "all ended alike" if outcomes else "there is none"
        raise DataError(
            f"of {declared.name} {len(found):,} examples are known, a horizon of {days:g} days after they were scored: "
            f"{what}. Give a longer history, or a shorter horizon"
        )
    found.sort(key=lambda one: (one.example.opened_at, one.customer))
    rows = np.array([one.example.features for one in found])
    nothing = float("nan")
    columns = [Column(feature.name, "number", rows[:, place]) for place, feature in enumerate(config.features)]
    return Table(
        declared.name,
        declared.description or "it came about",
        tuple(column for column in columns if not column.constant),
        np.array([one.happened for one in found]),
        np.array([one.example.opened_at for one in found]) / _DAY,
        dated=True,
        ordered=True,
        delay=days,
        published=np.array([nothing if one.example.score is None else one.example.score for one in found]),
    )
