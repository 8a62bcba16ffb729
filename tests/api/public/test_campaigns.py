"""Which prompt campaigns a page is given, and what happened to them."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from tests.support.operations import row_counts
from tests.support.pages import Browser, Site, problem
from tests.support.prompts import SLIDE, add_prompt

from heliograph.actions import prompt_events
from heliograph.actions.prompt_events import MAX_NAMES, STANDARD
from heliograph.api.public.standing import LIFE, StandingDirectory
from heliograph.bootstrap import Heliograph
from heliograph.domain.identity import sign
from heliograph.kit.clock import FrozenClock
from heliograph.storage.tables import campaigns

ADA, BOB = "hvi_" + "a" * 22, "hvi_" + "b" * 22
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36"
)


async def ask(site: Site, visitor: str = ADA, *, agent: str = FIREFOX, **more: Any) -> dict[str, Any]:
    """Ask as a page does; the test fails if that fails."""
    body = {"visitor": visitor, "permission": "default", "url": "https://shop.example/", "language": "en-GB"} | more
    response = await site.call("POST", "/campaigns", body, headers={"User-Agent": agent})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def ids(site: Site, visitor: str = ADA, **more: Any) -> list[str]:
    """Return the identifiers of the campaigns that a page is given."""
    return [one["id"] for one in (await ask(site, visitor, **more))["campaigns"]]


async def test_a_page_is_given_what_it_shows(site: Site, heliograph: Heliograph) -> None:
    """A running campaign comes whole, in the visitor's language, and says nothing of whom it is for."""
    made = await add_prompt(
        heliograph,
        site.project.project.id,
        priority=7,
        exclusion_group="ask",
        triggers=[[{"kind": "page_views", "from": 2}], [{"kind": "mobile", "is": False}, {"kind": "leave_intent"}]],
        look={"accent": "#336699"},
        groups=["news"],
    )
    answer = await ask(site, language="de-AT")
    assert answer == {
        "campaigns": [
            {
                "id": made,
                "variant": None,
                "exclusion_group": "ask",
                "priority": 7,
                "prompt": "slide",
                "frequency": {
                    "shows": 1,
                    "per_seconds": 86_400,
                    "later_seconds": 604_800,
                    "close_seconds": 2_592_000,
                },
                "triggers": [
                    [{"kind": "page_views", "from": 2}],
                    [{"kind": "mobile", "is": False}, {"kind": "leave_intent"}],
                ],
                "texts": SLIDE["texts"]["de"],
                "language": "de",
                "direction": "ltr",
                "look": {"theme": "auto", "accent": "#336699"},
                "spot": None,
                "groups": ["news"],
            }
        ],
        "visitor": {"identified": False, "subscribed": False},
    }


async def test_asking_writes_nothing(site: Site, heliograph: Heliograph) -> None:
    """Not even for a visitor whom nobody has seen before."""
    await add_prompt(heliograph, site.project.project.id)
    before = await row_counts(heliograph)
    await ask(site)
    await ask(site, BOB)
    assert await row_counts(heliograph) == before


async def test_only_running_ones_of_the_own_project(site: Site, other_site: Site, heliograph: Heliograph) -> None:
    """Drafts, paused ones, messages and other shops' campaigns are not given."""
    mine = site.project.project.id
    running = await add_prompt(heliograph, mine)
    for state in ("draft", "paused", "done"):
        await add_prompt(heliograph, mine, state=state)
    await add_prompt(heliograph, mine, kind="message")
    await add_prompt(heliograph, other_site.project.project.id)
    assert await ids(site) == [running]


async def test_the_highest_priority_comes_first(site: Site, heliograph: Heliograph) -> None:
    """Campaigns come in the order in which the page considers them."""
    mine = site.project.project.id
    made = [await add_prompt(heliograph, mine, priority=priority) for priority in (1, 3, 2)]
    assert await ids(site) == [made[1], made[2], made[0]]


