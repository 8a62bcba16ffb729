"""The protobuf codec."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.devpush import protobuf as pb
from heliograph.devpush.mcs import StanzaReader, stanza

NUMBERS = st.integers(0, 2**64 - 1)
FIELDS = st.integers(1, 2**29 - 1)


@given(NUMBERS)
def test_a_varint_reads_back(number: int):
    """Any 64-bit number, and nothing is left over."""
    encoded = pb.varint(number)

    assert pb.read_varint(encoded, 0) == (number, len(encoded))


@given(st.lists(st.tuples(FIELDS, st.one_of(NUMBERS, st.binary(max_size=300)))))
def test_a_message_reads_back(items: list[tuple[int, int | bytes]]):
    """Repeated fields keep their order."""
    data = b"".join(
        pb.int_field(number, value) if isinstance(value, int) else pb.bytes_field(number, value)
        for number, value in items
    )
    expected: pb.Fields = {}
    for number, value in items:
        expected.setdefault(number, []).append(value)

    assert pb.parse(data) == expected


@given(FIELDS, NUMBERS)
def test_a_fixed_number_reads_back(number: int, value: int):
    """Eight bytes, little-endian."""
    assert pb.parse(pb.fixed64_field(number, value)) == {number: [value]}


def test_the_documented_example():
    """The encoding guide's 150 in field 1 is 08 96 01; its testing in field 2 is 12 07 and the text."""
    assert pb.int_field(1, 150) == bytes.fromhex("089601")
    assert pb.bytes_field(2, "testing") == bytes.fromhex("120774657374696e67")
    assert pb.parse(bytes.fromhex("0d78563412")) == {1: [0x12345678]}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes):
    """Never another error."""
    try:
        pb.parse(data)
    except pb.ProtobufError:
        return


@pytest.mark.parametrize("data", [b"\x80" * 11, b"\x08", b"\x0a\x05abc", b"\x09\x01", b"\x0b", b"\x0d\x01"])
def test_broken_messages_are_refused(data: bytes):
    """A number too long, a missing value, a length beyond the end, an unused wire type."""
    with pytest.raises(pb.ProtobufError):
        pb.parse(data)


@given(st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=400)), max_size=20), st.data())
def test_stanzas_are_found_wherever_the_stream_is_cut(stanzas: list[tuple[int, bytes]], data: st.DataObject):
    """Version byte first, then stanza by stanza."""
    whole = bytes([41]) + b"".join(stanza(tag, body) for tag, body in stanzas)
    reader, found, at = StanzaReader(), [], 0
    while at < len(whole):
        size = data.draw(st.integers(1, 50))
        found += reader.feed(whole[at : at + size])
        at += size

    assert found == stanzas
