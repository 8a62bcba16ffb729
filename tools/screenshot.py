"""Makes docs/images/demo.png: the demo's shop in a real Chromium, a notification as it got it, and the demo's table.

Run from the checkout: `.venv/bin/python tools/screenshot.py`.
"""
# ruff: noqa: INP001 - a script, no package

import asyncio
import base64
import contextlib
import io
import shutil
import sys
import tempfile
from pathlib import Path
from string import Template

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.support.chromium import Chromium  # noqa: E402
from tests.browser.support.driver import binary  # noqa: E402
from tests.browser.support.waiting import FIRST_SUBSCRIBE, eventually  # noqa: E402

from heliograph.cli.demo import report  # noqa: E402
from heliograph.cli.demo.places import API_PORT, SHOP_PORT, listen_near  # noqa: E402
from heliograph.cli.demo.stage import Stage, stage  # noqa: E402
from heliograph.cli.demo.story import tell  # noqa: E402
from heliograph.cli.processes import pointed_at  # noqa: E402
from heliograph.devpush import DevPush, DevPushConfig  # noqa: E402
from heliograph.settings import Settings  # noqa: E402

_PAGE = Template((ROOT / "tools" / "screenshot.html").read_text())


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


async def _table(running: Stage) -> bytes:
    """Play the demo's story and return its table as SVG."""
    async with contextlib.AsyncExitStack() as stack:
        result = await tell(running, 200, Console(quiet=True), asyncio.Event(), stack)
    assert result is not None
    recorder = Console(record=True, width=52, file=io.StringIO(), force_terminal=True, highlight=False)
    recorder.print("$ make demo", style="bold green")
    recorder.print(report.table(result))
    return recorder.export_svg(title="heliograph demo").encode()


async def main() -> None:
    """Play the demo and take the picture."""
    directory = Path(tempfile.mkdtemp())
    async with DevPush(DevPushConfig(http_port=0, tls_port=0, mcs_port=0)) as devpush:
        settings = pointed_at(Settings.load({}).replace(data_dir=directory / "data"), devpush)
        api, shop_socket = listen_near(API_PORT), listen_near(SHOP_PORT)
        program = binary("chromium")
        assert program is not None
        browser = Chromium(program, directory / "chromium", devpush)
        async with stage(settings, devpush, api_socket=api, shop_socket=shop_socket) as running:
            table = await _table(running)
            await browser.start()
            tab = await browser.open(running.shop.origin)
            visible = "return !document.querySelector(args[0]).hidden"
            await eventually(lambda: tab.run(visible, "#on"), "the button", FIRST_SUBSCRIBE)
            await tab.press("#on")
            await eventually(lambda: tab.run(visible, "#try"), "the subscription", FIRST_SUBSCRIBE)
            await tab.press("#try")
            shown = await eventually(browser.on_screen, "the notification")
            shop = await tab.screenshot()
            html = _PAGE.substitute(
                shop=_data("image/png", shop),
                icon=_data("image/png", (ROOT / "src/heliograph/static/shop/icon.png").read_bytes()),
                table=_data("image/svg+xml", table),
                title=shown[0].title,
                body=shown[0].body.split("\n")[-1].strip(),
            )
            page = directory / "page.html"
            page.write_text(html)
            tab = await browser.open(page.as_uri())
            picture = await tab.screenshot()
            await browser.dispose()
    (ROOT / "docs/images/demo.png").write_bytes(picture)
    shutil.rmtree(directory, ignore_errors=True)


asyncio.run(main())
