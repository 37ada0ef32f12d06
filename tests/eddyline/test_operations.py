"""What operators read and import: every metric that is named exists, and every metric is explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from consumers.metrics import Metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DESCRIBED = Metrics().describe()
NAMED = re.compile(r"\beddyline_[a-z_]+\b")


def samples() -> dict[str, set[str]]:
    """Names that queries may use -> their labels."""
    found = {}
    for one in DESCRIBED:
        labels = {*one.labels, "instance", "job"}
        if one.kind == "histogram":
            found |= {f"{one.name}_{part}": labels for part in ("count", "sum")}
            found[f"{one.name}_bucket"] = labels | {"le"}
        else:
            found[one.name] = labels
    return found


def test_names_are_what_prometheus_stores():
    text = Metrics().text().decode()
    assert {one.name.removesuffix("_total") for one in DESCRIBED} == {
        name.removesuffix("_total") for name in re.findall(r"# TYPE (eddyline_\w+)", text)
    }


def test_the_table_in_the_docs_is_that_of_the_code():
    rows = [
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.meaning} |"
        for one in DESCRIBED
    ]
    there = [line for line in DOCS.splitlines() if line.startswith("| `eddyline_")]
    assert there == rows, "docs/operations.md, Metrics: paste\n" + "\n".join(rows)


def test_alerts_are_complete_and_use_metrics_that_exist():
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert len(set(names)) == len(names) > 5
    for rule in group["rules"]:
        used = set(NAMED.findall(rule["expr"]))
        assert used, rule["alert"]
        assert used <= samples().keys(), rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}
        assert f"`{rule['alert']}`" in DOCS, "docs/operations.md says what to do about each alert"
        for labels in re.findall(r"\bby \(([^)]*)\)", rule["expr"]):
            assert set(labels.replace(" ", "").split(",")) <= set.union(*(samples()[name] for name in used))


def test_the_dashboard_is_one_that_grafana_imports_and_uses_metrics_that_exist():
    dashboard = json.loads((DEPLOY / "grafana" / "dashboards" / "eddyline.json").read_text(encoding="utf-8"))
    assert dashboard["uid"] == "eddyline"
    assert dashboard["id"] is None  # as an import expects it
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) > 10
    told = set()
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            used = set(NAMED.findall(target["expr"]))
            told |= used
            assert used <= samples().keys(), panel["title"]
            known = set.union(*(samples()[name] for name in used)) if used else set()
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= known | {"instance"}
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= variables | {"__rate_interval"}
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told}
    unseen = {one.name for one in DESCRIBED} - bare - {"eddyline_last_cycle_timestamp_seconds"}
    assert unseen == {"eddyline_segment_sample_customers"}  # the shares are shown instead


def test_compose_and_prometheus_agree_on_the_port():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    (job,) = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())["scrape_configs"]
    for target in job["static_configs"][0]["targets"]:
        service, _, port = target.partition(":")
        assert services[service]["command"] == f"run --http 0.0.0.0:{port}"
        assert f":{port}/health/live" in services[service]["healthcheck"]["test"][-1]
    for name in ("prometheus", "grafana"):
        assert services[name]["profiles"] == ["monitoring"]
        for volume in services[name]["volumes"]:
            assert (ROOT / volume.partition(":")[0]).exists()
    for folder in ("datasources", "dashboards"):
        for file in (DEPLOY / "grafana" / "provisioning" / folder).iterdir():
            assert yaml.safe_load(file.read_text())["apiVersion"] == 1
