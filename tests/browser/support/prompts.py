"""A shop whose pages show prompt campaigns: a script of the shop answers for the server, and keeps what it is told.

Everything else (the page script, prompts, subscriptions) is the real thing. The page `/strict` has a Content Security
Policy that allows Heliograph and nothing else; the others have styles that try hard to reach into a prompt.
"""

import json
from typing import Any
from urllib.parse import quote

from tests.browser.support.driver import Browser, Tab
from tests.browser.support.shop import WORKER_PATH
from tests.browser.support.site import Site
from tests.browser.support.waiting import ARRIVAL, FIRST_SUBSCRIBE, eventually

TEXTS = {
    "title": "Be the first to know",
    "body": "New lamps and price drops, twice a week at most. You can stop at any time.",
    "accept": "Yes, please",
    "later": "Not now",
    "success": "Thank you! You will hear from us.",
}
HEBREW = {
    "title": "היו הראשונים לדעת",
    "body": "מנורות חדשות והוזלות, פעמיים בשבוע לכל היותר. אפשר להפסיק בכל עת.",
    "accept": "כן, בבקשה",
    "later": "לא עכשיו",
    "success": "תודה! נהיה בקשר.",
}
CATEGORIES = [
    {"group": "new", "title": "New lamps", "description": "What just left the workshop, once a week", "checked": True},
    {"group": "prices", "title": "Price drops", "description": "On lamps that you looked at", "checked": True},
    {"group": "orders", "title": "My orders", "checked": False},
]
HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>An offer</title>
<meta name="widget-config" data-type="fixed" data-position="bottom-left" data-width="360" data-height="250">
<style>
  body { margin: 0; padding: 24px; font: 16px/1.5 system-ui; color: #3a2411; background: #fff1dc }
  h1 { margin: 0 0 8px; font-size: 24px }
  button { font: inherit; padding: 10px 18px; border: 0; border-radius: 10px; background: #3a2411; color: #fff }
  #no { background: none; color: inherit }
</style></head><body><main>
<div data-fl-screen="ask"><h1>A tenth off</h1><p>Be told of new lamps, and the first one costs less.</p>
<button id="yes" data-fl-track="click-yes">Tell me</button> <button id="no" data-fl-close="1800">No</button></div>
<div data-fl-screen="thanks"><h1>Thank you</h1></div></main>
<script>
  document.getElementById("yes").onclick = async () => {
    const { permission } = await widget.pushSubscribe();
    document.title = permission;
    if (permission === "granted") widget.setScreen("thanks");
  };
</script></body></html>
"""
ON_ITS_OWN = {"html": {"html": HTML, "size": {"width": 360, "height": 250}}, "categories": {"categories": CATEGORIES}}
IPHONE = "/?about=" + quote(json.dumps({"iphone": True}))
"""A page of the shop, as an iPhone sees it."""
USER_AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"


def campaign(kind: str, **differs: Any) -> dict[str, Any]:
    """Return a prompt campaign as the server gives it: shown at once, three times a day at most."""
    plain: dict[str, Any] = {
        "id": f"cmp_{kind}",
        "variant": None,
        "prompt": kind,
        "exclusion_group": None,
        "priority": 1,
        "frequency": {"shows": 3, "per_seconds": 86400, "later_seconds": 3600, "close_seconds": 86400},
        "triggers": [],
        "texts": TEXTS,
        "language": "en",
        "direction": "ltr",
        "look": {"theme": "auto"},
        "spot": "hero" if kind == "inline" else None,
        "groups": [],
    }
    return plain | ON_ITS_OWN.get(kind, {}) | differs


PAGE = """<!doctype html>
<html lang="en" dir="{direction}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}
<title>Lumen &amp; Sons</title>
<link rel="icon" href="data:,">
<header><nav aria-label="Shop"><a href="/">Lumen &amp; Sons</a> <a href="/">Lamps</a></nav></header>
<main>
<h1>Lamps for long evenings</h1>
<p>Made to order in our workshop by the river.</p>
<div data-hg-spot="hero"></div>
<p><button id="own" type="button">Our story</button></p>
<ul><li>Moon<li>Reading<li>Garden<li>Desk<li>Hall<li>Attic</ul>
</main>
<script src="/stub.js"></script>
<script async src="{api}/sdk/v1/heliograph.js" data-key="{key}"></script>
</html>
"""
# What of it is important would win against a prompt in the page's own tree.
HOSTILE = """<style>
  :root { color-scheme: light dark; font-size: 22px }
  body { margin: 0; font: 17px/1.6 Georgia, serif }
  body { background: light-dark(#faf7f1, #16130e); color: light-dark(#2a251d, #ece4d6) }
  header { padding: 20px 40px; border-bottom: 1px solid light-dark(#e5decf, #362f25) }
  nav { display: flex; gap: 28px } a { color: inherit; text-decoration: none }
  main { max-width: 1000px; margin: 0 auto; padding: 24px 40px } h1 { font-size: 42px; line-height: 1.2 }
  [data-hg-spot] { min-height: 44px }
  ul { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(3, 1fr); gap: 20px }
  li { height: 190px; padding: 16px; border-radius: 4px; background: light-dark(#efe8d9, #25201a) }
  button { text-transform: uppercase !important; border-radius: 0 !important }
  heliograph-prompt, heliograph-prompt * { display: none !important; color: red !important; font-size: 40px !important }
  dialog, [role=dialog] { opacity: 0 !important } ::backdrop { background: red !important }
</style>"""
STRICT = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'none';
  script-src 'self' {api}; connect-src {api}; worker-src 'self'; img-src data: {api}; frame-src {api}">"""
# Nothing is allowed by its address: what carries the nonce is, and what that loads with it.
NONCE = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'none';
  script-src 'nonce-0815'; connect-src {api}; worker-src 'self'; img-src data:">"""
# Runs before the page script. Answers for the server, and keeps what it would be told.
STUB = """
const about = JSON.parse(new URLSearchParams(location.search).get("about") || "{}");
const given = CAMPAIGNS.map((one) => ({ ...one, ...about.differs }));
if (about.iphone) {
  delete window.PushManager;
  Object.defineProperty(navigator, "userAgent", { get: () => IPHONE });
}
window.counted = [];
window.asked = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective: what, blockedURI: where }) =>
  violations.push(`${what} ${where}`));
const real = window.fetch;
window.fetch = (url, init) => {
  const { pathname } = new URL(url);
  const answer = (status, body) => Promise.resolve(new Response(JSON.stringify(body), { status }));
  if (pathname === "/v1/public/campaigns") {
    asked.push(JSON.parse(init.body));
    return answer(200, { campaigns: given, visitor: { identified: false, subscribed: false } });
  }
  if (pathname === "/v1/public/campaign-events") {
    counted.push(...JSON.parse(init.body).events);
    return answer(202, {});
  }
  return real(url, init);
};
"""
# The shadow tree of the prompt that is on the screen, of any kind.
SHOWN = """
const parts = (host) => [...host.shadowRoot.querySelectorAll(".card,.bell,.slot,.frame")];
const visible = (part) =>
  part.getBoundingClientRect().width > 0 && part.checkVisibility({ opacityProperty: true, visibilityProperty: true });
const hosts = [...document.querySelectorAll("heliograph-prompt")];
return hosts.filter((host) => parts(host).some(visible)).map((host) => host.dataset.prompt);
"""
COUNTED = "return counted.map((one) => one.event);"


class PromptShop:
    """The shop's pages, with these campaigns for every visitor."""

    def __init__(self, site: Site, api: str, key: str) -> None:
        self.site = site
        self._api = api
        self._key = key
        site.put(WORKER_PATH, f'importScripts("{api}/sdk/v1/worker.js");\n', "text/javascript")

    def offer(self, *campaigns: dict[str, Any]) -> None:
        """Give these campaigns to every page that is loaded from now on."""
        self._publish(STUB.replace("CAMPAIGNS", json.dumps(campaigns)).replace("IPHONE", json.dumps(USER_AGENT)))

    def offer_nothing(self) -> None:
        """Let the pages ask Heliograph itself, and tell it."""
        self._publish("window.violations = [];")

    def _publish(self, stub: str) -> None:
        self.site.put("/stub.js", stub, "text/javascript")
        self.site.put("/blank", "<!doctype html><title>Nothing</title>", "text/html")
        for path, head, direction in (
            ("/", HOSTILE, "ltr"),
            ("/rtl", HOSTILE, "rtl"),
            ("/strict", STRICT.format(api=self._api), "ltr"),
            ("/nonce", NONCE.format(api=self._api), "ltr"),
        ):
            page = PAGE.format(api=self._api, key=self._key, head=head, direction=direction)
            if path == "/nonce":
                page = page.replace("<script ", '<script nonce="0815" ')
            self.site.put(path, page, "text/html; charset=utf-8")

    async def open(self, browser: Browser, path: str = "/") -> "PromptPage":
        return PromptPage(await browser.open(self.site.origin + path), self)


class PromptPage:
    """One page of that shop in one tab."""

    def __init__(self, tab: Tab, shop: PromptShop) -> None:
        self.tab = tab
        self.shop = shop

    async def load(self, path: str = "/") -> None:
        await self.tab.go(self.shop.site.origin + path)

    async def shows(self, *kinds: str) -> None:
        """Wait until exactly these prompts are to be seen."""
        seen: list[str] = []

        async def reached() -> bool:
            seen[:] = await self.tab.run(SHOWN)
            return sorted(seen) == sorted(kinds)

        await eventually(reached, lambda: f"{kinds} on the screen; there are {seen}", 30)

    async def counted(self) -> list[str]:
        return list(await self.tab.run(COUNTED))

    async def counts(self, *events: str) -> None:
        """Wait until the server would have been told of these events; the order is that of what happened."""
        seen: list[str] = []

        async def reached() -> bool:
            seen[:] = await self.counted()
            return [one for one in seen if one in events] == list(events)

        await eventually(reached, lambda: f"the events {events}; there are {seen}", 30)

    async def looked(self) -> None:
        """Wait until the page has its campaigns and has looked at all of them."""
        await eventually(lambda: self.tab.run("return asked.length > 0;"), "the page to ask for campaigns", 30)
        # A prompt that there is not is looked for after all that there are.
        await self.tab.run("return await heliograph.showPrompt('cmp_none').catch(() => true);")

    async def stays_away(self, kind: str) -> None:
        """See that the page has looked at its campaigns and did not even fetch this prompt."""
        await self.looked()
        found = "return document.querySelectorAll(`script[src*='/prompts/${args[0]}.js']`).length;"
        assert await self.tab.run(found, kind) == 0
        await self.shows()

    async def status(self, wanted: str, within: float = ARRIVAL) -> dict[str, Any]:
        """Wait until the page script says this status."""
        seen: list[Any] = []

        async def reached() -> dict[str, Any] | None:
            seen[:] = [json.loads(await self.tab.run("return JSON.stringify(await heliograph.status());"))]
            return seen[0] if seen[0]["status"] == wanted else None

        return await eventually(reached, lambda: f"the status {wanted}; it is {seen}", within)

    async def subscribed(self) -> str:
        """Wait until this browser is subscribed; returns the subscription's id."""
        return str((await self.status("subscribed", FIRST_SUBSCRIBE))["subscription"])

    async def close(self) -> None:
        await self.tab.close()
