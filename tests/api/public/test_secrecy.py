"""Endpoints, keys and secrets come back in no answer and no log."""

import json
from typing import Any

import pytest
import structlog
from tests.support.pages import Browser, Site, row

from heliograph.bootstrap import Heliograph
from heliograph.domain.identity import sign
from heliograph.protocols import base64url
from heliograph.storage.tables import subscriptions


async def _life(site: Site, heliograph: Heliograph) -> tuple[list[str], list[Any]]:
    """Live a subscription's whole life with every kind of mishap; return what is nobody's business, and the answers."""
    project = site.project.project
    secret = heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    proof = {"external_id": "ada", "signature": sign("ada", secret)}
    one, two = Browser.new("first-browser"), Browser.new("second-browser")
    answers = []

    async def call(*arguments: Any, **named: Any) -> Any:
        answers.append(await site.call(*arguments, **named))
        return answers[-1]

    made = (await site.call("POST", "/subscriptions", one.body(site))).json()
    again = (await site.call("POST", "/subscriptions", one.body(site, identity=proof))).json()
    path, key = f"/subscriptions/{made['id']}", again["secret"]
    await call("GET", path, secret=key)
    await call("GET", path, secret=made["secret"])
    await call("POST", "/subscriptions", two.body(site) | {"endpoint": one.endpoint})
    await call("POST", "/subscriptions", two.body(site) | {"endpoint": "http://secret-endpoint.internal/token"})
    await call("POST", "/subscriptions", two.body(site) | {"keys": two.keys() | {"auth": "secret-auth"}})
    await call("POST", "/subscriptions", two.body(site) | {"keys": {"secret-member": "x"}})
    await call("POST", "/subscriptions", two.body(site) | {"identity": proof | {"signature": "secret-signature"}})
    await call("POST", "/subscriptions", content=b'{"endpoint": "secret-endpoint.internal"')
    await call("PUT", path, two.body(site), secret=key)
    await call("PUT", f"{path}/groups/news", secret=key)
    await call("POST", f"{path}/identity", proof, secret=key)
    await call("POST", f"{path}/identity", {"token": "secret.token.x"}, secret=key)
    await call("DELETE", f"{path}/identity", secret=key)
    for admin_path in ("", f"/{made['id']}", "?group=news", "?external_id=ada"):
        answers += [await site.client.get(f"/v1/subscriptions{admin_path}", headers=site.admin)]
    await call("DELETE", path, secret=key)
    kept = await row(heliograph.store, subscriptions, made["id"])
    hidden = [
        *(browser.endpoint for browser in (one, two)),
        *(value for browser in (one, two) for value in browser.keys().values()),
        *("secret-endpoint", "secret-auth", "secret-signature", "secret.token"),
        *(made["secret"], key, proof["signature"], base64url.encode(secret)),
        *(kept["secret_hash"].hex(), base64url.encode(kept["secret_hash"]), kept["endpoint_hash"].hex()),
        site.project.secret_key.token,
    ]
    return hidden, answers


async def test_no_answer_tells(site: Site, heliograph: Heliograph) -> None:
    """Only the answer to a registration holds the secret; nothing ever holds an address or a key of a browser."""
    hidden, answers = await _life(site, heliograph)
    assert {answer.status_code for answer in answers} >= {200, 204, 400, 401, 403, 409, 422}
    for answer in answers:
        told = answer.text + json.dumps(dict(answer.headers))
        assert not [value for value in hidden if value in told]


async def test_no_log_tells(
    site: Site, heliograph: Heliograph, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever is logged at any level, by us or by what we use, holds none of it; faults of the database neither."""
    caplog.set_level("DEBUG")
    with structlog.testing.capture_logs() as logged:
        hidden, _ = await _life(site, heliograph)
        async with heliograph.store.begin() as tx:
            await tx.exec_driver_sql("ALTER TABLE subscriptions RENAME TO elsewhere")
        broken = Browser.new("third-browser")
        answer = await site.call("POST", "/subscriptions", broken.body(site))
        hidden += [broken.endpoint, *broken.keys().values()]
    assert answer.status_code == 500
    captured = capsys.readouterr()
    told = "\n".join([repr(logged), captured.out, captured.err, caplog.text, answer.text])
    assert not [value for value in hidden if value in told]
