"""Tables of `cohorts.py`, losses first."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from cohort_sets import COHORTS
from pooling_table import AGAIN, gap
from tables import markdown

OURS = ("average", "average, cut", "best", "1se")
SPARSE = (*OURS, "pooled lasso", "pooled L0", "common support", "lasso per task")
TIMES = ("average", "pooled lasso", "lasso per task")


def best_of(error: pd.DataFrame, but: tuple[str, ...] = ()) -> str:
    """The baseline of least mean error, named after the fact, of those that all replicates have."""
    others = [name for name in error if name not in (*OURS, *but) and error[name].notna().all()]
    return str(error[others].mean().idxmin())


def difference(found: tuple[float, float]) -> str:
    """+1.2 (0.4), bold where that is more than one standard error behind."""
    text = f"{found[0]:+.1f} ({found[1]:.1f})" if np.isfinite(found[1]) else f"{found[0]:+.1f}"
    return f"**{text}**" if found[0] > max(found[1], 0.05) else text


def splits_page(frame: pd.DataFrame, before: pd.DataFrame) -> str:
    """All tables of the splits."""
    there = frame.groupby(["set", "seed"])["part"].transform("nunique") == 2
    parts = dict(iter(with_known(frame[there], before).groupby("set", sort=False)))
    return "\n\n".join([
        "## Losses\n\nDifferences of the mean test error to the best baseline of each set, in % of its error "
        "(standard error over splits, which overlap: Nadeau and Bengio 2003), bold where a method is more than "
        "one of these behind; worst first. The best baseline is named after the fact, which favours it; the last "
        "column has the second best. The average at its cut is of the splits of the table of stability. Errors: RMSE "
        "(drugs: in standard deviations), heart disease: deviance per patient, breast cancer: deviance of "
        "the partial likelihood per event.",
        losses(parts),
        "## What is paid for, and what is got\n\nFeatures per "
        "task; of the average all that any of its settings selects.",
        sizes(parts),
        "Stability: the mean Jaccard index of the sets chosen on two splits, task by task, over all pairs of splits; "
        "in brackets the index of Nogueira, Sechidis and Brown (2018), which is 0 for sets of these sizes drawn at "
        "random and 1 for equal sets. Splits share most of their rows, so that new data would have less.",
        stabilities(parts),
        *ranks(parts),
        "## Time\n\nCPU seconds to tune and to fit, mean over splits that were run for this page.",
        seconds(parts),
        f"## As judged before\n\n{agreement(frame, before)}",
    ])  # fmt: skip


def with_known(frame: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """With the first seeds of these sets in what was judged before; of what both have, the new."""
    known = before[before["set"].isin(frame["set"]) & (before["seed"] < AGAIN)]
    known = known.assign(method=known["method"].str.removeprefix("dial, "), source="before")
    both = pd.concat([frame, known[known["method"] != "least error"]], ignore_index=True)
    return both.drop_duplicates(["set", "seed", "method"])


def losses(parts: dict[str, pd.DataFrame]) -> str:
    """A row per set, the worst `average` first."""
    lines, shown = [], (*OURS, "pooled lasso", "pooled ridge", "lasso per task")
    for name, part in parts.items():
        error, overlap = part.pivot(index="seed", columns="method", values="error"), COHORTS[name].overlap
        best = best_of(error)
        second = best_of(error, (best,))
        gaps = {m: gap(error, m, best, overlap) for m in (*shown, second) if m in error and m != best}
        cells = [difference(gaps[m]) if m in gaps else "-" for m in shown]
        behind = f"{second} {gaps[second][0]:+.1f}"
        line = [f"{name} ({len(error)})", f"{best} {error[best].mean():.4g}", *cells, behind]
        lines.append((gaps["average"][0], line))
    heads = ["set (splits)", "best baseline", *shown, "second best baseline"]
    return markdown(heads, [line for _, line in sorted(lines, key=lambda one: -one[0])])


def sizes(parts: dict[str, pd.DataFrame]) -> str:
    """Features per task."""
    lines = []
    for name, part in parts.items():
        mean = part.groupby("method")["features"].mean()
        cells = [f"{mean[m]:.1f}" if m in mean.index else "" for m in SPARSE]
        lines.append([f"{name}, p = {int(part['p'].max())}", *cells])
    return markdown(["set", *SPARSE], lines)


def bits(words: str, K: int) -> np.ndarray:
    """(K, p) what a line of the table says was chosen, p rounded up to bytes."""
    found = [np.unpackbits(np.frombuffer(bytes.fromhex(word), np.uint8)) for word in words.split()]
    return np.array(found * K if len(found) == 1 else found, bool)


def stability(chosen: pd.Series, p: int) -> tuple[float, float]:
    """Mean Jaccard index over pairs of replicates and tasks, pairs of empty sets left out; Nogueira's, mean over tasks.

    1 - mean_f var(f chosen) / (k/p (1 - k/p)), k the mean size and var the unbiased variance over M replicates.
    """
    K = max(len(one.split()) for one in chosen)
    Z = np.array([bits(one, K) for one in chosen])
    pairs = []
    for a, b in combinations(Z, 2):
        either = (a | b).sum(axis=1)
        pairs += list((a & b).sum(axis=1)[either > 0] / either[either > 0])
    M, share = len(Z), Z.sum(axis=2).mean(axis=0) / p
    there = (share > 0) & (share < 1)
    variance = (Z.mean(axis=0) * (1 - Z.mean(axis=0)) * M / (M - 1)).sum(axis=1) / p
    corrected = 1 - variance[there] / (share[there] * (1 - share[there]))
    return float(np.mean(pairs)) if pairs else np.nan, float(corrected.mean()) if there.any() else np.nan


def stabilities(parts: dict[str, pd.DataFrame]) -> str:
    """A row per set."""
    lines = []
    for name, part in parts.items():
        cells = []
        for method in SPARSE:
            chosen = part.loc[(part["method"] == method) & part["chosen"].notna(), "chosen"].astype(str)
            found = stability(chosen, int(part["p"].max())) if len(chosen) > 1 else (np.nan, np.nan)
            cells.append("" if np.isnan(found[0]) else f"{found[0]:.2f} ({found[1]:.2f})")
        lines.append([f"{name} ({part.loc[part['chosen'].notna(), 'seed'].nunique()})", *cells])
    return markdown(["set (splits)", *SPARSE], lines)


def ranks(parts: dict[str, pd.DataFrame]) -> list[str]:
    """Of yes/no outcomes and survival times."""
    lines = []
    for name, part in parts.items():
        if COHORTS[name].family == "gaussian":
            continue
        rank = part.pivot(index="seed", columns="method", values="rank")
        for method in [m for m in (*OURS, "pooled ridge", "lasso per task") if m in rank]:
            left = rank[method] - rank["pooled lasso"]
            se = left.std(ddof=1) * np.sqrt(1 / len(left) + COHORTS[name].overlap)
            lines.append([name, method, f"{rank[method].mean():.3f}", f"{left.mean():+.3f} ({se:.3f})"])
    text = "## Ranks\n\nAUC (mean over centres) and concordance: means, and paired differences to the pooled lasso."
    heads = ["set", "method", "AUC or concordance", "minus pooled lasso (SE)"]
    return [text, markdown(heads, lines)] if lines else []


def seconds(parts: dict[str, pd.DataFrame]) -> str:
    """A row per set."""
    lines = []
    for name, part in parts.items():
        mean = part[part["source"] == "new"].groupby("method")["cpu"].mean()
        lines.append([name, *(f"{mean[m]:.1f}" if m in mean else "" for m in TIMES)])
    return markdown(["set", *TIMES], lines)


def agreement(frame: pd.DataFrame, before: pd.DataFrame) -> str:
    """How far what ran anew is from what was judged before."""
    old = before.assign(method=before["method"].str.removeprefix("dial, "))
    both = frame[frame["source"] == "new"].merge(old, on=["set", "seed", "method"], suffixes=("", " before"))
    if both.empty:
        return "Nothing was judged twice."
    apart = (both["error"] / both["error before"] - 1).abs()
    same = (apart < 1e-4).mean()
    return (
        "Splits below 2010 of the sets that `pool_share_separate.csv` has are taken from there (`git log` of it has "
        f"its commits). {len(both)} of its errors were computed anew: {100 * same:.0f} % agree to four digits, the "
        f"largest difference is {100 * apart.max():.2g} %."
    )


def trees_page(frame: pd.DataFrame, folder: Path) -> str:
    """Gradient boosting beside the average and the best baseline of the same splits."""
    lines = []
    for name, part in with_trees(frame, folder).groupby("set", sort=False):
        error, overlap = part.pivot(index="seed", columns="method", values="error").dropna(), COHORTS[name].overlap
        best = best_of(error, ("gradient boosting",))
        gaps = [difference(gap(error, "gradient boosting", other, overlap)) for other in ("average", "best", best)]
        lines.append([f"{name} ({len(error)})", *gaps, best])
    return (
        "scikit-learn's, with the study as a category; rounds and leaves by the same folds. Differences of its error "
        "to those of the same splits, in % (standard error as before); bold where it is behind.\n\n"
        + markdown(["set (splits)", "to the average", "to `best`", "to the best baseline", "which is"], lines)
    )


def with_trees(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Errors of splits that both boosting and the others have."""
    lines = [pd.read_csv(path) for name in ("cohorts", "cohorts_large") if (path := folder / f"{name}.csv").exists()]
    others = pd.concat(lines) if lines else frame[:0]
    keys = ["set", "seed", "method", "error"]
    both = pd.concat([frame[keys], others.loc[others["set"].isin(frame["set"]), keys]])
    there = both.groupby(["set", "seed"])["method"].transform(lambda m: {"gradient boosting", "average"} <= set(m))
    return both[there.astype(bool)]


