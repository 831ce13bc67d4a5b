"""Sparse regression with shared supports: the class a person types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from sparsekin.data.families import Families
from sparsekin.data.gather import prepare_moments
from sparsekin.data.moments import Moments
from sparsekin.data.prepare import Prepared, prepare_arrays, prepare_frame
from sparsekin.data.standardize import standardize as make_standard
from sparsekin.errors import OptionError
from sparsekin.models.outcomes import Given, code_outcomes, read_outcome, with_responses
from sparsekin.models.sparse.leaving_out import LeavingOut
from sparsekin.models.sparse.magnitudes import check_magnitudes, warn_of_units
from sparsekin.options import Missing, Standardize, Ties, check_option


class SparseMTL(LeavingOut):
    """Best-subset regression of several tasks at once, whose supports borrow strength from each other.

    Minimises F = sum_k (w_k / (2 n_k)) ||y_k - c_k - X_k b_k||^2 + (lambda_1 / 2) sum_k ||b_k||^2
    + (lambda_2 / 2) sum_k ||b_k - b_bar||^2 + (lambda_z / 2) sum_k ||z_k - z_bar||^2 with at most s features in
    each task (Loewinger et al., arXiv 2212.08697). Of binomial, poisson and cox tasks, half the mean deviance stands
    for the squared errors, so that log odds, log rates and log hazards are linear.

    Parameters
    ----------
    y : array of shape (n,) or (n, K)
        Outcome; K columns are K outcomes that share one X (multi-label). Of cox tasks time and status (1 event), or
        start, stop and status, as columns, or a structured array of status and time; of binomial tasks beside `task`
        also successes and failures as two columns.
    X : array, scipy.sparse matrix, frame of numbers, or `sparsekin.columns`, shape (n, p)
        Candidate features; the model keeps a copy, but not of columns on disk. Rows of pandas objects (`y`, `task`,
        `keep`, `weights` too) pair by their labels, which must be the same in the same order; beside arrays, by
        position. Masked cells are missing.
    task : array of n labels, optional
        Which task each row belongs to; by default all rows are one task.
    family : {"gaussian", "binomial", "poisson", "cox"}, dict by task or sequence of K
        What the outcomes are: numbers; yes and no (0 and 1, true and false, two texts); counts; survival times.
    offset, exposure : array of shape (n,) or column, optional
        Known part of the linear predictor; of poisson tasks, time at risk, whose log is one.
    strata : array of shape (n,) or column, optional
        Of cox tasks: rows with a baseline hazard of their own. Every task has its own anyway.
    ties : {"efron", "breslow"}
        Of cox tasks: how events at one time count.
    keep : array of shape (n, q) or names of columns of X, optional
        Columns that are always in; no penalty acts on them.
    weights : array of shape (n,), optional
        Observation weights >= 0.
    feature_names : p names, optional
    missing : {"raise", "drop"}
        What to do with rows that have a missing value.
    standardize : {"within", "pooled", False}
        Scale on which the penalties act: each task's own standard deviations, those over all rows, or none.
    scale_outcome : bool
        Divide each outcome by its standard deviation, for outcomes in different units; without it, standard
        deviations a thousand times apart are a `DataWarning`.

    Raises
    ------
    DataError
        The data cannot be used, or row labels differ; the message names the column, task or rows.
    OptionError
        An option has a value it cannot take.

    See Also
    --------
    SparseMTL.from_formula : the same from a data frame and a formula.
    SparseMTL.from_moments : the same from sums over the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import SparseMTL
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((60, 8))
    >>> y = 2 * X[:, 1] - X[:, 4] + 0.1 * rng.standard_normal(60)
    >>> res = SparseMTL(y, X, np.repeat(["north", "south"], 30)).fit(s=2, lambda_z=0.1)
    >>> res.selected
    ['x2', 'x5']
    """

    def __init__(
        self,
        y: Any,
        X: Any,
        task: Any = None,
        *,
        family: Families = "gaussian",
        offset: Any = None,
        exposure: Any = None,
        strata: Any = None,
        ties: Ties = "efron",
        keep: Any = None,
        weights: Any = None,
        feature_names: Sequence[str] | None = None,
        missing: Missing = "raise",
        standardize: Standardize = "within",
        scale_outcome: bool = False,
    ) -> None:
        given = read_outcome(y, family, task)
        prepared = prepare_arrays(
            given.y, X, task, keep=keep, weights=weights, feature_names=feature_names, missing=missing
        )
        known = {"offset": offset, "exposure": exposure, "strata": strata, "ties": ties}
        self._start(with_responses(prepared, given, family, **known), standardize, scale_outcome)

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: Any,
        task: str | None = None,
        *,
        family: Families = "gaussian",
        offset: Any = None,
        exposure: Any = None,
        strata: Any = None,
        ties: Ties = "efron",
        keep: Sequence[str] = (),
        weights: Any = None,
        groups: str | None = None,
        missing: Missing = "raise",
        standardize: Standardize = "within",
        scale_outcome: bool = False,
    ) -> SparseMTL:
        """A model from a formula and a data frame.

        Parameters
        ----------
        formula : str
            ``"y ~ x1 + x2"``; ``.`` stands for every column but the outcomes, task, weights and groups; several
            outcomes, ``"y1 + y2 ~ ."``, share one X (multi-label). Names that are no words stand between backticks.
            Expressions can use formulaic's transforms (also those added to ``formulaic.transforms.TRANSFORMS``) and
            NumPy's elementwise functions, no other code.
        data : frame
            pandas, polars, pyarrow, anything narwhals reads, or a dict of arrays; never changed.
        task : str, optional
            Column that says which task a row belongs to.
        keep : sequence of str
            Terms or columns that are always in.
        weights : str or array of shape (n,), optional
        groups : str, optional
            Column that says which rows belong together (a patient's): no candidate, and held out together by
            `cross_validate` and `compare`.
        family, offset, exposure, strata, ties, missing, standardize, scale_outcome
            As for `SparseMTL`.

        Raises
        ------
        FormulaError
            The formula cannot be read, or names what the data do not have.
        DataError, OptionError
            As for `SparseMTL`.

        Warns
        -----
        DataWarning
            Text of which nearly all values are numbers, or that has more levels than a quarter of the rows.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(1)
        >>> data = {name: rng.standard_normal(40) for name in ("age", "bmi", "crp")} | {"site": ["A", "B"] * 20}
        >>> data["y"] = data["bmi"] + 0.1 * rng.standard_normal(40)
        >>> SparseMTL.from_formula("y ~ .", data, task="site").fit(s=1).selected
        ['bmi']
        """
        model = cls.__new__(cls)
        data, levels = code_outcomes(formula, data, family)
        prepared = prepare_frame(
            formula, data, task=task, keep=keep, weights=weights, groups=groups, missing=missing, calls=True
        )
        known = {"offset": offset, "exposure": exposure, "strata": strata, "ties": ties}
        prepared = with_responses(prepared, Given(None, None, levels), family, **known)
        model._start(prepared, standardize, scale_outcome)
        return model

    @classmethod
    def from_moments(
        cls, moments: Moments, *, standardize: Standardize = "within", scale_outcome: bool = False
    ) -> SparseMTL:
        """A model from sums over rows that stayed where they are; its fits are those of the rows.

        Parameters
        ----------
        moments : Moments
            Of all tasks, as `sparsekin.moments` makes, adds and loads them.
        standardize, scale_outcome
            As for `SparseMTL`.

        Raises
        ------
        OptionError
            As for `SparseMTL`.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import moments
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((60, 8))
        >>> y = 2 * X[:, 1] - X[:, 4] + 0.1 * rng.standard_normal(60)
        >>> north = moments.from_arrays(y[:30], X[:30], ["north"] * 30)
        >>> south = moments.from_arrays(y[30:], X[30:], ["south"] * 30)
        >>> SparseMTL.from_moments(north + south).fit(s=2, lambda_z=0.1).selected
        ['x2', 'x5']
        """
        model = cls.__new__(cls)
        model._start(prepare_moments(moments), standardize, scale_outcome)
        return model

    def _start(self, prepared: Prepared, standardize: Standardize, scale_outcome: bool) -> None:
        check_option("standardize", standardize, get_args(Standardize))
        check_option("scale_outcome", scale_outcome, (False, True))
        check_magnitudes(prepared.blocks)
        if prepared.blocks.responses is not None and scale_outcome:
            raise OptionError("scale_outcome=True is for gaussian outcomes; leave it out.")
        if not scale_outcome and prepared.blocks.responses is None:
            warn_of_units(prepared.blocks)
        self._prepared = prepared
        self._standard = make_standard(prepared.blocks, standardize, scale_outcome)
