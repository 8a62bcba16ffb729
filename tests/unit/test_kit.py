"""Identifiers, clock, sealing and the log's discretion."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.kit.clock import FrozenClock, SystemClock
from heliograph.kit.ids import Ids, ceiling_id, floor_id, is_id
from heliograph.kit.log import redact, short_hash
from heliograph.kit.sealing import Sealer, SealError

INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(5000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(INSTANTS, INSTANTS)
def test_identifiers_sort_by_time(a: datetime, b: datetime):
    """Paging by identifier is paging by age."""
    first, second = Ids(FrozenClock(a)).new("sub"), Ids(FrozenClock(b)).new("sub")
    if int(a.timestamp() * 1000) != int(b.timestamp() * 1000):
        assert (first < second) == (a < b)


@given(INSTANTS)
def test_a_millisecond_later_sorts_behind(at: datetime):
    """Two identifiers of neighbouring milliseconds never share one."""
    whole = at.replace(microsecond=at.microsecond // 1000 * 1000)

    assert ceiling_id("sub", whole) < floor_id("sub", whole + timedelta(milliseconds=1))


@given(INSTANTS)
def test_bounds_enclose_what_is_made_in_that_millisecond(at: datetime):
    """A dispatch that takes all identifiers up to its start misses none and takes no later one."""
    made = Ids(FrozenClock(at)).new("sub")

    assert floor_id("sub", at) <= made <= ceiling_id("sub", at)
    assert ceiling_id("sub", at) < floor_id("sub", at + timedelta(milliseconds=1, microseconds=1))
    assert is_id("sub", made)


@pytest.mark.parametrize(
    "text", ["", "sub_", "sub_x", "prj_" + "0" * 26, "sub_" + "8" * 26, "sub_" + "U" * 26, "sub_" + "0" * 27]
)
def test_what_is_no_identifier(text: str):
    """A malformed identifier is known before the store is asked."""
    assert not is_id("sub", text)


def test_a_frozen_clock_moves_when_told():
    """Time in tests is an argument."""
    clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))

    assert clock.advance(timedelta(hours=1)) == clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="aware"):
        FrozenClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the point
    assert SystemClock().now().tzinfo is UTC


def test_a_sealed_secret_opens_only_where_it_belongs():
    """A row that is copied to another place, or a wrong master key, yields nothing."""
    sealer = Sealer(b"k" * 32)
    sealed = sealer.seal(b"secret", "vapid_key/a")

    assert sealer.open(sealed, "vapid_key/a") == b"secret"
    assert b"secret" not in sealed
    for broken in (sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", b"\x02" + sealed[1:]):
        with pytest.raises(SealError):
            sealer.open(broken, "vapid_key/a")
    with pytest.raises(SealError):
        sealer.open(sealed, "vapid_key/b")
    with pytest.raises(SealError):
        Sealer(b"j" * 32).open(sealed, "vapid_key/a")


def test_a_log_line_hides_what_its_fields_name():
    """Endpoints, keys, tokens and payloads appear as short hashes only."""
    endpoint = "https://fcm.googleapis.com/fcm/send/abc"
    line = redact(
        None,
        "info",
        {"event": "sent", "endpoint": endpoint, "Authorization": "vapid t=x", "status": 201, "api_key_id": "key_1"},
    )

    assert line == {
        "event": "sent",
        "endpoint": f"#{short_hash(endpoint)}",
        "Authorization": f"#{short_hash('vapid t=x')}",
        "status": 201,
        "api_key_id": "key_1",
    }


def test_a_stack_does_not_quote_the_row_that_a_database_refused():
    """PostgreSQL's detail holds whatever the row holds: endpoints, keys, people's data."""
    stack = (
        "Traceback …\nNotNullViolation: null value\nDETAIL:  Failing row contains (https://push.example/x).\n[SQL: …]"
    )
    line = redact(None, "error", {"event": "job_failed", "exception": stack})
    assert "push.example" not in line["exception"]
    assert line["exception"].endswith("null value\nDETAIL: left out\n[SQL: …]")
