"""Checks of what a mixed form is asked for, in the user's names."""

from __future__ import annotations

from numbers import Integral, Real

from sparsekin.errors import DataError, DataWarning, InterruptedWarning, OptionError, UnsettledWarning
from sparsekin.forms.block import varies
from sparsekin.forms.problem import Problem, rank_up_to
from sparsekin.options import check_option, check_penalty
from sparsekin.report.forms.summary import heywood_note
from sparsekin.results.forms.fit import FormsFit
from sparsekin.tuning.forms.cross_validate import rows_with_y


def read_dims(value: object, name: str) -> int:
    """A positive integer, or `OptionError`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise OptionError(f"{name} = {value!r} is not a positive integer.")
    return int(value)


def read_tolerance(tolerance: object) -> float:
    """A float from 0, where sweeps go on to their limit, to below 1, or `OptionError`."""
    if isinstance(tolerance, bool) or not isinstance(tolerance, Real) or not 0 <= float(tolerance) < 1:
        raise OptionError(f"tolerance = {tolerance!r} must be a number from 0 to below 1, such as 1e-8.")
    return float(tolerance)


def read_folds(folds: object, groups: object) -> int:
    """At least two, or `OptionError`; of cells, which are not held out by row."""
    if groups is not None or hasattr(folds, "__len__") or hasattr(folds, "split"):
        what = "folds" if groups is None else "groups"
        raise OptionError(f'{what} of rows go with target="y"; target="cells" holds single cells out of all rows.')
    if isinstance(folds, bool) or not isinstance(folds, Integral) or folds < 2:
        raise OptionError(f"folds = {folds!r} is not an integer of at least 2.")
    return int(folds)


def check_varies(problem: Problem, target: str) -> None:
    """A column whose held-out cells can tell one d from another, or `DataError`."""
    if not any(varies(block).any() for block in problem.blocks[: 1 if target == "y" else 2]):
        what = "response" if target == "y" else "column of Y and X"
        raise DataError(f"Every {what} is constant: held-out values cannot tell one d from another.")


def check_folds(problem: Problem, folds: int, target: str) -> None:
    """No more folds than rows that can be held out, or `OptionError`."""
    rows, what = (len(rows_with_y(problem)), "rows with a response") if target == "y" else (problem.n_rows, "rows")
    if folds > rows:
        raise OptionError(f"folds = {folds}, but the data have {rows} {what}; set folds to {rows} or lower.")


def troubles(fit: FormsFit, max_sweeps: int) -> list[tuple[str, type[Warning]]]:
    """What a user should know of how the fit ended."""
    found: list[tuple[str, type[Warning]]] = []
    status, seconds = fit.solution.status, fit.solution.seconds
    if status == "interrupted":
        text = f"The fit was interrupted after {seconds:.1f} s; the best solution so far is kept."
        found.append((text, InterruptedWarning))
    elif status == "sweep limit":
        text = f"The fit stopped at max_sweeps = {max_sweeps}, before it settled; raise max_sweeps or tolerance."
        found.append((text, UnsettledWarning))
    if fit.heywood:
        found.append((heywood_note(fit), DataWarning))
    return found


def check_penalties(ridge: object, l1: object, orthogonal: object, algorithm: str) -> tuple[float, float]:
    """Finite penalties that do not contradict each other or the algorithm."""
    check_option("orthogonal", orthogonal, (False, True))
    ridge, l1 = check_penalty("ridge", ridge), check_penalty("l1", l1)
    if orthogonal and l1 > 0:
        raise OptionError("orthogonal=True and l1 > 0 contradict each other: orthonormal loadings cannot be shrunk.")
    if algorithm == "em" and (l1 > 0 or orthogonal):
        raise OptionError("algorithm='em' has neither l1 nor orthonormal loadings; use algorithm='als'.")
    if orthogonal and algorithm == "published":
        raise OptionError("algorithm='published' has no orthonormal loadings; use algorithm='als'.")
    if l1 > 0 and ridge == 0 and algorithm == "als":
        raise OptionError("l1 > 0 needs ridge > 0: without it codes grow while loadings shrink, and l1 does nothing.")
    return ridge, l1


def check_dimensions(problem: Problem) -> None:
    """Refuse a d that the data cannot tell apart, or that orthonormal loadings do not allow."""
    d, n = problem.d, problem.n_rows
    if n <= d:
        raise DataError(f"d = {d} needs more than {d} rows; the data have {n}.")
    if problem.rank_x + problem.rank_z < d:
        both = problem.rank_x + problem.rank_z
        raise DataError(
            f"d = {d}, but X and Z have only {both} independent columns together; set d to {both or 'less'} or lower."
            if both
            else "All columns of X and Z are constant; there is nothing to fit."
        )
    if problem.orthogonal:
        _check_orthogonal(problem)


def _check_orthogonal(problem: Problem) -> None:
    for name, block in zip("YXZ", problem.blocks, strict=True):
        rank = rank_up_to(block, problem.d)
        if block.width and rank < problem.d:
            raise DataError(
                f"orthogonal=True needs at least d = {problem.d} independent columns in each block, but {name} has "
                f"{rank}; lower d."
            )
