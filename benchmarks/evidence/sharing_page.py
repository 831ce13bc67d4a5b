"""The page of `sharing`: losses first, then phases with a picture, then sweeps."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from tables import best_rival, markdown, mean_se, paired, percent, wide

OURS = "dial, average"
NAMES = {
    "dial, average": "SparseMTL, average",
    "dial, average, cut": "SparseMTL, average at its cut",
    "dial, best": "SparseMTL, best",
    "dial, 1se": "SparseMTL, 1se",
    "shared supports": "shared supports, no ridge",
    "independent L0": "independent L0 (ours)",
    "pooled L0": "pooled L0 (ours)",
}
HIDDEN = ("dial, least error",)
NOT_RIVALS = ("dial", "null", "shared supports", "common support", "independent L0", "pooled L0")
SEPARATE, SHARED = "independent L0", "shared supports, ridge"
DESIGN = ["K", "n", "p", "q", "r2", "rho", "one_X"]


def is_rival(name: str) -> bool:
    """Whether it is not made by this package."""
    return not name.startswith(NOT_RIVALS)


def page(frame: pd.DataFrame, folder: Path) -> str:
    """All tables; the picture is in the folder."""
    frame = frame[~frame["method"].isin(HIDDEN)].assign(one_X=frame["part"].str.endswith("one X"))
    phase, sweep = frame[frame["part"] == "phase"], frame[frame["part"] != "phase"]
    parts = [losses(frame)]
    if len(phase):
        draw(phase, folder / "sharing.png")
        parts += ["## Where sharing helps and where it harms", "![](sharing.png)", PHASES, phases(phase)]
    if len(sweep):
        parts += ["## Around one design", SWEEPS, *(design(part) for _, part in sweep.groupby(DESIGN, sort=False))]
    parts += ["## All designs", overall(frame), ABSENT]
    return "\n\n".join(parts)


PHASES = """Ratio of test RMSE in %: negative is in favour of the first. K = 5, p = 100, neighbours correlated .5.
"Shared / independent" is the same optimiser with and without sharing, with the same ridges; then the
default, averaged, against independent L0 and against the best of the rivals (named after the fact,
which favours it)."""
SWEEPS = """Test RMSE (outcomes have variance 1), that of least squares on the features selected, F1 = 2 TP / (|S| +
10), features per task, what the mean Jaccard index of two tasks' supports has over the true one, CPU
seconds; means over data sets and their standard errors."""
ABSENT = """Group lassos and the dirty model are solved by skglm, pooled and separate lassos and ridge by scikit-learn,
abess by its own package. Not run: group exponential lasso and cMCP (grpreg), L0Learn (R packages outside
Debian) and ptLasso itself (its pretraining is the row "pretrained lasso"); L0Learn was run elsewhere on
single tasks (`families_l0.md`)."""


def losses(frame: pd.DataFrame) -> str:
    """Designs where a rival predicts better than the default, averaged, by more than one standard error."""
    lines = []
    for values, part in frame.groupby(DESIGN, sort=False):
        table = wide(part, "rmse").dropna(axis=1, how="all")
        rival = best_rival(table, [name for name in table if is_rival(name)])
        logs = paired(table, OURS, rival)
        if len(logs) > 1 and logs.mean() > logs.sem():
            lines.append((float(logs.mean()), f"- {words(values)}: {percent(logs)} % against {rival}"))
    cells = frame.groupby(DESIGN).ngroups
    head = (
        f"Behind the best rival by more than one standard error (its RMSE is the 0) in {len(lines)} of {cells} designs"
    )
    return f"{head}{':' if lines else '.'}\n\n" + "\n".join(line for _, line in sorted(lines, reverse=True))


def words(values: tuple) -> str:
    """A design."""
    cell = dict(zip(DESIGN, values, strict=True))
    shared = "none in common" if not cell["q"] else f"q = {cell['q']:g}"
    design = "one X for all tasks, " if cell["one_X"] else ""
    sizes = f"K = {cell['K']:g}, n = {cell['n']:g}, p = {cell['p']:g}"
    return f"{design}{sizes}, {shared}, R2 = {cell['r2']:g}, rho = {cell['rho']:g}"


def contrasts(part: pd.DataFrame) -> dict[str, pd.Series]:
    """Log ratios by data set."""
    table = wide(part, "rmse").dropna(axis=1, how="all")
    rival = best_rival(table, [name for name in table if is_rival(name)])
    return {
        "shared against independent": paired(table, SHARED, SEPARATE),
        "average against independent": paired(table, OURS, SEPARATE),
        f"average against {rival}": paired(table, OURS, rival),
    }


def phases(frame: pd.DataFrame) -> str:
    """A line per phase."""
    rows = []
    for (n, q, r2), part in frame.groupby(["n", "q", "r2"]):
        found = contrasts(part)
        rival = list(found)[-1].removeprefix("average against ")
        f1 = wide(part, "f1")
        rows.append([
            n, f"{q:g}" if q else "none in common", r2, *map(percent, found.values()), rival,
            *(mean_se(f1[name]) for name in (SHARED, SEPARATE, "dial, best")), part["seed"].nunique(),
        ])  # fmt: skip
    heads = ["n", "q", "R2", "shared / independent", "average / independent", "average / best rival", "best rival"]
    return markdown([*heads, "F1 shared", "F1 independent", "F1 best", "sets"], rows)


def summary(part: pd.DataFrame) -> list[list[object]]:
    """A line per method, the least error first."""
    order = part.groupby("method")["rmse"].mean().sort_values().index
    return [line(name, part[part["method"] == name]) for name in order]


def line(name: str, rows: pd.DataFrame) -> list[object]:
    """A method."""
    errors = [mean_se(rows[column], 3) for column in ("rmse", "rmse_refit")]
    size, seconds = f"{rows['size'].mean():.1f}", f"{rows['cpu'].mean():.2f}"
    return [NAMES.get(name, name), *errors, mean_se(rows["f1"]), size, mean_se(rows["homogeneity"]), seconds]


HEADS = ["method", "RMSE", "RMSE refitted", "F1", "features", "homogeneity", "CPU s"]


def design(part: pd.DataFrame) -> str:
    """One design of the sweeps."""
    title = words(tuple(part[DESIGN].iloc[0]))
    return f"**{title}** ({part['seed'].nunique()} data sets)\n\n{markdown(HEADS, summary(part))}"


def overall(frame: pd.DataFrame) -> str:
    """Each method against the best of a data set, over all designs."""
    table = wide(frame, "rmse")
    logs = np.log(table.div(table.min(axis=1), axis=0))
    best = table.rank(axis=1).eq(1.0)
    order = logs.mean().sort_values().index
    worst = {name: f"{100 * np.expm1(logs[name].max()):.0f}" for name in order}
    rows = [
        [NAMES.get(name, name), percent(logs[name].dropna()), worst[name], f"{best[name].mean():.0%}"] for name in order
    ]
    heads = ["method", "RMSE over the least of the data set, %", "at worst, %", "is the least"]
    return f"{len(table)} data sets.\n\n{markdown(heads, rows)}"


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Phases: R2 by overlap, a panel per n; colour: shared against independent."""
    from matplotlib.figure import Figure

    sizes, shares, strengths = sorted(frame["n"].unique()), [0, 40, 20, 10], sorted(frame["r2"].unique())
    shown = {SHARED: "shared supports", OURS: "default, averaged,"}
    figure = Figure(figsize=(3.1 * len(sizes) + 1, 5.6), layout="constrained")
    axes = figure.subplots(2, len(sizes), squeeze=False)
    for (i, method), (j, n) in product(enumerate(shown), enumerate(sizes)):
        values = np.full((len(strengths), len(shares)), np.nan)
        for (q, r2), part in frame[frame["n"] == n].groupby(["q", "r2"]):
            logs = paired(wide(part, "rmse"), method, SEPARATE)
            values[strengths.index(r2), shares.index(int(q))] = 100 * np.expm1(logs.mean())
        image = panel(axes[i, j], values, shares, strengths)
        axes[i, j].set_title(f"n = {n:g} a task", fontsize=9)
        axes[i, 0].set_ylabel(f"{shown[method]} against\nindependent L0\n\nR2 of the signal", fontsize=8)
    figure.colorbar(image, ax=axes, label="test RMSE, % (blue: sharing is better)", shrink=0.7)
    figure.savefig(path, dpi=130)


def panel(ax: object, values: np.ndarray, shares: list[int], strengths: list[float]) -> object:
    """One panel with its numbers."""
    image = ax.imshow(values, cmap="RdBu_r", vmin=-15, vmax=15, origin="lower", aspect="auto")
    names = ["none in\ncommon", "q = 40", "q = 20", "all the\nsame"]
    ax.set_xticks(range(len(shares)), names[: len(shares)], fontsize=7)
    ax.set_yticks(range(len(strengths)), strengths, fontsize=7)
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "white" if abs(value) > 9 else "black"
            ax.text(j, i, f"{value:+.0f}", ha="center", va="center", fontsize=8, color=color)
    return image
