"""Caps, exclusion and the rules together: what one person may get."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from heliograph.domain.campaign import TRANSITIONS, CampaignState
from heliograph.domain.caps import Cap, to_the_minute
from heliograph.domain.contact_rules import Contact, ContactRules, Go, Restraint, Skip, Wait
from heliograph.domain.exclusion import Rank

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FAR = NOW + 100 * DAY


@pytest.mark.parametrize("seed", range(20))
def test_no_window_holds_more_than_the_cap(seed: int) -> None:
    """Whoever asks at random instants and waits as told, is never let through more often than the cap says."""
    chance = random.Random(seed)
    cap = Cap(chance.randint(1, 4), timedelta(minutes=chance.randint(1, 600)))
    sent: list[datetime] = []
    at = NOW
    for _ in range(200):
        at += timedelta(seconds=chance.randint(0, 3_000))
        free_at = cap.free_at(sent, at)
        if free_at is not None and chance.random() < 0.5:
            at = max(at, free_at)
            free_at = cap.free_at(sent, at)
            assert free_at is None
        if free_at is None:
            sent.append(at)
    for one in sent:
        assert sum(one - cap.window < other <= one for other in sent) <= cap.count


def test_a_contact_just_a_window_back_does_not_count() -> None:
    """And one that lies ahead, by a clock that was set back, does."""
    cap = Cap(1, DAY)
    assert cap.free_at([NOW - DAY], NOW) is None
    assert cap.free_at([NOW + DAY], NOW) == NOW + 2 * DAY
    assert to_the_minute(NOW) == NOW
    assert to_the_minute(NOW + timedelta(microseconds=1)) == NOW + timedelta(minutes=1)


def _restraint(own: dict, project: dict | None = None, campaign_id: str | None = "cmp_1") -> Restraint:
    made = Restraint.between(ContactRules.of(own), ContactRules.of(project or {}), campaign_id)
    assert made is not None
    return made


def _contact(hours: float, campaign: str = "cmp_1", group: str | None = None) -> Contact:
    return Contact("ntf_1", campaign, group, NOW - timedelta(hours=hours))


def _verdict(restraint: Restraint, *contacts: Contact, deadline: datetime = FAR, now: datetime = NOW):
    return restraint.verdict(contacts=contacts, now=now, zone=UTC, deadline=deadline)


def test_the_longest_wait_counts() -> None:
    """Of two caps that are reached the one that takes longer says when; beyond the deadline nothing waits."""
    caps = {"caps": [{"count": 1, "per_seconds": 7_200}, {"count": 2, "per_seconds": 86_400}]}
    assert _verdict(_restraint(caps), _contact(1), _contact(3)) == Wait("frequency_cap", NOW + timedelta(hours=21))
    soon = NOW + timedelta(hours=2)
    assert _verdict(_restraint(caps), _contact(1), _contact(3), deadline=soon) == Skip("frequency_cap")
    assert _verdict(_restraint(caps), _contact(1, "cmp_2")) == Go()
    assert _verdict(_restraint(caps, campaign_id=None), _contact(1, "cmp_2")) == Wait(
        "frequency_cap", NOW + timedelta(hours=1)
    )


def test_the_projects_limits_hold_beside_and_its_quiet_hours_only_in_default() -> None:
    """Its caps count everything; a campaign's own quiet hours take the place of its."""
    project = {
        "caps": [{"count": 1, "per_seconds": 3_600}],
        "over_cap": "drop",
        "quiet_hours": {"from": "11:00", "to": "13:00"},
    }
    assert _verdict(_restraint({}, project)) == Wait("quiet_hours", NOW + timedelta(hours=1))
    own = {"quiet_hours": {"from": "22:00", "to": "08:00"}}
    assert _verdict(_restraint(own, project)) == Go()
    assert _verdict(_restraint(own, project), _contact(0.5, "cmp_9")) == Skip("frequency_cap")
    assert _verdict(_restraint({**own, "ignore_project": True}, project), _contact(0.5, "cmp_9")) == Go()
    ignored = ContactRules.of({"ignore_project": True})
    assert Restraint.between(ignored, ContactRules.of(project), "cmp_1") is None


def test_one_of_a_group_in_a_window() -> None:
    """Another group's, and one before the window, are nobody's business."""
    restraint = _restraint({"exclusion": {"group": "a", "window_seconds": 7_200}})
    assert _verdict(restraint, _contact(1, "cmp_2", "a")) == Skip("exclusion")
    assert _verdict(restraint, _contact(1, "cmp_2", "b"), _contact(2, "cmp_2", "a")) == Go()


def test_ranks_are_a_total_order() -> None:
    """Of two different notifications exactly one goes first: nobody waits in a circle."""
    ranks = [
        Rank(priority, NOW + timedelta(seconds=seconds), name)
        for priority in (0, 5)
        for seconds in (0, 1)
        for name in ("ntf_a", "ntf_b")
    ]
    for one in ranks:
        assert not one.beats(one)
        for other in ranks:
            assert one == other or one.beats(other) is not other.beats(one)
    assert Rank(5, NOW + DAY, "ntf_b").beats(Rank(0, NOW, "ntf_a"))


def test_rules_are_stored_as_they_are() -> None:
    """Writing and reading gives the same."""
    rules = ContactRules.of(
        {
            "caps": [{"count": 2, "per_seconds": 3_600}],
            "over_cap": "drop",
            "quiet_hours": {"from": "22:00", "to": "08:30", "over": "drop"},
            "exclusion": {"group": "a", "window_seconds": 60, "settle_seconds": 5},
            "ignore_project": False,
            "time_zone": "Asia/Kolkata",
            "wall": "2027-06-03T09:00:00",
        }
    )
    assert ContactRules.of(rules.stored()) == rules
    assert ContactRules.of({}).stored() == {}


def test_the_steps_of_a_campaign() -> None:
    """Done is the end, nothing goes back to being a draft, and every state is reached."""
    assert not TRANSITIONS[CampaignState.DONE]
    assert all(CampaignState.DRAFT not in after for after in TRANSITIONS.values())
    assert set().union(*TRANSITIONS.values()) | {CampaignState.DRAFT} == set(CampaignState)
    assert not CampaignState.DRAFT.may_become(CampaignState.PAUSED)
