"""Reading rows out of bytes: whatever is wrong with one row, the next one is read, in memory that does not grow."""

import csv
import gzip
import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.kit.records import HEAD, MAX_LINE, FileRefused, Record, RecordReader, RowFault


def read(data: bytes, *, step: int = 1 << 16) -> list[Record]:
    reader = RecordReader()
    found = []
    for start in range(0, len(data), step):
        found += reader.feed(data[start : start + step])
    return found + list(reader.finish())


def values(data: bytes, **how: int) -> list[dict[str, object] | str]:
    return [record.values if record.fault is None else str(record.fault) for record in read(data, **how)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_and_the_order_of_columns_are_found_out(delimiter: str):
    """Names come from the first line, in any case, and the sign between them is the one that cuts it best."""
    lines = [delimiter.join(line) for line in (["B", " a "], ["1", "2"])]
    assert values("\n".join(lines).encode()) == [{"b": "1", "a": "2"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end: str):
    """Unix, Windows and old Macs; an empty line is no row, and the last one needs no end."""
    assert values(end.join(["a,b", "1,2", "", "3,4"]).encode()) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("step", [1, 7, 65_536])
def test_encodings_are_known_by_their_mark(encoding: str, step: int):
    """UTF-8 with and without a mark, UTF-16 with one; however the bytes arrive."""
    assert values("name,b\nÄda 🌞,2\n".encode(encoding), step=step) == [{"name": "Äda 🌞", "b": "2"}]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-32"),
        ("a,b\n1,2\n".encode("utf-16-le"), "UTF-16"),
        ("Straße,b\n".encode("latin-1"), "UTF-8"),
        (b"PK\x03\x04" + b"x" * 100, "ZIP"),
        (bytes(range(256)) * 100, "no text"),
        (b"\x00" * 1000, "no text"),
        (b'[{"a": 1}]', "JSON Lines"),
        (b"a,b,A\n1,2,3\n", "twice"),
        (b'"a,b\n' + b"1,2\n" * 50_000, "does not end"),
        (b"x" * 1_000_000, "too long"),
        (b",,\n1,2,3\n", "name the columns"),
        (b"\x1f\x8b" + b"x" * 100, "damaged"),
    ],
)
def test_what_is_no_file_of_rows_is_refused(data: bytes, word: str):
    """One sentence says what it is and what to do."""
    with pytest.raises(FileRefused, match=word):
        read(data)


def test_a_wrong_row_costs_itself_alone():
    """Too few fields, a wrong encoding, U+0000, a stray quote, a lone surrogate: told with the line, and read on."""
    lines = [b"a,b", b"1,2", b"3", b"\xff,4", b"5,\0", b'6,a "quote', b"7,8", b'9,"x"y', b'10,"11\n12"', b"13,14"]
    found = read(b"\n".join(lines))
    told = [(record.line, record.fault or record.values) for record in found]
    assert told == [
        (2, {"a": "1", "b": "2"}),
        (3, RowFault.MALFORMED),
        (4, RowFault.NOT_UTF8),
        (5, RowFault.NUL),
        (6, RowFault.MALFORMED),
        (7, {"a": "7", "b": "8"}),
        (8, RowFault.MALFORMED),
        (9, {"a": "10", "b": "11\n12"}),
        (11, {"a": "13", "b": "14"}),
    ]
    assert [record.number for record in found] == list(range(1, 10))
    utf16 = "a,b\n1,2\n".encode("utf-16") + b"\x00\xd8" + ",x\n3,4\n".encode("utf-16-le")
    assert values(utf16) == [{"a": "1", "b": "2"}, "not_utf8", {"a": "3", "b": "4"}]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_file_cut_in_a_quoted_field_loses_that_row(end: bytes):
    """What follows an open quote is looked at by itself."""
    assert values(b'a,b\n1,2\n3,"4' + end) == [{"a": "1", "b": "2"}, "malformed_row"]
    assert values(b'a,b\n3,"4\n5,6' + end) == ["malformed_row", {"a": "5", "b": "6"}]


def test_a_line_of_a_hundred_megabytes_is_refused_and_forgotten():
    """It is dropped as it comes; the rows around it are read."""
    reader = RecordReader()
    found = list(reader.feed(b"a,b\n1,2\n3,"))
    tracemalloc.start()
    for _ in range(1_600):
        found += reader.feed(b"x" * 65_536)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    found += [*reader.feed(b'\n{"a":1}\n5,6\n'), *reader.finish()]
    assert [(record.line, record.fault) for record in found] == [
        (2, None),
        (3, RowFault.TOO_LONG),
        (4, RowFault.MALFORMED),
        (5, None),
    ]
    assert peak < 4 * MAX_LINE


def test_compressed_files_are_read_as_they_come():
    """Members one behind the other too; one that is cut says so and gives the rows before the cut."""
    data = b"a,b\n" + b"".join(b"%d,%d\n" % (number, number) for number in range(20_000))
    packed = gzip.compress(data[:1000]) + gzip.compress(data[1000:])
    assert len(read(packed, step=100)) == 20_000
    reader = RecordReader()
    found = [*reader.feed(packed[:-2000]), *reader.finish()]
    assert reader.is_cut
    assert 0 < len(found) < 20_000
    assert all(record.fault is None for record in found)
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 255
    with pytest.raises(FileRefused, match="damaged"):
        read(bytes(damaged))


def test_a_small_compressed_file_may_hold_a_large_one():
    """It is inflated in pieces."""
    bomb = gzip.compress(b"a,b\n" + b"x" * 50_000_000)
    tracemalloc.start()
    found = read(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [record.fault for record in found] == [RowFault.TOO_LONG]
    assert peak < 8_000_000


def test_json_lines():
    """One object per line; anything else is a wrong row."""
    lines = [b'{"A": {"b": [1]}}', b"", b"[1]", b"{", b'{"a": "\\u0000"}', b'{"a": "\xff"}', b"[" * 50_000, b'{"a": 2}']
    told = values(b"\n".join(lines))
    assert told == [
        {"a": {"b": [1]}}, *["malformed_row"] * 2, "nul_character", "not_utf8", "malformed_row", {"a": 2},
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r")), min_size=2, max_size=2
        )
    ),
    st.integers(1, 200),
)
def test_what_the_standard_library_writes_is_read_back(rows: list[list[str]], step: int):
    """Quotes, delimiters and line breaks within fields, however the bytes arrive."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["a", "b"], *rows])
    assert values(out.getvalue().encode(), step=step) == [{"a": one, "b": two} for one, two in rows]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=3 * HEAD), st.integers(1, 5_000))
def test_any_bytes_are_rows_or_refused(data: bytes, step: int):
    """Nothing else is ever raised, and every row is counted."""
    try:
        found = read(b"a,b\n" + data, step=step)
    except FileRefused:
        return
    assert [record.number for record in found] == list(range(1, len(found) + 1))
    assert json.dumps([record.line for record in found])
