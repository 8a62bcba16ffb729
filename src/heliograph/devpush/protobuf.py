"""Protocol Buffers on the wire, as much as Chromium's checkin and MCS need."""

import struct

VARINT = 0
FIXED64 = 1
BYTES = 2
FIXED32 = 5

_MORE = 0x80
_MAX_VARINT_BYTES = 10

Value = int | bytes
Fields = dict[int, list[Value]]


class ProtobufError(ValueError):
    """The bytes are no message."""


def varint(number: int) -> bytes:
    """Encode a non-negative number, seven bits to a byte, low ones first."""
    out = bytearray()
    while number >= _MORE:
        out.append(number & 0x7F | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and the position behind it, or raise `ProtobufError`."""
    number = 0
    for index in range(_MAX_VARINT_BYTES):
        if at + index >= len(data):
            raise ProtobufError("A varint ends too early.")
        byte = data[at + index]
        number |= (byte & 0x7F) << 7 * index
        if byte < _MORE:
            return number, at + index + 1
    raise ProtobufError("A varint is longer than ten bytes.")


def int_field(number: int, value: int) -> bytes:
    """Encode a varint field."""
    return varint(number << 3 | VARINT) + varint(value)


def fixed64_field(number: int, value: int) -> bytes:
    """Encode a fixed64 field."""
    return varint(number << 3 | FIXED64) + struct.pack("<Q", value)


def bytes_field(number: int, value: bytes | str) -> bytes:
    """Encode a string, bytes or message field."""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | BYTES) + varint(len(data)) + data


def parse(data: bytes) -> Fields:
    """Read a message into its fields by number, or raise `ProtobufError`."""
    fields: Fields = {}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = _value(data, at, key & 7)
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _value(data: bytes, at: int, wire_type: int) -> tuple[Value, int]:
    match wire_type:
        case 0:
            return read_varint(data, at)
        case 1:
            return int.from_bytes(_slice(data, at, 8), "little"), at + 8
        case 2:
            length, at = read_varint(data, at)
            return _slice(data, at, length), at + length
        case 5:
            return int.from_bytes(_slice(data, at, 4), "little"), at + 4
        case _:
            raise ProtobufError("A field has a wire type that is not in use.")


def _slice(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise ProtobufError("A field ends too early.")
    return data[at : at + length]


def first_int(fields: Fields, number: int, default: int = 0) -> int:
    """Return a field's first value if it is a number."""
    value = fields.get(number, [default])[0]
    return value if isinstance(value, int) else default


def first_bytes(fields: Fields, number: int) -> bytes:
    """Return a field's first value if it is bytes."""
    value = fields.get(number, [b""])[0]
    return value if isinstance(value, bytes) else b""


def first_text(fields: Fields, number: int) -> str:
    """Return a field's first value as text."""
    return first_bytes(fields, number).decode("utf-8", "replace")


def texts(fields: Fields, number: int) -> list[str]:
    """Return all values of a repeated string field."""
    return [value.decode("utf-8", "replace") for value in fields.get(number, []) if isinstance(value, bytes)]
