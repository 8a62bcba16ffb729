"""Prompt campaigns from end to end: Heliograph gives them to a real browser's page, and counts what happens there."""

from typing import Any

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.project import Project
from tests.browser.support.prompts import CATEGORIES, HTML, TEXTS, PromptPage, PromptShop
from tests.browser.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GERMAN = {"title": "Zuerst erfahren", "accept": "Ja, gern", "later": "Nicht jetzt", "success": "Danke!"}


async def run(project: Project, prompt: str, *, priority: int = 0, **differs: Any) -> str:
    """Write and start a prompt campaign; returns its id."""
    definition = {"prompt": prompt, "texts": {"en": TEXTS, "de": GERMAN}, "groups": ["prompted"], **differs}
    outline = {"name": "Ask", "prompt": definition, "priority": priority, "exclusion_group": "permission"}
    campaign_id = str((await project.ask("POST", "/v1/campaigns", outline))["id"])
    await project.ask("POST", f"/v1/campaigns/{campaign_id}/start")
    return campaign_id


async def told(project: Project, campaign_id: str) -> dict[str, Any]:
    """Return what pages told of a campaign, as an operator sees it."""
    return dict((await project.ask("GET", f"/v1/campaigns/{campaign_id}/statistics"))["prompt"])


async def counted(project: Project, campaign_id: str, **wanted: int) -> None:
    """Wait until these events were counted so often, and no others."""
    expected = {name.replace("_", "-"): count for name, count in wanted.items()}
    seen: dict[str, int] = {}

    async def reached() -> bool:
        seen.clear()
        total = (await told(project, campaign_id))["total"]["events"]
        seen.update({event: count for event, count in total.items() if count})
        return seen == expected

    await eventually(reached, lambda: f"the counts {expected}; there are {seen}", 30)


@pytest.fixture
def shop(prompts: PromptShop) -> PromptShop:
    """The shop, whose pages ask Heliograph itself."""
    prompts.offer_nothing()
    return prompts


async def accept(page: PromptPage, kind: str) -> None:
    if kind == "html":
        await page.tab.press_inside("iframe", "#yes")
    else:
        await page.tab.press(".main")


WITH: dict[str, dict[str, Any]] = {
    "slide": {},
    "html": {"html": {"en": HTML}, "size": {"width": 360, "height": 250}},
    "categories": {
        "categories": [
            one | {"title": {"en": one["title"]}, "description": {"en": "What just left the workshop"}}
            for one in CATEGORIES
        ]
    },
}


@pytest.mark.parametrize("kind", WITH)
async def test_from_the_server_to_the_server(browser: Browser, shop: PromptShop, project: Project, kind: str) -> None:
    """A running campaign is shown, accepted, and counted; on the next page its visitor is known to be subscribed."""
    campaign_id = await run(project, kind, **WITH[kind])
    page = await shop.open(browser)
    await page.shows(kind)
    await accept(page, kind)
    subscription = await project.subscription_becomes(await page.subscribed(), "active")
    assert "prompted" in {group["name"] for group in subscription["groups"]}
    own = {"click_yes": 1} if kind == "html" else {}
    await counted(project, campaign_id, show_widget=1, push_subscribed=1, **own)
    await page.load()
    await counted(project, campaign_id, show_widget=1, push_subscribed=1, push_already_subscribed=1, **own)
    await page.close()


async def test_triggers_priority_and_variants(browser: Browser, shop: PromptShop, project: Project) -> None:
    """Of two campaigns the higher one waits for its moment; then it shows, in one of its variants."""
    variants = [{"name": "a", "look": {"accent": "#0b6e4f"}}, {"name": "b", "prompt": "dialog"}]
    moment = [[{"kind": "event", "name": "finished"}]]
    campaign_id = await run(project, "slide", priority=5, variants=variants, triggers=moment)
    await run(project, "home-screen", priority=9)
    page = await shop.open(browser)
    await page.tab.run("return await heliograph.showPrompt('cmp_none').catch(() => true);")
    await page.shows()
    await page.tab.run("heliograph.push(['fireEvent', { event: 'finished' }]); return true;")

    async def shown() -> bool:
        return bool(await page.tab.run("return document.querySelectorAll('heliograph-prompt').length === 1;"))

    await eventually(shown, "one of the variants")
    await page.tab.press(".x")
    await counted(project, campaign_id, test_passed=1, show_widget=1, click_close=1)
    variants_told = (await told(project, campaign_id))["variants"]
    assert [one["events"]["click-close"] for one in variants_told if any(one["events"].values())] == [1]
    await page.close()


async def test_a_blocked_site_is_counted(browser: Browser, shop: PromptShop, project: Project) -> None:
    """Each page of somebody who has blocked the site counts, and shows nothing."""
    await browser.permit(shop.site.origin, "denied")
    campaign_id = await run(project, "slide")
    page = await shop.open(browser)
    await counted(project, campaign_id, push_already_denied=1)
    await page.load()
    await counted(project, campaign_id, push_already_denied=2)
    await page.shows()
    await page.close()
