"""Solutions at many settings of s, lambda_1, lambda_2 and lambda_z."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.glm.descent import SHORTLIST
from sparsekin.l0.glm.grid import solve_settings
from sparsekin.l0.pooled import pooled_problem, to_tasks
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Supports
from sparsekin.l0.sheet import Origins, Sheet, solve_sheet
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import ALL_COLUMNS, solution_of
from sparsekin.l0.starts import Best
from sparsekin.l0.state import Ids, Workspace, open_workspace
from sparsekin.l0.working_set import staged_lists


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """m settings, one per row of a table: every combination of the values given.

    ========= ===== ==================================
    field     shape meaning
    ========= ===== ==================================
    s         (m,)  support size, the same in all tasks
    lambda_1  (m,)  ridge
    lambda_2  (m,)  Bbar
    lambda_z  (m,)  Zbar
    ========= ===== ==================================

    Rows are sorted by lambda_1, lambda_2, s, lambda_z, the last running fastest. No penalty touches s = 0, which stands
    there once, at the least penalties.
    """

    s: Ints
    lambda_1: Floats
    lambda_2: Floats
    lambda_z: Floats

    def __len__(self) -> int:
        return len(self.s)

    def take(self, rows: Bools | Ints) -> Settings:
        """Some of the rows."""
        return Settings(self.s[rows], self.lambda_1[rows], self.lambda_2[rows], self.lambda_z[rows])

    @property
    def tied(self) -> Bools:
        """(m,) where all tasks have one coefficient vector: lambda_2 = inf."""
        return np.asarray(self.lambda_2 == np.inf)

    def apart(self, rows: Bools | Ints | int) -> Settings:
        """Some of the rows, each once, without what acts between tasks."""
        some = self.take(np.arange(len(self))[np.atleast_1d(rows)])
        keys = np.unique(np.column_stack([some.lambda_1, some.s]), axis=0)
        return Settings(keys[:, 1].astype(np.int64), keys[:, 0], *np.zeros((2, len(keys))))

    def at(self, problem: Problem, i: int) -> Problem:
        """`problem` with the i-th setting; lambda_z is 0 where supports are independent."""
        return replace(
            problem,
            s=np.full(problem.n_tasks, self.s[i]),
            lambda_1=float(self.lambda_1[i]),
            lambda_2=float(self.lambda_2[i]),
            lambda_z=0.0 if problem.support == "independent" else float(self.lambda_z[i]),
        )


def cross(
    s: Iterable[int], lambda_1: Iterable[float], lambda_2: Iterable[float], lambda_z: Iterable[float]
) -> Settings:
    """Every combination of the values, each taken once."""
    axes = [np.unique(np.asarray(list(axis), float)) for axis in (lambda_1, lambda_2, s, lambda_z)]
    l1, l2, size, lz = (a.ravel() for a in np.meshgrid(*axes, indexing="ij"))
    all_of = Settings(size.astype(np.int64), l1, l2, lz)
    return all_of.take((size > 0) | (np.arange(len(size)) == np.argmin(size)))


@dataclass(frozen=True, slots=True, eq=False)
class GridFit:
    """Supports at each of m settings; the exact refit is made when a solution is asked for.

    ========= ======== =======================================================
    field     shape    meaning
    ========= ======== =======================================================
    problem   Problem  the data; its own s and penalties are not used
    settings  m        Settings
    supports  m of K   column numbers, ascending
    objective (m,)     F
    finished  (m,)     bool, False where an interrupt came first
    seconds   float    wall time
    stopped   bool     Ctrl-C came, if only while settings were met a second time
    pooled    Problem  of one task, where lambda_2 = inf; None: made when needed
    status    m of str how each search ended, where all columns were looked at; empty elsewhere
    left      (m,)     what single moves still bring there, nan where not known
    ========= ======== =======================================================
    """

    problem: Problem
    settings: Settings
    supports: tuple[Supports, ...]
    objective: Floats
    finished: np.ndarray
    seconds: float
    stopped: bool = False
    pooled: Problem | None = None
    status: tuple[str, ...] = ()
    left: Floats | None = None

    def __len__(self) -> int:
        return len(self.settings)

    def solution(self, i: int) -> Solution:
        """The exact refit at the i-th setting."""
        asked, started = self.settings.at(self.problem, i), time.perf_counter()
        if self.status and self.left is not None and not self.settings.tied[i]:
            gain = None if np.isnan(self.left[i]) else float(self.left[i])
            return replace(solution_of(asked, self.supports[i], started), status=self.status[i], swap_gain=gain)
        if self.pooled is None or not self.settings.tied[i]:
            return solution_of(asked, self.supports[i], started)
        one = self.settings.apart(i).at(self.pooled, 0)
        return to_tasks(asked, solution_of(one, self.supports[i][:1], started))


def solve_grid(
    problem: Problem,
    settings: Settings,
    *,
    effort: int = 1,
    step: Callable[[int], None] = lambda n: None,
    workspace: Workspace | None = None,
    starts: Origins | None = None,
    shortlist: int = SHORTLIST,
    among: Settings | None = None,
) -> GridFit:
    """Solve at every setting, neighbours warming each other; Ctrl-C keeps the settings that were met.

    Parameters
    ----------
    problem : Problem
    settings : Settings
    effort : {0, 1, 2}
        0: upwards in lambda_z only; 1: both ways in lambda_z and s; 2: perturbations at every setting as well.
    step : callable
        Called with the number of settings just met.
    workspace : Workspace, optional
        Where the data were already read.
    starts : Origins, optional
        What was found for another grid on the same candidates.
    shortlist : int
        Of tasks with losses: moves that are refitted before a fit counts as the best around.
    among : Settings, optional
        Of which these are some: where there are very many columns, candidates are those of all of them.

    Returns
    -------
    GridFit
    """
    among = settings if among is None else among
    if settings.tied.any():
        return _with_pooled(problem, settings, effort, step, workspace)
    if problem.losses is not None:
        return _with_losses(problem, settings, effort, step, shortlist, among)
    started = time.perf_counter()
    workspace = open_workspace(problem) if workspace is None else replace(workspace, problem=problem)
    supports: list[Supports] = [[] for _ in range(len(settings))]
    values, stopped = np.full(len(settings), np.nan), False
    for i in np.flatnonzero(settings.s == 0):
        supports[i], values[i] = Best.of_nothing(problem.n_tasks).supports, workspace.null
        step(1)
    try:
        starts = open_origins(workspace, among) if starts is None else starts
        for rows in _sheets(settings):
            sheet = Sheet.empty(np.unique(settings.s[rows]).tolist(), np.unique(settings.lambda_z[rows]).tolist())
            try:
                solve_sheet(replace(workspace, problem=settings.at(problem, rows[0])), starts, sheet, effort, step)
            finally:
                found = [best for line in sheet.found for best in line]
                for i, best in zip(rows, found, strict=True):
                    supports[i], values[i] = best.supports, -best.values.sum()
    except KeyboardInterrupt:
        stopped = True
    met = np.array([len(one) > 0 for one in supports])
    values = np.where(met, values, np.nan)
    return GridFit(problem, settings, tuple(supports), values, met, time.perf_counter() - started, stopped)


def _with_losses(
    problem: Problem, settings: Settings, effort: int, step: Callable[[int], None], shortlist: int, among: Settings
) -> GridFit:
    """`solve_grid` of tasks with losses of their own."""
    started = time.perf_counter()
    columns = (settings.lambda_1, settings.lambda_2, settings.s, settings.lambda_z)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    ends = (float(among.lambda_1.min()), int(among.s.max())) if len(among) else None
    supports, values, stopped = solve_settings(problem, rows, effort, step, shortlist, ends)
    return GridFit(
        problem, settings, tuple(supports), values, ~np.isnan(values), time.perf_counter() - started, stopped
    )


def _with_pooled(
    problem: Problem, settings: Settings, effort: int, step: Callable[[int], None], workspace: Workspace | None
) -> GridFit:
    """`solve_grid` where lambda_2 = inf is among the settings: those are solved once each, as one task."""
    started, tied, one = time.perf_counter(), settings.tied, pooled_problem(problem)
    once = settings.apart(tied)
    loose = GridFit(problem, settings.take(~tied), (), np.empty(0), np.empty(0, bool), 0.0)
    if len(loose):
        loose = solve_grid(problem, loose.settings, effort=effort, step=step, workspace=workspace)
    stopped = loose.stopped or not loose.finished.all()
    pooled = solve_grid(one, once.take(np.full(len(once), not stopped)), effort=effort, step=step)
    supports: list[Supports] = [[] for _ in range(len(settings))]
    values = np.full(len(settings), np.nan)
    for i, j in enumerate(np.flatnonzero(~tied)):
        supports[j], values[j] = loose.supports[i], loose.objective[i]
    met = {(l1, s): i for i, (l1, s) in enumerate(zip(pooled.settings.lambda_1, pooled.settings.s, strict=True))}
    for j in np.flatnonzero(tied):
        i = met.get((settings.lambda_1[j], settings.s[j]), -1)
        if i >= 0 and pooled.finished[i]:
            supports[j], values[j] = pooled.supports[i] * problem.n_tasks, problem.n_tasks * pooled.objective[i]
    step(int(tied.sum()) - len(once))
    seconds = time.perf_counter() - started
    return GridFit(
        problem, settings, tuple(supports), values, ~np.isnan(values), seconds, stopped or pooled.stopped, one
    )


def _sheets(settings: Settings) -> list[Ints]:
    """Row numbers of each pair of lambda_1 and lambda_2, those of s = 0 left out."""
    pairs, some = np.column_stack([settings.lambda_1, settings.lambda_2]), settings.s > 0
    return [np.flatnonzero((pairs == pair).all(axis=1) & some) for pair in np.unique(pairs[some], axis=0)]


def open_origins(workspace: Workspace, settings: Settings, walks: Sequence[float] = ()) -> Origins:
    """Nothing found yet; views of the candidates of some settings, whose lambda_1 start from `walks`."""
    views = workspace.views(*_candidates(workspace, settings)) if settings.s.any() else []
    return Origins(views, np.unique(settings.lambda_1).tolist(), walks)


def _candidates(workspace: Workspace, settings: Settings) -> tuple[Ids, tuple[Ids, ...] | None]:
    """All columns, or short lists made for the largest size where there are very many."""
    p, n_tasks = workspace.problem.n_features, workspace.problem.n_tasks
    if p <= ALL_COLUMNS:
        return np.arange(p, dtype=np.int32), None
    largest = replace(workspace.problem, s=np.full(n_tasks, settings.s.max()), lambda_1=float(settings.lambda_1.min()))
    return staged_lists(replace(workspace, problem=largest))
