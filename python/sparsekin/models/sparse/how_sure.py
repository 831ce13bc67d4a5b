"""How sure a fit is: half-samples, what they select, and effects of kept terms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

import pandas as pd

from sparsekin.errors import OptionError
from sparsekin.models.sparse.held_out import hold_out
from sparsekin.models.sparse.keep_effects import keep_effects, keep_intervals
from sparsekin.models.sparse.stability import bootstrap_intervals, check_at_least, halves_of
from sparsekin.options import Scheme, check_level, check_option
from sparsekin.plots.sparse.forest import plot_forest
from sparsekin.plots.sparse.frequency import plot_frequency
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.stability import Selection
from sparsekin.results.unavailable import Unavailable
from sparsekin.tuning.split import Rng

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class HowSure(SparseFit):
    """The verbs of a fit about its certainty."""

    __slots__ = ()

    def stability(
        self, pairs: int = 50, *, rng: Rng = None, groups: object = None, retune: bool = False,
        n_jobs: int | None = None, progress: bool = False,
    ) -> Self:  # fmt: skip
        """How sure is the selection: select again on halves of the rows, and estimate on the other halves.

        Complementary half-samples within each task (Shah and Samworth 2013), each searched at the settings of this
        fit. The share of halves that choose a feature in any task says whether it would come back; its slopes in all
        tasks come from the rows that did not choose it, so that intervals cover.

        Parameters
        ----------
        pairs : int
            2 half-samples each; at least 10.
        rng : int, numpy.random.Generator or None
        groups : array of shape (n_given,), optional
            Rows of one group (one patient) stay in one half, across tasks too, and standard errors are of groups
            (sandwich of Liang and Zeger 1986; of survival times Lin and Wei 1989).
        retune : bool
            Choose s and lambda_z (s alone where not all outcomes are gaussian) anew in every half, by 5-fold
            cross-validation (with `groups` too, rows of a group may then be torn within a half): some 30 times slower,
            smaller supports, nearly the same order.
        n_jobs : int, optional
            As in joblib.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        The fit
            With `frequency`, `params_heldout`, `bse`, `conf_int`, `pvalues`, `select`, `heterogeneity`,
            `plot_forest`, `plot_frequency` and the halves in `summary` and `tidy`. Ctrl-C keeps finished pairs.

        Raises
        ------
        OptionError
            `pairs` is not a whole number of at least 10, or the fit was made from moments.
        DataError
            A task has fewer than 4 rows (8 with `retune`) or 2 groups, or `groups` does not fit the rows.

        Warns
        -----
        InterruptedWarning
            Ctrl-C.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((120, 8))
        >>> y = X[:, 1] - X[:, 4] + rng.standard_normal(120)
        >>> res = SparseMTL(y, X, np.repeat(["north", "south"], 60)).fit(s=2, lambda_1=0.01, lambda_z=0.1)
        >>> res.stability(pairs=20, rng=0).select(fdr=0.1).features
        ['x2', 'x5']
        """
        return replace(self, halves=halves_of(self, pairs, rng, groups, retune, n_jobs, progress))

    def conf_int(
        self, level: float = 0.95, method: Literal["halves", "split", "bootstrap", "double-selection"] = "halves", *,
        terms: Literal["candidates", "keep"] = "candidates", rng: Rng = 0, n_jobs: int | None = None,
    ) -> pd.DataFrame | Unavailable:  # fmt: skip
        """Confidence intervals that know of the selection.

        Parameters
        ----------
        level : float
            Between 0 and 1.
        method : {"halves", "split", "bootstrap", "double-selection"}
            - "halves", after `stability`: of `params_heldout`. The target is the slope of the feature in the task
              beside the features chosen in that task, a mean over half-samples; t intervals.
            - "split", after `stability`: the first half-sample alone chose, the rows of its other half estimate.
              Plain t intervals, easily explained, wider, and of another selection with another `rng`.
            - "bootstrap": percentiles of the coefficients of the fit itself over 200 searches on rows drawn again,
              0 where a feature is not selected. The target is the coefficient that the procedure has on average,
              shrunken as the fit is; rarely without 0, even for features that are there.
            - "double-selection", of kept terms: see `double_selection`.
        terms : {"candidates", "keep"}
            "keep" goes with "double-selection", and it with "keep".
        rng : int, numpy.random.Generator or None
            Of the bootstrap and the folds of double selection.
        n_jobs : int, optional
            Of the bootstrap, as in joblib.

        Returns
        -------
        DataFrame (p, 2 K)
            Columns (task, "lower") and (task, "upper"); NaN where there is no interval.

        Raises
        ------
        OptionError
            `level` is not between 0 and 1, an argument is none of its values, or `terms` does not go with `method`.
        """
        check_option("method", method, ("halves", "split", "bootstrap", "double-selection"))
        check_option("terms", terms, ("candidates", "keep"))
        if (terms == "keep") != (method == "double-selection"):
            raise OptionError(
                f"terms = {terms!r} has no method {method!r}: kept terms go with method = 'double-selection', and "
                "candidates with 'halves', 'split' or 'bootstrap'."
            )
        if method == "double-selection":
            return keep_intervals(self, level, rng)
        if method == "bootstrap":
            return bootstrap_intervals(self, level, rng, n_jobs)
        return self.intervals(level, split=method == "split")

    def select(self, fdr: float = 0.1, at_least: int = 1, *, gate: bool = True) -> Selection | Unavailable:
        """Features active in at least so many tasks, at a false discovery rate; after `stability`.

        First which features: those whose frequency in any task passes the least cut, 1/2 or more, at which at most
        `fdr` of them are expected to be false (r-concave bound of Shah and Samworth 2013). Then in which tasks: by
        Benjamini and Hochberg over the p-values of their held-out slopes; in at least r tasks by the partial
        conjunction p-value of Benjamini and Heller (2008).

        Parameters
        ----------
        fdr : float
        at_least : int
            From 1 to K.
        gate : bool
            False: all features with estimates are tested, stable or not. More power for features of single tasks,
            less protection.

        Raises
        ------
        OptionError
            `fdr` or `at_least` is out of range.
        """
        check_level("fdr", fdr)
        check_at_least(at_least, self.blocks.n_tasks)
        return self._selection(fdr, at_least, gate)

    def heterogeneity(self, fdr: float = 0.1) -> pd.DataFrame | Unavailable:
        """Is the effect of a feature the same in all tasks? After `stability`.

        Of every stable feature (see `select`), its held-out slopes in all tasks: Cochran's Q, Welch's F test of equal
        slopes and its p-value, adjusted; I2, tau2 (DerSimonian and Laird), random-effects mean with a 95 % interval,
        and the prediction interval of another task's slope.

        Returns
        -------
        DataFrame
            Columns q, df, p_value, p_adjusted, i_squared, tau_squared, estimate, std_error, conf_low, conf_high,
            pred_low, pred_high, differs (p_adjusted <= fdr).

        Raises
        ------
        OptionError
            `fdr` is not between 0 and 1.
        """
        check_level("fdr", fdr)
        return self._heterogeneity(fdr)

    def double_selection(self, level: float = 0.95, *, folds: int = 5, rng: Rng = None) -> pd.DataFrame:
        """Effects of always-in terms that selection does not confound.

        The coefficient of a kept term in the fit is biased where features that go with it, and a little with the
        outcome, were not selected. Here features are selected twice, for the outcome and for each kept term in its
        place (without kept terms, s and lambda_z by cross-validation), and each task is refitted by least squares on
        kept terms and the union (Belloni, Chernozhukov and Hansen 2014). Of yes/no outcomes, counts and survival times
        terms are selected for with the weights of the likelihood, and the union is refitted by maximum likelihood
        (Belloni, Chernozhukov and Wei 2016): log odds, log rate and log hazard ratios. For those outcomes s alone is
        chosen, up to one feature for five events, at the lambda_z of the fit.

        Parameters
        ----------
        level : float
        folds : int
            Of the cross-validations.
        rng : int, numpy.random.Generator or None

        Returns
        -------
        DataFrame
            Per kept term and task: estimate, std_error, conf_low, conf_high, p_value, controls (features adjusted
            for), estimate_fit (of this fit: confounded by selection). NaN where the term is constant in a task,
            fewer than 5 degrees of freedom (of survival times, events) are left, or outcomes are told for certain.

        Raises
        ------
        OptionError
            There are no kept terms, the fit was made from moments, `level` is out of range, or `folds` is no whole
            number of at least 2.
        """
        return keep_effects(self, level, folds, rng)

    def hold_out(
        self, folds: Any = 10, scheme: Scheme = "within-task", *, groups: object = None, n_jobs: int | None = None,
        rng: Rng = None,
    ) -> Self:  # fmt: skip
        """Predict rows by models, at the settings of this fit, that have not seen them.

        A fit of ``cross_validate(...).refit()`` has done so already, by the folds of that cross-validation, unless all
        outcomes are gaussian. Settings stay those of this fit: this judges the fit. To judge the whole procedure in a
        new study, `SparseMTL.validate` leaves each study out and tunes anew on the others.

        Parameters
        ----------
        folds : int, scikit-learn splitter, or array of shape (n_given,)
            As for `SparseMTL.cross_validate`.
        scheme : {"within-task", "leave-one-task-out"}
            Hold out rows of every task, or one task after the other: how good is the mean of the models of the others
            (``how="mean"``) in a study that was not seen?
        groups : array of shape (n_given,), optional
            Rows of one group (one patient) are held out together.
        n_jobs : int, optional
            Folds at a time, as in joblib.
        rng : int, numpy.random.Generator or None
            Shuffles the rows into folds.

        Returns
        -------
        The fit
            With the held-out rows in `performance`, `plot_calibration`, `plot_survival` and `summary`. s and the
            penalties are those of the fit; always-in columns are free, also where a dial had tied them.

        Raises
        ------
        OptionError, DataError
            Folds or groups do not fit the rows, or leave a task without events; or the fit was made from moments.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((240, 5))
        >>> ill = rng.random(240) < 1 / (1 + np.exp(-2 * X[:, 1]))
        >>> res = SparseMTL(ill, X, np.repeat(["north", "south"], 120), family="binomial").fit(s=1)
        >>> res.hold_out(folds=5, rng=0).performance["auc"].round(2).tolist()
        [0.87, 0.86, 0.83, 0.82]
        """
        return hold_out(self, folds, scheme, groups, n_jobs, rng)

    def plot_forest(self, feature: str, ax: Axes | None = None, *, level: float = 0.95) -> Axes:
        """Slopes of one feature in all tasks; see `sparsekin.plots.sparse.forest.plot_forest`."""
        return plot_forest(self, feature, ax, level=level)

    def plot_frequency(self, ax: Axes | None = None, *, max_features: int = 40) -> Axes:
        """How often halves chose each feature in each task; see `sparsekin.plots.sparse.frequency.plot_frequency`."""
        return plot_frequency(self, ax, max_features=max_features)
