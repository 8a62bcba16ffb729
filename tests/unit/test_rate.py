"""Rates: how they are written, and that no window of time ever sees more than a rate allows, whoever interleaves."""

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.rate import Bucket, Limits, Rate, charged, instant, nanoseconds, reserve

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


@pytest.mark.parametrize("text", ["1/s", "100/s", "100000/s", "1/m", "6000000/m"])
def test_rates_that_are_taken(text: str):
    """A rate is written as it was read."""
    assert str(Rate.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "0/s", "-1/s", "1.5/s", "1e3/s", "01/s", "+1/s", " 1/s", "1/s\n", "1/h", "1/S", "1 /s", "100", "/s", "1/",
     "100001/s", "6000001/m", "9999999999999/s", "\u0661/s", "1/s/s", "NaN/s", "inf/s"],
)  # fmt: skip
def test_rates_that_are_refused(text: str):
    """Zero, negative, fractional, huge and unitless rates are refused with a sentence that shows two that are taken."""
    with pytest.raises(ValueError, match="100/s or 6000/m"):
        Rate.parse(text)


def test_an_interval_is_never_too_short():
    """What does not divide a second is rounded to the slower side."""
    assert Rate.parse("3/s").interval * 3 >= SECOND
    assert Rate.parse("6000/m").interval == Rate.parse("100/s").interval


def most_in_a_window(times: list[int], window: int) -> int:
    """Return how many of these instants lie at most in any window."""
    times = sorted(times)
    return max((bisect_right(times, at + window) - index for index, at in enumerate(times)), default=0)


def allowed(rate: Rate, window: int) -> int:
    """Return what the documentation promises."""
    return (window + rate.tolerance) // rate.interval + 1


RATES = st.builds(
    Rate.parse,
    st.one_of(
        st.integers(1, 5_000).map(lambda count: f"{count}/s"), st.integers(1, 600).map(lambda count: f"{count}/m")
    ),
)
WORKERS = st.lists(
    st.tuples(
        st.integers(0, 2 * SECOND),  # until this one asks
        st.integers(1, 300),  # messages
        st.integers(0, SECOND),  # how far ahead it asks
        st.sampled_from(["fcm", "mozilla"]),
        st.sampled_from(["ntf_a", "ntf_b"]),
        st.integers(0, 700_000_000),  # how late it comes to each of its slots
        st.booleans(),  # whether it dies before it sends
    ),
    max_size=30,
)


@given(own=st.none() | RATES, project=st.none() | RATES, service=st.none() | RATES, workers=WORKERS)
def test_no_window_sees_more_than_every_rate_allows(own, project, service, workers):
    """Over any window w each bucket lets through at most rate * (w + tolerance) + 1, however late workers are."""
    rates = {name: str(rate) for name, rate in (("all", project), ("fcm", service)) if rate is not None}
    limits = Limits.of(own, rates)
    known: dict[str, int] = {}
    sent: dict[Bucket, list[int]] = {}
    now = START
    for pause, wanted, ahead, push_service, notification, late, dies in workers:
        now += pause
        buckets = limits.buckets(notification, "prj", push_service)
        if not buckets:
            continue
        reserved = reserve(buckets, known, wanted=wanted, now=now, upto=now + ahead)
        if reserved.slots:
            known |= reserved.free
        assert len(reserved.slots) <= wanted
        for slot in reserved.slots:
            at = max(slot.at, now) + late
            if at <= slot.until and not dies:
                for bucket in buckets:
                    sent.setdefault(bucket, []).append(at)
    for bucket, times in sent.items():
        for window in (0, SECOND // 100, SECOND // 7, SECOND, 3 * SECOND, 60 * SECOND):
            assert most_in_a_window(times, window) <= allowed(bucket.rate, window)


@given(project=st.integers(20, 2_000), slow=st.integers(1, 10))
def test_a_slow_notification_leaves_its_project_the_rest(project, slow):
    """A notification with a small rate of its own takes no more of its project's slots than it uses."""
    limits = Limits.of(None, {"all": f"{project}/s"})
    own = Limits.of(Rate.parse(f"{slow}/s"), {"all": f"{project}/s"})
    known: dict[str, int] = {}
    counted = {"slow": 0, "fast": 0}
    for tick in range(100):
        now = START + tick * SECOND // 10
        for name, of in (("slow", own), ("fast", limits)):
            taken = reserve(of.buckets(name, "prj", None), known, wanted=10_000, now=now, upto=now + SECOND // 10)
            known |= taken.free if taken.slots else {}
            counted[name] += len(taken.slots)
    assert slow * 8 <= counted["slow"] <= slow * 10 + 2
    assert counted["slow"] + counted["fast"] >= 0.9 * project * 10


@given(more=st.integers(0, 5_000), project=st.integers(1, 5_000))
def test_a_fast_notification_is_held_to_its_project(more, project):
    """A notification whose project is slower goes at the project's rate, and one reservation covers a second."""
    limits = Limits.of(Rate.parse(f"{project + more}/s"), {"all": f"{project}/s"})
    taken = reserve(limits.buckets("ntf", "prj", None), {}, wanted=10_000, now=START, upto=START + SECOND)
    assert project <= len(taken.slots) <= project + 1


def test_rates_of_push_services_hold_for_their_own_messages_only():
    """Where one push service has a small rate, messages to another one do not wait."""
    limits = Limits.of(None, {"all": "1000/s", "fcm": "1/s"})
    slow = reserve(limits.buckets("ntf", "prj", "fcm"), {}, wanted=100, now=START, upto=START + SECOND)
    fast = reserve(limits.buckets("ntf", "prj", "mozilla"), slow.free, wanted=100, now=START, upto=START + SECOND)
    assert len(slow.slots) == 1
    assert len(fast.slots) == 100
    assert slow.next_at > START


def test_who_asks_again_when_told_gets_a_slot():
    """After a refusal the instant that was named is the first at which there is something to get."""
    limits = Limits.of(Rate.parse("1/m"), {"all": "50/s"})
    buckets = limits.buckets("ntf", "prj", None)
    first = reserve(buckets, {}, wanted=5, now=START, upto=START + SECOND)
    assert len(first.slots) == 1
    none = reserve(buckets, first.free, wanted=5, now=START + SECOND, upto=START + 2 * SECOND)
    assert none.slots == ()
    again = reserve(buckets, first.free, wanted=5, now=none.next_at, upto=none.next_at + 31 * SECOND)
    assert [slot.at for slot in again.slots] == [START + 60 * SECOND]


def test_urgent_messages_make_others_give_way_for_ten_seconds_at_most():
    """What goes without waiting is counted, and not without end."""
    buckets = Limits.of(None, {"all": "10/s"}).buckets("ntf", "prj", None)
    assert charged(buckets, {}, count=5, now=START) == {"prj": START + SECOND // 2}
    assert charged(buckets, {}, count=10**9, now=START) == {"prj": START + 10 * SECOND}


def test_a_clock_that_went_wrong_does_not_close_a_bucket_for_long():
    """A bucket filled far ahead by a clock in the future is used again from now on."""
    buckets = Limits.of(None, {"all": "10/s"}).buckets("ntf", "prj", None)
    taken = reserve(buckets, {"prj": START + 3600 * SECOND}, wanted=1, now=START, upto=START + SECOND)
    assert [slot.at for slot in taken.slots] == [START]


@given(st.integers(0, 4 * 10**18))
def test_instants_are_rounded_up(at: int):
    """A slot as an instant is never before the slot."""
    assert 0 <= nanoseconds(instant(at)) - at < 1_000
