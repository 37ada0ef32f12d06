"""The video service: the stream beats what is popular, nothing beats the truth, and reasons are of the viewer's own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eddyline.cases import recommenders
from eddyline.cases.video import COUNT, STREAM, run
from eddyline.cases.video_data import CLICKED, FINISHED, events, made_up
from eddyline.cases.video_report import reason, report, shown_viewers
from eddyline.cli import main
from stream.config import preset
from stream.errors import DataError
from stream.events import decode
from stream.records import Record


@pytest.fixture(scope="module")
def video():
    return run(made_up(250, 120, 3))


def test_the_truth_is_best_and_the_stream_beats_what_is_popular(video):
    found = video.measured
    assert found["truth"].click_through == max(one.click_through for one in found.values())
    assert found[STREAM].hit_rate > found["popular"].hit_rate + 0.1
    assert found[STREAM].click_through > 1.3 * found["popular"].click_through
    assert found[STREAM].coverage > found["popular"].coverage + 0.2
    assert min(found[name].liked for name in ("item", "user", "content", "factors")) > found["popular"].liked + 0.1


def test_a_shelf_holds_ten_titles_that_were_not_started(video):
    for shelf in video.shelves.values():
        assert shelf.shape == (250, COUNT)
        assert all(len(set(row)) == COUNT for row in shelf.tolist())
        assert not np.take_along_axis(video.weights > 0, shelf, axis=1).any()


def test_reasons_are_titles_that_the_viewer_watched(video):
    catalogue = video.service.catalogue
    said = 0
    for viewer in range(250):
        for one in video.reasons[viewer]:
            if one.because is not None:
                assert video.weights[viewer, catalogue.ids.index(one.because)] > 0
                said += 1
    assert said > 1_000
    assert all(reason(video, viewer, 0) for viewer in shown_viewers(video))


def test_nothing_of_the_test_is_streamed():
    service = made_up(60, 60)
    records = events(service, service.split)
    assert max(record.timestamp for record in records) < service.split + 12 * 3_600_000
    assert {evening.viewer for evening in service.evenings if evening.time >= service.split}
    late = [evening for evening in service.evenings if evening.time >= service.split]
    names = {record.value for record in records}
    assert not any(
        f'"{service.viewers[one.viewer]}-{service.evenings.index(one)}-1"'.encode() in b"".join(names)
        for one in late[:20]
    )


def test_events_are_of_the_contract_and_in_order():
    service = made_up(40, 60)
    records = events(service, service.split)
    assert [record.timestamp for record in records] == sorted(record.timestamp for record in records)
    kinds = set()
    for offset, record in enumerate(records):
        event = decode(Record("events", 0, offset, record.timestamp, record.key, record.value), preset("video").events)
        kinds.add(event.kind)
        assert event.customer == record.key.decode()
    assert kinds == {
        "Video Playback Completed",
        "Video Content Completed",
        "Video Rated",
        "Product Added",
        "Order Completed",
    }


def test_the_generator_is_as_it_says():
    service = made_up(100, 80)
    assert service.click_chances().mean() == pytest.approx(CLICKED)
    seen = set()
    for evening in service.evenings:
        for one in evening.watched:
            assert (evening.viewer, one.title) not in seen
            seen.add((evening.viewer, one.title))
    shares = [one.share for evening in service.evenings for one in evening.watched]
    assert 0.5 < np.mean(np.array(shares) >= FINISHED) < 0.95
    assert len(set(service.catalogue.names)) == 80


def test_factors_find_groups_that_no_description_tells():
    rng = np.random.default_rng(0)
    group = np.arange(60) % 2
    weights = (rng.random((60, 40)) < np.where(group[:, None] == np.arange(40) % 2, 0.5, 0.05)).astype(float)
    viewers, titles = recommenders.factors(weights)
    scores = np.where(weights > 0, np.nan, viewers @ titles.T)
    own = np.where(group[:, None] == np.arange(40) % 2, scores, np.nan)
    other = np.where(group[:, None] != np.arange(40) % 2, scores, np.nan)
    assert np.nanmean(own) > np.nanmean(other) + 0.2


def test_the_same_seed_gives_the_same_numbers(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = []
    for seed in ("5", "5", "6"):
        assert main(["case", "video", "--viewers", "80", "--titles", "60", "--seed", seed, "--json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]
    assert json.loads(told[0])["viewers"] == 80
    assert list(tmp_path.iterdir()) == []


def test_the_report_says_what_is_simulated_and_draws(video):
    made = report(video, 3)
    said = " ".join(part.text for part in made.parts if hasattr(part, "text"))
    assert "not measured on people" in said
    assert "watches again within 7 days: AUC" in said
    for part in made.parts:
        if hasattr(part, "draw"):
            assert part.draw().get_size_inches()[0] == 8


def test_too_little_to_test_on_is_said():
    with pytest.raises(DataError, match="more viewers"):
        run(made_up(5, 60))
