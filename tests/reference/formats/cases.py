"""What is saved of each kind, and the numbers that must be there when it is read again."""

import numpy as np
import pandas as pd
from scipy import sparse

from sparsekin import MTHAL, AverageResults, FormsResults, HALResults, MixedForms, SparseMTL, SparseResults, moments


def rows(n=36):
    """Three sites, a factor, weights, a second response, a yes/no outcome, counts, times and strata."""
    rng = np.random.default_rng(17)
    data = pd.DataFrame(rng.standard_normal((n, 3)).round(3), columns=["x", "u", "v"])
    data["group"] = np.resize(["a", "b"], n)
    data["site"] = np.repeat(["north", "süd", "west"], n // 3)
    data["y"] = (data["x"] + (data["site"] == "west") * data["u"] + 0.5 * rng.standard_normal(n)).round(3)
    data["y2"] = (data["u"] - data["x"] + 0.5 * rng.standard_normal(n)).round(3)
    data["ill"] = (data["x"] + rng.standard_normal(n) > 0).astype(int)
    data["days"] = rng.integers(1, 4, n)
    data["count"] = rng.poisson(np.exp(0.5 * data["x"]) * data["days"])
    data["time"] = rng.exponential(np.exp(-0.5 * data["x"])).round(3) + 0.001
    data["event"] = (rng.random(n) < 0.8).astype(int)
    data["w"] = rng.uniform(0.5, 2, n).round(3)
    return data.set_index(pd.Index([f"p{i}" for i in range(n)], name="person"))


def sparse_of(formula, **options):
    """A model of the rows."""
    return SparseMTL.from_formula(formula, rows(), "site", **options)


def grid_columns():
    """(36, 4) sparse columns and two outcomes, one value missing."""
    rng = np.random.default_rng(3)
    X = sparse.csr_array(sparse.random(36, 4, density=0.6, random_state=rng))
    Y = np.column_stack([X[:, [0]].toarray()[:, 0], X[:, [2]].toarray()[:, 0]]) + 0.1 * rng.standard_normal((36, 2))
    Y[4, 1] = np.nan
    return Y, X


def stacked():
    """A fit with weights for a task that was not seen."""
    cv = sparse_of("y ~ x + u + v").cross_validate(
        s=[1, 2, 3], lambda_1=0.1, lambda_2=0.0, lambda_z=[0.01], folds=3, ensemble="stack", rng=0
    )
    return cv.refit()


def proven_and_halved():
    """A fit with a proof, held-out rows and half-samples."""
    return sparse_of("y ~ x + u + v").fit(1, 0.1, 0.0, 0.01).hold_out(3).certify().stability(10, rng=0)


def curves_halved():
    """A MTHAL with held-out rows and half-samples."""
    model = MTHAL.from_formula("ill ~ h(x, k=3) + h(u, k=3)", rows(), "site", family="binomial")
    return model.cross_validate(n_lambda=5, folds=3, rng=0).refit().stability(10, rng=0)


def average():
    """The mean of the best settings."""
    cv = sparse_of("y ~ x + u + v").cross_validate(folds=3, rng=0, effort=0)
    return cv.refit("average")


def forms_rows():
    """The rows, one of them with an unknown value."""
    data = rows()
    data.iloc[3, 0] = np.nan
    return data


# Name of the file -> what is saved.
MADE = {
    "sparse": lambda: sparse_of("y ~ C(group) + x + u + v", keep=["x"], weights="w").fit(2, 0.1, 0.05, 0.01),
    "sparse-pooled": lambda: sparse_of("y ~ x + u + v").fit(2, lambda_2=np.inf),
    "sparse-proven-and-halved": proven_and_halved,
    "sparse-stacked": stacked,
    "sparse-labels": lambda: SparseMTL(*grid_columns(), missing="drop").fit(2, 0.01),
    "sparse-binomial": lambda: sparse_of("ill ~ x + u + v", family="binomial").fit(1, 0.1),
    "sparse-poisson": lambda: sparse_of("count ~ x + u + offset(log(days))", family="poisson").fit(1, 0.1),
    "sparse-cox": lambda: sparse_of("Surv(time, event) ~ x + u + strata(group)", family="cox").fit(1, 0.1),
    "average": average,
    "hal": lambda: MTHAL.from_formula("y ~ h(x, k=4) + u", rows(), "site").fit(lambda_=0.05),
    "hal-binomial-halved": curves_halved,
    "forms": lambda: MixedForms.from_formula("y + y2 ~ x + u + v", forms_rows(), "site").fit(1),
    "moments": lambda: moments.from_frame("y ~ x + u + v", rows(), "site", keep=["v"]),
}  # fmt: skip
LOADS = {"sparse": SparseResults.load, "average": AverageResults.load, "hal": HALResults.load,
         "forms": FormsResults.load, "moments": moments.load}  # fmt: skip


def load(path):
    """What `path` holds."""
    return LOADS[path.stem.split("-")[0]](path)


def numbers(loaded):
    """What is asked of it: tables of columns of numbers and texts; a missing number is None."""
    if isinstance(loaded, moments.Moments):
        return {"fit": _listed(SparseMTL.from_moments(loaded).fit(2, 0.1).tidy())}
    new = rows().drop(columns=["y", "y2", "ill", "count"]) if loaded.design.formula else grid_columns()[1]
    found = {"predictions": loaded.predict(new), "tidy": loaded.tidy(), "glance": loaded.glance()}
    if getattr(loaded, "halves", None) is not None:
        found["frequency"] = loaded.frequency
    if getattr(loaded, "held_out", None) is not None:
        found["performance"] = loaded.performance
    if getattr(loaded, "stacking", None) is not None:
        found["stacked"] = loaded.predict(new.assign(site="east"), how="stack")
    if "Surv" in (loaded.design.formula or ""):
        found["survival"] = loaded.predict(new, type="survival", times=[0.5, 1.0])
    return {name: _listed(pd.DataFrame(table)) for name, table in found.items()}


def _listed(table):
    columns = table.reset_index()
    return {str(name): [_plain(one) for one in columns.iloc[:, j].tolist()] for j, name in enumerate(columns.columns)}


def _plain(one):
    if isinstance(one, float) and np.isnan(one):
        return None
    return one if isinstance(one, float | int) else str(one)
