"""Rates on the command line: given with a send, to a project, and changed."""

import json

import pytest

from heliograph.cli.exits import Exit

_SEND = ("send", "Hello", "--everyone", "--url", "https://shop.example")


def _id(out: str) -> str:
    return out.rsplit(maxsplit=1)[-1].strip().rstrip(".")


def test_a_send_takes_a_rate_and_it_can_be_changed(run, project):
    """What was sent with a rate says so when it is changed, and refuses what is none."""
    sent = run(*_SEND, "--rate", "6000/m")
    assert sent.status == Exit.OK
    changed = run("rate", _id(sent.out), "50/s")
    assert changed.out.strip().endswith("is scheduled and goes out at 50/s.")
    assert json.loads(run("rate", _id(sent.out), "none", "--json").out)["rate"] is None
    for wrong in ("0/s", "1.5/s", "fast", "100001/s"):
        refused = run("rate", _id(sent.out), wrong)
        assert refused.status == Exit.FAILED
        assert "100/s or 6000/m" in refused.err
    assert run("rate", "ntf_none", "1/s").status == Exit.FAILED


def test_a_dry_run_with_a_rate_tells_so(run, project):
    """The rate of a send that is not made is part of the answer; one that is none is refused."""
    told = json.loads(run(*_SEND, "--rate", "2/s", "--dry-run", "--json").out)
    assert told["rates"] == [{"of": "notification", "rate": "2/s", "messages": 0, "seconds": 0}]
    assert run(*_SEND, "--rate", "-2/s", "--dry-run").status == Exit.FAILED


def test_rates_of_a_project(run, project):
    """They are set, shown, replaced and taken away."""

    def change(*arguments):
        told = json.loads(run("projects", "change", *arguments, "--json").out)
        return told["rate"], told["push_service_rates"]

    services = ("--service-rate", "fcm=200/s", "--service-rate", "apple=6000/m")
    assert change("--rate", "500/s", *services) == ("500/s", {"apple": "6000/m", "fcm": "200/s"})
    assert change("--rate", "none") == (None, {"apple": "6000/m", "fcm": "200/s"})
    assert change("--service-rate", "wns=1/m") == (None, {"wns": "1/m"})
    assert change("--service-rate", "none") == (None, {})


@pytest.mark.parametrize("given", ["fcm", "fcm=", "=1/s", "gcm=1/s", "fcm=0/s"])
def test_wrong_rates_of_push_services(run, project, given):
    """A rate without a push service, for one that there is not, or that is none, changes nothing."""
    assert run("projects", "change", "--service-rate", given).status in (Exit.USAGE, Exit.FAILED)
    assert run("projects", "change", "--service-rate", "fcm=1/s", "--service-rate", "fcm=2/s").status == Exit.USAGE
    assert json.loads(run("projects", "show", "--json").out)["push_service_rates"] == {}
