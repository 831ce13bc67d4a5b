"""A study that a mixed form has not seen: K studies are fitted, the rows of another one are projected from X alone.

Ten studies of 40 rows and an eleventh of 100 to predict. "mixed model": Y = X B + study + noise, three outcomes, 20
columns, nothing latent. Planted forms of three codes, four outcomes, 20 columns, noise .5 sd: in "planted" only levels
of Y differ between studies, in "planted, X apart" means of the codes too, and in "X tells the study" the shift of a
study is -1 times the mean of its codes, so that slopes between studies are not those within. "schools": twenty of 139
Inner London schools, drawn anew, the last one left out. d, numbers of components and penalties by 5-fold
cross-validation of rows of the known studies (factor analysis: 3 folds); PLS, CCA and factor analysis of the pooled
rows know no studies, one ridge knows none, one has an intercept per study. Errors are RMSE in standard deviations of Y
in the known studies, mean over outcomes; without its level: what is left when the mean of the new study is known.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

from experiment import Cell, Experiment, Row
from forms_data import SCHOOLS, Floats, Split, indicators, schools
from forms_methods import component_methods, factor_analysis, fitted_forms, mixed_models
from tables import markdown

STUDIES, ROWS, NEW = 10, 40, 100
OURS = ("MixedForms em", "MixedForms als", "translated em", "translated als")
RIDGES = np.geomspace(0.1, 1e4, 20)


def named(Y: Floats, X: Floats, task: np.ndarray, dims: tuple[int, ...]) -> Split:
    """The last study is the new one; the peers get no table Z."""
    names = np.array([f"s{k:02d}" for k in task], object)
    return Split(Y, X, np.zeros((len(Y), 0)), names, task == task.max(), Y, dims)


def studies_of() -> np.ndarray:
    """Study of each row."""
    return np.repeat(np.arange(STUDIES + 1), [ROWS] * STUDIES + [NEW])


def mixed_model(seed: int) -> Split:
    """Y = X B + study + noise."""
    rng, task = np.random.default_rng(seed), studies_of()
    X, shift = rng.standard_normal((len(task), 20)), rng.standard_normal((STUDIES + 1, 3))
    Y = X @ (0.4 * rng.standard_normal((20, 3))) + shift[task] + rng.standard_normal((len(task), 3))
    return named(Y, X, task, (5, 20))


def planted(seed: int, apart: float = 0.0, told: float = 0.0) -> Split:
    """Y ~ (K + H) alpha', X ~ K beta', H the same within a study; means of K `apart`, `told` of which is in H."""
    rng, task = np.random.default_rng(seed), studies_of()
    middle = apart * rng.standard_normal((STUDIES + 1, 3))
    own = 0.7 * rng.standard_normal((STUDIES + 1, 3)) if not told else -told * middle
    codes = middle[task] + rng.standard_normal((len(task), 3))
    tables = []
    for signal in ((codes + own[task]) @ rng.standard_normal((3, 4)), codes @ rng.standard_normal((3, 20))):
        tables.append(signal + 0.5 * signal.std() * rng.standard_normal(signal.shape))
    return named(*tables, task, (3, 5))


def school_left_out(seed: int) -> Split:
    """The rows of all twenty schools; the last is new."""
    drawn = schools(seed)
    assert drawn.task is not None
    return replace(drawn, dims=(5, 12), Z=drawn.Z[:, :0], test=drawn.task == np.unique(drawn.task)[-1])


DESIGNS = {
    "mixed model": mixed_model,
    "planted": planted,
    "planted, X apart": lambda seed: planted(seed, apart=1.0),
    "X tells the study": lambda seed: planted(seed, apart=1.0, told=1.0),
    "schools": school_left_out,
}


def projected(split: Split) -> Iterator[tuple[str, Floats]]:
    """At population level, and E[Y | X] over all studies, which holds what X tells of the study."""
    X = split.X[split.test]
    for algorithm, fit in fitted_forms(split):
        yield f"MixedForms {algorithm}", fit.predict(X, how="mean").to_numpy()
        yield f"translated {algorithm}", fit.translate(X).to_numpy()


def ridges(split: Split) -> Iterator[tuple[str, Floats]]:
    """Of the pooled rows, without and with an intercept per study; that of the new one is the mean by rows."""
    train = ~split.test
    assert split.task is not None
    X, Y, new = split.X[train], split.Y[train], split.X[split.test]
    scale = np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)
    yield "ridge", np.asarray(RidgeCV(RIDGES).fit(X / scale, Y).predict(new / scale)).reshape(-1, Y.shape[1])
    S = indicators(split.task[train])
    centred = [table - S @ (S.T @ table / S.sum(axis=0)[:, None]) for table in (X / scale, Y)]
    slopes = np.atleast_2d(RidgeCV(RIDGES, fit_intercept=False).fit(*centred).coef_)
    yield "ridge, study intercepts", (new / scale - (X / scale).mean(axis=0)) @ slopes.T + Y.mean(axis=0)


def score(split: Split, guess: Floats) -> Row:
    """RMSE in standard deviations of the known rows, as predicted and without the level of the study."""
    left = (split.truth[split.test] - guess) / np.nanstd(split.Y[~split.test], axis=0)
    return {"error": np.sqrt((left**2).mean(axis=0)).mean(), "level known": left.std(axis=0).mean()}


def one(cell: Cell, seed: int) -> list[Row]:
    """Every method on one draw."""
    split = DESIGNS[cell["design"]](seed)
    center = np.broadcast_to(split.Y[~split.test].mean(axis=0), (split.test.sum(), split.Y.shape[1]))
    rows = [{"method": "mean of the others", **score(split, center)}]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers: boundary of the parameter space, sweeps of CCA
        for method in (projected, mixed_models, ridges, component_methods, factor_analysis):
            rows += [{"method": name, **score(split, guess)} for name, guess in method(split)]
    return rows


def page(frame: pd.DataFrame, folder: Path) -> str:
    """A table per measure: mean, and in brackets the paired difference to the best of the other methods."""
    parts = [__doc__.split("\n\n", 1)[1].strip() if __doc__ else ""]
    parts.append("In brackets: the difference to the best method that is not a mixed form, and its standard error.")
    methods = list(dict.fromkeys(frame["method"]))
    for value, head in (("error", "as predicted"), ("level known", "when the mean of the study is known")):
        columns = []
        for _, part in frame.groupby("design", sort=False):
            wide = part.pivot(index="seed", columns="method", values=value)
            best = str(wide[[m for m in methods if m not in OURS]].mean().idxmin())
            columns.append(
                [f"{wide[m].mean():.3f} ({gap(wide[m] - wide[best]) if m != best else 'best'})" for m in methods]
            )
        counts = [f"{name} ({part['seed'].nunique()})" for name, part in frame.groupby("design", sort=False)]
        lines = [[m, *(column[i] for column in columns)] for i, m in enumerate(methods)]
        parts += [f"## Error {head}", markdown(["method", *counts], lines)]
    return "\n\n".join(parts)


def gap(left: pd.Series) -> str:
    """Mean and standard error."""
    return f"{left.mean():+.3f} {left.sem():.3f}" if len(left) > 1 else f"{left.mean():+.3f}"


EXPERIMENTS = (
    Experiment(
        "unseen_study", "A study that a mixed form has not seen",
        [{"design": name} for name in DESIGNS if name != "schools" or SCHOOLS.exists()], one, page,
    ),
)  # fmt: skip
