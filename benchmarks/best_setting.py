"""Which single setting? That of the least error, or of those nearly as good the one nearest to the average.

Both come from the same cross-validations of the sets of pool_share_separate.py and are judged on the same test rows:
`python benchmarks/best_setting.py` appends a line per set and seed to results/best_setting.csv, passes over what is
there, and writes the table of results/best_setting.md.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from pool_share_separate import FOLDS, SETS, error, model_of
from sparsekin.tuning.sparse.scoring import Models

RESULTS = Path(__file__).parent / "results"


def errors_of(name: str, seed: int) -> dict[str, object]:
    """Test errors of the average and of both single settings."""
    train, test = SETS[name].make(seed)
    model = model_of(train)
    units = train.y.std(axis=0) if train.task is None else np.ones(model.blocks.n_tasks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cv = model.cross_validate(folds=FOLDS, rng=seed)
        found = {"average": cv.refit("average")}
        found |= {rule: cv._single(at).solution for rule, at in (("least", cv.least_index), ("best", cv.best_index))}
    made = {rule: Models(one.intercept, one.coef, one.keep_coef) for rule, one in found.items()}
    return {"set": name, "seed": seed, **{rule: error(one, test, units) for rule, one in made.items()}}


def write_table(there: pd.DataFrame) -> None:
    """Differences to the best baseline of pool_share_separate.csv, named after the fact, in % of its error."""
    lines = pd.read_csv(RESULTS / "pool_share_separate.csv").query("part == 'baselines'")
    rows = []
    for name, of in there.groupby("set", sort=False):
        own = lines[lines["set"] == name]
        first = own.groupby("method")["error"].mean().idxmin()
        base = of["seed"].map(own[own["method"] == first].set_index("seed")["error"])
        parts = [100 * (of[rule] / base - 1) for rule in ("average", "least", "best")]
        parts.append(100 * (of["best"] / of["least"] - 1))
        cells = [f"{part.mean():+.2f} ({part.std() / np.sqrt(part.count()):.2f})" for part in parts]
        rows.append(f"| {name} ({len(of)}) | {first} | {' | '.join(cells)} |")
    said = "Made by `best_setting.py`; % of the error of the best baseline (SE over repeats, not corrected)."
    head = ["# The single setting", "", said, ""]
    columns = "average | least error | nearest to the average (`best`) | `best` against least"
    head += [f"| set (repeats) | best baseline | {columns} |"]
    head += ["| --- | --- | --- | --- | --- | --- |"]
    (RESULTS / "best_setting.md").write_text("\n".join([*head, *rows, ""]), encoding="utf-8")


def main() -> None:
    """Run what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=list(SETS), choices=list(SETS), metavar="NAME")
    asked = parser.parse_args()
    into = RESULTS / "best_setting.csv"
    done = set(zip(*pd.read_csv(into)[["set", "seed"]].to_numpy().T, strict=True)) if into.exists() else set()
    for seed in range(2000, 2000 + asked.repeats):
        for name in asked.only:
            if (name, seed) not in done and SETS[name].there:
                line = pd.DataFrame([errors_of(name, seed)])
                line.to_csv(into, mode="a", header=not into.exists(), index=False, float_format="%.6g")
    write_table(pd.read_csv(into))


if __name__ == "__main__":
    main()
