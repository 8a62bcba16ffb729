"""The demo's second act: prompts that ask, visitors who behave differently, carts left behind, and an A/B test.

Everything goes through the interfaces that a site has: campaigns by the admin API, visitors by the public one.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from heliograph.cli.demo.crowd import Crowd
from heliograph.cli.demo.products import PRODUCTS
from heliograph.cli.demo.shop import Shop
from heliograph.cli.exits import CommandError

SEED = 20
"""Which of the visitors look, leave or buy."""
CART_SECONDS = 3
"""After so long a cart counts as left behind; a shop would wait an hour."""
CONTROL_PERCENT = 10
WITH_NAME, PLAIN = "names-it", "plain"
TASTES = {"is waiting for you": 0.45}
"""What visitors like to click, and how many of them: a text that names the lamp. Nobody tells Heliograph."""
_SECONDS = 60.0
_POLL_SECONDS = 0.2
_SHORT = {"title": "Be the first to know", "accept": "Yes, please", "later": "Not now", "success": "Thank you!"}
_LONG = {"title": "Shall we tell you?", "body": "New lamps and lamps that are back, twice a week at most."}
_GERMAN = {"title": "Als Erste davon hören?", "accept": "Ja, gern", "later": "Jetzt nicht", "success": "Danke!"}


@dataclass(frozen=True, slots=True)
class Campaigns:
    """The campaigns that run: identifiers."""

    prompt: str
    cart: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One text of the A/B test, by Heliograph's own counts."""

    name: str
    sent: int
    clicked: int
    click_rate: float


@dataclass(frozen=True, slots=True)
class Afternoon:
    """What came of it.

    Attributes:
        asked: how often the prompt was shown, by what pages told.
        looked, left, bought: visitors by what they did.
        reminded: of those who left a cart, how many a reminder reached.
        held_back: of those, the control group, who were sent none on purpose.
        strays: reminders that reached somebody who had bought, or had no cart.
    """

    asked: int
    looked: int
    left: int
    bought: int
    reminded: int
    held_back: int
    strays: int
    duplicates: int
    variants: tuple[Variant, ...]

    @property
    def is_good(self) -> bool:
        """Whether everybody who left a cart was reminded or held back, and nobody else."""
        return not self.strays and not self.duplicates and self.reminded + self.held_back == self.left


def _prompt(name: str, kind: str, *, priority: int, **more: Any) -> dict[str, Any]:
    prompt = {"prompt": kind, "texts": {"en": _SHORT, "de": _GERMAN}, "groups": ["back-in-stock"], **more}
    return {"name": name, "priority": priority, "exclusion_group": "permission", "prompt": prompt}


def _prompts() -> tuple[dict[str, Any], ...]:
    return (
        _prompt(
            "Ask who looks around",
            "slide",
            priority=10,
            triggers=[[{"kind": "page_views", "from": 2}], [{"kind": "leave_intent"}]],
            variants=[{"name": "short"}, {"name": "long", "texts": {"en": _LONG}}],
        ),
        _prompt("Bell", "bell", priority=1, look={"position": "bottom-left"}),
    )


async def begin(shop: Shop) -> Campaigns:
    """Make the campaigns and start them.

    Raises:
        CommandError: Heliograph refused one.
    """
    prompts = [await _started(shop, draft) for draft in _prompts()]
    recipes = await _answer(shop, "GET", "/campaigns/recipes")
    ready = next(one["campaign"] for one in recipes["items"] if one["name"] == "cart-abandoned")
    return Campaigns(prompt=prompts[0], cart=await _started(shop, _quick(shop, ready)))


def _quick(shop: Shop, ready: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe for a demo: no hour's wait, no quiet night, two texts and a control group."""
    message = ready["message"]
    content = message["content"] | {
        "body": "Everything is still in your cart.",
        "url": f"{shop.origin}/",
        "icon": f"{shop.origin}/icon.png",
        "badge": f"{shop.origin}/badge.png",
    }
    content.pop("image", None)
    plain = content | {"title": "You left something in your cart"}
    return dict(ready) | {
        "message": message
        | {
            "trigger": message["trigger"] | {"delay_seconds": CART_SECONDS},
            "content": content,
            "limits": {},
            "experiment": {
                "variants": [{"name": WITH_NAME}, {"name": PLAIN, "content": plain}],
                "control_percent": CONTROL_PERCENT,
            },
        }
    }


async def _started(shop: Shop, draft: Mapping[str, Any]) -> str:
    made = await _answer(shop, "POST", "/campaigns", draft)
    await _answer(shop, "POST", f"/campaigns/{made['id']}/start")
    return str(made["id"])


async def _answer(shop: Shop, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    answer = await shop.ask(method, path, body)
    if not answer.is_success:
        raise CommandError(f"Heliograph refused {method} {path}: {answer.text[:300]}")
    return answer.json()


async def spend(shop: Shop, people: Crowd, campaigns: Campaigns) -> Afternoon:
    """Let everybody visit the shop, and wait for what comes of it."""
    since = datetime.now(UTC)
    items = [
        {"id": item.slug, "title": item.name, "price": item.amount, "url": f"{shop.origin}/product/{item.slug}"}
        for item in PRODUCTS
    ]
    await people.order(order="stroll", seed=SEED, items=items)
    manners = await people.answer("strolled")
    left = int(manners["leaves"])
    held_back = await _held_back(shop, campaigns, left)
    await people.order(order="remind", seed=SEED, since=since.isoformat(), expected=left - held_back, seconds=_SECONDS)
    seen = await people.answer("reminded")
    statistics = await _settled(shop, campaigns, clicked=int(seen["clicked"]))
    asked = (await _answer(shop, "GET", f"/campaigns/{campaigns.prompt}/statistics"))["prompt"]
    return Afternoon(
        asked=_told(asked, "show-widget"),
        looked=int(manners["looks"]),
        left=left,
        bought=int(manners["buys"]),
        reminded=int(seen["leaves"]),
        held_back=held_back,
        strays=int(seen["looks"]) + int(seen["buys"]),
        duplicates=int(seen["duplicates"]),
        variants=tuple(
            Variant(one["variant"], one["sent"], one["clicked"], one["click_rate"])
            for one in statistics["variants"]
            if one["variant"] in (WITH_NAME, PLAIN)
        ),
    )


def _told(statistics: Mapping[str, Any], event: str) -> int:
    return int(statistics["total"]["events"].get(event, 0))


async def _held_back(shop: Shop, campaigns: Campaigns, left: int) -> int:
    """Wait until all who left a cart were sent a reminder or held back, or time is up; return how many were."""
    end = asyncio.get_running_loop().time() + _SECONDS
    while True:
        total = (await _answer(shop, "GET", f"/campaigns/{campaigns.cart}/statistics"))["total"]
        held_back = int(total["skipped"].get("control", 0))
        if total["sent"] + held_back >= left or asyncio.get_running_loop().time() > end:
            return held_back
        await asyncio.sleep(_POLL_SECONDS)


async def _settled(shop: Shop, campaigns: Campaigns, *, clicked: int) -> Any:
    """Return the statistics once the clicks that were told are in them, or after a while."""
    for _ in range(50):
        found = await _answer(shop, "GET", f"/campaigns/{campaigns.cart}/statistics")
        if found["total"]["clicked"] >= clicked:
            break
        await asyncio.sleep(_POLL_SECONDS)
    return found