def left_out_page(frame: pd.DataFrame, folder: Path) -> str:
    """A row per set and method: mean over the studies, and paired differences to the pooled lasso."""
    lines = []
    for name, part in frame.groupby("set", sort=False):
        wides = {value: part.pivot(index="study", columns="method", values=value) for value in
                 ("error", "level free", "rank") if value in part and part[value].notna().any()}  # fmt: skip
        sizes = part.groupby("method")["union"].mean()
        for method in wides["error"]:
            cells = [beside(wides[value], method) if value in wides else "" for value in ("error", "level free")]
            rank = f"{wides['rank'][method].mean():.3f}" if "rank" in wides else ""
            size = "" if np.isnan(sizes[method]) else f"{sizes[method]:.0f}"
            lines.append([f"{name} ({len(wides['error'])})", method, f"{wides['error'][method].mean():.4g}", *cells,
                          f"{wins(wides['level free'], method)}", rank, size])  # fmt: skip
    heads = ["set (studies)", "method", "error", "to the pooled lasso, %", "level free, %", "better in", "AUC",
             "features of any task"]  # fmt: skip
    return (
        "Each study is predicted by the others: mean of their slopes, level the mean of theirs by rows. Errors: RMSE, "
        "of heart disease the deviance per patient; differences to the pooled lasso of the same rows, its penalty "
        "chosen by leaving out the others too, in % (paired standard error over studies, whose training rows overlap: "
        "too small). Level free: the error that is left when the study's own level is known. Better in: in how many "
        "studies that is less than the pooled lasso's.\n\n" + markdown(heads, lines)
    )


def beside(wide: pd.DataFrame, method: str) -> str:
    """Difference to the pooled lasso."""
    return "-" if method == "pooled lasso" else difference(gap(wide, method, "pooled lasso", 0.0))


def wins(wide: pd.DataFrame, method: str) -> str:
    """In how many studies."""
    return "" if method == "pooled lasso" else f"{(wide[method] < wide['pooled lasso']).sum()} of {len(wide)}"
