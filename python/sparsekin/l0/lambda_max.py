"""The lambda_z above which all tasks select the same features: where an automatic grid ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.best import Best, lead
from sparsekin.l0.glm import grid as glm
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports, open_search
from sparsekin.l0.sheet import Origins
from sparsekin.l0.solve import ALL_COLUMNS
from sparsekin.l0.state import Workspace, open_workspace
from sparsekin.l0.working_set import staged_lists

STEPS = 12  # halvings of the logarithm of lambda_z
DEPTH = 1e-3  # where an automatic grid starts, as a share of where it ends
SPAN = 1e-6  # the search goes down to this share of the bound


def lambda_z_max(problem: Problem, sizes: Sequence[int]) -> float:
    """The smallest lambda_z at which the search ends with common supports, the largest of these over all `sizes`.

    It is looked for below a bound: supports that differ pay at least (lambda_z / 2) (K - 1) / K, so above
    2 K / (K - 1) times (F at the best common supports - F at the best separate ones) common supports are best.

    Parameters
    ----------
    problem : Problem
        Its own s and lambda_z are not used.
    sizes : sequence of int

    Returns
    -------
    float
        0 where there is nothing to share: one task, or common or independent supports.
    """
    if problem.losses is not None:
        return glm.lambda_z_max(problem, sizes)
    if problem.n_tasks == 1 or problem.support != "heterogeneous":
        return 0.0
    largest = replace(problem, s=np.full(problem.n_tasks, max(sizes)), lambda_z=0.0)
    workspace = open_workspace(largest)
    columns = np.arange(problem.n_features, dtype=np.int32)
    views = workspace.views(columns) if len(columns) <= ALL_COLUMNS else workspace.views(*staged_lists(workspace))
    starts = Origins(views)
    apart, together = (starts.of(workspace, sizes, support) for support in ("independent", "common"))
    return max(_smallest_common(workspace, views, size, apart[size], together[size]) for size in set(sizes))


def auto_lambda_z(problem: Problem, sizes: Sequence[int], n: int = 20) -> Floats:
    """(n,) 0 and a geometric grid up to `lambda_z_max`; (1,) 0 where lambda_z makes no difference."""
    top = lambda_z_max(problem, sizes)
    return np.concatenate([[0.0], np.geomspace(DEPTH * top, top, n - 1)]) if top > 0 else np.zeros(1)


def _smallest_common(workspace: Workspace, views: list, size: int, apart: Supports, together: Supports) -> float:
    problem = replace(workspace.problem, s=np.full(workspace.problem.n_tasks, size))
    search = open_search(replace(workspace, problem=problem), views)

    def values(supports: Supports) -> Floats:
        search.load(supports)
        search.set_lambda_z(0.0)
        return search.values()

    K = problem.n_tasks
    bound = 2 * K / (K - 1) * lead(values(apart), values(together))
    if bound <= 0:
        return 0.0
    starts = [together, apart]
    low, high = np.log(SPAN * bound), np.log(bound)
    for _ in range(STEPS):
        middle = (low + high) / 2
        best = Best()
        for supports in starts:
            search.load(supports)
            search.set_lambda_z(float(np.exp(middle)))
            search.polish()
            best.offer(search)
        if all(np.array_equal(best.supports[0], other) for other in best.supports[1:]):
            high = middle
        else:
            low, starts = middle, [together, best.supports]
    return float(np.exp(high))
