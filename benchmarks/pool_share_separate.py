"""Pool, share or separate: the default tuning against what users already have, judged on rows that had no say.

python benchmarks/pool_share_separate.py [--first 2000] [--repeats 10] [--only NAME ...] [--table]

Appends one line per set, seed and method to results/pool_share_separate.csv, passes over what is there already, and
writes results/pool_share_separate.md (--table: only that). The sets are those of `pooling_sets.py`. Everything is tuned
by 5 folds of the training rows, the same for all methods, and refitted to all of them. "dial": the default of
`cross_validate`, "least error" its setting of least error in the family of the verdict; the others are the rows of
`compare()`, of which "shared supports" is the default there was before (s and lambda_z tuned, no ridge). The error is
the mean over tasks of the RMSE of the test rows, where tasks are outcomes each in units of its standard deviation.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Collection, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from pooling_sets import SETS, Rows
from pooling_table import write_table
from sparsekin import SparseMTL
from sparsekin.models.sparse.events import family_grid, read_metric
from sparsekin.options import Scheme
from sparsekin.tuning.sparse.baselines.methods import Method, methods
from sparsekin.tuning.sparse.baselines.pooled import larger_sizes
from sparsekin.tuning.sparse.baselines.run import MethodRun, run_methods
from sparsekin.tuning.sparse.grid import make_grid
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.sparse.table import cell_metric, score_of

RESULTS = Path(__file__).resolve().parent / "results"
FOLDS = 5


def model_of(train: Rows) -> SparseMTL:
    """The model that a user makes."""
    keep = train.keep if train.keep.shape[1] else None
    return SparseMTL(train.y, train.X, train.task, keep=keep, scale_outcome=train.task is None)


def error(models: Models, test: Rows, units: np.ndarray) -> float:
    """Mean over tasks of the RMSE, in units of each."""
    found = []
    for k, unit in enumerate(units):
        own = test.of_task(k)
        left = own.y - own.X @ models.coef[:, k] - own.keep @ models.keep_coef[:, k] - models.intercept[k]
        found.append(np.sqrt(np.mean(left**2)) / unit)
    return float(np.mean(found))


def dials(model: SparseMTL, seed: int, folds: Any = FOLDS) -> Iterator[tuple[str, Models, float, str]]:
    """Name, models, CPU seconds and verdict of each way to refit."""
    started = time.process_time()
    cv = model.cross_validate(folds=folds, rng=seed)
    tuned = time.process_time() - started
    ways = {which: partial(cv.refit, which) for which in ("best", "1se", "average")}
    others = {"average, cut": lambda: cv.refit("average").cut_to(), "least error": lambda: cv._single(cv.least_index)}
    for which, way in {**ways, **others}.items():
        started = time.process_time()
        found = way()
        one = found if which.startswith("average") else found.solution
        models = Models(one.intercept, one.coef, one.keep_coef)
        note = f"{cv.judged.chosen} {len(cv.average)}"
        yield f"dial, {which}", models, tuned + time.process_time() - started, note


def baselines(
    model: SparseMTL,
    seed: int,
    folds: Any = FOLDS,
    *,
    scheme: Scheme = "within-task",
    boosting: bool = False,
    only: Collection[str] = (),
) -> Iterator[tuple[str, Any, float, str]]:
    """The same of the rows of `compare()`, each at its best setting; all, or those that are named."""
    blocks, problem = model.blocks, model._problem("heterogeneous", "auto", 1)
    made = model._folds(scheme, folds if scheme == "within-task" else 10, None, seed)  # 10: not given
    if blocks.responses is None:
        settings = make_grid(problem, "auto", 0.0, 0.0, "auto")
    else:
        settings = family_grid(problem, made, "auto", None, 0.0, "auto")
    asked = list(methods(problem, settings, 1, pooled_sizes=larger_sizes(problem, settings.s), boosting=boosting))
    asked = [method for method in asked if not only or method.name in only]
    score = score_of(read_metric(None, blocks), problem)
    runs = run_methods(problem.blocks, asked, made, score)
    chosen = {run.name: choose(run, score) for run in runs if run.errors is not None}
    for method, run in zip(asked, runs, strict=True):
        if method.fitter is not None:
            started = time.process_time()
            models = refit(model, method, asked, chosen)
            yield method.name, models, run.seconds + time.process_time() - started, ""


def choose(run: MethodRun, score: str) -> np.ndarray:
    """(K,) the setting of each task: of a group of settings that may differ between tasks, or one for all."""
    mean = np.nanmean(np.where(np.isfinite(cells := cell_metric(run.errors, score)), cells, np.nan), axis=1)
    if run.per_task is None or run.errors.folds.scheme != "within-task":
        return np.full(mean.shape[1], int(np.argmin(mean.mean(axis=1))))
    groups = [np.flatnonzero(run.per_task == g) for g in np.unique(run.per_task)]
    return min((rows[np.argmin(mean[rows], axis=0)] for rows in groups), key=lambda at: best_of(mean, at))


def best_of(mean: np.ndarray, at: np.ndarray) -> float:
    """Mean over tasks of the error of each at its own setting."""
    return float(mean[at, np.arange(len(at))].mean())


def refit(model: SparseMTL, method: Method, asked: list[Method], chosen: dict[str, np.ndarray]) -> Any:
    """The models of all training rows at the settings chosen."""
    at = chosen[method.name]
    start = {}
    if method.start_from:
        first = next(one for one in asked if one.name == method.start_from)
        start = {"start": first.settings.take(chosen[first.name][:1])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = method.fitter(model.blocks, **start)
    if np.all(at == at[0]):
        return found[at[0]]
    parts = [(found[i].intercept[k], found[i].coef[:, k], found[i].keep_coef[:, k]) for k, i in enumerate(at)]
    return Models(*(np.stack(part, axis=-1) for part in zip(*parts, strict=True)))


def runs_of(name: str, seed: int, part: str, folds: int = FOLDS) -> list[dict[str, object]]:
    """The methods of a part on one set and seed."""
    train, test = SETS[name].make(seed)
    model = model_of(train)
    units = train.y.std(axis=0) if train.task is None else np.ones(model.blocks.n_tasks)
    lines: list[dict[str, object]] = []
    for method, models, seconds, note in PARTS[part](model, seed, folds):
        size = float(models.support.sum(axis=0).mean())
        line = {"set": name, "seed": seed, "part": part, "method": method, "error": error(models, test, units)}
        lines.append(line | {"features": size, "cpu": seconds, "note": note})
    return lines


PARTS = {"baselines": baselines, "dial": dials}


def main() -> None:
    """Run what is not there yet, one seed of every set after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=list(SETS), choices=list(SETS), metavar="NAME")
    parser.add_argument("--part", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--into", type=Path, default=RESULTS / "pool_share_separate.csv")
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    done = set()
    if asked.into.exists():
        there = pd.read_csv(asked.into)
        done = set(zip(there["set"], there["seed"], there["part"], strict=True))
    seeds = [] if asked.table else range(asked.first, asked.first + asked.repeats)
    for seed, name, part in product(seeds, asked.only, asked.part):
        if (name, seed, part) not in done and SETS[name].there:
            frame = pd.DataFrame(runs_of(name, seed, part, asked.folds))
            frame.to_csv(asked.into, mode="a", header=not asked.into.exists(), index=False, float_format="%.6g")
            print(f"{name}, {seed}, {part}: {frame['cpu'].sum():.0f} s", flush=True)
    write_table(asked.into)


if __name__ == "__main__":
    main()
