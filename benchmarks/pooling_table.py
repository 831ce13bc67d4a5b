"""The table of `pool_share_separate.py`: differences to the best baseline of each set, losses first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pooling_sets import SETS
from tables import markdown, read

DIALS, CUT = ("dial, average", "dial, best", "dial, 1se", "dial, least error"), "dial, average, cut"
AGAIN, THIRD = 3000, 4000  # seeds from here on are second and third parts, of sets where those before left a question
BEFORE = "shared supports"  # the default there was before
SIZES = (*DIALS[:3], "pooled lasso", "lasso per task")


def gap(error: pd.DataFrame, method: str, best: str, overlap: float) -> tuple[float, float]:
    """Mean difference to the best baseline and its paired SE, % of the baseline's mean error.

    Splits of one data set overlap: the variance of the mean is sd^2 (1 / R + test rows / training rows) (Nadeau and
    Bengio 2003); of simulated data sd^2 / R.
    """
    left = (error[method] - error[best]).dropna()
    scale, R = 100 / error[best].mean(), len(left)
    se = left.std(ddof=1) * np.sqrt(1 / R + overlap) if R > 1 else np.nan
    return scale * left.mean(), scale * se


def cell(found: tuple[float, float]) -> str:
    """+1.2 (0.4), bold where that is more than one standard error behind."""
    text = f"{found[0]:+.1f} ({found[1]:.1f})"
    return f"**{text}**" if found[0] > max(found[1], 0.05) else text


def best_baseline(error: pd.DataFrame) -> str:
    """The baseline of least mean error, named after the fact."""
    ours = [m for m in error.columns if m.startswith("dial, ")]
    others = [m for m in error.columns if m not in (*ours, BEFORE) and error[m].notna().all()]
    return str(error[others].mean().idxmin())


def halves_of(name: str, part: pd.DataFrame) -> dict[str, object]:
    """Differences to the best baseline of all seeds, before `AGAIN`, before `THIRD`, from it on, and all."""
    error = part.pivot(index="seed", columns="method", values="error")
    best, line = best_baseline(error), {}
    part_of = np.searchsorted([AGAIN, THIRD], error.index, side="right")
    parts = {name: error[part_of == i] for i, name in enumerate(("first", "second", "third"))} | {"all": error}
    line["set (repeats)"] = f"{name} ({' + '.join(str(len(some)) for some in list(parts.values())[:-1])})"
    line["best baseline of all"] = best
    for method in DIALS[:2]:
        for half, some in parts.items():
            gain, se = gap(some, method, best, SETS[name].overlap)
            line[f"{method.removeprefix('dial, ')}, {half}"] = f"{gain:+.2f} ({se:.2f})" if len(some) else ""
    return line


def line_of(name: str, part: pd.DataFrame) -> dict[str, object]:
    """The row of a set."""
    error, features, cpu = (part.pivot(index="seed", columns="method", values=v) for v in ("error", "features", "cpu"))
    best = best_baseline(error)
    cells = {m: cell(gap(error, m, best, SETS[name].overlap)) if m in error else "" for m in (*DIALS, BEFORE)}
    chosen = part.loc[part["method"] == DIALS[0], "note"].str.split().str[0].value_counts()
    sizes = [f"{features[m].mean():.0f}" if m in features else "" for m in SIZES]
    seconds = [f"{cpu[m].mean():.1f}" for m in (DIALS[0], best)]
    return {
        "order": gap(error, DIALS[0], best, 0)[0],
        "set (repeats)": f"{name} ({len(error)})",
        "best baseline": f"{best} {error[best].mean():.4g}",
        "average": cells[DIALS[0]],
        **({"average, cut": cell(gap(error, CUT, best, SETS[name].overlap))} if CUT in error else {}),
        "best": cells[DIALS[1]],
        "least error": cells[DIALS[3]],
        "1se": cells[DIALS[2]],
        "default before": cells[BEFORE],
        "verdicts": " ".join(f"{n} {v}" for v, n in chosen.items()),
        "features: average / best / 1se / pooled lasso / lasso per task": " / ".join(sizes),
        "CPU s: average / best baseline": " / ".join(seconds),
    }


def errors_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean error of every method on every set."""
    mean = runs.pivot_table(index="method", columns="set", values="error", sort=False)
    return mean.map(lambda v: "" if np.isnan(v) else f"{v:.4g}").reset_index()


def whole(runs: pd.DataFrame) -> pd.DataFrame:
    """The sets and seeds of which both parts are there."""
    parts = runs.groupby(["set", "seed"])["part"].transform("nunique")
    return runs[parts == runs["part"].nunique()]


def write_table(csv: Path) -> None:
    """Write the markdown beside the CSV."""
    both = whole(read(csv))
    fresh = both["seed"] < AGAIN
    runs = both[fresh] if fresh.any() else both
    again = both[both["set"].isin(both.loc[both["seed"] >= AGAIN, "set"])]
    halves = pd.DataFrame([halves_of(name, part) for name, part in again.groupby("set", sort=False)])
    lines = pd.DataFrame([line_of(name, part) for name, part in runs.groupby("set", sort=False)])
    lines = lines.sort_values("order", ascending=False).drop(columns="order")
    seeds = f"{runs['seed'].min()} to {runs['seed'].max()}"
    found, more, errors = (markdown(one, one.to_numpy()) for one in (lines, halves, errors_of(runs)))
    text = (
        "# Pool, share or separate\n\nDifference to the best baseline (named after the fact, by mean), % of its error "
        f"(paired SE), bold where it is more than one SE behind; seeds {seeds}.\n\n## Differences\n\n{found}"
        f"\n\n## More repeats\n\nSeeds before {AGAIN}, before {THIRD}, from it on, and all.\n\n{more}\n\n"
        f"## Mean test error of every method\n\n{errors}\n"
    )
    csv.with_suffix(".md").write_text(text, encoding="utf-8")
