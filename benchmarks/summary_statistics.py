"""Summary statistics with LD of other people: what goes wrong, and what is said of it.

python benchmarks/summary_statistics.py [--sets 20]     writes results/summary_statistics.md

One region of 150 variants (two haplotypes each, signs of AR(1) normals; neighbours have r of .9 and less), 20,000
rows, three signals that each explain .1 to 1 % of the outcome, or 1 to 5 %. The statistics are of these rows; LD is of
the same rows, of other people of the same ancestry, or of another ancestry (other frequencies, weaker correlation).
`select(s=range(9))` by EBIC chooses. A variant counts as right if its squared correlation with a signal is .8 or more,
and each signal once. F is that of what was chosen, with the LD of the rows, above F of the best support of the same
size found there, as a share of what that explains. Seeds start at 500.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from datetime import date
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from commit import commit
from sparsekin import SparseMTL, moments
from sparsekin.errors import DataError

PAGE = Path(__file__).parent / "results" / "summary_statistics.md"
P, N, RHO = 150, 20_000, 0.97
PANELS = {
    "same rows": ("same", N), "same ancestry, 20,000": ("own", N), "same ancestry, 2,000": ("own", 2_000),
    "same ancestry, 500": ("own", 500), "other ancestry, 20,000": ("other", N),
}  # fmt: skip
STRENGTHS = {".1 to 1 %": (0.001, 0.01), "1 to 5 %": (0.01, 0.05)}
SHRINK = {"0": 0.0, ".1": 0.1, "auto": "auto"}


def genotypes(n: int, freq: np.ndarray, rho: float, rng: np.random.Generator) -> np.ndarray:
    """(n, p) dosages."""
    cut = np.quantile(np.random.default_rng(0).standard_normal(200_000), 1 - freq)
    G = np.zeros((n, len(freq)), np.int8)
    for _ in range(2):
        e = rng.standard_normal(n)
        for j in range(len(freq)):
            if j:
                e = rho * e + np.sqrt(1 - rho**2) * rng.standard_normal(n)
            G[:, j] += e > cut[j]
    return G


def z_scores(G: np.ndarray, y: np.ndarray) -> np.ndarray:
    """t statistics of simple regressions."""
    r = np.array([np.corrcoef(G[:, j], y)[0, 1] for j in range(G.shape[1])])
    return r * np.sqrt((len(y) - 2) / (1 - r**2))


def right(chosen: list[int], signals: np.ndarray, R: np.ndarray) -> int:
    """Signals that one of those chosen stands for, each once."""
    left = list(signals)
    for j in chosen:
        found = next((c for c in left if R[j, c] ** 2 >= 0.8), None)
        if found is not None:
            left.remove(found)
    return len(signals) - len(left)


def chosen_of(model: SparseMTL) -> list[int]:
    """Columns that EBIC chooses."""
    fit = model.select(s=range(9), lambda_1=0.0)
    return np.flatnonzero(fit.support.to_numpy().any(axis=1)).tolist()


def excess(truth: moments.Moments, chosen: list[int], best: SparseMTL) -> float:
    """F of a support with the LD of the rows, above the best of its size, over what that explains."""
    if not chosen:
        return 0.0
    part = truth.parts[0]
    C = part.cross / part.weight
    F = 0.5 * (1 - C[chosen, -1] @ np.linalg.solve(C[np.ix_(chosen, chosen)], C[chosen, -1]))
    F_best = best.fit(s=len(chosen)).objective
    return max(float((F - F_best) / (0.5 - F_best)), 0.0)


def one_set(seed: int, strength: str) -> list[dict[str, object]]:
    """All panels of one data set."""
    rng = np.random.default_rng(seed)
    freq = rng.uniform(0.1, 0.9, P)
    other = np.clip(freq + rng.normal(0, 0.15, P), 0.05, 0.95)
    G = genotypes(N, freq, RHO, rng)
    signals = rng.choice(P, 3, replace=False)
    x = (G[:, signals] - G[:, signals].mean(axis=0)) / G[:, signals].std(axis=0)
    y = x @ (np.sqrt(rng.uniform(*STRENGTHS[strength], 3)) * rng.choice([-1, 1], 3)) + rng.standard_normal(N)
    z, R = z_scores(G, y), np.corrcoef(G.T)
    truth = moments.from_summary(z, R, N)
    best = SparseMTL.from_moments(truth)
    flips = flipped(z, R, rng)
    rows = []
    for name, (kind, n) in PANELS.items():
        of = (freq, RHO) if kind == "own" else (other, 0.9)
        panel = G if kind == "same" else genotypes(n, *of, rng)
        LD = R if kind == "same" else np.corrcoef(panel.T)
        for label, share in SHRINK.items():
            if kind == "same" and label != "0":
                continue
            given = {"z": z, "ld": LD, "n": N, "shrink": share, "ld_n": n}
            flagged = int(moments.check_summary(**given).tasks["flagged"].sum())
            row = {"signals": strength, "LD": name, "shrink": label, "flagged": flagged}
            row |= flips if kind == "same" else {}
            try:
                found = chosen_of(SparseMTL.from_moments(moments.from_summary(**given)))
                row |= {"refused": 0, "chosen": len(found), "right": right(found, signals, R)}
                row["excess"] = excess(truth, found, best)
            except DataError:
                row["refused"] = 1
            rows.append(row)
    return rows


def flipped(z: np.ndarray, R: np.ndarray, rng: np.random.Generator) -> dict[str, int]:
    """Whether a swapped sign is found: of one variant with |z| > 6 and a neighbour with r^2 > .6."""
    near = np.sort(R**2 - np.eye(P), axis=1)[:, -1] > 0.6
    candidates = np.flatnonzero((np.abs(z) > 6) & near)
    if not len(candidates):
        return {}
    wrong = z.copy()
    j = rng.choice(candidates)
    wrong[j] *= -1
    said = moments.check_summary(wrong, R, N).flagged["variant"].tolist()
    return {"swapped": 1, "found": int(f"x{j + 1}" in said), "others": len(said) - int(f"x{j + 1}" in said)}


def main() -> None:
    """Run and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=20)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.process_time()
    data = pd.DataFrame([row for how in STRENGTHS for seed in range(args.sets) for row in one_set(500 + seed, how)])
    lines = [
        "# Summary statistics with LD of other people",
        "",
        "| signals | LD of | shrink | refused | warned of | flagged | chosen | right (of 3) | false | F above best |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (how, name, label), part in data.groupby(["signals", "LD", "shrink"], sort=False):
        warned, flagged = int((part["flagged"] > 0).sum()), f"{part['flagged'].mean():.1f}"
        cells = [how, name, label, f"{int(part['refused'].sum())} of {len(part)}", f"{warned} of {len(part)}", flagged]
        if part["refused"].all():
            cells += ["", "", "", ""]
        else:
            mean = part[["chosen", "right", "excess"]].mean()
            false = mean["chosen"] - mean["right"]
            cells += [f"{mean['chosen']:.1f}", f"{mean['right']:.1f}", f"{false:.1f}", f"{100 * mean['excess']:.1f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    swapped = data[["swapped", "found", "others"]].sum().astype(int)
    lines += [
        "",
        f"With the LD of the rows, one sign swapped: found in {swapped['found']} of {swapped['swapped']} sets; "
        f"{swapped['others']} other variants flagged beside it.",
        "",
        f"{args.sets} sets of each strength, means; {time.process_time() - started:.0f} CPU seconds; {date.today()}, "
        f"{commit()}.",
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
