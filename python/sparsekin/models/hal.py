"""The multi-task highly adaptive lasso: the class a person types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.prepare import Prepared, prepare_arrays
from sparsekin.errors import OptionError
from sparsekin.hal.basis import Term, all_terms, make_basis
from sparsekin.hal.design import Design, drop_repeats
from sparsekin.hal.knots import Bins
from sparsekin.hal.path import lambda_max, walk
from sparsekin.hal.problem import Penalty, make_problem
from sparsekin.models.hal_checks import check_bins, check_lambda, check_share, check_tolerance, is_count
from sparsekin.models.hal_formula import prepare_hal
from sparsekin.models.hal_lambdas import HALTuning
from sparsekin.models.hal_results import HALResults, hal_results_of
from sparsekin.options import Missing, check_option


class MTHAL(HALTuning):
    """Nonparametric regression of several tasks at once, from one shared sparse basis.

    The regression functions are sums of products of steps (order 0) or hinges (order 1, 2) with knots at observed
    values. Minimises sum_k ||y_k - c_k - Phi_k W_k||^2 / (2 n_k) + lambda sum_j v_j ||W_j||_2: a function is in for all
    tasks or for none (Malenica et al., arXiv 2301.12029; one task: van der Laan's highly adaptive lasso). The design
    matrix is never made, and every solution comes with a duality gap over all functions.

    Parameters
    ----------
    y : array of shape (n,) or (n, K)
        Outcome; K columns are K outcomes that share one X, each of which may be missing (NaN).
    X : array, scipy.sparse matrix or frame of numbers, shape (n, d)
        Covariates.
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
    penalty : {"l21", "lasso"}
        "lasso": sum over tasks of abs(W_jk) instead of the 2-norm, so tasks share lambda and nothing else.
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
        The data cannot be used, or the basis would not fit in memory; the message names the column, task or section.
    OptionError
        An option has a value it cannot take.

    See Also
    --------
    MTHAL.from_formula : the same from a data frame and a formula with h() terms.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin.models.hal import MTHAL
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
        penalty: Penalty = "l21",
        keep: Any = None,
        weights: Any = None,
        feature_names: Sequence[str] | None = None,
        missing: Missing = "raise",
        memory: float = 4e9,
    ) -> None:
        check_option("order", order, (0, 1, 2))
        check_bins(knots)
        prepared = prepare_arrays(y, X, task, keep=keep, weights=weights, feature_names=feature_names, missing=missing)
        d = prepared.blocks.n_features
        degree = (2 if d >= 20 else 3) if max_degree is None else max_degree
        if not is_count(degree):
            raise OptionError(f"max_degree = {max_degree!r} must be an integer >= 1.")
        self._start(prepared, all_terms(d, int(degree), order, knots), reduce_basis, penalty, memory)

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: Any,
        task: str | None = None,
        *,
        order: int = 1,
        reduce_basis: float | None = None,
        penalty: Penalty = "l21",
        weights: Any = None,
        missing: Missing = "raise",
        memory: float = 4e9,
    ) -> MTHAL:
        """A model from a formula with h() terms and a data frame.

        Parameters
        ----------
        formula : str
            ``"y ~ h(age, bmi) + h(.) + sex"``: ``h(age, bmi)`` is the products of one function of each (not their main
            effects), ``h(.)`` the main effects of every column but the outcome, the task, the weights and the plain
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
        reduce_basis, penalty, missing, memory
            As for `MTHAL`.

        Raises
        ------
        FormulaError
            The formula cannot be read, has no h(), or names what the data do not have.
        DataError, OptionError
            As for `MTHAL`.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin.models.hal import MTHAL
        >>> rng = np.random.default_rng(1)
        >>> data = {name: rng.uniform(20, 70, 90) for name in ("age", "bmi")} | {"site": ["A", "B", "C"] * 30}
        >>> data["y"] = 1.0 * (data["age"] >= 50) + 0.1 * rng.standard_normal(90)
        >>> MTHAL.from_formula("y ~ h(., order=0) + h(age, bmi)", data, task="site").sections
             section  degree  order  knots  functions  factor
        0        age       1      0     20         18     1.0
        1        bmi       1      0     20         17     1.0
        2  age x bmi       2      1      5         20     1.0
        """
        check_option("order", order, (0, 1, 2))
        model = cls.__new__(cls)
        prepared, terms = prepare_hal(formula, data, task, weights, missing, order)
        model._start(prepared, terms, reduce_basis, penalty, memory)
        return model

    def _start(
        self, prepared: Prepared, terms: list[Term], reduce_basis: float | None, penalty: Penalty, memory: float
    ) -> None:
        check_option("penalty", penalty, get_args(Penalty))
        share = check_share(reduce_basis, int(prepared.blocks.X.shape[0]))
        X = prepared.blocks.X
        dense = X if isinstance(X, np.ndarray) else np.asfortranarray(X.toarray())
        blocks = replace(prepared.blocks, X=dense)
        full = make_basis(dense, terms, blocks.feature_names, memory, blocks.n_tasks)
        basis = drop_repeats(full, dense, share)
        self._prepared, self._terms = replace(prepared, blocks=blocks), terms
        self._problem = make_problem(blocks, Design(basis, dense), penalty)

    @property
    def blocks(self) -> TaskBlocks:
        """The data cut into tasks."""
        return self._prepared.blocks

    @property
    def n_functions(self) -> int:
        """p, the functions to choose from."""
        return self._problem.design.basis.size

    @property
    def sections(self) -> pd.DataFrame:
        """The basis before any fit: section, degree, order, knots (asked for per variable), functions, factor."""
        basis, names = self._problem.design.basis, self.blocks.feature_names
        counts: dict[tuple[Any, ...], int] = {}
        for i, one in enumerate(basis.sections):
            key = (basis.columns_of(i), max(one.orders), one.factor)
            counts[key] = counts.get(key, 0) + len(one.cells)
        rows = [
            (" x ".join(names[j] for j in term.columns), len(term.columns), term.order, term.bins,
             counts.get((term.columns, term.order, term.factor), 0), term.factor)
            for term in self._terms
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["section", "degree", "order", "knots", "functions", "factor"])

    @property
    def lambda_max(self) -> float:
        """Least lambda at which no function is in."""
        return lambda_max(self._problem)

    def fit(self, lambda_: float, tolerance: float = 1e-6) -> HALResults:
        """Fit at one lambda.

        Parameters
        ----------
        lambda_ : float
            Penalty > 0; at `lambda_max` no function is in.
        tolerance : float
            Duality gap to reach, relative to the objective of the model without functions.

        Returns
        -------
        HALResults

        Raises
        ------
        OptionError
            `lambda_` or `tolerance` is no number it can be.
        """
        lambda_, tolerance = check_lambda(lambda_), check_tolerance(tolerance)
        top = self.lambda_max
        way = np.geomspace(top, lambda_, 8)[1:] if 0 < lambda_ < top else np.array([lambda_])
        *_, point = walk(self._problem, way, tolerance)
        return hal_results_of(self._prepared, self._problem, point, tolerance)
