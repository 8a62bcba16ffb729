"""Counters, gauges and histograms, and their text for Prometheus."""

import pytest

from heliograph.kit.metrics import Meters
from heliograph.names import METRICS, Metric, MetricInfo, MetricKind

DECLARED = {
    "done_total": MetricInfo(MetricKind.COUNTER, "What was done.", ("what",)),
    "waiting": MetricInfo(MetricKind.GAUGE, "What waits."),
    "seconds": MetricInfo(MetricKind.HISTOGRAM, "How long.", ("where",), (0.1, 1.0)),
}


def test_every_metric_is_declared_and_named_as_prometheus_wants():
    """Counters end in _total, nothing else does, and everything has help."""
    assert set(METRICS) == set(Metric)
    for name, info in METRICS.items():
        assert name.startswith("heliograph_")
        assert (info.kind is MetricKind.COUNTER) == name.endswith("_total")
        assert bool(info.buckets) == (info.kind is MetricKind.HISTOGRAM)
        assert info.help.endswith((".", "0"))


def test_the_text_is_what_prometheus_reads():
    """Help, type, and a line per set of labels; buckets are cumulative and end with +Inf."""
    meters = Meters(DECLARED)
    meters.add("done_total", what="a")
    meters.add("done_total", 2, what='q"u\\o\nte')
    meters.set("waiting", 1.5)
    for value in (0.05, 0.1, 0.5, 7):
        meters.observe("seconds", value, where="x")

    assert meters.render().splitlines() == [
        "# HELP done_total What was done.",
        "# TYPE done_total counter",
        'done_total{what="a"} 1',
        'done_total{what="q\\"u\\\\o\\nte"} 2',
        "# HELP waiting What waits.",
        "# TYPE waiting gauge",
        "waiting 1.5",
        "# HELP seconds How long.",
        "# TYPE seconds histogram",
        'seconds_bucket{where="x",le="0.1"} 2',
        'seconds_bucket{where="x",le="1"} 3',
        'seconds_bucket{where="x",le="+Inf"} 4',
        'seconds_sum{where="x"} 7.65',
        'seconds_count{where="x"} 4',
    ]


def test_gauges_that_are_asked_are_summed():
    """Two parts of a process may answer for the same gauge."""
    meters = Meters(DECLARED)
    meters.ask("waiting", lambda: 2)
    meters.ask("waiting", lambda: 3)

    assert "waiting 5" in meters.render()
    assert meters.value("waiting") == 5


@pytest.mark.parametrize(("name", "labels"), [("nothing", {}), ("done_total", {}), ("waiting", {"x": "y"})])
def test_what_is_not_declared_is_a_mistake(name, labels):
    """A misspelt metric or label fails at once instead of making a new series."""
    with pytest.raises(KeyError):
        Meters(DECLARED).add(name, **labels)
