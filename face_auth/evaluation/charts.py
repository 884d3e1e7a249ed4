"""The report's pictures. Each function returns what draws one into an empty figure."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from face_auth.metrics import error_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Draw = Callable[["Figure"], None]
Floats = NDArray[np.float64]

BLUE, RED, GREY, GREEN, ORANGE = "#1f5fa8", "#c2410c", "#64748b", "#15803d", "#b7791f"
COLOURS: Final = (BLUE, ORANGE, GREEN, RED, GREY)
STYLE: Final[dict[Any, Any]] = {
    "font.size": 10,
    "font.family": ["Inter", "DejaVu Sans"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#94a3b8",
    "axes.labelcolor": "#1e293b",
    "axes.grid": True,
    "grid.color": "#e2e8f0",
    "xtick.color": "#475569",
    "ytick.color": "#475569",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}
POINTS: Final = 800
"""So many of a curve's points are drawn."""
DET_TICKS: Final = (1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5)


class Scores(Protocol):
    """Genuine and impostor scores."""

    @property
    def genuine(self) -> Floats:
        """Return the genuine ones."""

    @property
    def impostor(self) -> Floats:
        """Return the others."""


class OpenSetHalf(Protocol):
    """Highest scores in an open set."""

    @property
    def best(self) -> Floats:
        """Return those of enrolled people."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """Return whether each is the right person's."""

    @property
    def strangers(self) -> Floats:
        """Return those of strangers."""


def det(curves: Mapping[str, Scores]) -> Draw:
    """Return what draws detection error trade-off curves by name."""
    rates = {name: _thinned(scores) for name, scores in curves.items()}

    def draw(figure: "Figure") -> None:
        from scipy.stats import norm
        from sklearn.metrics import DetCurveDisplay

        axes = figure.subplots()
        for (name, (fmr, fnmr)), colour in zip(rates.items(), COLOURS, strict=False):
            inside = (fmr > 0) & (fnmr > 0) & (fmr < 1) & (fnmr < 1)
            display = DetCurveDisplay(fpr=fmr[inside], fnr=fnmr[inside], estimator_name=name)
            display.plot(ax=axes, color=colour)
        ends = norm.ppf([5e-6, 0.5])
        places = norm.ppf(DET_TICKS)
        labels = [f"{100 * tick:g} %" for tick in DET_TICKS]
        axes.set(
            xlim=ends,
            ylim=norm.ppf([1e-3, 0.7]),
            xlabel="false match rate",
            ylabel="false non-match rate",
        )
        axes.set_xticks(places, labels)
        axes.set_yticks(places[2:], labels[2:])
        axes.minorticks_off()
        axes.legend(loc="upper right")

    return draw


def roc(curves: Mapping[str, Scores]) -> Draw:
    """Return what draws ROC curves by name, false match rates on a logarithmic axis."""
    rates = {name: _thinned(scores) for name, scores in curves.items()}

    def draw(figure: "Figure") -> None:
        from sklearn.metrics import RocCurveDisplay

        axes = figure.subplots()
        lowest = 1.0
        for (name, (fmr, fnmr)), colour in zip(rates.items(), COLOURS, strict=False):
            inside = fmr > 0
            lowest = min(lowest, float((1 - fnmr[inside]).min()))
            display = RocCurveDisplay(fpr=fmr[inside], tpr=1 - fnmr[inside])
            display.plot(ax=axes, name=name, curve_kwargs={"color": colour})
        axes.set(
            xscale="log",
            xlim=(1e-6, 1),
            ylim=(max(0.0, lowest - 0.03), 1.005),
            aspect="auto",
            xlabel="false match rate",
            ylabel="true accept rate",
        )
        axes.legend(loc="lower right")

    return draw


def histogram(scores: Scores, thresholds: Mapping[str, float]) -> Draw:
    """Return what draws both score distributions and the thresholds by name."""

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        low, high = float(scores.impostor.min()), float(scores.genuine.max())
        bins = np.linspace(low, high, 120).tolist()
        for values, colour, name in (
            (scores.impostor, GREY, "somebody else"),
            (scores.genuine, BLUE, "the customer"),
        ):
            share = np.full(len(values), 100 / len(values))
            axes.hist(values, bins, weights=share, color=colour, alpha=0.65, label=name)
        axes.set(yscale="log", xlabel="score", ylabel="% of the attempts in a bar")
        top = axes.get_ylim()[1]
        axes.set_ylim(axes.get_ylim()[0], top * 4)
        for name, threshold in thresholds.items():
            axes.axvline(threshold, color=RED, linewidth=1, linestyle=(0, (4, 2)))
            axes.text(
                threshold, top * 3.4, f" {name}", color=RED, fontsize=8, va="top", rotation=90
            )
        axes.legend(loc="upper left")

    return draw


