"""The report's charts. Each function returns a callable that draws one into an empty figure."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

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
    "axes.axisbelow": True,
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
"""Number of points drawn of a curve, over the scores and over the FMR's logarithm."""
DET_TICKS: Final = (1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5)


class Rates(NamedTuple):
    """FMR and FNMR at rising thresholds, few enough to draw."""

    threshold: Floats
    fmr: Floats
    fnmr: Floats


class OpenSetHalf(Protocol):
    """The highest score of each photograph in an open set."""

    @property
    def best(self) -> Floats:
        """The scores of enrolled people."""

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each of them is the right person's."""

    @property
    def strangers(self) -> Floats:
        """The scores of strangers."""


def rates_of(genuine: Floats, impostor: Floats) -> Rates:
    """Return the error rates at thresholds spread over the scores and over the FMR's logarithm."""
    own, other = np.sort(genuine), np.sort(impostor)
    even = np.linspace(min(own[0], other[0]), max(own[-1], other[-1]), POINTS)
    passing = np.geomspace(1, len(other), POINTS).astype(int)
    thresholds = np.unique(np.concatenate([even, other[len(other) - passing]]))
    return Rates(
        thresholds,
        1 - np.searchsorted(other, thresholds) / len(other),
        np.searchsorted(own, thresholds) / len(own),
    )


def det(curves: Mapping[str, Rates]) -> Draw:
    """Return a drawing of detection error trade-off (DET) curves by name."""

    def draw(figure: "Figure") -> None:
        from scipy.stats import norm
        from sklearn.metrics import DetCurveDisplay

        axes = figure.subplots()
        for (name, (_, fmr, fnmr)), colour in zip(curves.items(), COLOURS, strict=False):
            inside = (fmr > 0) & (fnmr > 0) & (fmr < 1) & (fnmr < 1)
            display = DetCurveDisplay(fpr=fmr[inside], fnr=fnmr[inside], estimator_name=name)
            display.plot(ax=axes, color=colour)
        places = norm.ppf(DET_TICKS)
        labels = [f"{100 * tick:g} %" for tick in DET_TICKS]
        axes.set(
            xlim=norm.ppf([5e-6, 0.25]),
            ylim=norm.ppf([1e-3, 0.7]),
            xlabel="false match rate",
            ylabel="false non-match rate",
        )
        axes.set_xticks(places[:-1], labels[:-1])
        axes.set_yticks(places[2:], labels[2:])
        axes.minorticks_off()
        axes.legend(loc="upper right")

    return draw


def roc(curves: Mapping[str, Rates]) -> Draw:
    """Return a drawing of ROC curves by name, with FMR on a logarithmic axis."""

    def draw(figure: "Figure") -> None:
        from sklearn.metrics import RocCurveDisplay

        axes = figure.subplots()
        lowest = 1.0
        for (name, (_, fmr, fnmr)), colour in zip(curves.items(), COLOURS, strict=False):
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


def histogram(
    own: tuple[str, Floats],
    other: tuple[str, Floats],
    thresholds: Mapping[str, float] | None = None,
    bins: int = 120,
) -> Draw:
    """Return a drawing of two named score distributions, and of thresholds by name."""
    ends = [(values.min(), values.max()) for _, values in (own, other) if len(values)]
    edges = np.linspace(min(low for low, _ in ends), max(high for _, high in ends), bins + 1)
    shares = {
        name: 100 * np.histogram(values, edges)[0] / max(len(values), 1)
        for name, values in (other, own)
    }

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for (name, share), colour in zip(shares.items(), (GREY, BLUE), strict=True):
            axes.stairs(share, edges, fill=True, color=colour, alpha=0.65, label=name)
        drawn = np.concatenate(list(shares.values()))
        axes.set(yscale="log", xlabel="score", ylabel="% of the attempts in a bar")
        axes.set_ylim(drawn[drawn > 0].min() / 2, drawn.max() * 6)
        _mark(axes, thresholds or {}, drawn.max() * 5)
        axes.legend(loc="upper left")

    return draw


