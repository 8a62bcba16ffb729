"""The demo shop: a customer's site with an origin of its own, whose server talks to Heliograph with a secret key."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from jinja2 import Environment, FileSystemLoader
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.params import FromPath, FromQuery, JSONBody

from heliograph.cli.demo.products import FOLDER, PRODUCTS, Product

_FILES = {
    "shop.css": "text/css; charset=utf-8",
    "shop.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "icon.png": "image/png",
    "badge.png": "image/png",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """What the shop knows of the world.

    Attributes:
        origin: the shop's own, `http://localhost:8971`.
        api: Heliograph's origin.
        publishable_key: stands in every page.
        secret_key: stays on the shop's server.
        devpush: where the bundled push service shows its page.
        commands: given a page's address, commands that open a browser pointed at the bundled push service.
        client: one for all calls; to make one costs more than a call.
    """

    origin: str
    api: str
    publishable_key: str
    secret_key: str
    devpush: str
    commands: Callable[[str], Mapping[str, Any]]
    client: httpx.AsyncClient

    def notification(self, product: Product, audience: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the shop's server posts to Heliograph's admin API."""
        return {
            "audience": dict(audience),
            "content": {
                "title": "Back in stock",
                "body": f"{product.name}: it is here again, and still {product.price}.",
                "url": f"{self.origin}/product/{product.slug}",
                "icon": f"{self.origin}/icon.png",
                "badge": f"{self.origin}/badge.png",
                "language": "en",
            },
            "ttl_seconds": 3600,
            "urgency": "high",
        }

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Use Heliograph's admin API, as any server would."""
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        return await self.client.request(method, f"{self.api}/v1{path}", json=body, headers=headers)

    async def post(self, notification: Mapping[str, Any]) -> httpx.Response:
        """Send a notification."""
        return await self.ask("POST", "/notifications", notification)

    async def states(self, notification: str) -> dict[str, int]:
        """Ask how many deliveries of a notification are in each state."""
        answer = await self.ask("GET", f"/notifications/{notification}")
        by_state: dict[str, int] = answer.raise_for_status().json()["counts"]["by_state"]
        return by_state


def _shop(request: Request[Any, Any, State]) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


def _page(shop: Shop, product: Product | None) -> Response[str]:
    template = Environment(loader=FileSystemLoader(FOLDER), autoescape=True).get_template("page.html")
    html = template.render(
        product=product, products=PRODUCTS, api=shop.api, key=shop.publishable_key, devpush=shop.devpush
    )
    return Response(html, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"})


@get("/", sync_to_thread=False)
def home(request: Request[Any, Any, State]) -> Response[str]:
    """Show all lamps."""
    return _page(_shop(request), None)


@get("/product/{slug:str}", sync_to_thread=False)
def lamp(request: Request[Any, Any, State], slug: FromPath[str]) -> Response[str]:
    """Show one lamp: where a click on a notification leads."""
    return _page(_shop(request), _product(slug))


@get("/push/heliograph-worker.js", sync_to_thread=False)
def worker(request: Request[Any, Any, State]) -> Response[str]:
    """Serve the one file that a site hosts itself: browsers take service workers from the page's own origin only."""
    line = f"importScripts({json.dumps(f'{_shop(request).api}/sdk/v1/worker.js')});\n"
    return Response(line, media_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


@get("/{name:str}", sync_to_thread=False)
def file(name: FromPath[str]) -> Response[bytes]:
    """Serve style, script and pictures."""
    if name not in _FILES:
        raise NotFoundException
    return Response((FOLDER / name).read_bytes(), media_type=_FILES[name], headers={"Cache-Control": "no-cache"})


@get("/browsers", sync_to_thread=False)
def browsers(request: Request[Any, Any, State], page: FromQuery[str] = "") -> dict[str, Any]:
    """Return commands that open a browser pointed at the bundled push service."""
    shop = _shop(request)
    return dict(shop.commands(page if page.startswith(f"{shop.origin}/") else shop.origin))


@post("/send-me-one", status_code=200)
async def send_me_one(request: Request[Any, Any, State], data: JSONBody[dict[str, Any]]) -> dict[str, str]:
    """Let the shop's server send a notification to the subscription that the page names."""
    shop = _shop(request)
    # Another site's page must not make the shop send.
    if request.headers.get("origin") != shop.origin:
        raise PermissionDeniedException
    slug = str(data.get("page", "")).rpartition("/")[2]
    product = next((item for item in PRODUCTS if item.slug == slug), PRODUCTS[0])
    audience = {"kind": "subscriptions", "subscription_ids": [str(data.get("subscription", ""))]}
    answer = await shop.post(shop.notification(product, audience))
    if not answer.is_success:
        raise NotFoundException
    return {"notification": answer.json()["id"]}


def _product(slug: FromPath[str]) -> Product:
    for item in PRODUCTS:
        if item.slug == slug:
            return item
    raise NotFoundException


def create_shop(shop: Shop) -> Litestar:
    """Return the shop's ASGI application."""
    routes = [home, lamp, worker, file, browsers, send_me_one]
    return Litestar(routes, state=State({"shop": shop}), openapi_config=None, logging_config=None)
