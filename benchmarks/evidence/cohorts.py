"""Real data of several studies: error, size and stability of what is chosen, and each study left out in turn.

A replicate is a split: train rows are tuned on by 5 folds, the same for all methods, and refitted. Of sets and seeds
that results/pool_share_separate.csv has, only ours and the `AGAIN` of the baselines run anew, for what they choose and
as a check; errors of the other baselines are taken from there. Sets of features are kept as a bit per column, a word
per task. Where a study is left out, settings are chosen by leaving out the others in turn (of two studies left, one).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cohort_methods import Fitted, errors, fitted, new_errors
from cohort_pages import left_out_page, splits_page
from cohort_sets import COHORTS
from experiment import Cell, Experiment, Row
from pool_share_separate import RESULTS

BEFORE = RESULTS / "pool_share_separate.csv"
AGAIN = ("null", "pooled lasso", "pooled L0", "common support", "lasso per task", "gradient boosting")
NEW = (*AGAIN, "pooled ridge")


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
    known = pd.read_csv(BEFORE, keep_default_na=False, na_values=[""])
    known = known[(known["set"] == name) & (known["seed"] == seed) & (known["part"] == "baselines")]
    kept = known[~known["method"].isin(AGAIN)]
    return [
        {"method": row.method, "error": row.error, "features": row.features, "cpu": row.cpu, "source": "before"}
        for row in kept.itertuples()
    ]


def one_split(cell: Cell, seed: int) -> list[Row]:
    """All methods on one split of one set."""
    cohort = COHORTS[cell["set"]]
    train, test = cohort.make(seed)
    units = train.y.std(axis=0) if train.task is None else np.ones(int(train.task.max()) + 1)
    before = taken(cell["set"], seed)
    _, found = fitted(train, cohort.family, seed, only=AGAIN if before else ())
    p = train.X.shape[1]
    return [{**errors(fit, test, cohort.family, units), **described(fit, p)} for fit in found] + before


def one_left_out(cell: Cell, seed: int) -> list[Row]:
    """A study predicted by the others."""
    cohort = COHORTS[cell["set"]]
    assert cohort.studies is not None
    rows = cohort.studies()
    mine = rows.task == cell["study"]
    train, test = rows.take(np.flatnonzero(~mine)), rows.take(np.flatnonzero(mine))
    train.task[train.task > cell["study"]] -= 1
    model, found = fitted(train, cohort.family, seed, "leave-one-task-out", NEW)
    p = train.X.shape[1]
    return [{**new_errors(fit, model, test, cohort.family), **described(fit, p)} for fit in found]


def studies() -> list[Cell]:
    """Every study of every set that has some."""
    return [{"set": name, "study": k} for name, one in COHORTS.items() if one.there for k in range(one.K)]


def page_of_splits(frame: pd.DataFrame, folder: Path) -> str:
    """With what was judged before beside it."""
    return splits_page(frame, pd.read_csv(BEFORE, keep_default_na=False, na_values=[""]))


EXPERIMENTS = (
    Experiment(
        "cohorts", "Real data of several studies", [{"set": name} for name, one in COHORTS.items() if one.there],
        one_split, page_of_splits, sets=20, quick=2, first=2000, some=lambda cell: "exposome" not in cell["set"],
    ),
    Experiment(
        "new_study", "A study that is left out", studies(), one_left_out, left_out_page, sets=1, quick=1,
        some=lambda cell: cell["set"] in ("heart disease", "CSF tau"),
    ),
)  # fmt: skip
