"""Which regular expressions pages are given."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.address_pattern import MAX_PATTERN, PatternError, check_pattern

GOOD = [
    "/checkout",
    r"^https://shop\.example/lamps/.*$",
    r"/(cart|checkout|confirm)/?$",
    r"/product/.+/reviews",
    r"/category/[^/]+/\d+",
    r"^https?://[^/]+/p/\d+/.*x",
    r"[?&]page=[2-9]\b",
    r"(?:a|b)*c",
    r"/(?:de|fr|it)(?:/|$)",
    r"^/a{2,5}b$",
    "ü.*ß",
    r"[\w-]+@",
    r"[]\]]".replace("[]", "[a"),
]
LONG = [
    "(a+)+$",
    "(a|a)*b",
    "(a|aa)+$",
    "(.*)*",
    ".*.*=",
    "a.*b.*c",
    "^.*.*.*x",
    "(a*)*b",
    "a?" * 30 + "a" * 30,
    "(a|b|ab)" * 12,
    "(x+x+)+y",
    "a{0,1000}a{0,1000}b",
    "(a?){50}b",
    r"(\d|[0-9])+x",
]
OTHER = ["", "(", ")", "[a", "a**", "*a", r"\1", r"(a)\1", "(?=a)", "(?!a)", "(?<n>a)", r"\k<n>", r"\p{L}", "a{2,1}"]


@pytest.mark.parametrize("pattern", GOOD)
def test_usual_expressions_are_taken(pattern):
    """What people write about addresses goes through, and is an expression."""
    check_pattern(pattern)
    re.compile(pattern)


@pytest.mark.parametrize("pattern", LONG)
def test_expressions_that_can_take_long_are_refused(pattern):
    """Nested, ambiguous and long-winded ones are."""
    with pytest.raises(PatternError):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", [*OTHER, "a" * (MAX_PATTERN + 1), "(" * 12 + "a" + ")" * 12])
def test_what_browsers_might_read_in_another_way_is_refused(pattern):
    """So are references, looks ahead, and what is no expression."""
    with pytest.raises(PatternError):
        check_pattern(pattern)


_ATOMS = st.sampled_from(["a", "b", "/", ".", "[^/]", "[ab]", r"\d", "^", "$", r"\b"])
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,3}", "{2}", "*?"])).map("".join),
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        inner.map(lambda part: f"(?:{part})"),
    ),
    max_leaves=12,
)
_ADDRESSES = ["a" * 400, "ab" * 200, "a/" * 200, "a" * 399 + "!", "/" * 400, "b" * 200 + "a" * 200]


@given(_PATTERNS)
def test_what_is_taken_never_takes_long(pattern):
    """Python's engine backtracks as browsers' do; whatever is taken is done quickly with addresses made to hurt."""
    try:
        check_pattern(pattern)
    except PatternError:
        return
    expression = re.compile(pattern)
    for address in _ADDRESSES:
        began = time.process_time()
        expression.search(address)
        assert time.process_time() - began < 0.5
