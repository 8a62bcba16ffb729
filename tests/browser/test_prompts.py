"""Every prompt in a real browser: shown, accepted, put off, closed; on blocked sites, strict and hostile pages."""

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.project import Project
from tests.browser.support.prompts import IPHONE, PromptPage, PromptShop, campaign
from tests.browser.support.site import Site
from tests.browser.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KINDS = ["slide", "dialog", "bell", "inline", "categories", "html"]


async def accept(page: PromptPage, kind: str) -> None:
    """Say yes as a person does."""
    if kind == "html":
        await page.tab.press_inside("iframe", "#yes")
        return
    if kind == "bell":
        await page.tab.press(".bell")
    await page.tab.press(".main")


@pytest.mark.parametrize("path", ["/", "/strict"])
@pytest.mark.parametrize("kind", KINDS)
async def test_accepted(browser: Browser, prompts: PromptShop, project: Project, kind: str, path: str) -> None:
    """A prompt is shown, a person says yes, and is subscribed at Heliograph; it is counted, and no policy is broken."""
    prompts.offer(campaign(kind, variant="b", groups=["prompted"]))
    page = await prompts.open(browser, path)
    await page.shows(kind)
    await accept(page, kind)
    subscription = await project.subscription_becomes(await page.subscribed(), "active")
    joined = {group["name"] for group in subscription["groups"]}
    assert joined == {"prompted"} | ({"new", "prices"} if kind == "categories" else set())
    await page.counts("test-passed", "show-widget", "push-subscribed")
    assert {one["variant"] for one in await page.tab.run("return counted;")} == {"b"}
    assert await page.tab.run("return violations;") == []
    await page.close()


async def test_a_policy_of_nonces(browser: Browser, prompts: PromptShop) -> None:
    """Where only scripts with a nonce may run, the tag's is passed on to what it loads."""
    prompts.offer(campaign("slide"))
    page = await prompts.open(browser, "/nonce")
    await page.shows("slide")
    assert await page.tab.run("return violations;") == []
    await page.close()


async def test_guides_under_a_strict_policy(browser: Browser, prompts: PromptShop, site: Site) -> None:
    """The guides of a blocked site and of an iPhone break no policy either."""
    await browser.permit(site.origin, "denied")
    prompts.offer(campaign("bell"), campaign("home-screen"))
    page = await prompts.open(browser, "/strict")
    await page.shows("bell")
    await page.tab.press(".bell")
    await page.shows("unblock")
    assert await page.tab.run("return violations;") == []
    await page.load("/strict" + IPHONE[1:])
    await page.shows("home-screen")
    assert await page.tab.run("return violations;") == []
    await page.close()


LATER = {"slide": ".quiet", "dialog": ".quiet", "categories": ".quiet"}
CLOSE = {"slide": ".x", "dialog": ".x", "categories": ".x", "bell": ".x"}


@pytest.mark.parametrize("kind", LATER)
async def test_put_off(browser: Browser, prompts: PromptShop, kind: str) -> None:
    """Who says "not now" is left alone on the next page and in other tabs, and the browser was not made to ask."""
    prompts.offer(campaign(kind))
    page = await prompts.open(browser)
    await page.shows(kind)
    other = await prompts.open(browser)
    await other.shows(kind)
    await page.tab.press(LATER[kind])
    await page.shows()
    await page.counts("show-widget", "click-later")
    await other.shows()
    await page.load()
    await page.stays_away(kind)
    assert await page.counted() == []
    assert (await page.status("unsubscribed"))["subscription"] is None
    await other.close()
    await page.close()


@pytest.mark.parametrize("kind", CLOSE)
async def test_closed(browser: Browser, prompts: PromptShop, kind: str) -> None:
    """Who closes a prompt does not see it again on the next page."""
    prompts.offer(campaign(kind))
    page = await prompts.open(browser)
    await page.shows(kind)
    if kind == "bell":
        await page.tab.press(".bell")
    await page.tab.press(CLOSE[kind])
    await page.shows()
    await page.counts("show-widget", "click-close")
    await page.load()
    await page.stays_away(kind)
    await page.close()


