"""The basis rules of hal9001 0.4.6 written out slowly, function by function.

hal9001 itself could not be installed where the tests run, so this twin, written from its documented behaviour, stands
in for it; `tests/reference/hal9001_bases.json` stores what it gives.
"""

from itertools import combinations, product
from math import ceil

import numpy as np


def quantizer(x, bins):
    values = sorted(set(x.tolist()))
    if len(values) <= bins:
        return x.copy()
    if bins == 1:
        return np.full(len(x), min(values))
    n, ordered = len(x), sorted(x.tolist())
    top = max(1 - 20 / n, 0.98)
    quantiles = {ordered[max(ceil(round(n * i * top / (bins - 1), 9)), 1) - 1] for i in range(bins)}
    return np.array([max(q for q in quantiles if q <= value) for value in x.tolist()])


def enumerate_basis(X, max_degree, order, bins):
    """Functions as (columns, cutoffs, orders), in the order hal9001 lists them, edge terms last."""
    d = X.shape[1]
    found = []
    for degree in range(1, max_degree + 1):
        rounded = np.column_stack([quantizer(X[:, j], bins[degree - 1]) for j in range(d)])
        for columns in combinations(range(d), degree):
            tuples = sorted({tuple(row) for row in rounded[:, columns].tolist()})
            found += [(columns, cutoffs, (order,) * degree) for cutoffs in tuples]
    if order > 0:
        found += [one for one in edge_basis(X, max_degree, order) if one not in found]
    return found


def edge_basis(X, max_degree, order):
    low = X.min(axis=0).tolist()
    for degree in range(1, max_degree + 1):
        for columns in combinations(range(X.shape[1]), degree):
            choices = [range(1, order + 1)] * degree if degree > 1 else [[max(order - 1, 1)]]
            for orders in product(*choices):
                yield columns, tuple(low[j] for j in columns), orders


def evaluate(X, function):
    columns, cutoffs, orders = function
    out = np.ones(len(X))
    for j, t, o in zip(columns, cutoffs, orders, strict=True):
        for i in range(len(X)):
            out[i] = 0.0 if X[i, j] < t else out[i] * (X[i, j] - t) ** o
    return out


def reduce_basis(X, functions, share):
    """Drop columns with a share of ones not above `share`, then copies of earlier columns (order 0)."""
    kept, seen = [], set()
    for function in functions:
        column = tuple(evaluate(X, function).tolist())
        if sum(column) / len(X) > share and column not in seen:
            kept.append(function)
            seen.add(column)
    return kept
