"""The multi-task highly adaptive lasso: the class a person types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparsekin.data.families import Families
from sparsekin.data.prepare import Prepared, prepare_arrays
from sparsekin.data.swaps import check_arrays
from sparsekin.errors import OptionError
from sparsekin.hal.basis import Term, all_terms
from sparsekin.hal.knots import Bins
from sparsekin.hal.penalty import PenaltyName
from sparsekin.models.hal.checks import check_bins, is_count
from sparsekin.models.hal.data import hal_problem
from sparsekin.models.hal.fitting import HALFitting
from sparsekin.models.hal.formula import prepare_hal
from sparsekin.models.outcomes import Given, names_of, read_outcome, with_responses
from sparsekin.options import Missing, Ties, check_option


class MTHAL(HALFitting):
    """Nonparametric regression of several tasks at once, from one shared sparse basis.

    The regression functions are sums of products of steps (order 0) or hinges (order 1, 2) with knots at observed
    values. Minimises sum_k ||y_k - c_k - Phi_k W_k||^2 / (2 n_k) + lambda sum_j v_j ||W_j||_2, with the mean logistic
    loss instead of squares in binomial tasks: a function is in for all tasks or for none (Malenica et al., arXiv
    2301.12029; one task: van der Laan's highly adaptive lasso), and half the mean deviance in tasks of counts and of
    survival times: their functions make the log rate or the log hazard. The design matrix is never made, and every
    solution comes with a duality gap over all functions. With ``h(., k=1)``, or knots=1 and max_degree=1, the functions
    are the columns themselves and this is the multi-task group lasso.

    Parameters
    ----------
    y : array of shape (n,) or (n, K)
        Outcome; K columns are K outcomes that share one X, each of which may be missing (NaN). Of cox tasks time and
        status (1 event), or start, stop and status, as columns, or a structured array of status and time; of binomial
        tasks beside `task` also successes and failures as two columns.
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
    family : {"gaussian", "binomial", "poisson", "cox"}, dict of them by task, or one per task
        Binomial outcomes are 0 and 1, true and false, or two texts, of which the second in sorted order (of a
        categorical in its order) is 1; their loss is the mean of log(1 + exp eta) - y eta. Where gaussian tasks are
        among them, that counts twice, which matches its slope to a squared loss of outcomes -1 and 1.
    offset, exposure : array of shape (n,) or column, optional
        Known part of the linear predictor of tasks that are not gaussian; of poisson tasks, time at risk, whose log is
        one.
    strata : array of shape (n,) or column, optional
        Of cox tasks: rows with a baseline hazard of their own. Every task has its own anyway.
    ties : {"efron", "breslow"}
        Of cox tasks: how events at one time count.
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
        offset: Any = None,
        exposure: Any = None,
        strata: Any = None,
        ties: Ties = "efron",
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
        given = read_outcome(y, family, task)
        prepared = prepare_arrays(
            given.y, X, task, keep=keep, weights=weights, feature_names=feature_names, missing=missing
        )
        known = {"offset": offset, "exposure": exposure, "strata": strata, "ties": ties}
        prepared = with_responses(prepared, given, family, **known)
        d = prepared.blocks.n_features
        degree = (2 if d >= 20 else 3) if max_degree is None else max_degree
        if not is_count(degree):
            raise OptionError(f"max_degree = {max_degree!r} must be an integer >= 1.")
        self._start(
            prepared, all_terms(d, int(degree), order, knots), reduce_basis=reduce_basis, penalty=penalty,
            l1_ratio=l1_ratio, scale_outcome=scale_outcome, memory=memory,
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
        offset: Any = None,
        exposure: Any = None,
        strata: Any = None,
        ties: Ties = "efron",
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
            outcomes, ``"y1 + y2 ~ h(.)"``, share one X. An outcome may be ``Surv(time, status)``, which is cox, or
            ``cbind(successes, failures)``, which is binomial; ``offset(log(days))`` and ``strata(site)`` are no
            candidates.
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
        reduce_basis, family, offset, exposure, strata, ties, penalty, l1_ratio, scale_outcome, missing, memory
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
        prepared, terms, levels = prepare_hal(
            formula, data, task, weights, missing, order, binomial="binomial" in names_of(family), groups=groups
        )
        known = {"offset": offset, "exposure": exposure, "strata": strata, "ties": ties}
        prepared = with_responses(prepared, Given(None, None, levels), family, **known)
        model._start(
            prepared, terms, reduce_basis=reduce_basis, penalty=penalty, l1_ratio=l1_ratio,
            scale_outcome=scale_outcome, memory=memory,
        )  # fmt: skip
        return model

    def _start(self, prepared: Prepared, terms: list[Term], **options: Any) -> None:
        self._terms = terms
        self._prepared, self._problem = hal_problem(prepared, terms, **options)
        given = prepared.blocks.responses
        self._levels = (None,) * prepared.blocks.n_tasks if given is None else given.levels
