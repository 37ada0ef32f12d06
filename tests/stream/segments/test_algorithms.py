"""Every algorithm keeps what the learner promises, and says what it cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stream.config import EngineConfig, Feature, SegmentsConfig, parse_config, preset
from stream.contribution import Contribution
from stream.errors import ConfigError, DataError, InputError
from stream.evaluate.clustering import adjusted_rand_index
from stream.evaluate.tally import Tally
from stream.model import Model
from stream.model import learn as learn_model
from stream.segments.learner import OUTLIERS, learn
from stream.segments.model import SegmentsModel

Array = NDArray[np.float64]
Make = Callable[..., Array]
Config = Callable[..., EngineConfig]
ALL = ("kmeans", "hierarchical", "density", "streamkmeans", "clustream", "denstream", "dbstream")
FLAT = EngineConfig(features=(Feature(name="x", aggregate="count"), Feature(name="y", aggregate="count")))


def flat(**segments: object) -> EngineConfig:
    return FLAT.model_copy(update={"segments": SegmentsConfig.model_validate(segments)})


def rings(n: int = 1_200, seed: int = 0) -> tuple[Array, Array]:
    """A ring around a core, both with the same centre, a few strays between them, and the truth: -1 for strays."""
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 1, -1], n, p=[0.5, 0.47, 0.03])
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.select([truth == 1, truth == 0], [4.0, 1.0], rng.uniform(2, 3, n))
    rows = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + rng.normal(0, 0.08, (n, 2))
    return rows, truth


def learnt(rows: Array, config: EngineConfig, previous: SegmentsModel | None = None) -> SegmentsModel:
    model = learn(rows, config, previous)
    assert model is not None
    return model


@pytest.mark.parametrize("algorithm", ALL)
def test_models_are_whole_repeatable_and_survive_json(algorithm: str, customers: Make, config: Config) -> None:
    rows, settings = customers(700), config(algorithm=algorithm, k=4)
    model = learnt(rows, settings)
    again = SegmentsModel.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.to_dict() == model.to_dict() == learnt(rows, settings).to_dict()
    best, d2 = again.predict_many(rows)
    assert np.bincount(best, minlength=len(model.ids)).tolist() == list(model.sizes)
    assert again.predict_many(rows[7:9])[1].tobytes() == d2[7:9].tobytes()
    assert len(set(model.names)) == len(model.names) == len(model.centres)
    assert list(model.ids) == [f"s{place + 1}" for place in range(len(model.ids))]
    assert sum(model.shares) == pytest.approx(1)
    scaled = model.scaling.transform_many(rows)
    for a, b in ((0, len(model.ids) - 1), (len(model.ids) - 1, 0)):
        assert model.contributions(scaled[3], a, b).sum() == pytest.approx(d2[3, b] - d2[3, a], abs=1e-12)


@pytest.mark.parametrize("algorithm", ALL)
def test_customers_who_are_all_the_same_are_one_segment(algorithm: str, config: Config) -> None:
    for value in (np.nan, 1.0):
        model = learnt(np.full((300, 5), value), config(algorithm=algorithm))
        assert model.sizes[0] == 300
        assert [size for size in model.sizes if size] == [300]


@pytest.mark.parametrize("algorithm", ["kmeans", "hierarchical", "density"])
def test_the_order_of_rows_does_not_matter(algorithm: str, customers: Make, config: Config) -> None:
    rows, settings = customers(800), config(algorithm=algorithm)
    one, two = learnt(rows, settings), learnt(rows[::-1], settings)
    assert one.to_dict() == two.to_dict()
    assert learnt(rows[::-1], settings, one).to_dict() == learnt(rows, settings, two).to_dict()


@pytest.mark.parametrize("algorithm", ["kmeans", "hierarchical", "density"])
def test_ids_and_names_stay_while_nothing_changes(algorithm: str, blobs: Make, config: Config) -> None:
    settings = config(algorithm=algorithm)
    rows = [
        np.column_stack([blobs(4_000, 0.05, d=4)[part::3], np.zeros(len(range(part, 4_000, 3)))]) for part in range(3)
    ]
    model = first = learnt(rows[0], settings)
    for later in (rows[1], rows[2], rows[0]):
        model = learnt(later, settings, model)
    assert model.ids == first.ids
    assert model.names == first.names
    assert (model.predict_many(rows[0])[0] == first.predict_many(rows[0])[0]).mean() > 0.98


@pytest.mark.parametrize(
    ("before", "after"), [("kmeans", "hierarchical"), ("hierarchical", "density"), ("density", "kmeans")]
)
def test_ids_survive_a_change_of_algorithm(before: str, after: str, blobs: Make, config: Config) -> None:
    rows = np.column_stack([blobs(1_500, 0.04, d=4), np.zeros(1_500)])
    first = learnt(rows, config(algorithm=before))
    second = learnt(rows, config(algorithm=after), first)
    kept = [(known, place) for place, known in enumerate(first.ids) if place != first.outliers]
    then, now = (np.array(model.ids)[model.predict_many(rows)[0]] for model in (first, second))
    for known, _ in kept:
        assert (now[then == known] == known).mean() > 0.95


def test_hierarchical_is_near_batch_ward_and_cut_anew(customers: Make, config: Config) -> None:
    from sklearn.cluster import AgglomerativeClustering

    rows = customers(1_500)
    model = learnt(rows, config(algorithm="hierarchical"))
    assert len(model.ids) == 5
    X = model.scaling.transform_many(rows)
    labels = AgglomerativeClustering(5).fit_predict(X)
    batch = sum(((X[labels == place] - X[labels == place].mean(axis=0)) ** 2).sum() for place in range(5))
    assert model.sse <= 1.1 * batch
    assert (
        model.cut(5).tolist() == model.owners.tolist()
        or adjusted_rand_index(model.cut(5).tolist(), model.owners.tolist()) == 1.0
    )
    assert len(set(model.cut(9).tolist())) == 9
    with pytest.raises(InputError, match="hierarchical"):
        learnt(rows, config()).cut(3)


def test_density_tells_a_ring_from_its_core_and_strays_from_both() -> None:
    rows, truth = rings()
    model = learnt(rows, flat(algorithm="density"))
    assert len(model.ids) == 3
    assert model.names[model.outliers or 0] == OUTLIERS
    best, _ = model.predict_many(rows)
    assert adjusted_rand_index(truth.tolist(), best.tolist()) > 0.93
    assert (best[truth < 0] == model.outliers).mean() > 0.6
    assert model.measure(model.scaling.transform_many(np.array([[2.5, 0.0]]))).argmin() == model.outliers


def test_density_keeps_the_ids_of_ring_core_and_strays() -> None:
    """Their centres lie on each other: only what they are made of can tell them apart."""
    settings, model = flat(algorithm="density"), None
    rows, truth = rings()
    told: list[list[str]] = []
    for seed in range(4):
        model = learnt(rings(seed=seed)[0], settings, model)
        ids = np.array(model.ids)[model.predict_many(rows)[0]]
        told.append(
            [max(set(ids[truth == kind].tolist()), key=ids[truth == kind].tolist().count) for kind in (0, 1, -1)]
        )
    assert told[0] == told[1] == told[2] == told[3]
    assert len(set(told[0])) == 3


def test_outliers_are_a_segment_also_where_nobody_is_one(blobs: Make, config: Config) -> None:
    rows = np.repeat(np.arange(4.0), 100)[:, None] * np.ones(2)
    model = learnt(rows, flat(algorithm="density"))
    assert model.outliers is not None
    assert model.sizes[model.outliers] == 0
    assert model.sizes[:4] == (100,) * 4
    assert learnt(rows, flat(algorithm="density"), model).ids == model.ids


def contribution(rows: Array) -> Contribution:
    n = len(rows)
    ids = tuple(f"u{place}" for place in range(n))
    return Contribution(
        clock=1,
        entries=n,
        customers=n,
        priorities=np.arange(n, dtype=np.uint64),
        ids=ids,
        rows=rows,
        limit=n,
        propensity={},
        tally=Tally(),
    )


def test_nothing_but_noise_keeps_the_segments_before_or_says_that_there_are_none() -> None:
    settings = flat(algorithm="density", min_share=0.4)
    noise = contribution(np.random.default_rng(0).random((400, 2)))
    with pytest.raises(DataError, match=r"only noise among 400 customers: lower segments\.min_share"):
        learn(noise.rows, settings, None)
    none = learn_model(noise, None, Model(), settings)
    assert none.segments is None
    assert "only noise" in none.failure
    assert Model.unpack(none.packed).failure == none.failure
    some = learn_model(contribution(rings()[0]), None, none, settings)
    assert some.segments is not None
    assert not some.failure
    kept = learn_model(noise, None, some, settings)
    assert kept.segments is some.segments
    assert kept.version == some.version + 1
    assert "only noise" in kept.failure


def test_dbstream_that_finds_no_dense_place_says_so(customers: Make, config: Config) -> None:
    with pytest.raises(DataError, match="dbstream found no segments among 2,000 customers"):
        learn(customers(2_000), config(algorithm="dbstream", radius=1e-9), None)


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ({"k": 0}, "segments.k"),
        ({"k": 1}, "segments.k"),
        ({"k": 50, "sample": 40}, "k is 50, but only 40 customers are learnt from"),
        ({"algorithm": "dbscan"}, "segments.algorithm"),
        ({"min_share": 0}, "segments.min_share"),
        ({"radius": -1}, "segments.radius"),
    ],
)
def test_settings_out_of_range_name_the_field(segments: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        preset("shop", segments=segments)
    with pytest.raises(ConfigError, match="segments"):
        parse_config({"features": [{"name": "x", "aggregate": "count"}], "segments": segments})


def test_algorithms_are_imported_only_when_chosen() -> None:
    import subprocess
    import sys

    code = "import sys, stream.engine; print([name for name in ('sklearn', 'scipy.cluster') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