def trade_off(rates: Rates, thresholds: Mapping[str, float]) -> Draw:
    """Return a drawing of FMR and FNMR over the threshold, with named thresholds."""

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        at, fmr, fnmr = rates
        for values, colour, name in (
            (fmr, GREY, "somebody else matches (FMR)"),
            (fnmr, BLUE, "the customer does not (FNMR)"),
        ):
            axes.plot(at, np.where(values > 0, values, np.nan), color=colour, label=name)
        axes.set(
            yscale="log",
            xlim=(at[np.searchsorted(-fmr, -0.5)], at[-1]),
            ylim=(1e-6, 2),
            xlabel="threshold",
            ylabel="rate",
        )
        _mark(axes, thresholds, 1.6)
        axes.legend(loc="lower right")

    return draw


def confusion(pairs: Mapping[tuple[str, str], int]) -> Draw:
    """Return a drawing of confusions: number of images by who was on them and who was named."""
    people = sorted({name for pair in pairs for name in pair})
    place = {name: index for index, name in enumerate(people)}
    shown = [name.replace("_", " ").replace("$", r"\$") for name in people]  # no formula

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        if not pairs:
            axes.text(0.5, 0.5, "No image was taken for somebody else.", ha="center")
            axes.set_axis_off()
            return
        for (person, named), number in pairs.items():
            spot = place[named], place[person]
            axes.scatter(*spot, s=150, c=RED, linewidths=0)
            axes.annotate(str(number), spot, color="white", fontsize=8, ha="center", va="center")
        ends = (-0.7, len(people) - 0.3)
        axes.plot(ends, ends, color="#cbd5e1", linewidth=1, zorder=0)
        axes.set(xlim=ends, ylim=ends[::-1], aspect="equal", xlabel="named", ylabel="on the image")
        axes.set_xticks(range(len(people)), shown, rotation=90, fontsize=8)
        axes.set_yticks(range(len(people)), shown, fontsize=8)

    return draw


def dots(values: Mapping[str, float], label: str) -> Draw:
    """Return a drawing of shares as dots by name."""

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        names = list(values)[::-1]
        shares = [100 * values[name] for name in names]
        axes.plot(shares, names, "o", color=BLUE, markersize=8)
        for place, share in enumerate(shares):
            axes.annotate(
                f"{share:.1f} %",
                (share, place),
                (9, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        low, high = min(shares), max(shares)
        axes.set(
            xlim=(low - 0.1 * (high - low) - 0.5, high + 0.2 * (high - low) + 0.5),
            ylim=(-0.6, len(names) - 0.4),
            xlabel=f"{label}, %",
        )
        axes.set_xticks([tick for tick in axes.get_xticks() if low <= tick <= 100])

    return draw


def open_set(halves: Sequence[OpenSetHalf]) -> Draw:
    """Return a drawing of identification rate over false-alarm rate, averaged over halves."""

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
        axes.step(100 * rates, 100 * np.mean(curves, axis=0), color=BLUE, where="post")
        for rate in (1, 0.1):
            axes.axvline(rate, color=RED, linewidth=1, linestyle=(0, (4, 2)))
        axes.set(
            xscale="log",
            xlabel="strangers taken for somebody, %",
            ylabel="enrolled people named rightly, %",
        )
        _plain_ticks(axes)

    return draw


def _mark(axes: "Axes", thresholds: Mapping[str, float], height: float) -> None:
    """Draw an upright line with its name at each threshold."""
    for name, threshold in thresholds.items():
        axes.axvline(threshold, color=RED, linewidth=1, linestyle=(0, (4, 2)))
        axes.text(threshold, height, f" {name}", color=RED, fontsize=8, va="top", rotation=90)


def _plain_ticks(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter

    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
