"""Prompts of custom HTML in real browsers: what a click in their frame means, and that they stay in it."""

import json

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.prompts import PromptShop, campaign
from tests.browser.support.site import Site
from tests.browser.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_closed_from_inside_its_frame(browser: Browser, prompts: PromptShop) -> None:
    """A custom prompt closes itself for as long as its attribute says, and what it tracks is counted."""
    prompts.offer(campaign("html"))
    page = await prompts.open(browser)
    await page.shows("html")
    await page.tab.press_inside("iframe", "#no")
    await page.shows()
    await page.counts("show-widget", "click-close")
    await page.load()
    await page.stays_away("html")
    await page.close()


ASKED = """
window.gestures = [];
const ask = Notification.requestPermission.bind(Notification);
Notification.requestPermission = (...about) => {
  gestures.push(navigator.userActivation.isActive);
  return ask(...about);
};
return true;
"""
GESTURES = "return gestures;"


async def test_a_click_in_a_frame_counts_for_the_page(browser: Browser, prompts: PromptShop, site: Site) -> None:
    """A click on the button of a custom prompt is the gesture that the browser wants before it asks."""
    await browser.permit(site.origin, "prompt")
    prompts.offer(campaign("html"))
    page = await prompts.open(browser)
    await page.shows("html")
    await page.tab.run(ASKED)
    await page.tab.press_inside("iframe", "#yes")
    await eventually(lambda: page.tab.run(GESTURES), "the browser to be asked")
    assert await page.tab.run(GESTURES) == [True]
    if browser.name == "firefox":  # headless Chromium answers its own question, with "not now"
        await browser.answer("allow")
        await page.subscribed()
        await page.counts("show-widget", "push-subscribed")
    await page.close()


async def test_a_frame_without_a_click_gets_a_button_of_ours(browser: Browser, prompts: PromptShop, site: Site) -> None:
    """A custom prompt that subscribes unasked makes no browser ask: a person must press a button outside the frame."""
    await browser.permit(site.origin, "prompt")
    prompts.offer(campaign("html", html="<!doctype html><p>Hello"))
    page = await prompts.open(browser)
    await page.shows("html")
    await page.tab.run(ASKED)
    await page.tab.run_inside("iframe", "(window.wrappedJSObject ?? window).widget.pushSubscribe(); return true;")
    await eventually(lambda: page.tab.run(ASKING), "a button of ours")
    assert await page.tab.run(GESTURES) == []
    await page.tab.press(".ask .main")
    await eventually(lambda: page.tab.run(GESTURES), "the browser to be asked")
    assert await page.tab.run(GESTURES) == [True]
    await page.close()


ASKING = "return document.querySelector('heliograph-prompt').shadowRoot.querySelector('.ask') !== null;"
# Each line tries to get out, and says what became of it.
ESCAPE = """<!doctype html><title>trying</title><p>Looks harmless<script>
const tried = {};
const attempt = (name, how) => {
  try { tried[name] = String(how()); } catch (error) { tried[name] = error.name; }
};
attempt("document", () => parent.document.title);
attempt("storage", () => localStorage.length);
attempt("cookie", () => document.cookie);
attempt("navigate", () => { top.location.href = "https://evil.example/"; return "asked"; });
attempt("window", () => open("https://evil.example/"));
attempt("origin", () => origin);
parent.postMessage("heliograph-frame", "*");
parent.postMessage({ heliograph: "heliograph-frame", do: "subscribe", id: 1 }, "*");
widget.track("push-subscribed");
widget.track("x".repeat(500));
widget.track("fine");
widget.configure({ overlayBackground: "url(https://evil.example/)", width: Infinity, zIndex: "9; color: red" });
widget.setValue("__proto__", { polluted: true });
widget.setValue("size", "42");
widget.setValue("large", "x".repeat(100000));
for (const method of ["collectEmail", "getMotivation"])
  widget[method]("a@example.com").catch((error) => { tried[method] = error.message; });
setTimeout(() => { window.tried = JSON.stringify(tried); widget.show(); });
</script>"""


async def test_a_frame_is_a_cage(browser: Browser, prompts: PromptShop) -> None:
    """Custom HTML reaches neither page, storage nor the tab, and can forge none of our own events."""
    prompts.offer(campaign("html", html=ESCAPE))
    page = await prompts.open(browser)
    await page.shows("html")
    tried = json.loads(await page.tab.run_inside("iframe", "return window.wrappedJSObject?.tried ?? window.tried;"))
    assert tried["origin"] == "null"
    refused = {name: tried[name] for name in ("document", "storage", "cookie")}
    assert set(refused.values()) == {"SecurityError"}
    assert tried["window"] in {"null", "SecurityError"}
    for method in ("collectEmail", "getMotivation"):
        assert tried[method] == f"widget.{method}() is not supported by Heliograph"
    await page.counts("show-widget", "fine")
    assert "push-subscribed" not in await page.counted()
    assert await page.tab.run("return [location.pathname, document.title, {}.polluted ?? null];") == [
        "/",
        "Lumen & Sons",
        None,
    ]
    kept = json.loads(await page.tab.run("return localStorage.getItem('heliograph:values_cmp_html');"))
    assert {name: value for name, (value, _) in kept.items()} == {"__proto__": {"polluted": True}, "size": "42"}
    await page.load()
    await page.shows("html")
    assert (await page.tab.run_inside("iframe", VALUE)) == ["42", False]
    await page.close()


VALUE = """
const { value, expired } = (window.wrappedJSObject ?? window).widget.getValue("size");
return [value, expired];
"""
# Says what a prompt's own frame would say, and waits to be given what only that may have.
STRANGER = """
const frame = document.createElement("iframe");
frame.sandbox = "allow-scripts";
frame.srcdoc = `<script>
  addEventListener("message", (event) => parent.postMessage("got " + event.ports.length, "*"));
  for (const word of ["heliograph-frame", { heliograph: "heliograph-frame" }]) parent.postMessage(word, "*");
  parent.postMessage("said", "*");
<` + "/script>";
window.strange = [];
addEventListener("message", ({ source, data }) => { if (source === frame.contentWindow) strange.push(data); });
document.body.append(frame);
return true;
"""


async def test_another_frame_of_the_page_is_not_taken_for_ours(browser: Browser, prompts: PromptShop) -> None:
    """A frame that says what ours says is given nothing."""
    prompts.offer(campaign("html"))
    page = await prompts.open(browser)
    await page.shows("html")
    await page.tab.run(STRANGER)
    await eventually(lambda: page.tab.run("return strange.includes('said');"), "the stranger to speak")
    await page.tab.run("return new Promise((resolve) => setTimeout(resolve, 50));")
    assert not [word for word in await page.tab.run("return strange;") if str(word).startswith("got")]
    await page.close()


async def test_custom_html_in_a_slot(browser: Browser, prompts: PromptShop) -> None:
    """A custom prompt with a spot stands in that slot of the page, in its campaign's size."""
    prompts.offer(campaign("html", spot="hero"))
    page = await prompts.open(browser)
    await page.shows("html")
    await eventually(lambda: page.tab.run(IN_SLOT), "the frame in its slot")
    await page.close()


IN_SLOT = """
const slot = document.querySelector("[data-hg-spot]");
const frame = slot.querySelector("heliograph-prompt")?.shadowRoot.querySelector(".frame");
const { width, height } = frame?.getBoundingClientRect() ?? {};
return width === 360 && height === 250 && slot.getBoundingClientRect().height >= 250;
"""
