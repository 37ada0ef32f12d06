"""`eddyline evaluate counterfactual` on small logs of which the right answers are known."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def judged(eddyline, tmp_path):
    def run(log, ranking, *arguments: str):
        paths = []
        for name, lines in (("log.jsonl", log), ("new.jsonl", ranking)):
            paths.append(tmp_path / name)
            told = [line if isinstance(line, str) else json.dumps(line) for line in lines]
            paths[-1].write_text("".join(line + "\n" for line in told))
        return eddyline("evaluate", "counterfactual", *map(str, paths), *arguments)

    return run


LOG = [{"list": f"r-{n}", "items": ["tea", "cup"], "clicked": ["cup"] if n % 4 == 0 else []} for n in range(200)]
NEW = [{"list": f"r-{n}", "items": ["cup", "tea"]} for n in range(100)]


def test_a_click_weighs_by_its_new_place(judged) -> None:
    done = judged(LOG, NEW, "--examination", "1,.5", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["lists"], found["items"], found["left_out"], found["clicks"]) == (100, 200, 100, 25)
    assert (found["observed"]["value"], found["ips"]["value"], found["snips"]["value"]) == (0.125, 0.25, 0.25)
    assert found["ips"]["low"] < 0.25 < found["ips"]["high"]
    assert (found["unsupported"], found["clipped"], found["examination"]) == (0.0, 0.0, [1.0, 0.5])
    clipped = json.loads(judged(LOG, NEW, "--examination", "1,.5", "--clip", "1.5", "--json").stdout)
    assert (clipped["ips"]["value"], clipped["clipped"]) == (0.1875, 0.5)


def test_a_table_says_what_was_not_shown(judged) -> None:
    done = judged(LOG, [{"list": "r-0", "items": ["cup", "pot"]}])
    assert done.returncode == 0, done.stderr
    assert "2 items in 1 list; 199 others have no new ranking." in done.stdout
    assert "Not shown in the log's lists:" in done.stdout


@pytest.mark.parametrize(
    ("log", "ranking", "arguments", "said"),
    [
        (["{"], NEW, [], "log.jsonl, line 1 is not JSON"),
        ([{"items": ["tea"]}], NEW, [], "log.jsonl, line 1 needs an id"),
        ([{"list": "r-0", "items": "tea"}], NEW, [], "line 1: `items` is a list of strings"),
        ([{"list": "r-0", "items": ["tea"], "clicked": ["cup"]}], NEW, [], "has a click on 'cup', which is not among"),
        ([LOG[0], LOG[0]], NEW, [], "log.jsonl, line 2 is a second list 'r-0'"),
        (LOG, [{"list": "other", "items": []}], [], "have no `list` in common"),
        (LOG, NEW, ["--examination", "1"], "--examination has 1 places, and the longest list 2"),
        (LOG, NEW, ["--examination", "1,none"], "is numbers with commas between"),
        (LOG, NEW, ["--examination", "1,0"], "each place's chance is above 0"),
    ],
)
def test_what_cannot_be_done(judged, log, ranking, arguments, said) -> None:
    done = judged(log, ranking, *arguments)
    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
