"""Pictures: they are written, show what the data say, and the page needs no network."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from eddyline.plots import page, suggest
from eddyline.plots.data import DIED, NEW, Pictured, hierarchy
from eddyline.plots.dendrogram import tree, ward
from eddyline.plots.page import PICTURES, need_plots, write_pictures
from eddyline.plots.sankey import bars
from eddyline.plots.scatter import principal_plane
from stream.config import EngineConfig, Feature, SegmentsConfig
from stream.errors import InputError
from stream.segments.branches import Branch
from stream.segments.cards import Card, Difference
from stream.segments.flows import Flows, Move, flows
from stream.segments.learner import learn
from stream.segments.suggest import Candidate, Suggestion


def pictured(k: int = 3, counted: Flows | None = None) -> Pictured:
    """Round groups along a line; the first two are the nearest to each other."""
    rng = np.random.default_rng(0)
    centres = np.column_stack([np.array([0.0, 0.1, *range(1, k)][:k]), np.zeros(k), np.full(k, 0.5)])
    labels = np.arange(40 * k) % k
    ids = tuple(f"s{place + 1}" for place in range(k))
    names = tuple(f"Group <{place}>, with a long name" for place in range(k))
    differences = (Difference("spend", "EUR", 12.0, 10.0, 1.5), Difference("orders", "orders", 1.0, 2.0, -0.5))
    if counted is None:
        counted = flows([Move("ann", 0, NEW, "s1", "model"), Move("ann", 5, "s1", DIED, "event")])
    return Pictured(
        model=4,
        ids=ids,
        names=names,
        cards=tuple(Card(ids[at], names[at], 40, 1 / k, 40, differences, (), 0.2) for at in range(k)),
        customers=tuple(f"c{row}" for row in range(len(labels))),
        labels=labels,
        scaled=centres[labels] + rng.normal(0, 0.01, (len(labels), 3)),
        centres=centres,
        features=("spend", "orders", "recency"),
        times=[1_700_000_000_000 + day * 86_400_000 for day in range(30)],
        sizes={segment: np.arange(30) for segment in (*ids, DIED)},
        flows=counted,
        period="2023-11-14 to 2023-12-13",
    )


class References(HTMLParser):
    """What a browser would load, and what there is on the page."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.loaded += [str(found[name]) for name in ("src", "href", "data", "srcset") if found.get(name)]
        self.ids += [str(found["id"])] if "id" in found else []


def test_each_picture_is_a_thousand_pixels_wide_and_the_page_needs_no_network(tmp_path: Path) -> None:
    written = write_pictures(pictured(), tmp_path / "new" / "directory")
    assert [file.name for file in written] == [*(f"{name}.png" for name in PICTURES), "segments.html"]
    for file in written[:-1]:
        pixels = imread(file)
        assert pixels.shape[1] == 1_000
        assert pixels.std() > 0.01  # not blank
    text = written[-1].read_text(encoding="utf-8")
    references = References()
    references.feed(text)
    assert references.loaded == []
    assert set(PICTURES) <= set(references.ids)
    assert "@import" not in text.partition("<body>")[0]
    assert all(f'Plotly.newPlot(                        "{name}"' in text for name in PICTURES)
    assert len(text) > 1_000_000  # the library is in the page


@pytest.mark.parametrize("k", [1, 2, 12])
def test_few_and_many_segments_and_no_moves_are_drawn(k: int) -> None:
    data = pictured(k, flows([]))
    for drawer in PICTURES.values():
        drawer.picture(data).draw_without_rendering()
        assert drawer.interactive(data).to_dict()["layout"]["title"]["text"]


def test_bars_are_as_high_as_there_are_moves_and_fill_the_side() -> None:
    counted = flows(
        [
            Move("ann", 0, NEW, "s1", "event"),
            Move("ann", 1, "s1", "s2", "event"),
            Move("bob", 0, NEW, "s1", "event"),
            Move("bob", 2, "s1", DIED, "event"),
        ]
    )
    origins, ends = bars(pictured(counted=counted), 0), bars(pictured(counted=counted), 1)
    assert [(bar.segment, bar.moves) for bar in origins] == [(NEW, 2), ("s1", 2)]
    assert [(bar.segment, bar.moves) for bar in ends] == [("s1", 2), ("s2", 1), (DIED, 1)]
    for side in (origins, ends):
        assert side[0].high == 1.0
        assert side[-1].low == pytest.approx(0.0)
    heights = [bar.high - bar.low for bar in ends]
    assert heights[0] == pytest.approx(2 * heights[1])


