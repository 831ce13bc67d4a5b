"""Real data of several studies: error, size and stability of what is chosen, and each study left out in turn.

A replicate is a split: train rows are tuned on by 5 folds, the same for all methods, and refitted. Part "ours" also has
the baselines that choose quickly; the others are part "rest", which is taken from results/pool_share_separate.csv for
sets and seeds that it has. Sets of features are kept as a bit per column, a word per task. Where a study is left out,
settings are chosen by leaving out the others in turn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from cohort_methods import Fitted, errors, fitted, new_errors
from cohort_pages import left_out_page, splits_page, trees_page
from cohort_sets import COHORTS
from experiment import Cell, Experiment, Row
from pool_share_separate import RESULTS
from tables import read

BEFORE = RESULTS / "pool_share_separate.csv"
QUICK = ("null", "pooled lasso", "pooled ridge", "pooled L0", "common support", "lasso per task")
REST = ("pretrained lasso", "shared supports", "ridge per task", "independent L0", "multi-task lasso")
FIRST = ("pooled lasso",)  # what pretraining starts from
FIELDS = ("method", "error", "level free", "rank", "p", "features", "union", "cpu", "note", "chosen", "source")
SMALL = ("heart disease", "heart rate", "CSF tau", "schools")


def line(**known: object) -> Row:
    """All columns of the table."""
    return dict.fromkeys(FIELDS) | known


def words(support: np.ndarray | None) -> str:
    """A bit per column, a word per task; one word where all tasks have the same."""
    if support is None:
        return ""
    found = [np.packbits(column).tobytes().hex() for column in np.asarray(support, bool).T]
    return found[0] if len(set(found)) == 1 else " ".join(found)


def described(fit: Fitted, p: int) -> Row:
    """What is kept of a method beside its errors."""
    S = fit.support
    size = {} if S is None else {"features": S.sum(axis=0).mean(), "union": int(S.any(axis=1).sum())}
    return {"method": fit.name, "p": p, **size, "cpu": fit.cpu, "note": fit.note, "chosen": words(S), "source": "new"}


def taken(name: str, seed: int) -> list[Row]:
    """Baselines of a split that was judged before."""
    known = read(BEFORE)
    known = known[(known["set"] == name) & (known["seed"] == seed) & known["method"].isin(REST)]
    return [
        line(method=row.method, error=row.error, features=row.features, cpu=row.cpu, source="before")
        for row in known.itertuples()
    ]


def judged(cell: Cell, seed: int, only: Collection[str], dial: bool = True) -> list[Row]:
    """Some methods on one split of one set."""
    cohort = COHORTS[cell["set"]]
    train, test = cohort.make(seed)
    units = train.y.std(axis=0) if train.task is None else np.ones(int(train.task.max()) + 1)
    _, found = fitted(train, cohort.family, seed, only=only, dial=dial)
    p = train.X.shape[1]
    return [line(**errors(fit, test, cohort.family, units), **described(fit, p)) for fit in found]


def one_split(cell: Cell, seed: int) -> list[Row]:
    """Ours, or what there is to judge them by."""
    if cell["part"] == "ours":
        return judged(cell, seed, QUICK)
    found = taken(cell["set"], seed) or judged(cell, seed, (*FIRST, *REST), dial=False)
    return [row for row in found if row["method"] not in FIRST]


def trees(cell: Cell, seed: int) -> list[Row]:
    """Gradient boosting on one split."""
    return judged(cell, seed, ("gradient boosting",), dial=False)


def one_left_out(cell: Cell, seed: int) -> list[Row]:
    """A study predicted by the others."""
    cohort = COHORTS[cell["set"]]
    assert cohort.studies is not None
    rows = cohort.studies()
    mine = rows.task == cell["study"]
    train, test = rows.take(np.flatnonzero(~mine)), rows.take(np.flatnonzero(mine))
    train.task[train.task > cell["study"]] -= 1
    model, found = fitted(train, cohort.family, seed, "leave-one-task-out", (*QUICK, "gradient boosting"))
    p = train.X.shape[1]
    return [line(**new_errors(fit, model, test, cohort.family), **described(fit, p)) for fit in found]


def studies() -> list[Cell]:
    """Every study of every set that has some."""
    return [{"set": name, "study": k} for name, one in COHORTS.items() if one.there for k in range(one.K)]


def parts(names: Iterable[str]) -> list[Cell]:
    """Cells of sets that are there."""
    return [{"set": name, "part": part} for name in names if COHORTS[name].there for part in ("ours", "rest")]


def page_of_splits(frame: pd.DataFrame, folder: Path) -> str:
    """With what was judged before beside it."""
    return splits_page(frame, read(BEFORE))


EXPERIMENTS = (
    Experiment(
        "cohorts", "Real data of several studies", parts(SMALL), one_split, page_of_splits, first=2000,
        some=lambda cell: cell["set"] != "schools",
    ),
    Experiment(
        "cohorts_large", "Real data of several studies, larger sets",
        parts(name for name in COHORTS if name not in SMALL), one_split, page_of_splits, first=2000, quick=1,
        some=lambda cell: cell["set"] == "breast cancer",
    ),
    Experiment(
        "cohorts_trees", "Real data of several studies: what lines leave",
        [{"set": name} for name, one in COHORTS.items() if one.there and one.family != "cox" and one.K], trees,
        trees_page, first=2000, some=lambda cell: "heart" in cell["set"],
    ),
    Experiment(
        "new_study", "A study that is left out", studies(), one_left_out, left_out_page, sets=1, quick=1,
        some=lambda cell: cell["set"] in ("heart disease", "CSF tau"),
    ),
)  # fmt: skip
