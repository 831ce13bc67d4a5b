"""The multi-task highly adaptive lasso: the class a person types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.families import Families, Levels, code_array, some_binomial
from sparsekin.data.prepare import Prepared, prepare_arrays
from sparsekin.data.swaps import check_arrays
from sparsekin.errors import OptionError
from sparsekin.hal.basis import Term, all_terms
from sparsekin.hal.knots import Bins
from sparsekin.hal.path import lambda_max, walk
from sparsekin.hal.penalty import PenaltyName
from sparsekin.models.hal.checks import check_bins, check_lambda, check_tolerance, is_count
from sparsekin.models.hal.comparing import HALComparing
from sparsekin.models.hal.data import hal_problem, levels_of_tasks
from sparsekin.models.hal.formula import prepare_hal
from sparsekin.models.hal.results import HALResults, hal_results_of
from sparsekin.options import Missing, check_option
from sparsekin.results.hal.names import section_name


class MTHAL(HALComparing):
    """Nonparametric regression of several tasks at once, from one shared sparse basis.

    The regression functions are sums of products of steps (order 0) or hinges (order 1, 2) with knots at observed
    values. Minimises sum_k ||y_k - c_k - Phi_k W_k||^2 / (2 n_k) + lambda sum_j v_j ||W_j||_2, with the mean logistic
    loss instead of squares in binomial tasks: a function is in for all tasks or for none (Malenica et al., arXiv
    2301.12029; one task: van der Laan's highly adaptive lasso). The design matrix is never made, and every solution
    comes with a duality gap over all functions.

    Parameters
    ----------
    y : array of shape (n,) or (n, K)
        Outcome; K columns are K outcomes that share one X, each of which may be missing (NaN).
    X : array, scipy.sparse matrix or frame of numbers, shape (n, d)
        Covariates; rows pair with those of the other arguments as in `SparseMTL`.
    task : array of n labels, optional
        Which task each row belongs to; by default all rows are one task.
    order : {0, 1, 2}
        0: steps (jumps can be found), 1: hinges (continuous), 2: squared hinges (smooth).
    max_degree : int, optional
        Most variables in a product; by default 3, and 2 from 20 variables on.
    knots : int, "full" or sequence of them, optional
        Knots per variable, for all degrees or by degree: quantiles, or every observed value. By default
        10 / 2^(degree - 1), and 20 / 2^(degree - 1) for steps, as in hal9001 0.4.6.
    reduce_basis : float, optional
        Steps that are 1 in at most this share of rows are left out; by default 1 / sqrt(n). Steps that are 1 in the
        same rows as an earlier one are left out always: the first stands for all.
    family : {"gaussian", "binomial"}, dict of them by task, or one per task
        Binomial outcomes are 0 and 1, true and false, or two texts, of which the second in sorted order (of a
        categorical in its order) is 1; their loss is the mean of log(1 + exp eta) - y eta. Where tasks of both
        families meet, that counts twice, which matches its slope to a squared loss of outcomes -1 and 1.
    penalty : {"l21", "lasso", "sparse-group"}
        "lasso": sum over tasks of abs(W_jk) instead of the 2-norm, so tasks share lambda and nothing else;
        "sparse-group": l1_ratio times that and 1 - l1_ratio times the 2-norm, so a function that is in may be out in
        some tasks.
    l1_ratio : float
        From 0 to 1, for "sparse-group".
    scale_outcome : bool, optional
        Whether gaussian outcomes are divided by their standard deviations while fitting, so that one lambda means the
        same to outcomes in different units; results are in the units of the data. By default only where families are
        mixed.
    keep : array of shape (n, q) or names of columns of X, optional
        Columns that are in as they are, without a penalty.
    weights : array of shape (n,), optional
        Observation weights >= 0.
    feature_names : d names, optional
    missing : {"raise", "drop"}
        What to do with rows that have a missing value.
    memory : float
        Bytes the basis may take; more is refused before anything is built.

    Raises
    ------
    DataError
        The data cannot be used, squares of an outcome or a function would overflow, or the basis would not fit in
        memory; the message names the column, task or section.
    OptionError
        An option has a value it cannot take.

    Warns
    -----
    DataWarning
        Standard deviations of gaussian outcomes are more than 1,000 apart and `scale_outcome` does not make them alike.

    See Also
    --------
    MTHAL.from_formula : the same from a data frame and a formula with h() terms.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import MTHAL
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-2, 2, (200, 3))
    >>> Y = np.column_stack([np.sin(2 * X[:, 0]), -np.sin(2 * X[:, 0])]) + 0.1 * rng.standard_normal((200, 2))
    >>> res = MTHAL(Y, X, max_degree=2).cross_validate(folds=5, rng=0).refit("1se")
    >>> str(res.variables.index[0])
    'x1'
    """

    def __init__(
        self,
        y: Any,
        X: Any,
        task: Any = None,
        *,
        order: int = 1,
        max_degree: int | None = None,
        knots: Bins | Sequence[Bins] | None = None,
        reduce_basis: float | None = None,
        family: Families = "gaussian",
        penalty: PenaltyName = "l21",
        l1_ratio: float = 0.5,
        scale_outcome: bool | None = None,
        keep: Any = None,
        weights: Any = None,
        feature_names: Sequence[str] | None = None,
        missing: Missing = "raise",
        memory: float = 4e9,
    ) -> None:
        check_option("order", order, (0, 1, 2))
        check_bins(knots)
        check_arrays(y, X)
        y, levels = code_array(y, some_binomial(family))
        prepared = prepare_arrays(y, X, task, keep=keep, weights=weights, feature_names=feature_names, missing=missing)
        d = prepared.blocks.n_features
        degree = (2 if d >= 20 else 3) if max_degree is None else max_degree
        if not is_count(degree):
            raise OptionError(f"max_degree = {max_degree!r} must be an integer >= 1.")
        self._start(
            prepared, all_terms(d, int(degree), order, knots), levels, family=family, reduce_basis=reduce_basis,
            penalty=penalty, l1_ratio=l1_ratio, scale_outcome=scale_outcome, memory=memory,
        )  # fmt: skip

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: Any,
        task: str | None = None,
        *,
        order: int = 1,
        reduce_basis: float | None = None,
        family: Families = "gaussian",
        penalty: PenaltyName = "l21",
        l1_ratio: float = 0.5,
        scale_outcome: bool | None = None,
        weights: Any = None,
        groups: str | None = None,
        missing: Missing = "raise",
        memory: float = 4e9,
    ) -> MTHAL:
        """A model from a formula with h() terms and a data frame.

        Parameters
        ----------
        formula : str
            ``"y ~ h(age, bmi) + h(.) + sex"``: ``h(age, bmi)`` is the products of one function of each (not their main
            effects), ``h(.)`` the main effects of every column but the outcome, task, weights, groups and the plain
            terms, ``h(., .)`` all pairs. Options of a term: ``k`` knots (a number or ``'full'``), ``order``, and
            ``pf``, the factor of its penalty: ``h(age, k=50, order=0, pf=0.5)``. Plain terms are unpenalised. Several
            outcomes, ``"y1 + y2 ~ h(.)"``, share one X.
        data : frame
            pandas, polars, pyarrow, anything narwhals reads, or a dict of arrays; never changed.
        task : str, optional
            Column that says which task a row belongs to.
        order : {0, 1, 2}
            Of terms that do not say.
        weights : str or array of shape (n,), optional
        groups : str, optional
            Column that says which rows belong together (a patient's): no candidate, and held out together by
            `cross_validate`.
        reduce_basis, family, penalty, l1_ratio, scale_outcome, missing, memory
            As for `MTHAL`.

        Raises
        ------
        FormulaError
            The formula cannot be read, has no h(), or names what the data do not have.
        DataError, OptionError
            As for `MTHAL`.

        Warns
        -----
        DataWarning
            Text of which nearly all values are numbers, or that has more levels than a quarter of the rows.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import MTHAL
        >>> rng = np.random.default_rng(1)
        >>> data = {name: rng.uniform(20, 70, 90) for name in ("age", "bmi")} | {"site": ["A", "B", "C"] * 30}
        >>> data["y"] = 1.0 * (data["age"] >= 50) + 0.1 * rng.standard_normal(90)
        >>> MTHAL.from_formula("y ~ h(., order=0) + h(age, bmi)", data, task="site").sections
             section  degree  order  knots  functions  factor
        0        age       1      0     20         17     1.0
        1        bmi       1      0     20         17     1.0
        2  age x bmi       2      1      5         20     1.0
        """
        check_option("order", order, (0, 1, 2))
        model = cls.__new__(cls)
        coded = some_binomial(family)
        prepared, terms, levels = prepare_hal(
            formula, data, task, weights, missing, order, binomial=coded, groups=groups
        )
        model._start(
            prepared, terms, levels, family=family, reduce_basis=reduce_basis, penalty=penalty, l1_ratio=l1_ratio,
            scale_outcome=scale_outcome, memory=memory,
        )  # fmt: skip
        return model

    def _start(self, prepared: Prepared, terms: list[Term], levels: dict[str, Levels], **options: Any) -> None:
        self._terms = terms
        self._prepared, self._problem = hal_problem(prepared, terms, **options)
        self._levels = levels_of_tasks(self._problem, prepared.design.outcomes, levels)

    def _candidates(self) -> str:
        n = self.blocks.n_features
        return f"{n} variable{'s' * (n != 1)}, {self.n_functions} functions"

    @property
    def n_functions(self) -> int:
        """p, the functions to choose from."""
        return self._problem.design.basis.size

    @property
    def sections(self) -> pd.DataFrame:
        """The basis before any fit: section, degree, order, knots (asked for per variable), functions, factor.

        And monotone, where a term of the formula is.
        """
        basis, names = self._problem.design.basis, self.blocks.feature_names
        counts: dict[tuple[Any, ...], int] = {}
        for i, one in enumerate(basis.sections):
            key = (basis.columns_of(i), max(one.orders), one.factor)
            counts[key] = counts.get(key, 0) + len(one.cells)
        rows = [
            (section_name(names, term.columns), len(term.columns), term.order, term.bins,
             counts.get((term.columns, term.order, term.factor), 0), term.factor)
            for term in self._terms
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=["section", "degree", "order", "knots", "functions", "factor"])
        if any(term.sign for term in self._terms):
            table["monotone"] = [{1: "i", -1: "d", 0: ""}[term.sign] for term in self._terms]
        return table

    @property
    def lambda_max(self) -> float:
        """Least lambda at which no function is in."""
        return lambda_max(self._problem)

    def fit(self, lambda_: float, tolerance: float = 1e-6, linear: float | None = None) -> HALResults:
        """Fit at one lambda.

        Parameters
        ----------
        lambda_ : float
            Penalty > 0; at `lambda_max` no function is in.
        tolerance : float
            Duality gap to reach, relative to the objective of the model without functions, of the whole and of each
            task given the others.
        linear : float, optional
            Above 0, at most 1: a penalty of their own for lines, the hinges at smallest values of variables, so that a
            curve has to be worth being one. At 1 noise would let in a line as early as any other function, at .1 at
            ten times that lambda, see `sparsekin.hal.linear`. By default lines are functions as any other.

        Returns
        -------
        HALResults

        Raises
        ------
        OptionError
            `lambda_`, `tolerance` or `linear` is no number it can be, or the basis has no line.
        """
        lambda_, tolerance = check_lambda(lambda_), check_tolerance(tolerance)
        problem = self._problem_with(linear)
        top = lambda_max(problem)
        way = np.geomspace(top, lambda_, 8)[1:] if 0 < lambda_ < top else np.array([lambda_])
        *_, point = walk(problem, way, tolerance)
        return hal_results_of(self._prepared, problem, self._levels, point, tolerance)
