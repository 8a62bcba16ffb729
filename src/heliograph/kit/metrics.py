"""Counters, gauges and histograms of this process, and their text for Prometheus (exposition format 0.0.4).

Knows nothing of push: what is measured is declared in `names.py`. Everything happens in one event loop, so nothing is
locked; a scrape that asks something else first does so before it renders.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from heliograph.names import MetricInfo, MetricKind

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Values = tuple[str, ...]
"""Values of a metric's labels, in the order of their declaration."""


@dataclass(slots=True)
class _Histogram:
    buckets: list[int]
    total: float = 0.0


@dataclass(slots=True)
class _Series:
    info: MetricInfo
    numbers: dict[Values, float] = field(default_factory=dict)
    histograms: dict[Values, _Histogram] = field(default_factory=dict)

    def values(self, labels: Mapping[str, str]) -> Values:
        if labels.keys() != set(self.info.labels):
            raise KeyError(f"The labels are {self.info.labels}, not {tuple(labels)}.")
        return tuple(str(labels[name]) for name in self.info.labels)


class Meters:
    """The numbers of one process. A metric that is not declared, or another label, is a `KeyError`."""

    def __init__(self, declared: Mapping[str, MetricInfo]) -> None:
        self._series = {str(name): _Series(info) for name, info in declared.items()}
        self._gauges: list[tuple[str, Callable[[], float]]] = []

    def add(self, name: str, amount: float = 1, /, **labels: str) -> None:
        """Count."""
        series = self._series[name]
        values = series.values(labels)
        series.numbers[values] = series.numbers.get(values, 0) + amount

    def set(self, name: str, value: float, /, **labels: str) -> None:
        """Say how much there is now."""
        series = self._series[name]
        series.numbers[series.values(labels)] = value

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        """Sort one measurement into the histogram."""
        series = self._series[name]
        values = series.values(labels)
        found = series.histograms.get(values)
        if found is None:
            found = series.histograms[values] = _Histogram([0] * (len(series.info.buckets) + 1))
        found.buckets[bisect_left(series.info.buckets, value)] += 1
        found.total += value

    def ask(self, name: str, gauge: Callable[[], float]) -> None:
        """Have a gauge without labels asked whenever the numbers are rendered; several of one name are summed."""
        self._gauges.append((str(name), gauge))

    def value(self, name: str, /, **labels: str) -> float:
        """Return one number as it stands; of a histogram, how many measurements there were."""
        series = self._series[name]
        values = series.values(labels)
        if series.info.kind is MetricKind.HISTOGRAM:
            found = series.histograms.get(values)
            return 0 if found is None else sum(found.buckets)
        return series.numbers.get(values, 0)

    def render(self) -> str:
        """Return everything in the exposition format."""
        asked: dict[str, float] = {}
        for name, gauge in self._gauges:
            asked[name] = asked.get(name, 0) + gauge()
        for name, number in asked.items():
            self.set(name, number)
        lines: list[str] = []
        for name, series in self._series.items():
            lines += [f"# HELP {name} {series.info.help}", f"# TYPE {name} {series.info.kind}"]
            lines += [f"{name}{_labels(series.info, values)} {_number(n)}" for values, n in series.numbers.items()]
            for values, histogram in series.histograms.items():
                lines += _histogram_lines(name, series.info, values, histogram)
        return "\n".join(lines) + "\n"


def _histogram_lines(name: str, info: MetricInfo, values: Values, histogram: _Histogram) -> list[str]:
    lines = []
    seen = 0
    for limit, count in zip((*info.buckets, float("inf")), histogram.buckets, strict=True):
        seen += count
        lines.append(f"{name}_bucket{_labels(info, values, le=_number(limit))} {seen}")
    plain = _labels(info, values)
    return [*lines, f"{name}_sum{plain} {_number(histogram.total)}", f"{name}_count{plain} {seen}"]


def _labels(info: MetricInfo, values: Values, **more: str) -> str:
    pairs = [*zip(info.labels, values, strict=True), *more.items()]
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs) + "}" if pairs else ""


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
