"""Reading bodies: where a fault is, and how deep JSON may be."""

import contextlib
import json
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.api.reading import MAX_DEPTH, decode, depth
from heliograph.errors import InvalidRequest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text('[]{}"\\x\u20ac', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\x', max_size=4), inner, max_size=3),
    max_leaves=80,
)


class _Leaf(msgspec.Struct, forbid_unknown_fields=True):
    number: int = 0


class _Tree(msgspec.Struct, forbid_unknown_fields=True):
    leaf: _Leaf
    leaves: list[_Leaf] = []
    named: dict[str, _Leaf] = {}


def _depth_of(value):
    if isinstance(value, dict):
        return 1 + max(map(_depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth_of, value), default=0)
    return 0


@given(JSON)
def test_depth_is_counted_without_parsing(value):
    """Brackets in texts do not count; where there are few brackets at all, nothing is counted."""
    body = json.dumps(value).encode()
    counted = depth(body)
    assert counted in (0, _depth_of(value))
    if counted == 0:
        assert _depth_of(value) <= MAX_DEPTH


@pytest.mark.parametrize("levels", [MAX_DEPTH, MAX_DEPTH + 1, 3000, 120_000])
def test_what_is_too_deep_is_refused(levels):
    """Up to the limit it is read; past it, it is refused whatever the depth."""
    body = b"[" * levels + b"]" * levels
    if levels <= MAX_DEPTH:
        decode(body, list)
    else:
        with pytest.raises(InvalidRequest, match="nested"):
            decode(body, list)


def test_a_text_that_never_ends_costs_no_more_than_any_other():
    """A body full of quotes, none of which closes anything, is looked through once and not once for every quote."""
    body = b"[" * (MAX_DEPTH + 1) + b'"' + b'\\"' * 60_000
    began = time.process_time()
    assert depth(body) == MAX_DEPTH + 1
    assert time.process_time() - began < 1  # a look from every quote takes a minute


@pytest.mark.parametrize(
    ("body", "pointer", "word"),
    [
        ('{"leaf": {"number": "1"}}', "/leaf/number", "Expected"),
        ('{"leaf": {}, "leaves": [{}, {"number": null}]}', "/leaves/1/number", "Expected"),
        ('{"leaf": {}, "leaves": [{}, {"x": 1}]}', "/leaves/1/x", "There is no field x"),
        ('{"leaf": {}, "named": {"a": {"number": true}}}', "/named", "Expected"),
        ('{"leaf": {"a/b~c": 1}}', "/leaf/a~1b~0c", "There is no field"),
        ("{}", "/leaf", "is needed"),
        ("[]", "", "Expected `object`"),
    ],
)
def test_a_fault_is_pointed_at(body, pointer, word):
    """The pointer leads to the member that is wrong, unknown or missing (RFC 6901)."""
    with pytest.raises(InvalidRequest) as caught:
        decode(body.encode(), _Tree)
    (error,) = caught.value.errors
    assert error.pointer == pointer
    assert word in error.detail


@pytest.mark.parametrize("body", ['{"%s": 1}', '{"leaf": {"%s": 1}}', '{"leaf": {"number": "%s"}}'])
def test_a_long_mistake_is_not_sent_back(body):
    """What an answer quotes of a request is short."""
    with pytest.raises(InvalidRequest) as caught:
        decode((body % ("x" * 100_000)).encode(), _Tree)
    assert len(caught.value.detail) < 1000


@given(st.binary(max_size=60))
def test_no_bytes_are_a_fault_of_ours(body):
    """Whatever the bytes, the answer is a value or a refusal."""
    with contextlib.suppress(InvalidRequest):
        decode(body, _Tree)


@pytest.mark.parametrize("text", [r'"\u0000"', r'"a\\\u0000"', r'{"a\u0000": 1}'])
def test_the_character_no_database_keeps_is_refused(text):
    """U+0000 is refused wherever it stands."""
    with pytest.raises(InvalidRequest, match=r"U\+0000"):
        decode(text.encode(), dict if text.startswith("{") else str)


@pytest.mark.parametrize("text", [r'"\\u0000"', r'"\\\\u0000"', '"u0000"'])
def test_its_spelling_alone_is_a_text_like_others(text):
    """A backslash followed by u0000 is six characters, not U+0000."""
    assert decode(text.encode(), str) == json.loads(text)
