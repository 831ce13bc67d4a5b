"""The searches of the dial on one set of training rows: supports first, their values in `fit`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats
from sparsekin.l0.glm.descent import QUICK
from sparsekin.l0.grid import GridFit, Settings, cross, open_origins, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports
from sparsekin.l0.sheet import Origins
from sparsekin.l0.state import Workspace, open_diags, open_workspace
from sparsekin.tuning.sparse.dial.settings import Dial


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What the searches of the dial found on some training rows.

    ======== ============== ========================================================================
    field    shape          meaning
    ======== ============== ========================================================================
    pooled   m of Supports  of one model for all tasks, in the order of ``dial.pooled``
    shared   m of Supports  in the order of ``dial.shared``
    separate m of Supports  of each task by itself, in the order of ``dial.separate``
    ======== ============== ========================================================================
    """

    pooled: tuple[Supports, ...]
    shared: tuple[Supports, ...]
    separate: tuple[Supports, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What was found with fewer ridges for the values, all smaller than the others, and nothing else different.

    ====== ======== =================
    field  shape    meaning
    ====== ======== =================
    ridges (a,)     lambda_1 of then
    found  Searched
    ====== ======== =================
    """

    ridges: Floats
    found: Searched

    def lacks(self, settings: Settings) -> Bools:
        """(m,) those with other ridges."""
        return ~np.isin(settings.lambda_1, self.ridges)


def search_dial(
    problem: Problem, pooled: Problem | None, dial: Dial, effort: int, opened: Workspace | None = None,
    opened_pooled: Workspace | None = None, known: Known | None = None,
) -> Searched:  # fmt: skip
    """Supports of the three searches.

    Parameters
    ----------
    problem : Problem
        The tasks.
    pooled : Problem or None
        Their rows as one task; None where they are outcomes of one X.
    dial : Dial
    effort : {0, 1, 2}
    opened, opened_pooled : Workspace, optional
        Where the rows were already read.
    known : Known, optional
        Then only the other ridges are searched at. What is found is what a search at all of them finds, at effort 2
        something as good: it starts from what perturbations brought.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C came before all were finished.
    """
    together = _together(problem, pooled, dial, effort, opened, opened_pooled, known)
    if problem.losses is not None:
        return Searched(together, *_of_losses(problem, dial, effort, known))
    opened = open_workspace(problem) if opened is None else opened
    starts = open_origins(opened, dial.separate if len(dial.separate) else dial.shared, dial.walks.tolist())
    apart = replace(problem, support="independent")
    if known is None:
        shared = solve_grid(problem, dial.shared, effort=effort, workspace=opened, starts=starts)
        separate = solve_grid(apart, dial.separate, effort=effort, workspace=opened, starts=starts)
        return Searched(together, _all(shared), _all(separate))
    _start_from(starts, dial.separate, known)
    new = known.lacks(dial.separate)
    separate = solve_grid(apart, dial.separate.take(new), effort=effort, workspace=opened, starts=starts)
    return Searched(together, known.found.shared, _merged(known.found.separate, _all(separate), new))


def _together(
    problem: Problem, pooled: Problem | None, dial: Dial, effort: int, opened: Workspace | None,
    opened_pooled: Workspace | None, known: Known | None,
) -> tuple[Supports, ...]:  # fmt: skip
    """Supports of one model for all tasks, or common ones of outcomes of one X, a copy for each task."""
    new = np.ones(len(dial.pooled), bool) if known is None else known.lacks(dial.pooled)
    if known is not None and not new.any():
        return known.found.pooled
    one, workspace = pooled, opened_pooled
    if one is None:
        one = replace(problem, support="common")
        workspace = None if opened is None else replace(opened, diag=open_diags(one, list(opened.diag)))
    found = _all(_solved(one, dial.pooled.take(new), effort, workspace, among=dial.pooled))
    if problem.losses is None or pooled is not None:
        found = tuple([supports[0]] * problem.n_tasks for supports in found)
    return found if known is None else _merged(known.found.pooled, found, new)


def _of_losses(
    problem: Problem, dial: Dial, effort: int, known: Known | None
) -> tuple[tuple[Supports, ...], tuple[Supports, ...]]:
    """Shared and separate supports of tasks with losses.

    Tasks by themselves are searched at the ridges of `dial.walks`, whose supports serve the other ridges too.
    """
    sizes = np.unique(dial.separate.s)
    at = np.searchsorted(sizes, dial.separate.s)
    if known is not None:
        return known.found.shared, tuple(known.found.separate[i] for i in at)
    walked = cross(sizes, dial.walks, [0.0], [0.0]) if len(sizes) else dial.separate
    shared = _all(_solved(problem, dial.shared, effort))
    apart = _all(_solved(replace(problem, support="independent"), walked, effort))
    first = len(dial.walks) // 2 * len(sizes)
    return shared, tuple(apart[first + i] for i in at)


def _solved(
    problem: Problem, settings: Settings, effort: int, workspace: Workspace | None = None,
    among: Settings | None = None,
) -> GridFit:  # fmt: skip
    """`solve_grid`; exact refits rank supports of tasks with losses, so less effort finds as good ones."""
    if problem.losses is None:
        return solve_grid(problem, settings, effort=effort, workspace=workspace, among=among)
    return solve_grid(problem, settings, effort=max(effort - 1, 0), shortlist=QUICK, among=among)


def _all(grid: GridFit) -> tuple[Supports, ...]:
    if grid.stopped:
        raise KeyboardInterrupt
    return grid.supports


def _start_from(starts: Origins, settings: Settings, known: Known) -> None:
    """Larger ridges start from the supports at the largest one known."""
    last = np.flatnonzero(settings.lambda_1 == known.ridges.max())
    sizes = settings.s[last].tolist()
    found = {s: known.found.separate[i] for s, i in zip(sizes, last, strict=True)}
    starts.know(float(known.ridges.max()), sizes, "independent", found)


def _merged(old: tuple[Supports, ...], found: tuple[Supports, ...], new: Bools) -> tuple[Supports, ...]:
    """Both, in the order of settings of which `new` (m,) says which were found now."""
    known, now = iter(old), iter(found)
    return tuple(next(now) if one else next(known) for one in new)