async def test_escape_puts_off(browser: Browser, prompts: PromptShop) -> None:
    """The Escape key says "not now" to a dialog, which had the focus and gives it back."""
    prompts.offer(campaign("dialog", triggers=[[{"kind": "event", "name": "asked"}]]))
    page = await prompts.open(browser)
    await page.looked()
    await page.tab.run("document.getElementById('own').focus(); return true;")
    await page.tab.run("heliograph.push(['fireEvent', { event: 'asked' }]); return true;")
    await page.shows("dialog")
    assert await page.tab.run("return document.activeElement.localName;") == "heliograph-prompt"
    await page.tab.key("Escape")
    await page.shows()
    await page.counts("show-widget", "click-later")
    assert await page.tab.run("return document.activeElement.id;") == "own"
    await page.close()


async def test_a_card_takes_the_focus_from_nobody(browser: Browser, prompts: PromptShop) -> None:
    """A card that slides in leaves the focus to who is at work in the page, and Escape still says "not now"."""
    prompts.offer(campaign("slide", triggers=[[{"kind": "event", "name": "now"}]]))
    page = await prompts.open(browser)
    await page.looked()
    await page.tab.run("document.getElementById('own').focus(); return true;")
    await page.tab.run("heliograph.push(['fireEvent', { event: 'now' }]); return true;")
    await page.shows("slide")
    assert await page.tab.run("return document.activeElement.id;") == "own"
    await page.tab.key("Escape")
    await page.shows()
    await page.counts("show-widget", "click-later")
    await page.close()


async def test_a_look(browser: Browser, prompts: PromptShop) -> None:
    """Theme, accent, place and layer are the campaign's; an accent that could not be read is moved until it can."""
    look = {"theme": "dark", "accent": "#101010", "position": "top-left", "z_index": 7, "icon": "/nowhere.png"}
    prompts.offer(campaign("slide", look=look))
    page = await prompts.open(browser)
    await page.tab.prefer("light")
    await page.load()
    await page.shows("slide")
    await eventually(lambda: page.tab.run(DRAWN_SIGN), "a drawn sign in place of the missing picture")
    assert await page.tab.run(LOOKS) == ["rgb(29, 32, 39)", True, True, "7", "rgb(255, 255, 255)", False]
    await page.close()


DRAWN_SIGN = "return document.querySelector('heliograph-prompt').shadowRoot.querySelector('.sign .drawing') !== null;"
LOOKS = """
const { shadowRoot } = document.querySelector("heliograph-prompt");
const card = shadowRoot.querySelector(".card");
const { left, top } = card.getBoundingClientRect();
const button = getComputedStyle(shadowRoot.querySelector(".main"));
const channels = button.backgroundColor.match(/\\d+/g).map(Number);
const { zIndex } = getComputedStyle(document.querySelector("heliograph-prompt"));
const stayed = channels.every((one) => one < 40);
return [getComputedStyle(card).backgroundColor, left < 30, top < 60, zIndex, button.color, stayed];
"""
FOCUSED = "return document.activeElement.shadowRoot?.activeElement?.className ?? document.activeElement.localName;"


async def test_focus_stays_in_a_dialog(browser: Browser, prompts: PromptShop) -> None:
    """Tab goes round within a dialog, forwards and backwards, and Enter on a button presses it."""
    prompts.offer(campaign("dialog"))
    page = await prompts.open(browser)
    await page.shows("dialog")
    assert await page.tab.run(FOCUSED) == "card"
    seen = []
    for key in ["Tab", "Tab", "Tab", "Tab", "Shift+Tab"]:
        await page.tab.key(key)
        seen.append(await page.tab.run(FOCUSED))
    assert seen == ["x", "main", "quiet", "x", "quiet"]
    await page.tab.key("Shift+Tab")
    await page.tab.key("Enter")
    await page.subscribed()
    await page.close()


