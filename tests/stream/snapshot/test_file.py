"""A snapshot's file: the same bytes for the same state, and refused when anything of it is not as it was written."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from stream.errors import DataError
from stream.snapshot.header import Header
from stream.snapshot.reader import SnapshotReader, read_header, verify
from stream.snapshot.sorting import in_order
from stream.snapshot.writer import write_snapshot
from stream.store.dump import Dump

HEADER = Header(3, "shop", "events", 2, 4, 0, 0, {"format": 3}, "2026-01-01T00:00:00Z")


def state(profiles: int = 3) -> Dump:
    customers = [(f"c{number}é", b"%d" % number * 9) for number in range(profiles)]
    scalars = {"position": b"\1", "model": b"\2" * 50}
    return Dump(120, 7, scalars, b"12345678", b"out", [("tea", b"1"), ("jam", b"2")], customers, [("c2é", b"{}")])


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "deep" / "one.snapshot"
    write_snapshot(path, HEADER, state())
    return path


def test_what_was_written_is_read(written):
    with SnapshotReader(written) as reader:
        dump = reader.dump()
        found = replace(dump, items=list(dump.items), lists=list(dump.lists), profiles=list(dump.profiles))
        header = reader.header
    expected = state()
    assert found == replace(expected, items=sorted(expected.items), profiles=sorted(expected.profiles))
    assert (header.watermark, header.number, header.profiles, header.items) == (120, 7, 3, 2)
    assert (header.partition, header.partitions, header.deployment, header.format) == (2, 4, "shop", 3)
    assert header == read_header(written) == verify(written)
    assert header.size == written.stat().st_size


def test_an_empty_partition(tmp_path):
    write_snapshot(tmp_path / "empty", HEADER, Dump(0))
    assert verify(tmp_path / "empty").profiles == 0


def test_the_same_state_gives_the_same_bytes(written, tmp_path):
    dump = state()
    shuffled = replace(
        dump, items=[*dump.items][::-1], profiles=[*dump.profiles][::-1], scalars=dict(sorted(dump.scalars.items()))
    )
    write_snapshot(tmp_path / "again", HEADER, shuffled)
    assert (tmp_path / "again").read_bytes() == written.read_bytes()
    other = write_snapshot(tmp_path / "other", HEADER, replace(state(), watermark=121))
    assert other.state_hash != read_header(written).state_hash
    without = write_snapshot(tmp_path / "without", HEADER, replace(state(), lists=()))
    assert without.state_hash == read_header(written).state_hash  # lists are for others: no engine goes on from them
    assert without.size < other.size


def test_every_altered_byte_is_refused(written, tmp_path):
    whole = written.read_bytes()
    copy = tmp_path / "copy"
    for place in range(len(whole)):
        copy.write_bytes(whole[:place] + bytes([whole[place] ^ 0x20]) + whole[place + 1 :])
        with pytest.raises(DataError, match=r"damaged|is no snapshot|of the layout"):
            verify(copy)


def test_every_shorter_or_longer_file_is_refused(written, tmp_path):
    whole = written.read_bytes()
    copy = tmp_path / "copy"
    for length in range(len(whole)):
        copy.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"damaged|is no snapshot|of the layout"):
            verify(copy)
    copy.write_bytes(whole + b"\0")
    with pytest.raises(DataError, match="bytes"):
        read_header(copy)


def test_a_later_layout_is_named(written):
    whole = bytearray(written.read_bytes())
    whole[9] = 9
    written.write_bytes(whole)
    with pytest.raises(DataError, match="version 9 of the layout"):
        read_header(written)


def test_a_write_that_fails_leaves_nothing(tmp_path):
    def broken():
        yield "ann", b"1"
        raise RuntimeError("gone")

    path = tmp_path / "one.snapshot"
    write_snapshot(path, HEADER, state())
    before = path.read_bytes()
    with pytest.raises(RuntimeError):
        write_snapshot(path, HEADER, replace(state(), profiles=broken()))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file.*cannot be written"):
        write_snapshot(tmp_path / "file" / "one", HEADER, state())


def test_more_than_the_memory_holds_is_sorted_on_disk():
    draw = random.Random(5)
    pairs = [(f"customer {draw.randrange(10**6)}", draw.randbytes(20)) for _ in range(2_000)]
    expected = dict(pairs)
    given = [*expected.items(), *list(expected.items())[:50]]  # as a scan may repeat
    draw.shuffle(given)
    assert list(in_order(iter(given), run=5_000)) == sorted(expected.items())


def test_frames_of_many_profiles(tmp_path):
    many = {f"{number:07}": random.Random(number).randbytes(700) for number in range(4_000)}
    write_snapshot(tmp_path / "many", HEADER, replace(state(), profiles=many.items()))
    with SnapshotReader(tmp_path / "many") as reader:
        dump = reader.dump()
        assert [*dump.items, *dump.lists] == [("jam", b"2"), ("tea", b"1"), ("c2é", b"{}")]
        assert dict(dump.profiles) == many
