"""`/sdk/v1/…`: the browser half, for pages of any origin."""

import pytest
from tests.support.api import ADDRESS

from heliograph.api import static

SCRIPT = "/sdk/v1/heliograph.js"


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A folder with a built file; whether the real one is built is the build's business."""
    (tmp_path / "heliograph.js").write_text("void 0;")
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "slide.js").write_text("void 2;")
    (tmp_path / "prompts" / "frame.html").write_text("<!doctype html>")
    (tmp_path / "secret.txt").write_text("not to be served")
    monkeypatch.setattr(static, "FOLDER", tmp_path)
    return tmp_path


async def test_a_page_of_any_origin_may_load_the_script(api, built):
    """It is JavaScript for everybody, kept for an hour, and not guessed to be anything else."""
    answer = await api.get(SCRIPT, headers={"Origin": "https://anywhere.example"})
    assert answer.text == "void 0;"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age=3600" in answer.headers["cache-control"]


async def test_an_unchanged_file_is_not_sent_again(api, built):
    """A browser that has the file gets 304 until it changes."""
    tag = (await api.get(SCRIPT)).headers["etag"]
    assert (await api.get(SCRIPT, headers={"If-None-Match": tag})).status_code == 304
    (built / "heliograph.js").write_text("void 1;")
    assert (await api.get(SCRIPT, headers={"If-None-Match": tag})).text == "void 1;"


async def test_prompts_are_files_of_their_own(api, built):
    """A page loads the prompt that it shows, as it loads the script."""
    answer = await api.get("/sdk/v1/prompts/slide.js?v=1")
    assert answer.text == "void 2;"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_the_frame_of_custom_html_is_sandboxed_wherever_it_is_opened(api, built):
    """A customer's HTML gets an origin of its own, even when its page is opened by itself."""
    answer = await api.get("/sdk/v1/prompts/frame.html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"].split("; ")
    assert "sandbox allow-scripts" in policy
    assert "form-action 'none'" in policy
    assert "content-security-policy" not in (await api.get(SCRIPT)).headers


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        "worker.js",
        "prompts",
        "prompts/",
        "../heliograph.js",
        "prompts/worker.js",
        "%2e%2e%2fapp.py",
    ],
)
async def test_nothing_else_of_the_disk_is_served(api, built, name):
    """Files that are no script, not there, or elsewhere are 404."""
    assert (await api.get(f"{ADDRESS}/sdk/v1/{name}")).status_code == 404
