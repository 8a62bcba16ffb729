"""The rules of A/B tests: who is where, who wins, and what may be claimed."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.experiment import CONTROL, WINNER, Arm, Experiment, Finish, from_json, to_json, winner
from heliograph.domain.share import PLACES, Share, place
from heliograph.domain.significance import Tally, confidence, tally

_finish = st.builds(
    Finish, st.integers(1, 99), st.just(timedelta(hours=1)), st.none() | st.integers(min_value=1, max_value=10**6)
)
_tests = st.builds(
    Experiment,
    st.lists(st.integers(1, 1000), min_size=1, max_size=10).map(
        lambda weights: tuple(Arm(f"arm-{number}", weight) for number, weight in enumerate(weights))
    ),
    st.integers(0, 50),
    st.none() | _finish,
)


@given(test=_tests, person=st.text(max_size=30))
def test_everybody_is_in_exactly_one_part(test: Experiment, person: str) -> None:
    """The parts lie side by side and cover everybody, whatever the weights; each person is in one."""
    shares = list(test.shares("cmp_1"))
    bounds = [(share.start, share.stop) for _, share in shares]
    assert [start for start, _ in bounds] == [0, *(stop for _, stop in bounds[:-1])]
    assert bounds[-1][1] == PLACES
    assert sum(share.holds(person) for _, share in shares) == 1
    assert from_json(to_json(test, lambda content: content), lambda content: content) == test


def test_parts_are_as_large_as_was_said() -> None:
    """A tenth is control, a fifth of the rest tries the variants 1 to 3, and the others wait."""
    test = Experiment((Arm("a", 1), Arm("b", 3)), 10, Finish(20, timedelta(hours=1)))
    assert {name: share.stop - share.start for name, share in test.shares("x")} == {
        CONTROL: 1000,
        "a": 450,
        "b": 1350,
        WINNER: 7200,
    }


def test_places_are_even_and_lasting() -> None:
    """Places are the same for ever, are spread evenly, and differ from campaign to campaign."""
    assert [place("cmp_1", "pro_1"), place("cmp_1", "pro_2"), place("cmp_2", "pro_1")] == [1739, 7522, 9819]
    people = [f"pro_{number}" for number in range(10_000)]
    first = sum(Share("cmp_1", 0, PLACES // 2).holds(one) for one in people)
    both = sum(place("cmp_1", one) < PLACES // 2 and place("cmp_2", one) < PLACES // 2 for one in people)
    assert first == pytest.approx(5000, abs=200)
    assert both == pytest.approx(2500, abs=200)


@pytest.mark.parametrize(
    ("tallies", "best"),
    [
        ({}, "a"),
        ({"a": Tally(10, 10, 0), "b": Tally(10, 10, 0)}, "a"),
        ({"a": Tally(100, 90, 5), "b": Tally(100, 90, 6)}, "b"),
        ({"a": Tally(100, 90, 5), "b": Tally(10, 9, 5)}, "b"),
        ({"b": Tally(0, 0, 0), "a": Tally(100, 100, 1)}, "a"),
    ],
)
def test_who_wins(tallies: dict[str, Tally], best: str) -> None:
    """The best click rate wins; of equal ones, and without a click, the variant that is named first."""
    assert winner(("a", "b"), tallies) == best


def test_intervals() -> None:
    """Wilson's interval holds the rate, is within 0 and 1 even without clicks, and narrows with numbers."""
    assert Tally(0).interval == (0.0, 1.0)
    low, high = Tally(100, clicked=0).interval
    assert (low, round(high, 4)) == (0.0, 0.037)
    low, high = Tally(1000, clicked=50).interval
    assert (round(low, 4), round(high, 4)) == (0.0381, 0.0653)


def test_confidence() -> None:
    """Two rates that differ much do so surely; with little to go by nothing is claimed."""
    assert confidence(Tally(99, clicked=50), Tally(1000, clicked=50)) is None
    assert confidence(Tally(1000, clicked=5), Tally(1000, clicked=4)) is None
    assert confidence(Tally(1000, clicked=50), Tally(1000, clicked=50)) == 0
    assert confidence(Tally(1000, clicked=0), Tally(1000, clicked=100)) == pytest.approx(1)
    # By the textbook: z = 0.021 / 0.010662 = 1.9696 for 50 and 71 of 1,000.
    assert confidence(Tally(1000, clicked=50), Tally(1000, clicked=71)) == pytest.approx(0.9511, abs=0.0001)


def test_chance_alone_is_seldom_called_sure() -> None:
    """Of variants that are the same, one in twenty is said to differ with 95 %: no more than the figure says."""
    dice = random.Random(4)
    sure = 0
    for _ in range(400):
        one, other = (Tally(500, clicked=sum(dice.random() < 0.1 for _ in range(500))) for _ in range(2))
        sure += (confidence(one, other) or 0) > 0.95
    assert sure < 400 * 0.09


def test_tally_of_counts() -> None:
    """Deliveries that were taken, shown and clicked are summed up over their reasons."""
    counts = {("accepted", ""): 5, ("displayed", ""): 3, ("clicked", ""): 2, ("rejected", "too_large"): 9}
    assert tally(counts) == Tally(accepted=10, displayed=5, clicked=2)
