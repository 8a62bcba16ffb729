"""What prompts look like, and what axe-core finds in them: both browsers, light and dark, both directions of writing.

Screenshots are left in `.build/screenshots` for a person to look at; the run says where at its end.
"""

from pathlib import Path
from typing import Any

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.prompts import HEBREW, IPHONE, PromptPage, PromptShop, campaign
from tests.browser.support.site import Site
from tests.browser.support.waiting import eventually
from tests.browser.test_prompts import KINDS
from tests.support.left_out import SCREENSHOTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
LOAD = """
const script = document.createElement("script");
script.src = "/axe.js";
document.head.append(script);
await new Promise((resolve) => (script.onload = resolve));
return true;
"""
LOOK = """
const { violations, passes } = await axe.run(document);
const where = ({ target, failureSummary }) => `${JSON.stringify(target)} ${failureSummary}`;
const inside = ({ target }) => JSON.stringify(target).includes("heliograph-prompt");
return {
  looked_at: passes.flatMap(({ nodes }) => nodes).filter(inside).length,
  violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map(where).join("; ")}`),
};
"""
DRAWN = """
const all = [...document.querySelectorAll("heliograph-prompt")].flatMap((host) => host.shadowRoot.getAnimations());
all.forEach((animation) => animation.finish());
await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
return true;
"""


async def bring_up(page: PromptPage, kind: str) -> None:
    """Bring a prompt into the state in which there is most to see of it."""
    await page.shows("bell" if kind == "unblock" else kind)
    if kind in {"bell", "unblock"}:
        await page.tab.press(".bell")
    if kind == "unblock":
        await page.shows("unblock")
    await page.tab.run(DRAWN)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", [*KINDS, "home-screen", "unblock"])
async def test_seen(browser: Browser, prompts: PromptShop, site: Site, kind: str, scheme: str, direction: str) -> None:
    """axe-core finds nothing wrong with it, and a person may look at it."""
    words: dict[str, Any] = {} if direction == "ltr" else {"texts": HEBREW, "language": "he", "direction": "rtl"}
    prompts.offer(campaign("bell" if kind == "unblock" else kind, **words))
    site.put("/axe.js", AXE.read_bytes(), "text/javascript")
    await browser.permit(site.origin, "denied" if kind == "unblock" else "granted")
    page = await prompts.open(browser, "/blank")
    await page.tab.prefer(scheme)
    path = IPHONE if kind == "home-screen" else "/"
    await page.load(path if direction == "ltr" else f"/rtl{path[1:]}")
    await bring_up(page, kind)
    await look_at(page, browser, f"{kind}-{scheme}-{direction}")
    await page.close()


async def look_at(page: PromptPage, browser: Browser, name: str) -> None:
    """Leave a screenshot, and see that axe-core finds nothing."""
    folder = SCREENSHOTS / browser.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.png").write_bytes(await page.tab.screenshot())
    await page.tab.run(LOAD)
    found = await page.tab.run(LOOK)
    assert found["violations"] == []
    assert found["looked_at"] > 2, "axe-core has not looked into the prompt"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_thanks_and_what_comes_after(browser: Browser, prompts: PromptShop, site: Site, scheme: str) -> None:
    """The thanks of a bell's card, its switch for subscribers, and an inline button that is on are as good."""
    prompts.offer(campaign("bell"), campaign("inline"))
    site.put("/axe.js", AXE.read_bytes(), "text/javascript")
    page = await prompts.open(browser, "/blank")
    await page.tab.prefer(scheme)
    await page.load()
    await page.shows("bell", "inline")
    await page.tab.press(".bell")
    await page.tab.press(".card .main")
    await page.subscribed()
    await eventually(lambda: page.tab.run(THANKED), "thanks")
    await look_at(page, browser, f"thanks-{scheme}")
    await eventually(lambda: page.tab.run(CLOSED), "the card to go by itself")
    await page.tab.press(".bell")
    await page.tab.run(DRAWN)
    await look_at(page, browser, f"subscribed-{scheme}")
    await page.close()


CARD = "const card = document.querySelector('[data-prompt=bell]').shadowRoot.querySelector('.card');"
THANKED = CARD + "return card?.querySelector('h2').textContent.startsWith('Thank you') ?? false;"
CLOSED = CARD + "return card === null;"
