"""`/openapi.json` and `/docs`: complete, consistent with themselves, and usable offline."""

import re
from html.parser import HTMLParser

import jsonschema
import msgspec
import pytest
from tests.support.api import bare_app

from heliograph.api.openapi import answer_type, openapi_document
from heliograph.api.pages import all_problems, reference_page
from heliograph.api.reference import render
from heliograph.api.routes import operations

APP = bare_app()
DOCUMENT = openapi_document(APP, base_url="http://push.test")
DESCRIBED = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def _walk(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _walk(inner)


def _check(schema, value):
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(
        value
    )


def test_every_operation_says_what_a_reader_needs():
    """Summary, description, tag and an identifier of its own; every refusal has an example."""
    identifiers = [operation["operationId"] for _, operation in DESCRIBED]
    assert len(set(identifiers)) == len(identifiers)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for name, operation in DESCRIBED:
        assert operation["summary"], name
        assert operation["description"].endswith("."), name
        assert set(operation["tags"]) <= tags, name
        assert any(status.startswith("2") for status in operation["responses"]), name
        if name.split()[1].startswith("/v1/"):
            assert operation["security"], name
            assert {"400", "401", "403", "500", "503"} <= set(operation["responses"]), name


def test_every_reference_leads_somewhere():
    """No `$ref` points at nothing, and no component is described for nobody."""
    references = {part["$ref"] for part in _walk(DOCUMENT) if isinstance(part, dict) and "$ref" in part}
    known = {
        f"#/components/{kind}/{name}" for kind in ("schemas", "parameters") for name in DOCUMENT["components"][kind]
    }
    assert references == known


@pytest.mark.parametrize(("name", "operation"), DESCRIBED, ids=[name for name, _ in DESCRIBED])
def test_every_example_is_one(name, operation):
    """Examples of bodies, answers and problems follow their own schemas."""
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [response.get("content", {}) for response in operation["responses"].values()]
    for content in contents:
        for media in content.values():
            examples = (
                [media["example"]] if "example" in media else [one["value"] for one in media["examples"].values()]
            )
            assert examples, name
            for example in examples:
                _check(media["schema"], example)


@pytest.mark.parametrize("operation", operations(APP), ids=lambda one: f"{one.method} {one.path}")
def test_examples_are_read_by_the_code_itself(operation):
    """An example of a body is decoded by the handler's own type, one of an answer by the answer's."""
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]
    if operation.body is not None:
        for media in described["requestBody"]["content"].values():
            msgspec.json.decode(msgspec.json.encode(media["example"]), type=operation.body)
    others = {str(status): type(example) for status, example in operation.handler.opt.get("also", {}).items()}
    for status, response in described["responses"].items():
        kind = others.get(status, answer_type(operation))
        if status.startswith("2") and kind is not None and "content" in response:
            msgspec.convert(response["content"]["application/json"]["example"], kind)


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.links, self.loads = set(), [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            assert given["id"] not in self.ids
            self.ids.add(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        self.loads += [given[name] for name in ("src", "srcset", "data") if name in given]
        if tag == "link":
            self.loads.append(given["href"])


def _parsed(html):
    page = _Page()
    page.feed(html)
    return page


def test_the_page_shows_everything_and_loads_nothing():
    """Every operation and every problem is on the page, every link leads somewhere, nothing comes from elsewhere."""
    html = render(reference_page(DOCUMENT))
    page = _parsed(html)
    assert {operation["operationId"].replace("_", "-") for _, operation in DESCRIBED} <= page.ids
    assert {f"problem-{problem.code}" for problem in all_problems()} <= page.ids
    assert all(link.removeprefix("#") in page.ids for link in page.links if link.startswith("#"))
    assert [link for link in page.links if not link.startswith("#")] == ["/openapi.json"]
    assert all(load.startswith("data:") for load in page.loads)
    assert not re.search(r"@import|url\((?!data:)", html)


def test_what_a_page_is_told_is_escaped():
    """A description with markup in it is shown, not obeyed."""
    page = reference_page(
        msgspec.json.decode(
            msgspec.json.encode(DOCUMENT).replace(b"Send to everyone", b"<script>alert(1)</script> `<b>`")
        )
    )
    html = render(page)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; <code>&lt;b&gt;</code>" in html


async def test_both_are_served(api):
    """The document may be read by any page; the reference allows itself nothing from elsewhere."""
    document = await api.get("/openapi.json")
    assert document.json()["openapi"] == "3.1.0"
    assert document.headers["access-control-allow-origin"] == "*"
    page = await api.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    start = await api.get("/")
    assert (start.status_code, start.headers["location"]) == (302, "/docs")


async def test_a_problems_type_leads_to_its_explanation(api):
    """The `type` of a problem document is an address on the reference page."""
    problem = (await api.get("/v1/keys")).json()
    address, _, anchor = problem["type"].partition("#")
    assert anchor in _parsed((await api.get(address)).text).ids
