from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from producers.datasets.categories import category
from producers.datasets.online_retail import COLUMNS, events
from producers.datasets.report import LoadReport
from stream.config import EventsConfig
from stream.entries import Event
from stream.errors import DataError
from stream.events import decode
from stream.records import Outgoing, Record

FIRST = "2010-12-01 08:26:00"
FIRST_MS = 1_291_191_960_000
HOLDER = ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER")


def row(
    invoice="536365", item=HOLDER, quantity="6", date=FIRST, price="2.55", customer="17850.0", country="United Kingdom"
) -> tuple[str, ...]:
    return (invoice, *item, quantity, date, price, customer, country)


def write(path: Path, rows: list[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def load(tmp_path: Path, rows: list[tuple[str, ...]]) -> tuple[list[Outgoing], list[Event], LoadReport]:
    report = LoadReport()
    records = list(events(write(tmp_path / "retail.csv", rows), report))
    entries = [
        decode(Record(one.topic, 0, n, one.timestamp or 0, one.key, one.value), EventsConfig())
        for n, one in enumerate(records)
    ]
    assert all(isinstance(entry, Event) for entry in entries), entries
    assert report.total == len(records)
    assert Counter(entry.kind for entry in entries) == report.events
    return records, entries, report


def test_an_invoice_becomes_a_customer_lines_and_an_order(tmp_path):
    lantern = row(item=("71053", "WHITE METAL LANTERN "), price="3.39")
    records, (who, first, second, order), report = load(tmp_path, [row(), lantern])
    assert (who.kind, who.traits) == ("identify", {"country": "United Kingdom"})
    assert {entry.customer for entry in (who, first, second, order)} == {"17850"}
    assert [entry.message_id for entry in (who, first, second, order)] == [
        "or-536365-identify",
        "or-536365-1",
        "or-536365-2",
        "or-536365-order",
    ]
    assert {record.timestamp for record in records} == {FIRST_MS} == {entry.time for entry in (who, order)}
    assert (second.kind, second.properties) == (
        "Product Added",
        {"product_id": "71053", "name": "WHITE METAL LANTERN", "category": "lantern", "price": 3.39, "quantity": 6},
    )
    assert order.kind == "Order Completed"
    assert order.properties == {
        "order_id": "536365",
        "revenue": 35.64,
        "currency": "GBP",
        "products": [
            {"product_id": "85123A", "price": 2.55, "quantity": 6, "category": "holder"},
            {"product_id": "71053", "price": 3.39, "quantity": 6, "category": "lantern"},
        ],
    }
    assert report.rows == 2
    assert not report.dropped


def test_a_cancellation_is_a_refund_with_positive_amounts(tmp_path):
    _, entries, report = load(tmp_path, [row(), row("C536379", quantity="-2")])
    refund = entries[-1]
    assert refund.kind == "Order Refunded"
    assert refund.properties["revenue"] == 5.1
    assert refund.properties["products"][0]["quantity"] == 2
    assert [entry.kind for entry in entries].count("Product Added") == 1
    assert report.amounts == {"Order Completed": 15.3, "Order Refunded": 5.1}
    assert report.balance() == 10.2


def test_lines_without_a_customer_belong_to_a_visitor(tmp_path):
    _, entries, _ = load(tmp_path, [row(customer=""), row("536366", customer=" ")])
    assert [(entry.customer, entry.known) for entry in entries] == [
        *[("anon-536365", False)] * 2,
        *[("anon-536366", False)] * 2,
    ]


def test_a_country_is_told_once_and_when_it_changes(tmp_path):
    rows = [row("1"), row("2"), row("3", country="France"), row("4", country="France"), row("5", customer="2")]
    _, entries, _ = load(tmp_path, rows)
    told = [(entry.message_id, entry.traits["country"]) for entry in entries if entry.kind == "identify"]
    assert told == [
        ("or-1-identify", "United Kingdom"),
        ("or-3-identify", "France"),
        ("or-5-identify", "United Kingdom"),
    ]


DROPS = [
    ("malformed row", row()[:7]),
    ("malformed row", row(invoice="")),
    ("bad number", row(quantity="six")),
    ("bad number", row(price="")),
    ("bad number", row(price="nan")),
    ("bad number", row(price="1e300")),
    ("bad number", row(quantity="9" * 30)),
    ("bad date", row(date="yesterday")),
    ("bad date", row(date="")),
    *(
        ("not a product", row(item=(code, "x")))
        for code in ("POST", "D", "M", "m", "BANK CHARGES", "AMAZONFEE", "DOT", "CRUK", "S", "PADS", "C2", "B", "")
    ),
    ("not a product", row(item=("gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00"))),
    ("negative quantity", row(quantity="-1")),
    ("positive quantity", row("C1")),
    ("zero quantity", row(quantity="0")),
    ("zero price", row(price="0.0")),
    ("negative price", row(price="-11062.06")),
]


@pytest.mark.parametrize(("reason", "bad"), DROPS)
def test_what_is_dropped_is_counted_by_its_reason(tmp_path, reason, bad):
    good = row("999999", customer="1")
    _, entries, report = load(tmp_path, [bad, good])
    assert report.dropped == {reason: 1}
    assert report.rows == 2
    assert {entry.customer for entry in entries} == {"1"}
    assert f"1 row was dropped: 1 {reason}." in report.sentences()


def test_repeated_rows_count_once_within_an_invoice(tmp_path):
    _, entries, report = load(tmp_path, [row(), row(), row(quantity="7"), row("536366")])
    assert report.dropped == {"repeated row": 1}
    assert [entry.message_id for entry in entries if entry.kind == "Product Added"] == [
        "or-536365-1",
        "or-536365-3",
        "or-536366-1",
    ]


def test_rows_of_an_invoice_that_comes_back_are_dropped_not_a_second_order(tmp_path):
    _, entries, report = load(tmp_path, [row("1"), row("2"), row("1", quantity="7")])
    assert report.dropped == {"scattered invoice": 1}
    assert len({entry.message_id for entry in entries}) == len(entries)
    assert report.balance() == round(6 * 2.55 * 2 + 7 * 2.55, 3)


def test_money_ties_out_whatever_is_dropped(tmp_path):
    rows = [row(), row(), row(price="0.0"), row("536366", item=("POST", "POSTAGE"), quantity="1", price="18.001")]
    rows += [row("536367", quantity="-3"), row("C536368", quantity="-1"), row("A1", item=("B", "debt"), price="-7.77")]
    _, _, report = load(tmp_path, rows)
    assert report.balance() == round(sum(int(one[3]) * float(one[5]) for one in rows), 3)


def test_events_are_in_the_order_of_the_file_and_loading_again_gives_the_same_bytes(tmp_path):
    rows = [row(str(n), date=f"2010-12-{1 + n % 28:02d} 10:00:00", customer=str(n % 3)) for n in range(28)]
    records, _, _ = load(tmp_path, rows)
    times = [record.timestamp for record in records]
    assert times == sorted(times)
    assert records == load(tmp_path, rows)[0]


def order_of(tmp_path: Path, lines: int) -> tuple[Outgoing, dict, LoadReport]:
    rows = [row(item=(f"{10_000 + n}", f"LARGE LANTERN {n}"), price="1.25", quantity="2") for n in range(lines)]
    records, _, report = load(tmp_path, rows)
    assert report.events["Product Added"] == lines
    assert report.events["Order Completed"] == 1
    return records[-1], json.loads(records[-1].value)["properties"], report


def test_a_large_order_leaves_out_what_is_not_essential(tmp_path):
    record, properties, report = order_of(tmp_path, 600)
    assert len(record.value) <= 32 * 1024
    assert len(properties["products"]) == 600
    assert properties["products"][0] == {"product_id": "10000", "price": 1.25, "quantity": 2}
    assert not report.shortened


def test_an_order_that_is_still_too_large_is_cut_and_says_so(tmp_path):
    record, properties, report = order_of(tmp_path, 1_500)
    kept = len(properties["products"])
    assert 31 * 1024 < len(record.value) <= 32 * 1024
    assert properties["products_left_out"] == 1_500 - kept
    assert properties["revenue"] == 1_500 * 2.5
    assert sum(report.shortened.values()) == 1_500 - kept
    assert report.largest == len(record.value)
    assert any(f"{1_500 - kept} products left out" in sentence.replace(",", "") for sentence in report.sentences())


def test_gzip_is_known_by_its_content(tmp_path):
    plain = write(tmp_path / "retail.csv", [row()])
    zipped = tmp_path / "zipped.csv"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    assert list(events(zipped)) == list(events(plain))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_encodings_of_old_exports_are_read(tmp_path, encoding):
    path = write(tmp_path / "retail.csv", [row(item=("1", "SET/4 £5 CAFÉ BOWL"))])
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    _, added, _ = events(path)
    assert json.loads(added.value)["properties"]["name"] == "SET/4 £5 CAFÉ BOWL"


def test_american_dates_blank_lines_and_extra_columns_are_read(tmp_path):
    path = tmp_path / "retail.csv"
    line = ",".join(row(date="12/1/2010 8:26"))
    path.write_text(f"index,{','.join(COLUMNS)}\r\n\r\n0,{line}\r\n", encoding="utf-8")
    report = LoadReport()
    assert [record.timestamp for record in events(path, report)] == [FIRST_MS] * 3
    assert report.rows == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (",".join(COLUMNS[:5]).encode(), "no column 'UnitPrice', 'CustomerID', 'Country'; there are 'InvoiceNo'"),
        (";".join(COLUMNS).encode(), "separated by ';'"),
        (",".join(COLUMNS).encode("utf-16"), "UTF-16"),
        (gzip.compress(",".join(COLUMNS).encode() * 100)[:-20], "damaged"),
    ],
)
def test_a_file_that_is_not_the_data_set_is_refused_at_once(tmp_path, content, said):
    path = tmp_path / "retail.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        events(path)


def test_damage_further_on_is_one_sentence_too(tmp_path):
    plain = write(tmp_path / "retail.csv", [row(str(n), customer=str(n)) for n in range(20_000)])
    zipped = tmp_path / "retail.csv.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes())[:-1_000])
    with pytest.raises(DataError, match="damaged gzip"):
        list(events(zipped))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(DataError, match=r"there is no file .*none\.csv"):
        events(tmp_path / "none.csv")
    with pytest.raises(DataError, match="cannot read"):
        events(tmp_path)


def test_a_header_alone_makes_nothing(tmp_path):
    _, entries, report = load(tmp_path, [])
    assert entries == []
    assert report.sentences() == ["0 rows made 0 events."]


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("JUMBO BAG RED RETROSPOT", "bag"),
        ("PACK OF 72 RETROSPOT CAKE CASES", "case"),
        ("Lunch Boxes", "box"),
        ("ALARM CLOCK BAKELIKE RED ", "clock"),
        ("REGENCY CAKESTAND 3 TIER", "cakestand"),
        ("", None),
        ("?", None),
    ],
)
def test_a_category_is_the_last_thing_named(description, kind):
    assert category(description) == kind
