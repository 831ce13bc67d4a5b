"""How alike the supports of the tasks are, and how alike they would be by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import betaln

from sparsekin.data.blocks import Bools, Floats


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Homogeneity:
    """Sizes, overlaps and similarities of the supports S_1..S_K.

    ================ ============== =================================================================
    field            shape          meaning
    ================ ============== =================================================================
    sizes            (K,) Series    abs(S_k), features selected per task
    core             tuple of str   features selected in every task
    union            tuple of str   features selected in any task
    shared           (K, K) frame   abs(S_k & S_l), features selected in both
    jaccard          (K, K) frame   abs(S_k & S_l) / abs(S_k | S_l); NaN when both are empty
    overlap          (K, K) frame   abs(S_k & S_l) / min(abs(S_k), abs(S_l)); NaN when one is empty
    mean_jaccard     float          mean over the pairs k < l; NaN when there is no pair
    mean_overlap     float          mean over the pairs k < l; NaN when there is no pair
    chance_shared    (K, K) frame   expected abs(S_k & S_l) by chance: abs(S_k) abs(S_l) / p
    chance_jaccard   float          expected mean Jaccard by chance
    chance_overlap   float          expected mean overlap by chance
    ================ ============== =================================================================

    By chance means: supports of the same sizes a = abs(S_k) and b = abs(S_l), drawn independently and uniformly
    from the p candidates. The number they share, T, is then hypergeometric(p, a, b) with mean a b / p, so

    - expected overlap: E[T] / min(a, b) = max(a, b) / p,
    - expected Jaccard: E[T / (a + b - T)], summed over the distribution of T.
    """

    sizes: pd.Series
    core: tuple[str, ...]
    union: tuple[str, ...]
    shared: pd.DataFrame
    jaccard: pd.DataFrame
    overlap: pd.DataFrame
    mean_jaccard: float
    mean_overlap: float
    chance_shared: pd.DataFrame
    chance_jaccard: float
    chance_overlap: float

    def __repr__(self) -> str:
        """A few lines for the console; the matrices are fields."""
        sizes = sorted(set(self.sizes))
        return "\n".join(
            [
                f"Supports of {len(self.sizes)} tasks",
                f"  features per task  {sizes[0]}" + (f" to {sizes[-1]}" if len(sizes) > 1 else ""),
                f"  in every task      {len(self.core)}" + (f": {', '.join(self.core[:8])}" if self.core else ""),
                f"  in any task        {len(self.union)}",
                f"  mean Jaccard       {self.mean_jaccard:.2f} (by chance {self.chance_jaccard:.2f})",
                f"  mean overlap       {self.mean_overlap:.2f} (by chance {self.chance_overlap:.2f})",
            ]
        )


def homogeneity(support: Bools, features: Sequence[str], tasks: Sequence[object]) -> Homogeneity:
    """Compare the columns of `support`.

    Parameters
    ----------
    support : (p, K) bool
    features : p names
    tasks : K labels

    Returns
    -------
    Homogeneity

    Examples
    --------
    >>> import numpy as np
    >>> Z = np.array([[True, True], [True, False], [False, True], [False, False]])
    >>> alike = homogeneity(Z, ["age", "bmi", "crp", "ldl"], ["siteA", "siteB"])
    >>> alike.core, round(alike.mean_jaccard, 3), alike.mean_overlap
    (('age',), 0.333, 0.5)
    """
    index = pd.Index(list(tasks), tupleize_cols=False)
    sizes, in_tasks, shared = support.sum(axis=0), support.sum(axis=1), shared_counts(support)
    smaller, either = np.minimum.outer(sizes, sizes), np.add.outer(sizes, sizes) - shared
    jaccard, overlap = _ratio(shared, either), _ratio(shared, smaller)
    expected = np.outer(sizes, sizes) / max(len(support), 1)

    def square(values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=index, columns=index)

    return Homogeneity(
        sizes=pd.Series(sizes, index=index, name="selected"),
        core=_named(in_tasks == len(sizes), features),
        union=_named(in_tasks > 0, features),
        shared=square(shared),
        jaccard=square(jaccard),
        overlap=square(overlap),
        mean_jaccard=mean_of_pairs(jaccard),
        mean_overlap=mean_of_pairs(overlap),
        chance_shared=square(expected),
        chance_jaccard=mean_of_pairs(_chance_jaccard(sizes, len(support))),
        chance_overlap=mean_of_pairs(_ratio(expected, smaller)),
    )


def shared_counts(support: Bools) -> Floats:
    """(K, K) number of features each pair of tasks shares."""
    Z = support[support.any(axis=1)].astype(np.float64)
    return np.asarray((Z.T @ Z).astype(np.int64))


def mean_of_pairs(matrix: Floats) -> float:
    """Mean of a symmetric (K, K) matrix over k < l, pairs without a value (NaN) left out; NaN when none is left."""
    values = matrix[np.triu_indices(len(matrix), 1)]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else float("nan")


def expected_jaccard(p: int, a: int, b: int) -> float:
    """E[T / (a + b - T)] for T hypergeometric(p, a, b): two random subsets of sizes a and b of p things."""
    if a + b == 0:
        return float("nan")
    t = np.arange(max(0, a + b - p), min(a, b) + 1)
    probability = np.exp(_log_choose(a, t) + _log_choose(p - a, b - t) - _log_choose(p, b))
    return float(np.sum(probability * t / (a + b - t)))


def _log_choose(n: int, k: ArrayLike) -> Floats:
    """log of n over k; SciPy's hypergeometric distribution would take half a second to import."""
    chosen = np.asarray(k, float)
    return np.asarray(-np.log1p(n) - betaln(n - chosen + 1, chosen + 1))


def _chance_jaccard(sizes: Floats, p: int) -> Floats:
    levels, code = np.unique(sizes, return_inverse=True)
    table = np.array([[expected_jaccard(p, int(a), int(b)) for b in levels] for a in levels])
    return np.asarray(table[np.ix_(code, code)])


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)


def _named(chosen: Bools, features: Sequence[str]) -> tuple[str, ...]:
    return tuple(features[j] for j in np.flatnonzero(chosen).tolist())