async def test_start_and_end(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A campaign is given from its start until its end, to the second."""
    now, hour = clock.now(), timedelta(hours=1)
    made = await add_prompt(
        heliograph, site.project.project.id, state="scheduled", starts_at=now + hour, ends_at=now + 2 * hour
    )
    found = []
    for minutes in (0, 59, 60, 119, 120):
        clock.set(now + timedelta(minutes=minutes))
        found.append(await ids(site) == [made])
    assert found == [False, False, True, True, False]


async def test_a_change_is_seen_after_ten_seconds(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Another process changes, starts and stops campaigns; this one notices."""
    mine = site.project.project.id
    made = await add_prompt(heliograph, mine)
    assert await ids(site) == [made]
    async with heliograph.store.begin() as tx:
        changed = SLIDE | {"texts": {"en": {"title": "Other words", "accept": "Yes"}}}
        await tx.execute(update(campaigns).where(campaigns.c.id == made).values(definition=changed, version=2))
    clock.advance(timedelta(seconds=10))
    [one] = (await ask(site))["campaigns"]
    assert one["texts"]["title"] == "Other words"
    async with heliograph.store.begin() as tx:
        await tx.execute(update(campaigns).where(campaigns.c.id == made).values(state="paused"))
    clock.advance(timedelta(seconds=10))
    assert await ids(site) == []


@pytest.mark.parametrize(
    ("needs", "is_given"),
    [
        ({"browsers": ["firefox"]}, True),
        ({"browsers": ["chrome", "edge"]}, False),
        ({"systems": ["linux"]}, True),
        ({"systems": ["ios"]}, False),
        ({"mobile": False}, True),
        ({"mobile": True}, False),
        ({"https": True}, True),
        ({"https": False}, False),
        ({"permissions": ["default", "granted"]}, True),
        ({"permissions": ["denied"]}, False),
    ],
)
async def test_requirements(site: Site, heliograph: Heliograph, needs: dict[str, Any], is_given: bool) -> None:
    """Browser, system, kind of device, https and the state of the permission decide before anything is sent."""
    await add_prompt(heliograph, site.project.project.id, requirements=needs)
    assert bool(await ids(site)) is is_given


async def test_what_cannot_hold_here_is_left_out(site: Site, heliograph: Heliograph) -> None:
    """Triggers of the address and the device are looked at by the server too; regular expressions are the page's."""
    mine = site.project.project.id
    here = await add_prompt(
        heliograph, mine, triggers=[[{"kind": "current_url", "mode": "contains", "value": "/lamps"}]]
    )
    phone = await add_prompt(
        heliograph, mine, triggers=[[{"kind": "mobile", "is": True}, {"kind": "focus", "is": True}]]
    )
    pattern = await add_prompt(
        heliograph, mine, triggers=[[{"kind": "current_url", "mode": "regex", "value": "^https://no"}]]
    )
    assert await ids(site, url="https://shop.example/lamps/blue") == sorted([here, pattern])
    assert await ids(site, agent=PHONE) == sorted([phone, pattern])


async def test_a_rule_holds_for_whom_it_holds(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Segments are asked of the visitor's own person; somebody who is not known here is in none."""
    mine = site.project.project.id
    buyer = await add_prompt(heliograph, mine, rule={"kind": "event_count", "name": "order", "from": 2}, priority=1)
    everyone = await add_prompt(heliograph, mine)
    orders = [
        {"id": str(number), "name": "order", "at": clock.now().isoformat(), "properties": {"order": {"id": number}}}
        for number in range(2)
    ]
    told = await site.call("POST", "/events", {"visitor": ADA, "events": orders})
    assert told.json()["refused"] == []
    assert await ids(site, ADA) == [buyer, everyone]
    assert await ids(site, BOB) == [everyone]


async def test_subscribed_visitors_are_known(site: Site, heliograph: Heliograph) -> None:
    """The answer says whether this visitor has a subscription, wherever it is."""
    browser = Browser.new("ada")
    response = await site.call("POST", "/subscriptions", browser.body(site, visitor=ADA))
    assert response.status_code == 201, response.text
    assert (await ask(site, ADA))["visitor"] == {"identified": False, "subscribed": True}
    assert (await ask(site, BOB))["visitor"] == {"identified": False, "subscribed": False}


async def test_identified_visitors_are_known(site: Site, heliograph: Heliograph) -> None:
    """Who has proved to be somebody is told so; rules see the person behind the browser."""
    project = site.project.project
    secret = heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    identity = {"external_id": "ada", "signature": sign("ada", secret)}
    body = {"visitor": ADA, "identity": identity, "attributes": {"plan": "pro"}, "events": []}
    assert (await site.call("POST", "/events", body)).status_code == 202
    made = await add_prompt(
        heliograph, project.id, rule={"kind": "attribute", "name": "plan", "is": "eq", "value": "pro"}
    )
    answer = await ask(site, ADA)
    assert answer["visitor"] == {"identified": True, "subscribed": False}
    assert [one["id"] for one in answer["campaigns"]] == [made]


async def test_one_query_for_a_page_view(site: Site, heliograph: Heliograph) -> None:
    """Once the campaigns are known, a page view costs one statement, whatever their rules ask."""
    rules = [{"kind": "event_count", "name": name} for name in ("order", "item_view")]
    for rule in [*rules, {"kind": "subscription", "has": False}, {"kind": "cart", "total": {"from": 5}}]:
        await add_prompt(heliograph, site.project.project.id, rule=rule)
    await ask(site)
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = heliograph.store._reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await ask(site)
    event.remove(engine, "before_cursor_execute", note)
    assert len([statement for statement in asked if statement != "BEGIN"]) == 1


async def test_many_page_views_at_once_look_once(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """When it is time to look, one page view does; the others go on with what is known."""
    made = await add_prompt(heliograph, site.project.project.id)
    directory = StandingDirectory(heliograph)
    project_id = site.project.project.id
    assert len({id(one) for one in await asyncio.gather(*(directory.of(project_id) for _ in range(20)))}) == 1
    async with heliograph.store.begin() as tx:
        await tx.execute(update(campaigns).where(campaigns.c.id == made).values(state="paused"))
    clock.advance(LIFE)
    found = await asyncio.gather(*(directory.of(project_id) for _ in range(20)))
    assert sorted(len(one.ready) for one in found) == [0] + [1] * 19
    assert (await directory.of(project_id)).ready == ()


async def test_a_visitor_stays_with_a_variant(site: Site, heliograph: Heliograph) -> None:
    """Each visitor sees one variant, always the same; many visitors are parted by the shares."""
    variants = [{"name": "a", "share": 3}, {"name": "b", "texts": {"en": {"title": "Another"}}}]
    await add_prompt(heliograph, site.project.project.id, variants=variants)
    seen = {}
    for number in range(200):
        visitor = f"hvi_{number:022}"
        [one] = (await ask(site, visitor))["campaigns"]
        seen[visitor] = one["variant"]
        assert one["texts"]["title"] == ("Another" if one["variant"] == "b" else "Good news first?")
    [again] = (await ask(site, "hvi_" + "0" * 22))["campaigns"]
    assert again["variant"] == seen["hvi_" + "0" * 22]
    assert 120 <= list(seen.values()).count("a") <= 180


async def test_without_preflight(site: Site, heliograph: Heliograph) -> None:
    """A page asks with text/plain and the key in the address; nobody keeps the answer."""
    await add_prompt(heliograph, site.project.project.id)
    response = await site.client.post(
        f"/v1/public/campaigns?key={site.key}",
        content=b'{"visitor":"%s","permission":"default"}' % ADA.encode(),
        headers={"Origin": site.origin, "Content-Type": "text/plain;charset=UTF-8"},
    )
    assert response.status_code == 200
    assert len(response.json()["campaigns"]) == 1
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["access-control-allow-origin"] == site.origin


@pytest.mark.parametrize(
    "wrong",
    [{"visitor": "hvi_short"}, {"visitor": "ada"}, {"permission": "perhaps"}, {"more": 1}, {"url": "x" * 70_000}],
)
async def test_bad_questions(site: Site, wrong: dict[str, Any]) -> None:
    """What is not of the documented form is refused as a whole."""
    body = {"visitor": ADA, "permission": "default"} | wrong
    problem(await site.call("POST", "/campaigns", body), 400, "invalid_request")


async def test_a_definition_that_cannot_be_read_hurts_nobody(site: Site, heliograph: Heliograph) -> None:
    """It is left out; the others are given."""
    mine = site.project.project.id
    await add_prompt(heliograph, mine, prompt="hologram")
    await add_prompt(heliograph, mine, rule={"kind": "astrology"})
    good = await add_prompt(heliograph, mine)
    assert await ids(site) == [good]


async def test_answers_are_bounded(site: Site, heliograph: Heliograph) -> None:
    """Of many large documents those of the highest priority are given."""
    mine = site.project.project.id
    made = [
        await add_prompt(heliograph, mine, prompt="html", html={"en": "x" * 60_000}, priority=priority)
        for priority in range(6)
    ]
    assert await ids(site) == made[:1:-1]


# --- what happened ---


def an_event(campaign: str, event: str, at: datetime, own_id: str = "1", **more: Any) -> dict[str, Any]:
    """An event as a page writes it."""
    return {"id": own_id, "campaign": campaign, "event": event, "at": at.isoformat()} | more


async def tell(site: Site, *told: Any, visitor: str = ADA) -> dict[str, Any]:
    """Tell events; the test fails if that fails."""
    response = await site.call("POST", "/campaign-events", {"visitor": visitor, "events": list(told)})
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def counted(heliograph: Heliograph, campaign: str) -> dict[str, dict[str, int]]:
    """Return what was counted, without what did not happen."""
    async with heliograph.store.read() as tx:
        definition = await tx.scalar(select(campaigns.c.definition).where(campaigns.c.id == campaign))
        found = await prompt_events.statistics(tx, campaign_id=campaign, definition=definition)
    return {
        variant: {event: number for event, number in events.items() if number}
        for variant, events in found.by_variant.items()
    }


async def test_events_are_counted_once(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """The same event again counts once; another show counts again, another yes of the same visitor does not."""
    made, now = await add_prompt(heliograph, site.project.project.id), clock.now()
    shown = an_event(made, "show-widget", now)
    await tell(site, shown, shown, an_event(made, "show-widget", now, "2"))
    await tell(site, shown)
    for own_id in ("3", "4"):
        await tell(site, an_event(made, "push-subscribed", now, own_id))
    await tell(site, an_event(made, "push-subscribed", now, "3"), shown, visitor=BOB)
    assert await counted(heliograph, made) == {"": {"show-widget": 3, "push-subscribed": 2}}


async def test_events_of_variants(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Each variant has its own counts; one that the campaign does not have is refused."""
    variants = [{"name": "a"}, {"name": "b"}]
    made, now = await add_prompt(heliograph, site.project.project.id, variants=variants), clock.now()
    answer = await tell(
        site,
        an_event(made, "test-passed", now, variant="a"),
        an_event(made, "click-close", now, "2", variant="b"),
        an_event(made, "show-widget", now, "3", variant="z"),
        an_event(made, "show-widget", now, "4"),
    )
    assert answer["accepted"] == 2
    assert [one["code"] for one in answer["refused"]] == ["variant_unknown"] * 2
    assert await counted(heliograph, made) == {"a": {"test-passed": 1}, "b": {"click-close": 1}}


async def test_forged_events(site: Site, other_site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Of other projects' campaigns, of messages, of long ago, of no form: each is refused by itself."""
    now = clock.now()
    mine = await add_prompt(heliograph, site.project.project.id)
    theirs = await add_prompt(heliograph, other_site.project.project.id)
    message = await add_prompt(heliograph, site.project.project.id, kind="message")
    answer = await tell(
        site,
        an_event(theirs, "show-widget", now),
        an_event(message, "show-widget", now),
        an_event("cmp_none", "show-widget", now),
        an_event(mine, "show-widget", now - timedelta(days=8)),
        an_event(mine, "Show Widget", now),
        {"id": "1"},
        "show",
        an_event(mine, "show-widget", now + timedelta(days=400)),
    )
    assert [(one["index"], one["code"]) for one in answer["refused"]] == [
        (0, "campaign_unknown"),
        (1, "campaign_unknown"),
        (2, "campaign_unknown"),
        (3, "event_too_old"),
        (4, "event_malformed"),
        (5, "event_malformed"),
        (6, "event_malformed"),
    ]
    assert answer["accepted"] == 1
    assert await counted(heliograph, theirs) == {"": {}}


async def test_names_of_events_are_bounded(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A stranger cannot fill the table with names; those that are known go on counting."""
    made, now = await add_prompt(heliograph, site.project.project.id), clock.now()
    for start in (0, 100):
        await tell(site, *(an_event(made, f"own-{number}", now, f"{number}") for number in range(start, start + 100)))
    answer = await tell(site, an_event(made, "own-1", now, "x"), an_event(made, "own-150", now, "y"))
    assert [one["code"] for one in answer["refused"]] == ["event_names_too_many"]
    assert len((await counted(heliograph, made))[""]) == MAX_NAMES - len(STANDARD)


@pytest.mark.parametrize("wrong", [{"events": []}, {"events": [{}] * 101}, {"visitor": "hvi_"}, {"more": 1}])
async def test_bad_reports(site: Site, wrong: dict[str, Any]) -> None:
    """What is not of the documented form is refused as a whole."""
    problem(
        await site.call("POST", "/campaign-events", {"visitor": ADA, "events": [{}]} | wrong), 400, "invalid_request"
    )
