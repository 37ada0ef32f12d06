"""`eddyline demo`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from eddyline.cli.output import AsJson

if TYPE_CHECKING:
    from stream.config import EngineConfig


def demo(
    customers: Annotated[int, typer.Option(min=10, max=100_000, help="Customers of the simulated shop.")] = 2_000,
    days: Annotated[int, typer.Option(min=10, max=3_650, help="Days that are simulated.")] = 180,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same result to the last bit.")] = 7,
    partitions: Annotated[int, typer.Option(min=1, max=100, help="Partitions of the events.")] = 4,
    as_json: AsJson = False,
) -> None:
    """See it work, without any server: a simulated shop goes through the whole product.

    Segments form, customers move and the reasons are shown; then the facts, beside the truth that the simulator knows.

    [bold]Examples[/bold]

      eddyline demo
      eddyline demo --customers 500 --days 60 --json
    """
    import sys
    import time

    from eddyline.cli.live import view
    from eddyline.cli.output import print_json
    from eddyline.cli.report import show_summary
    from eddyline.embedded import embedded
    from producers.simulator import Shop
    from stream.config import preset
    from stream.evaluate.clustering import adjusted_rand_index

    shop = Shop(seed, customers=customers, days=days)
    records = list(shop.events())
    config = _quick(preset("shop", **_tempo(len(records), customers, partitions)), customers)
    warn = lambda sentence: print(sentence, file=sys.stderr)  # noqa: E731
    with embedded(config, partitions=partitions, warn=warn) as product, view(len(records), quiet=as_json) as watch:
        started = time.perf_counter()
        product.process(records, watch=watch)
        summary = product.summary(time.perf_counter() - started)
        found = product.segment_of()
    truth = shop.truth()
    placed = sorted(customer for customer in truth if found.get(customer))
    agreement = [truth[customer] for customer in placed], [found[customer] for customer in placed]
    ari = adjusted_rand_index(*agreement) if placed else None
    if not as_json:
        show_summary(summary, config, ari=ari)
        return
    print_json(
        {
            "events": summary.events,
            "seconds": round(summary.seconds, 3),
            "events_per_second": round(summary.events_per_second, 1),
            "segments": [
                {"id": row.id, "name": row.name, "size": row.size, "share": row.share} for row in summary.segments
            ],
            "changes": summary.changes,
            "ari": _rounded(ari),
            "auc": _rounded(summary.auc),
            "hit_rate_at_10": _rounded(summary.hit_rate_at_10),
            "popularity_hit_rate_at_10": _rounded(summary.popularity_hit_rate_at_10),
            "dead_letters": summary.dead_letters,
            "state_hash": summary.state_hash,
        }
    )


def _tempo(events: int, customers: int, partitions: int) -> dict[str, dict[str, int]]:
    """Settings that let a short run learn about a dozen models; a long one learns as the preset says."""
    return {
        "learning": {"every": min(5_000, max(100, events // (12 * partitions)))},
        "segments": {"warm_up": min(250, max(10, customers // 4))},
    }


def _quick(config: EngineConfig, customers: int) -> EngineConfig:
    """Scores published from fewer examples on."""
    few = min(200, max(10, customers // 10))
    targets = [target.model_copy(update={"min_examples": few}) for target in config.targets]
    return config.model_copy(update={"targets": tuple(targets)})


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