async def test_blocked_site(browser: Browser, prompts: PromptShop, site: Site) -> None:
    """On a blocked site nothing comes by itself; the bell leads to the guide, and allowing it then subscribes."""
    await browser.permit(site.origin, "denied")
    prompts.offer(campaign("slide", priority=2), campaign("bell"))
    page = await prompts.open(browser)
    await page.shows("bell")
    await page.counts("push-already-denied", "push-already-denied", "show-widget")
    await page.tab.press(".bell")
    await page.shows("unblock")
    guide = await page.tab.run("return document.querySelector('[data-prompt=unblock]').shadowRoot.textContent;")
    assert "Notifications are blocked" in guide
    assert ("crossed-out symbol" in guide) is (browser.name == "firefox")
    await browser.permit(site.origin, "granted")
    await page.subscribed()
    await page.shows("bell")
    await page.counts("push-subscribed")
    await page.close()


@pytest.mark.parametrize("browser", ["firefox"], indirect=True)  # headless Chromium answers its questions itself
async def test_a_person_says_no(browser: Browser, prompts: PromptShop, site: Site) -> None:
    """Who blocks the site in the browser's own question is counted and left in peace, without a guide."""
    await browser.permit(site.origin, "prompt")
    prompts.offer(campaign("slide"))
    page = await prompts.open(browser)
    await page.shows("slide")
    await page.tab.press(".main")
    await page.tab.run("await new Promise((resolve) => setTimeout(resolve, 600)); return true;")  # a person reads
    await browser.answer("block")
    await page.shows()
    await page.counts("show-widget", "push-denied")
    assert (await page.status("denied"))["subscription"] is None
    await page.close()


async def test_a_page_asks_on_a_blocked_site(browser: Browser, prompts: PromptShop, site: Site) -> None:
    """A page that shows a prompt to somebody who has blocked it shows the guide, which "Got it" closes."""
    await browser.permit(site.origin, "denied")
    prompts.offer(campaign("dialog", language="de-AT", triggers=[[{"kind": "event", "name": "never"}]]))
    page = await prompts.open(browser)
    await page.looked()
    await page.tab.run("return await heliograph.showPrompt('cmp_dialog');")
    await page.shows("unblock")
    guide = await page.tab.run("return document.querySelector('[data-prompt=unblock]').shadowRoot.textContent;")
    assert "Benachrichtigungen sind blockiert" in guide
    await page.tab.press("dialog .main")
    await page.shows()
    await page.counts("push-already-denied")
    await page.close()


AT = """
const all = [document.getElementById("own"), ...document.querySelectorAll("h1,li,header")];
return all.map((one) => { const { x, y, width, height } = one.getBoundingClientRect(); return [x, y, width, height]; });
"""


@pytest.mark.parametrize("kind", [*KINDS, "home-screen"])
async def test_nothing_moves(browser: Browser, prompts: PromptShop, kind: str) -> None:
    """A prompt moves nothing of the page; an inline button fills the space that its slot keeps."""
    prompts.offer(campaign(kind, triggers=[[{"kind": "event", "name": "now"}]]))
    page = await prompts.open(browser, IPHONE if kind == "home-screen" else "/")
    await page.looked()
    before = await page.tab.run(AT)
    await page.tab.run("heliograph.push(['fireEvent', { event: 'now' }]); return true;")
    await page.shows(kind)
    assert await page.tab.run(AT) == before
    await page.close()