def test_the_plane_shows_the_line_on_which_the_groups_lie() -> None:
    data = pictured()
    plane = principal_plane(data)
    assert plane.explained > 0.99
    assert plane.axes[0].partition(": ")[2].startswith("+ spend")
    assert plane.centres[:, 0].tolist() == sorted(plane.centres[:, 0].tolist())
    np.testing.assert_allclose(np.diff(plane.centres[:, 0]), [0.1, 0.9], atol=0.01)


def test_the_tree_joins_the_nearest_first() -> None:
    tree = ward(pictured())
    assert sorted(tree.leaves) == [0, 1, 2]
    assert tree.distances.max(axis=1)[0] == pytest.approx(0.1)
    assert abs(tree.leaves.index(0) - tree.leaves.index(1)) == 1


def test_a_hierarchy_is_drawn_as_the_model_has_it() -> None:
    rows = np.random.default_rng(0).random((600, 2))
    features = tuple(Feature(name=name, aggregate="count") for name in ("orders", "visits"))
    settings = EngineConfig(features=features, segments=SegmentsConfig(algorithm="hierarchical", k=4))
    model = learn(rows, settings, None)
    assert model is not None
    assert model.tree is not None
    data = replace(pictured(4), ids=model.ids, names=model.names, tree=hierarchy(model, features))
    drawn = tree(data)
    assert len(drawn.leaves) == len(drawn.labels) == 24
    assert drawn.within.count(-1) == 3  # joins of four segments; the others are within one
    assert sum(float(label.split()[-1].rstrip("%")) for label in drawn.labels) == pytest.approx(100, abs=1.2)
    assert all(sum(name in label for label in drawn.labels) == 1 for name in model.names)
    assert drawn.distances.max() == model.tree.merges[-1, 2]
    page.dendrogram.picture(data).draw_without_rendering()
    assert page.dendrogram.interactive(data).to_dict()["data"]
    assert hierarchy(replace(model, tree=None), features) is None


def test_a_single_branch_is_a_tree_without_joins() -> None:
    lone = Branch("all", ("s1",), 40, 0.0)
    data = replace(pictured(1), tree=lone)
    assert tree(data).distances.shape == (0, 4)
    page.dendrogram.picture(data).draw_without_rendering()


BEST = Candidate("kmeans", 3, 0.5, 100.0, 1.0, 0.9, 0.1, 0.0)
CANDIDATES = (replace(BEST, k=2, silhouette=-0.1), BEST, replace(BEST, algorithm="hierarchical", stability=0.2))
SUGGESTION = Suggestion(500, CANDIDATES, BEST, "K-means with 3 segments.", {"density": "only noise"})


def test_the_evidence_is_drawn_with_what_is_recommended_and_what_is_ruled_out(tmp_path: Path) -> None:
    suggest.write_suggestion(SUGGESTION, tmp_path / "a.png")
    pixels = imread(tmp_path / "a.png")
    assert pixels.shape[1] == 1_000
    assert pixels.std() > 0.01
    suggest.write_suggestion(SUGGESTION, tmp_path / "a.html")
    references = References()
    references.feed((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert references.loaded == []
    assert "suggestion" in references.ids
    drawn = suggest.interactive(SUGGESTION).to_dict()
    silhouette = {line["name"]: line for line in drawn["data"][:3]}
    assert silhouette["k-means"]["x"] == [2, 3]
    assert silhouette["k-means"]["y"] == [-0.1, 0.5]
    assert silhouette["recommended"]["x"] == [3]
    assert [symbol.endswith("-open") for symbol in silhouette["k-means"]["marker"]["symbol"]] == [False, False]
    assert [symbol.endswith("-open") for symbol in silhouette["hierarchical"]["marker"]["symbol"]] == [True]
    said = drawn["layout"]["title"]["text"].replace("<br>", " ")
    assert "hierarchical 3: unstable (0.20); density: only noise." in said


def test_evidence_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    for file in (tmp_path / "nowhere" / "a.png", tmp_path / "nowhere" / "a.html"):
        with pytest.raises(InputError, match="cannot write"):
            suggest.write_suggestion(SUGGESTION, file)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'eddyline\[plots\]'"):
        need_plots()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write_pictures(pictured(), file)
