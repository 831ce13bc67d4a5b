"""What sums over rows may leave a site: rules of disclosure control, checked on the sums themselves. NumPy only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.task_moments import TaskMoments
from sparsekin.errors import DataError, OptionError

_ROUNDED = 1e-7  # of a count
_COUNTS = ("least_rows", "least_cell", "differences", "questions")


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits on what may leave a site; moments that obey one carry it, and what is made of them obeys it too.

    Parameters
    ----------
    least_rows : int
        Rows of a task, at least; also the rows that must count in an answer of `sparsekin.federation.Site`.
    least_cell : int
        Rows with and without a 1 in a column of 0 and 1, and in the reference level of a factor, at least, or none; and
        rows that any combination of two such columns can single out.
    differences : int, optional
        Rows by which what was released may differ, at least, or none; `least_rows` by default, and at most.
    most_columns : float
        Columns that are not constant, at most, as a share of the rows: with as many columns as rows sums give away
        the rows (DataSHIELD's nfilter.glm).
    questions : int
        Questions of a study that a `Site` answers, at most.
    epsilon, delta : float, optional
        Gaussian noise on what a `Site` releases, such that each release of a task is (epsilon, delta)-differentially
        private when one row is replaced by another; needs `bounds`.
    bounds : dict of column to (low, high), optional
        Of every column but indicators of levels, known without a look at the data; values are cut off there.

    Raises
    ------
    OptionError
        A limit has a value it cannot take, or noise has no bounds.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley: threshold, dominance and differencing. Dwork and
    Roth (2014), The Algorithmic Foundations of Differential Privacy.

    Examples
    --------
    >>> from sparsekin import errors, federation, moments
    >>> few = moments.from_arrays([1.0, 2.0, 4.0], [[0.0], [1.0], [2.0]])
    >>> try:
    ...     few.save("few.npz", policy=federation.Policy(least_rows=20))
    ... except errors.DataError as error:
    ...     print(error)
    Task 'y' has 3 rows; the policy lets out sums of 20 or more. Merge it with another task, or leave it out.
    """

    least_rows: int = 20
    least_cell: int = 5
    differences: int | None = None
    most_columns: float = 0.33
    questions: int = 1000
    epsilon: float | None = None
    delta: float | None = None
    bounds: Mapping[str, tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        for name in _COUNTS:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise OptionError(f"{name} = {value!r} must be a whole number of at least 1.")
        if self.differences is not None and self.differences > self.least_rows:
            raise OptionError(
                f"differences = {self.differences} is more than least_rows = {self.least_rows}: a difference of "
                "releases tells no more than a release of so many rows; raise least_rows."
            )
        if isinstance(self.most_columns, bool) or not self.most_columns > 0:
            raise OptionError(f"most_columns = {self.most_columns!r} must be a number above 0, such as 0.33.")
        if (self.epsilon is None) != (self.delta is None):
            raise OptionError("epsilon and delta belong together: give both for noise, or neither.")
        if self.epsilon is None or self.delta is None:
            return
        if not self.epsilon > 0 or not 0 < self.delta < 1:
            raise OptionError(
                f"epsilon = {self.epsilon!r} must be above 0, and delta = {self.delta!r} between 0 and 1, below 1 over "
                "the rows."
            )
        if not self.bounds:
            raise OptionError(
                "Noise needs bounds= for every column: without them one row can change a sum by anything, and no noise "
                "hides it."
            )
        for name, (low, high) in self.bounds.items():
            if not low < high:
                raise OptionError(f"bounds of '{name}' are ({low:g}, {high:g}); give low < high.")

    @property
    def least_difference(self) -> int:
        """Rows by which releases may differ, at least."""
        return self.least_rows if self.differences is None else self.differences

    def stricter(self, other: Policy) -> Policy:
        """The stricter of each limit; a promise of noise is the weaker one of both."""
        noise = (self, other) if None in (self.epsilon, other.epsilon) else sorted((self, other), key=_promise)
        weaker = next((one for one in noise if one.epsilon is None), noise[-1])
        same = self.differences is None and other.differences is None
        return Policy(
            max(self.least_rows, other.least_rows), max(self.least_cell, other.least_cell),
            None if same else max(self.least_difference, other.least_difference),
            min(self.most_columns, other.most_columns),
            min(self.questions, other.questions), weaker.epsilon, weaker.delta, weaker.bounds,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """For a file."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        if self.bounds is not None:
            found["bounds"] = {name: list(pair) for name, pair in self.bounds.items()}
        return found

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Policy:
        """The inverse of `to_dict`."""
        bounds = saved["bounds"]
        pairs = None if bounds is None else {name: (pair[0], pair[1]) for name, pair in bounds.items()}
        return cls(**{**saved, "bounds": pairs})


def both(a: Policy | None, b: Policy | None) -> Policy | None:
    """The policy of what is made of two moments."""
    if a is None or b is None:
        return b if a is None else a
    return a.stricter(b)


def _promise(policy: Policy) -> tuple[float, float]:
    return policy.epsilon or 0.0, policy.delta or 0.0


def check_sums(policy: Policy, part: TaskMoments, names: Sequence[str], predictors: int, task: object) -> None:
    """Refuse sums of one task of columns [keep, X, y] that the policy does not let out.

    Raises
    ------
    DataError
        Too few rows, too many columns for them, or a cell with too few rows; it names the task and column.
    """
    check_rows(policy, part.rows, task)
    said = _subject(task)
    varies = int(np.count_nonzero(~part.constant[:predictors]))
    if varies > policy.most_columns * part.rows:
        raise DataError(
            f"{said} {part.rows} rows and {varies} columns; the policy lets out {policy.most_columns:g} columns for a "
            "row at most, for sums of more columns give rows away. Leave columns out."
        )
    check_cells(policy, *_counts(part), part.rows, names, said)


def check_rows(policy: Policy, rows: int, task: object) -> None:
    """Refuse sums of too few rows."""
    if rows < policy.least_rows:
        raise DataError(
            f"{_subject(task)} {rows} row{'s' * (rows != 1)}; the policy lets out sums of {policy.least_rows} or more. "
            "Merge it with another task, or leave it out."
        )


def _subject(task: object) -> str:
    return "The moments have" if task is None else f"Task {task!r} has"


def check_cells(policy: Policy, at: Sequence[int], joint: Floats, n: int, names: Sequence[str], said: str) -> None:
    """Refuse columns of 0 and 1 that single out few rows: their places, and rows (m, m) with a 1 in both of two."""
    count = np.diag(joint)
    for i, j in enumerate(at):
        fewest = min(count[i], n - count[i])
        if _few(fewest, policy):
            raise DataError(_said_few(said, f"column '{names[j]}' is {1 if count[i] <= n - count[i] else 0}", policy))
    for factor, members in _factors([names[j] for j in at]).items():
        if _few(n - float(count[members].sum()), policy) and _exclusive(joint, members):
            raise DataError(_said_few(said, f"'{factor}' has its reference level", policy))
    for i in range(len(at)):
        for k in range(i):
            if _few(singled_out(joint[i, k], count[i], count[k], n), policy):
                pair = f"'{names[at[k]]}' and '{names[at[i]]}'"
                raise DataError(_said_few(said, f"{pair} together single them out", policy))


def _said_few(said: str, where: str, policy: Policy) -> str:
    return (
        f"{said} fewer than {policy.least_cell} rows where {where}, and the policy lets out cells of "
        f"{policy.least_cell} or more, or of none. Merge levels, or leave the column out."
    )


def _few(count: float, policy: Policy) -> bool:
    return _ROUNDED < count < policy.least_cell - _ROUNDED * policy.least_cell


def _counts(part: TaskMoments) -> tuple[list[int], Floats]:
    """Places of columns of 0 and 1, and rows with a 1 in two of them (m, m), told from means and sums of squares.

    Of numbers m n of ones the sum of squares about the mean is n m (1 - m), which other columns have by chance only.
    """
    mean, n = part.mean, part.weight
    spread = n * mean * (1 - mean)
    at = np.flatnonzero((mean >= 0) & (mean <= 1) & (np.abs(np.diag(part.cross) - spread) <= 1e-9 * n))
    m = mean[at]
    joint = (part.cross[np.ix_(at, at)] + n * np.multiply.outer(m, m)) * (part.rows / n)
    return at.tolist(), np.where(np.abs(joint - np.round(joint)) < 1e-6 * part.rows, np.round(joint), joint)


def singled_out(both: float, a: float, b: float, n: int) -> float:
    """Fewest of n rows that u x + v y + w stands for alone, above 0, of columns with a and b ones, `both` in both.

    Where all four cells of the two columns have rows, two of them that are not side by side; where one is empty, one.
    """
    one, other = a - both, b - both
    none = n - both - one - other
    cells = [cell for cell in (both, one, other, none) if cell > _ROUNDED * n]
    return min(one + other, both + none) if len(cells) == 4 else min(cells)


def _factors(names: Iterable[str]) -> dict[str, list[int]]:
    """Places of the indicators of each factor, told by their names: sex[T.m]."""
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        head, mark, rest = name.partition("[T.")
        if mark and rest.endswith("]") and ":" not in name:
            found.setdefault(head, []).append(i)
    return found


def _exclusive(joint: Floats, members: list[int]) -> bool:
    inside = joint[np.ix_(members, members)]
    return bool(np.all(inside[~np.eye(len(members), dtype=bool)] < 0.5))