def trade_off(scores: Scores, thresholds: Mapping[str, float]) -> Draw:
    """Return what draws both error rates over the threshold, and the thresholds by name."""
    curve = error_curve(scores.genuine, scores.impostor)
    picked = np.unique(np.linspace(0, len(curve.thresholds) - 1, 20 * POINTS).astype(int))

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        at = curve.thresholds[picked]
        axes.plot(at, _positive(curve.fmr[picked]), color=GREY, label="somebody else matches (FMR)")
        axes.plot(
            at, _positive(curve.fnmr[picked]), color=BLUE, label="the customer does not (FNMR)"
        )
        axes.set(
            yscale="log",
            xlim=(np.quantile(scores.impostor, 0.5), np.quantile(scores.genuine, 0.9)),
            ylim=(1e-6, 2),
            xlabel="threshold",
            ylabel="rate",
        )
        for name, threshold in thresholds.items():
            axes.axvline(threshold, color=RED, linewidth=1, linestyle=(0, (4, 2)))
            axes.text(threshold, 1.6, f" {name}", color=RED, fontsize=8, va="top", rotation=90)
        axes.legend(loc="lower left")

    return draw


def confusion(mistakes: Mapping[tuple[int, int], int], people: int) -> Draw:
    """Return what draws how often one person (by number) was taken for another."""

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        axes.plot([0, people], [0, people], color="#cbd5e1", linewidth=1)
        if mistakes:
            rows, columns = np.array(list(mistakes)).T
            counts = np.array(list(mistakes.values()))
            dots = axes.scatter(columns, rows, s=8 + 6 * counts, c=RED, alpha=0.55, linewidths=0)
            sizes = sorted({int(counts.min()), int(np.median(counts)), int(counts.max())})
            handles = [
                axes.scatter([], [], s=8 + 6 * size, c=RED, alpha=0.55, linewidths=0)
                for size in sizes
            ]
            del dots
            axes.legend(
                handles,
                [f"{size} image{'s' * (size != 1)}" for size in sizes],
                loc="upper center",
                bbox_to_anchor=(0.5, -0.1),
                ncols=len(sizes),
                labelspacing=1.2,
            )
        axes.set(
            xlim=(-2, people + 1),
            ylim=(people + 1, -2),
            aspect="equal",
            xlabel="named",
            ylabel="on the image",
        )

    return draw


def bars(values: Mapping[str, float], label: str) -> Draw:
    """Return what draws shares as horizontal bars by name."""

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        names = list(values)[::-1]
        shares = [100 * values[name] for name in names]
        drawn = axes.barh(names, shares, color=BLUE, height=0.62)
        axes.bar_label(drawn, [f"{share:.1f} %" for share in shares], padding=4, fontsize=9)
        axes.set(xlim=(_floor(min(shares)), 101.5), xlabel=f"{label}, %")
        axes.grid(visible=False, axis="y")

    return draw


def open_set(halves: Sequence[OpenSetHalf]) -> Draw:
    """Return what draws the identification rate over the false-alarm rate, averaged over halves."""

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        fewest = min(len(half.strangers) for half in halves)
        rates = np.geomspace(1 / fewest, 1, 300)
        curves = []
        for half in halves:
            alarms = np.sort(half.strangers)[::-1]
            limits = alarms[np.minimum((rates * len(alarms)).astype(int), len(alarms) - 1)]
            hits = half.right & (half.best > np.where(rates < 1, limits, -np.inf)[:, None])
            curves.append(hits.mean(axis=1))
        axes.plot(100 * rates, 100 * np.mean(curves, axis=0), color=BLUE)
        for rate in (1, 0.1):
            axes.axvline(rate, color=RED, linewidth=1, linestyle=(0, (4, 2)))
        axes.set(
            xscale="log",
            xlabel="strangers taken for somebody, %",
            ylabel="enrolled people named rightly, %",
        )
        _plain_ticks(axes)

    return draw


def _plain_ticks(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter

    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _floor(lowest: float) -> float:
    """Return where an axis of percentages may begin: a multiple of ten below the lowest."""
    return max(0.0, float(np.floor(lowest / 10) * 10 - 10))


def _positive(rates: Floats) -> Floats:
    return np.where(rates > 0, rates, np.nan)


def _thinned(scores: Scores) -> tuple[Floats, Floats]:
    """Return FMR and FNMR at thresholds spread evenly over the logarithm of the FMR."""
    curve = error_curve(scores.genuine, scores.impostor)
    falling = curve.fmr[::-1]
    wanted = np.geomspace(1 / len(scores.impostor), 1, POINTS)
    places = np.minimum(np.searchsorted(falling, wanted), len(falling) - 1)
    picked = np.unique(len(falling) - 1 - places)
    return curve.fmr[picked], curve.fnmr[picked]
