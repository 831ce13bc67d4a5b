"""One object of every kind a user can hold, of each estimator, made once."""

from functools import cache

import numpy as np
import pandas as pd

from contract.table import AVERAGE, columns
from sparsekin import MTHAL, MixedForms, SparseMTL
from sparsekin.models.sparse.average import average_of

KINDS = ("model", "path", "cv", "results")


def frame():
    """60 rows of two sites, y of x1 (and of site in x2), a second response, weights and patients."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(60, 3)), columns=["x1", "x2", "x3"])
    data["site"] = np.repeat(["north", "south"], 30)
    data["y"] = data["x1"] + np.where(data["site"] == "north", 0.5, -0.5) * data["x2"] + 0.1 * rng.normal(size=60)
    data["y2"] = data["x1"] - data["x3"] + 0.1 * rng.normal(size=60)
    return data


@cache
def model(estimator):
    data = frame()
    if estimator == "SparseMTL":
        return SparseMTL.from_formula("y ~ x1 + x2 + x3", data, "site")
    if estimator == "MTHAL":
        return MTHAL.from_formula("y ~ h(x1) + h(x2) + h(x3)", data, "site")
    return MixedForms.from_formula("y + y2 ~ x1 + x2 + x3", data, "site")


FIT = {"SparseMTL": {"s": 2}, "MTHAL": {"lambda_": 0.05}, "MixedForms": {"d": 1}}
GRID = {"s": [1, 2], "lambda_1": 0.0, "lambda_2": 0.0, "lambda_z": [0.0]}
TRIED = {"SparseMTL": GRID, "MTHAL": {"n_lambda": 8}, "MixedForms": {"d": [1, 2]}}
PATH = {"SparseMTL": {"s": [1, 2], "lambda_z": [0.0, 1.0]}, "MTHAL": {"n_lambda": 5}}
CASES = [(one, kind) for kind in KINDS for one in columns(kind)]


def average(one, settings, family="share"):
    """The mean of fits of a model at some settings, and the first of them."""
    fits = [one.fit(**setting) for setting in settings]
    names = ["lambda_1", "lambda_2", "lambda_z"]
    members = pd.DataFrame([{name: getattr(fit, name) for name in names} for fit in fits])
    members = members.assign(family=family, s=[int(fit.s.max()) for fit in fits], mean=0.1 + 0.1 * np.arange(len(fits)))
    solutions = [fit.solution for fit in fits]
    return average_of(one._prepared, fits[0].standard, members, solutions, "Share the supports.", fits[0])


@cache
def made(estimator, kind):
    """The object of a case."""
    if estimator == AVERAGE:
        return average(model("SparseMTL"), [{"s": 2}, {"s": 1, "lambda_1": 0.3}])
    one = model(estimator)
    if kind == "results":
        return one.fit(**FIT[estimator])
    if kind == "path":
        return one.path(**PATH[estimator])
    return one if kind == "model" else one.cross_validate(**TRIED[estimator], folds=3, rng=0)


def reason_of(estimator, kind, verb):
    """Why the object does not answer."""
    return getattr(made(estimator, kind), verb).reason
