"""A year of a real shop through the whole product in one process: speed, memory, and how good the segments are.

    python benchmarks/online_retail.py FILE        # UCI Online Retail, .csv or .csv.gz

Prints a table. The segments' error is compared with scikit-learn's KMeans(n_init=10) on the same final feature matrix,
scaled as the model scales it.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans

from eddyline.embedded import embedded
from producers.datasets import online_retail
from stream.config import preset
from stream.segments.distance import squared_distances


def main(file: Path) -> None:
    """Run it and print what was measured."""
    started = time.perf_counter()
    with embedded(preset("shop"), partitions=4) as product:
        product.process(online_retail.events(file), chunk=20_000)
        seconds = time.perf_counter() - started
        summary = product.summary(seconds)
        engines = product.engines
        clock = max(engine.clock for engine in engines)
        rows = np.concatenate([engine.customers.read(list(engine.customers), clock) for engine in engines])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model = engines[0].model.segments
    assert model is not None, "the file has too few customers for segments"
    scaled = model.scaling.transform_many(rows)
    ours = squared_distances(scaled, model.centres).min(axis=1).sum()
    batch = KMeans(len(model.ids), n_init=10, random_state=0).fit(scaled).inertia_
    measured = [
        ("events", f"{summary.events:,}"),
        ("seconds", f"{seconds:.1f}"),
        ("events a second", f"{summary.events / seconds:,.0f}"),
        ("memory, MB", f"{memory:,.0f}"),
        ("segments", f"{len(model.ids)}"),
        ("smallest segment, share", f"{min(model.shares):.3f}"),
        ("SSE / KMeans(n_init=10)", f"{ours / batch:.3f}"),
        ("AUC, orders again in 30 days", f"{summary.auc:.3f}"),
        ("their calibration error", f"{summary.targets[0].calibration_error:.3f}"),
        ("hit rate at 10", f"{summary.hit_rate_at_10:.3f}"),
        ("popularity's hit rate at 10", f"{summary.popularity_hit_rate_at_10:.3f}"),
        ("state hash", summary.state_hash),
    ]
    for name, value in measured:
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
