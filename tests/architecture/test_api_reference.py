"""The written API reference says what the code says."""

import re
from pathlib import Path

from tests.support.api import bare_app

from heliograph.api.openapi import openapi_document
from heliograph.api.pages import all_problems

_REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_every_problem_is_explained():
    """`problems.md` has a line for each problem with its status, and none for others."""
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", (_REFERENCE / "problems.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted((str(view.status), view.code) for view in all_problems() if view.code != "problem")


def test_every_operation_is_listed():
    """`api.md` has a line for each operation with what it does, and none for others."""
    rows = re.findall(r"^\| `([A-Z]+ /\S+)` \| .*? \| (.*) \|$", (_REFERENCE / "api.md").read_text(), re.MULTILINE)
    document = openapi_document(bare_app(), base_url="http://push.test")
    known = [
        (f"{method.upper()} {path}", operation["summary"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert sorted(rows) == sorted(known)
