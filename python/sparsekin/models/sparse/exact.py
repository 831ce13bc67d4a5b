"""Proofs for fits: certificates and next-best supports, in the user's names."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import InterruptedWarning, OptionError, warn
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.exact.certify import certify, runners_up
from sparsekin.l0.exact.rounding import relax
from sparsekin.l0.glm.prove import certify as certify_family
from sparsekin.l0.glm.prove import runners_up as runners_up_family
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.solution import Solution
from sparsekin.l0.solve import solution_of
from sparsekin.options import Method, check_option
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.tuning.parallel import make_bar


def certify_fit(
    fit: SparseFit,
    gap: float,
    time_limit: float | None,
    node_limit: int | None,
    memory_limit: float | None,
    progress: bool,
    root_only: bool = False,
    method: Method = "tree",
) -> tuple[Solution, Certificate]:
    """The best solution met and its certificate, starting from a fit."""
    check_limits(gap, time_limit)
    check_method(method, fit.lambda_1)
    refuse_on_disk(fit.blocks, "A proof")
    started = time.perf_counter()
    problem = problem_of(fit)
    if problem.losses is not None:
        check_ridge(problem, method)
    with make_bar(progress, 0, "certify") as bar:

        def report(bound: float, objective: float) -> None:
            if progress:
                text = f"bound {bound:.6g}, objective {objective:.6g}, gap {100 * (1 - bound / objective):.2f} %"
                bar.set_postfix_str(text, refresh=False)
                bar.update()

        limits = {
            "time_limit": _limit(time_limit, started), "node_limit": int(node_limit or 10**9),
            "memory_limit": np.inf if memory_limit is None else float(memory_limit),
        }  # fmt: skip
        asked: dict[str, Any] = {"gap": gap, "root_only": root_only, "report": report, **limits}
        if problem.losses is None:
            supports, certificate = certify(problem, supports_of(fit), method=method, **asked)
        else:
            supports, certificate = certify_family(problem, supports_of(fit), **asked)
    if certificate.status == "interrupted":
        warn(
            f"The proof was interrupted after {certificate.seconds:.1f} s; the solution and bound so far are kept.",
            InterruptedWarning,
        )
    return _solution(fit, problem, supports, certificate, started), certificate


def relaxed_solution(problem: Problem, time_limit: float | None) -> tuple[Solution, Certificate]:
    """The relaxation rounded and refitted, with its bound."""
    started = time.perf_counter()
    found = relax(problem, _limit(time_limit, started))
    proof = found.certificate
    status = "optimal" if proof.status == "optimal" else "rounded"
    rounded = solution_of(problem, found.supports, started)
    return replace(rounded, bound=proof.bound, gap=proof.gap, status=status, fractional=found.z), proof


def _solution(
    fit: SparseFit, problem: Problem, supports: Supports, certificate: Certificate, started: float
) -> Solution:
    status = fit.status if certificate.status == "root" else certificate.status
    if np.array_equal(as_mask(problem, supports), fit.solution.support):
        found = replace(fit.solution, swap_gain=0.0 if fit.swap_optimal else fit.swap_gain)
    else:
        found = replace(solution_of(problem, supports, started), iterations=fit.solution.iterations)
    return replace(found, bound=certificate.bound, gap=certificate.gap, status=status)


def _limit(value: float | None, started: float) -> float:
    """Seconds left."""
    return np.inf if value is None else max(value - (time.perf_counter() - started), 0.0)


def limit_of(time_limit: object) -> float:
    """Seconds; infinite for None."""
    check_limits(1e-4, time_limit)
    return np.inf if time_limit is None else float(time_limit)  # type: ignore[arg-type]


def check_limits(gap: object, time_limit: object) -> None:
    """Raise `OptionError` unless 0 < gap < 1 and the time limit is positive or None."""
    if not isinstance(gap, int | float) or not 0 < gap < 1:
        raise OptionError(f"gap = {gap!r} must be a number between 0 and 1, such as 1e-4.")
    if time_limit is not None and not (isinstance(time_limit, int | float) and time_limit > 0):
        raise OptionError(f"time_limit = {time_limit!r} must be a positive number of seconds, or None.")


def check_method(method: Method, lambda_1: float) -> None:
    """Raise `OptionError` unless the method exists and the ridge is what it needs."""
    check_option("method", method, get_args(Method))
    if method == "outer-approximation" and lambda_1 == 0:
        raise OptionError(
            "method='outer-approximation' divides by lambda_1, which is 0 here; use a lambda_1 > 0, or method='tree'."
        )


def check_ridge(problem: Problem, method: Method) -> None:
    """Raise `OptionError` unless proofs of other losses than squares can start: they need a ridge, and are trees."""
    if problem.lambda_1 == 0:
        raise OptionError("Proofs need lambda_1 > 0 where not all outcomes are gaussian: .03 to .1 prove much.")
    if method != "tree":
        raise OptionError(f"method='{method}' is for gaussian outcomes; use method='tree'.")


def problem_of(fit: SparseFit) -> Problem:
    """The problem a fit solved.

    Raises
    ------
    OptionError
        Its always-in columns are tied by lambda_2, for which there are no proofs.
    """
    if fit.keep_tied:
        raise OptionError(
            "The always-in columns are tied by lambda_2 in this fit from pooled to separate, and nothing can be proven "
            "of that; certify model.fit(...) at its s and penalties, whose always-in columns are free."
        )
    return problem_at(fit)


def problem_at(fit: SparseFit) -> Problem:
    """The problem at the settings of a fit; always-in columns are free, also where a dial had tied them."""
    return make_problem(
        fit.blocks, fit.standard, fit.s, lambda_1=fit.lambda_1, lambda_2=fit.lambda_2, lambda_z=fit.lambda_z,
        task_weights=fit.task_weights, support=fit.support_mode,
    )  # fmt: skip


def supports_of(fit: SparseFit) -> Supports:
    """K arrays of selected columns."""
    return [np.flatnonzero(z).astype(np.int32) for z in fit.solution.support.T]


def alternatives_of(fit: SparseFit, m: int, time_limit: float | None) -> pd.DataFrame:
    """The m best supports after the best one, as a table."""
    if m != int(m) or m < 1:
        raise OptionError(f"m = {m!r} must be a whole number of at least 1.")
    check_limits(1e-4, time_limit)
    refuse_on_disk(fit.blocks, "alternatives()")
    started = time.perf_counter()
    problem = problem_of(fit)
    look = runners_up
    if problem.losses is not None:
        check_ridge(problem, "tree")
        look = runners_up_family
    found, status = look(problem, supports_of(fit), int(m), time_limit=_limit(time_limit, started))
    rows = [_row(fit, problem, value, supports) for value, supports in found]
    table = pd.DataFrame(rows, columns=["objective", "excess", "enters", "leaves"])
    table.index = pd.RangeIndex(1, len(table) + 1, name="rank")
    table["proven"] = status == "proven"
    table.attrs["status"] = status
    return table


def _row(fit: SparseFit, problem: Problem, value: float, supports: Supports) -> dict[str, Any]:
    there, here = as_mask(problem, supports), fit.solution.support
    return {
        "objective": value,
        "excess": (value - fit.objective) / fit.objective if fit.objective > 0 else np.inf if value > 0 else 0.0,
        "enters": named(fit, there & ~here),
        "leaves": named(fit, here & ~there),
    }


def named(fit: SparseFit, mask: NDArray[np.bool_]) -> str:
    """The features, each with the tasks it is about."""
    blocks, out = fit.blocks, []
    for j in np.flatnonzero(mask.any(axis=1)):
        tasks = [blocks.task_names[k] for k in np.flatnonzero(mask[j])]
        everywhere = len(tasks) == blocks.n_tasks
        out.append(blocks.feature_names[j] + ("" if everywhere else f" ({shorten(tasks)})"))
    return ", ".join(out)
