"""The method of `SparseMTL` that makes one fit."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import get_args

import numpy as np

from sparsekin.data.sources.stored import passes_from_now, refuse_on_disk
from sparsekin.data.standardize import Standardization
from sparsekin.errors import InterruptedWarning, OptionError, warn
from sparsekin.l0.disk.solve import solve_on_disk
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import solve
from sparsekin.l0.tied import tied_solution
from sparsekin.models.sparse.checks import (
    Sizes,
    check_room,
    check_rows,
    check_sharing,
    one_scale,
    read_sizes,
    read_task_weights,
)
from sparsekin.models.sparse.events import Ridge, check_families, check_separation, read_ridge, warn_of_events
from sparsekin.models.sparse.exact import check_limits, check_method
from sparsekin.models.sparse.mixed import with_variances
from sparsekin.models.sparse.results import SparseResults, relaxed_results, results_of
from sparsekin.models.task_model import TaskModel
from sparsekin.options import Method, Solver, SupportMode, TaskWeights, check_option, check_penalty


class Fitting(TaskModel):
    """One fit."""

    _standard: Standardization

    def fit(
        self,
        s: Sizes,
        lambda_1: Ridge = "auto",
        lambda_2: float = 0.0,
        lambda_z: float = 0.0,
        support: SupportMode = "heterogeneous",
        task_weights: TaskWeights = "auto",
        effort: int = 1,
        *,
        solver: Solver = "search",
        gap: float = 1e-4,
        time_limit: float | None = None,
        method: Method = "tree",
        dial: bool = False,
    ) -> SparseResults:
        """Select at most s features per task and estimate their coefficients.

        Parameters
        ----------
        s : int, sequence of K ints, or dict by task
            Most features a task may select; p or more means all.
        lambda_1 : float or "auto"
            Ridge penalty. "auto": 0 where all outcomes are gaussian; else 1 / (mean rows of a task), a standard normal
            prior on the log odds (rate, hazard) ratio per standard deviation: best supports of few rows nearly always
            separate the outcome, and then nothing but a ridge keeps coefficients finite.
        lambda_2 : float
            Penalty on differences between the tasks' coefficients. ``math.inf``: one coefficient vector for all tasks,
            of the always-in columns too (a finite lambda_2 does not touch these), and an intercept per task; columns
            are then scaled by pooled standard deviations, unless ``standardize=False``; cox tasks keep baseline
            hazards of their own. Above 0, tasks are of one family.
        lambda_z : float
            Penalty on differences between the tasks' supports; a feature in one task alone must lower the objective
            by lambda_z (K - 1) / (2 K).
        support : {"heterogeneous", "common", "independent"}
            "common": the same features in every task; "independent": nothing shared, lambda_2 and lambda_z must be 0.
        task_weights : {"auto", "equal", "rows"}
            w_k = 1, or n_k K / N; "auto": "rows" where lambda_2 is infinite, else "equal".
        effort : {0, 1, 2}
            How long to search: more starts and larger moves.
        solver : {"search", "relaxation", "scip"}
            "relaxation": the s features of largest share in the convex relaxation, refitted, without any search; the
            shares are `SparseResults.fractional`, `bound` and `gap` are proven (needs lambda_1 > 0 or many rows).
            "scip": the search, then `SparseResults.certify` to `gap` within `time_limit` seconds (None: no limit).
        gap, time_limit, method
            For ``solver="scip"``, as in `SparseResults.certify`; the time limit also ends the relaxation early, and
            the search among columns on disk.
        dial : bool
            Minimise what `cross_validate` does from pooled to separate, whose `best` holds it: columns have pooled
            standard deviations, tasks count by rows ("auto"), and a finite lambda_2 ties the always-in columns too,
            once the search has found the supports.

        Returns
        -------
        SparseResults

        Raises
        ------
        OptionError
            An option has a value it cannot take, or two contradict each other.
        DataError
            A task has too few rows for s features.
        SolverError
            The optimiser could not produce an answer: with ``lambda_1=0`` the features selected in a task separate
            its outcome, so that no coefficients are best.

        Warns
        -----
        DataWarning
            A task has fewer than 5 events per selected feature.
        InterruptedWarning
            Ctrl-C stopped the search: the best solution so far is returned, its status is "interrupted".
        """
        check_option("support", support, get_args(SupportMode))
        check_option("task_weights", task_weights, get_args(TaskWeights))
        check_option("effort", effort, (0, 1, 2))
        check_option("solver", solver, get_args(Solver))
        check_limits(gap, time_limit)
        lambda_1, lambda_2 = read_ridge(lambda_1, self.blocks), check_penalty("lambda_2", lambda_2)
        check_method(method, lambda_1)
        lambda_z = check_penalty("lambda_z", lambda_z)
        sizes = read_sizes(s, self.blocks)
        check_room(self.blocks, int(sizes.max()))
        check_sharing(support, sizes, self.blocks.task_names, lambda_2, lambda_z)
        check_option("dial", dial, (False, True))
        pooled = lambda_2 == math.inf
        tied = dial and 0 < lambda_2 < math.inf and self.blocks.n_tasks > 1 and bool(self.blocks.keep_names)
        if tied and solver != "search":
            raise OptionError(f"solver={solver!r} is not for always-in columns that lambda_2 ties; leave dial out.")
        check_families(self.blocks, lambda_2, solver)
        check_rows(self.blocks, sizes, lambda_1, pooled)
        weights, standard = with_variances(
            read_task_weights(task_weights, self.blocks, pooled or dial), self.blocks,
            one_scale(self._standard, self.blocks, pooled or dial),
        )  # fmt: skip
        problem = make_problem(
            self.blocks, standard, sizes,
            lambda_1=lambda_1, lambda_2=lambda_2, lambda_z=lambda_z, task_weights=weights, support=support,
        )  # fmt: skip
        if solver != "search":
            refuse_on_disk(self.blocks, f"solver={solver!r}", "Use solver='search'.")
        if solver == "relaxation":
            return relaxed_results(self._prepared, problem, effort, time_limit)
        if self.blocks.on_disk:
            solution, passes = self._solve_on_disk(problem, effort, time_limit)
        else:
            solution = solve(problem, effort=effort)
        if solution.status == "interrupted":
            warn(
                f"The search was interrupted after {solution.seconds:.1f} s; the best solution so far is kept.",
                InterruptedWarning,
            )
        if problem.losses is not None:
            check_separation(problem, solution)
            warn_of_events(self.blocks, solution, pooled)
        solution = tied_solution(problem, solution.support) if tied else solution
        results = results_of(self._prepared, problem, solution, effort, keep_tied=tied)
        results = replace(results, passes=passes) if self.blocks.on_disk else results
        return results.certify(gap, time_limit, method=method) if solver == "scip" else results

    def _solve_on_disk(self, problem: Problem, effort: int, time_limit: float | None) -> tuple[Solution, int]:
        """The solution, and the passes over all columns it took, that for their moments too."""
        passes = passes_from_now(self.blocks)
        deadline = np.inf if time_limit is None else time.perf_counter() + time_limit
        solution = solve_on_disk(problem, effort=effort, deadline=deadline)
        return solution, passes()