async def test_on_an_iphone(browser: Browser, prompts: PromptShop) -> None:
    """Where web push needs the home screen, only the guide to it is shown, and a bell leads there."""
    prompts.offer(campaign("slide", priority=3), campaign("home-screen", priority=2), campaign("bell"))
    page = await prompts.open(browser, IPHONE)
    await page.shows("home-screen")
    await page.counts("push-unsupported", "push-unsupported", "show-widget", "show-widget")
    await page.tab.press(".main")
    await page.shows("bell")
    await page.tab.press(".bell")
    await page.shows("home-screen")
    await page.close()


async def test_one_at_a_time(browser: Browser, prompts: PromptShop) -> None:
    """Of two prompts that want to be shown the one with the higher priority is, and a bell steps back meanwhile."""
    prompts.offer(
        campaign("slide", priority=1), campaign("bell", priority=5), campaign("dialog", priority=2), campaign("inline")
    )
    page = await prompts.open(browser)
    await page.shows("dialog", "inline")
    await page.tab.press("dialog .quiet")
    await page.shows("bell", "inline")
    await page.close()


async def test_page_commands(browser: Browser, prompts: PromptShop) -> None:
    """A page shows a prompt when it wants to, whatever its triggers say, and takes it away; neither is an answer."""
    prompts.offer(campaign("dialog", triggers=[[{"kind": "event", "name": "never"}]]))
    page = await prompts.open(browser)
    await page.stays_away("dialog")
    assert await page.tab.run("return await heliograph.showPrompt('cmp_dialog');") == {"shown": True}
    await page.shows("dialog")
    await page.tab.run("await heliograph.hidePrompts(); return true;")
    await page.shows()
    await page.counts("show-widget")
    assert (
        await page.tab.run("return await heliograph.showPrompt('cmp_x').catch(({ code }) => code);") == "misconfigured"
    )
    await page.close()


async def test_preview(browser: Browser, prompts: PromptShop) -> None:
    """A preview shows a campaign at once, and neither counts nor remembers it."""
    prompts.offer(campaign("slide", triggers=[[{"kind": "event", "name": "never"}]]))
    page = await prompts.open(browser, "/?heliograph_preview=cmp_slide")
    await page.shows("slide")
    await page.tab.press(".x")
    await page.shows()
    await page.load("/?heliograph_preview=cmp_slide")
    await page.shows("slide")
    assert await page.counted() == []
    await page.close()


async def test_a_choice_is_changed(browser: Browser, prompts: PromptShop, project: Project) -> None:
    """Somebody who is subscribed sees their topics ticked, and changes them."""
    prompts.offer(campaign("categories"))
    page = await prompts.open(browser)
    await page.shows("categories")
    await page.tab.press(".main")
    subscription_id = await page.subscribed()
    await page.load()
    await page.stays_away("categories")
    await page.tab.run("await heliograph.leave('prices'); return await heliograph.showPrompt('cmp_categories');")
    await page.shows("categories")
    await eventually(lambda: page.tab.run(TICKED, [True, False, False]), "the topics of the server")
    await page.tab.press("label:nth-of-type(1)")
    await page.tab.press("label:nth-of-type(3)")
    await page.tab.press(".main")

    async def changed() -> bool:
        groups = (await project.subscription(subscription_id))["groups"]
        return {group["name"] for group in groups} == {"orders"}

    await eventually(changed, "the new choice")
    await page.close()


TICKED = """
const boxes = [...document.querySelector("heliograph-prompt").shadowRoot.querySelectorAll("input")];
return JSON.stringify(boxes.map((box) => box.checked)) === JSON.stringify(args[0]);
"""


async def test_an_inline_button_switches_off_again(browser: Browser, prompts: PromptShop, project: Project) -> None:
    """The button in the page says that notifications are on, and switches them off."""
    prompts.offer(campaign("inline"))
    page = await prompts.open(browser)
    await page.shows("inline")
    await page.tab.press(".main")
    subscription_id = await page.subscribed()
    await page.tab.press(".quiet")
    await project.subscription_becomes(subscription_id, "unsubscribed")
    await page.tab.press(".main")
    await page.subscribed()
    await page.close()
