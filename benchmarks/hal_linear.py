"""What a penalty of their own for lines does for MTHAL, in the cells of hal_accuracy.py: hinges, l21, pairs at most.

python benchmarks/hal_linear.py [--linear 10] [--others 2]   adds rows to build/hal_linear.csv, writes the page
python benchmarks/hal_linear.py --render                     writes results/hal-linear.md from the rows there are

So many replicates of the linear and of the other cells; what is in the csv is not run again. The factors that
`linear="auto"` tries were chosen on replicates 1000 to 1005, which are not among these.
"""

from __future__ import annotations

import argparse
import time
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from hal_accuracy import CELL, FOLDS, LAMBDAS, SCENARIOS, lasso, simulate
from sparsekin import MTHAL

ROOT = Path(__file__).resolve().parents[1]
CSV, PAGE = ROOT / "build" / "hal_linear.csv", ROOT / "benchmarks" / "results" / "hal-linear.md"
NAMES = {"lasso": "multi-task lasso", "others": "MTHAL, linear=None", "auto": 'MTHAL, linear="auto"'}


def one(cell: tuple, replicate: int, i: int) -> dict:
    """Errors and processor seconds of one replicate."""
    X, Y, new, truth = simulate(*cell, np.random.default_rng([i, replicate]))
    row = dict(zip(CELL, cell, strict=True)) | {"replicate": replicate}
    row["lasso"] = float(np.mean((lasso(X, Y, new, replicate) - truth) ** 2))
    for name, linear in (("others", None), ("auto", "auto")):
        start = time.process_time()
        model = MTHAL(Y, X, max_degree=2)
        cv = model.cross_validate(n_lambda=LAMBDAS, folds=FOLDS, rng=replicate, linear=linear)
        fit = cv.refit()
        row[f"{name}_seconds"] = time.process_time() - start
        row[name] = float(np.mean((np.asarray(fit.predict(new)) - truth) ** 2))
        row[f"{name}_functions"] = fit.basis.size
    return row | {"chosen": "as others" if cv.best_linear is None else str(cv.best_linear)}


def run(linear: int, others: int) -> None:
    """Run what the csv does not have yet, one replicate of every cell before the next of any."""
    CSV.parent.mkdir(exist_ok=True)
    done = set()
    if CSV.exists():
        done = set(pd.read_csv(CSV)[[*CELL, "replicate"]].itertuples(index=False, name=None))
    cells = list(enumerate(product(SCENARIOS, (3, 5), (3, 5, 10), (100, 500))))
    for replicate in range(max(linear, others)):
        for i, cell in cells:
            if (*cell, replicate) in done or replicate >= (linear if cell[0] == "linear" else others):
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = one(cell, replicate, i)
            pd.DataFrame([row]).to_csv(CSV, mode="a", header=not CSV.exists(), index=False)


def render() -> None:
    """Write the page."""
    found = pd.read_csv(CSV)
    linear, others = found[found["scenario"] == "linear"], found[found["scenario"] != "linear"]
    means = linear.groupby(CELL)[list(NAMES)].mean()
    ratio = {name: means[name] / means["lasso"] for name in ("others", "auto")}
    apart = np.log(others["auto"] / others["others"])
    seconds = found[["others_seconds", "auto_seconds"]].mean()
    lines = [
        "Mean squared error on 2,000 noiseless new points, as above; MTHAL with hinges, pairs at most, l21.",
        "",
        f"- Linear cells: MTHAL over the multi-task lasso {ratio['auto'].min():.2f} to {ratio['auto'].max():.2f}; with "
        f"lines as any other function {ratio['others'].min():.2f} to {ratio['others'].max():.2f}.",
        f'- The other {others.groupby(CELL).ngroups} cells, {len(others)} data sets: error with `linear="auto"` over '
        f"that with `linear=None` {np.exp(apart.mean()):.3f} (geometric mean; standard error "
        f"{apart.std(ddof=1) / np.sqrt(len(apart)):.3f}), {np.exp(apart.max()):.2f} in the worst.",
        f"- Processor seconds of a run with its tuning: {seconds['others_seconds']:.2f} and "
        f"{seconds['auto_seconds']:.2f}.",
        "",
        f"| K | d | n | {' | '.join(NAMES.values())} | over lasso | functions | replicates |",
        "|---" * (len(NAMES) + 6) + "|",
    ]
    for (_, K, d, n), rows in linear.groupby(CELL):
        cells = [f"{rows[name].mean():.4f} ({rows[name].std(ddof=1) / np.sqrt(len(rows)):.4f})" for name in NAMES]
        over = rows["auto"].mean() / rows["lasso"].mean()
        sizes = f"{rows['others_functions'].mean():.0f}, {rows['auto_functions'].mean():.0f}"
        lines.append(f"| {K} | {d} | {n} | {' | '.join(cells)} | {over:.2f} | {sizes} | {len(rows)} |")
    PAGE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--linear", type=int, default=10)
    parser.add_argument("--others", type=int, default=2)
    parser.add_argument("--render", action="store_true")
    given = parser.parse_args()
    if not given.render:
        run(given.linear, given.others)
    render()
