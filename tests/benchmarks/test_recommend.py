"""The benchmark of recommendations runs from a checkout; what it measures at this size says nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.benchmarks.checkout import run


@pytest.fixture
def retail(tmp_path):
    """Forty customers order four items of their own a week, and one of everybody's."""
    lines = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    for number in range(400):
        week, customer = divmod(number, 40)
        at = datetime(2011, 1, 3) + timedelta(weeks=week, hours=customer)
        items = [f"{customer % 10}-{place}" for place in range(4)] + [f"all-{number % 7}"]
        lines += [f"{number},{item},thing,1,{at},1.5,{customer},UK" for item in items]
    path = tmp_path / "retail.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_one_run_prints_the_whole_table(retail) -> None:
    done = run("recommend.py", str(retail), "--orders", "400")
    assert done.returncode == 0, done.stderr
    table = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    rows = {cells[0].removeprefix("| "): [cell.removesuffix(" |").strip() for cell in cells[1:]] for cells in table}
    assert rows["repeats: hit rate at 10"] == ["1.000", "≥ 0.735", "yes"]
    assert rows["repeats: whole ÷ decayed_popularity"][1] == "≥ 1.5"
    assert {"evaluation of all components, s", "learning an order line, µs", "an answer, ms"} < rows.keys()
    for protocol in ("repeats", "basket"):
        assert rows[f"cap of 128 ÷ uncapped, {protocol}"][0] == "1.000"
        assert rows[f"4 partitions merged each 1,000 orders ÷ 1, {protocol}"][1] == "≥ 0.98"
        assert float(rows[f"simulated shop, {protocol}: whole ÷ decayed_popularity"][0]) > 0
    assert "weekly_als took" in done.stdout
