"""The data of a fitted multi-task HAL, under the names statsmodels users know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, Matrix
from sparsekin.data.families import Levels
from sparsekin.data.profile import unpenalised_basis
from sparsekin.data.reader import read_array
from sparsekin.hal.basis import Basis
from sparsekin.hal.design import Design
from sparsekin.hal.predict import mean_of
from sparsekin.hal.problem import Problem
from sparsekin.hal.select import largest_values
from sparsekin.inference.curves import CurveHalves
from sparsekin.losses.base import Loss
from sparsekin.losses.tasks import loss_of, weights_of
from sparsekin.options import LossFamily
from sparsekin.results.base import deviances, fit_statistics
from sparsekin.results.family_table import apparent_of
from sparsekin.results.hal.curves import column_of, section_at
from sparsekin.results.hal.forms import form_by_variable
from sparsekin.results.hal.names import ranked, sections_of, term_name
from sparsekin.results.performance import Performing


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HALFit(Performing):
    r"""A fitted multi-task highly adaptive lasso.

    The fields of `Performing`, and:

    =========== ======== ===================================================================================
    field       shape    meaning
    =========== ======== ===================================================================================
    basis       Basis    the a functions with a coefficient that is not 0
    coef        (a, K)   W
    intercept   (K,)
    keep_coef   (q, K)   coefficients of the always-in columns
    bounds      (2, K)   predictions are held between these: outcomes' range, two standard deviations wider;
                         infinite for tasks that are not gaussian
    families    K of str "gaussian", "binomial", "poisson" or "cox"
    levels      K        of binomial tasks whose outcome was text: its levels, the second being 1; else None
    lambda\_    float    where
    penalty     str      "l21", "lasso" or "sparse-group"
    l1_ratio    float    share of the 1-norm in the penalty: 0 for "l21", 1 for "lasso"
    n_functions int      p, the functions to choose from
    n_sections  int      sets of columns to choose from
    objective   float    P
    gap         float    (P - a proven lower bound) / P of the model without functions, and the same of each task given
                         the others: the largest; NaN when relaxed
    null        float    P of the model without functions
    status      str      "converged", "not converged", or "relaxed": no penalty on the functions selected
    scaled      bool     gaussian outcomes were divided by their standard deviations while fitting
    linear      float    penalty of lines, see `sparsekin.hal.linear`; None: as that of other functions
    problem     Problem  what was chosen from; None after `load`, for a file keeps the functions selected only
    halves      CurveHalves what `stability` found; None before
    =========== ======== ===================================================================================
    """

    basis: Basis
    coef: Floats
    intercept: Floats
    keep_coef: Floats
    bounds: Floats
    families: tuple[LossFamily, ...]
    levels: tuple[Levels | None, ...]
    lambda_: float
    penalty: str
    l1_ratio: float
    n_functions: int
    n_sections: int
    objective: float
    gap: float
    null: float
    status: str
    scaled: bool = False
    linear: float | None = None
    problem: Problem | None = None
    halves: CurveHalves | None = None

    def __repr__(self) -> str:
        return f"<{self.opening()}, {self.basis.size} of {self.n_functions} functions selected, {self.status}>"

    @property
    def gaussian(self) -> bool:
        """Whether all tasks are."""
        return set(self.families) == {"gaussian"}

    @property
    def params(self) -> pd.DataFrame:
        """(1 + q + a, K) coefficients: Intercept, always-in terms, functions selected."""
        return self.by_term(self.intercept, self.keep_coef, self.coef, self.term_names)

    @property
    def support(self) -> pd.DataFrame:
        """(a, K) bool: True where a function selected has a coefficient in a task."""
        return pd.DataFrame(self.coef != 0, index=pd.Index(self.term_names, name="term"), columns=self.task_index)

    @property
    def term_names(self) -> list[str]:
        """(a,) functions as they are read: ``I(age >= 50) * I(bmi >= 18)``."""
        return [term_name(self.basis, self.blocks.feature_names, j) for j in range(self.basis.size)]

    @property
    def selected(self) -> list[str]:
        """Variables in any function selected, in the order of the data."""
        return [self.blocks.feature_names[j] for j in sorted({axis.column for axis in self.basis.axes})]

    @property
    def variation(self) -> pd.DataFrame:
        """(a, K) largest effect of each function: abs(W_jk) times its value at the largest values of its columns.

        For steps (order 0) this is abs(W_jk), and its sum over functions is the sectional variation norm of the fit.
        """
        effects = np.abs(self.coef) * largest_values(self.basis, self.blocks.X.max(axis=0))[:, None]
        return pd.DataFrame(effects, index=pd.Index(self.term_names, name="term"), columns=self.task_index)

    @property
    def sections(self) -> pd.DataFrame:
        """Per section with a function selected, largest mean share first.

        Columns functions (selected), then per task the share of `variation` that the section carries.
        """
        values = pd.DataFrame(self.variation.to_numpy() / self._total(), columns=self.task_index)
        names = pd.Series(sections_of(self.basis, self.blocks.feature_names), dtype=object)
        shares = values.groupby(names.to_numpy(), sort=False).sum()
        shares.insert(0, "functions", names.value_counts(sort=False).reindex(shares.index).to_numpy())
        return ranked(shares, "section", self.task_index)

    @property
    def variables(self) -> pd.DataFrame:
        """As `sections` by variable: the share of all sections that hold it, so shares can add to more than 1."""
        names = self.blocks.feature_names
        of = self.basis.section_of(np.arange(self.basis.size))
        rows = {
            name: np.flatnonzero([names.index(name) in self.basis.columns_of(int(at)) for at in of])
            for name in self.selected
        }
        shares = self.variation.to_numpy() / self._total()
        table = pd.DataFrame(
            {name: [len(at), *shares[at].sum(axis=0)] for name, at in rows.items()},
            index=["functions", *self.task_index],
        ).T
        return ranked(table, "variable", self.task_index)

    @property
    def forms(self) -> pd.DataFrame:
        """Per variable selected: form, and how many knots it bends or jumps at, the first and the last of them.

        "linear": it is a straight line (a hinge at its smallest value) in every function; "steps"; "curved": else.
        """
        return form_by_variable(self.basis, self.blocks.feature_names, self.selected)

    def _total(self) -> Floats:
        return np.maximum(self.variation.to_numpy().sum(axis=0), np.finfo(float).tiny)

    @property
    def fittedvalues(self) -> pd.Series | pd.DataFrame:
        """Fitted values on the user's index: probabilities, expected counts, and of cox tasks hazards beside that of 0.

        (N,), or (N, K) with one column per outcome in the multi-label case.
        """
        return self.in_user_order(self.by_row(self._fitted()), "fittedvalues")

    @property
    def resid(self) -> pd.Series | pd.DataFrame:
        """Outcome minus fitted value, shaped as `fittedvalues`; NaN where an outcome is missing.

        Of cox tasks martingale residuals: the event, 1 or 0, minus those expected.
        """
        return self.residuals(self._fitted(), self.predictors)

    @property
    def task_fit(self) -> pd.DataFrame:
        """A row per task: n, functions (coefficient not 0), rmse, r2.

        Where not all are gaussian: deviance (mean per row: of squared residuals in gaussian tasks) and dev_ratio, one
        less its ratio to that of the intercept alone, in place of rmse and r2; and, of the rows of the fit, so too
        good, auc and brier of binomial tasks, dispersion of poisson, concordance of cox ones.
        """
        counts = np.count_nonzero(self.coef, axis=0)
        if self.gaussian:
            rows = [fit_statistics(self.blocks, k, one, int(counts[k]))[:2] for k, one in enumerate(self._fitted())]
            table = pd.DataFrame(rows, columns=["rmse", "r2"], index=self.task_index)
        else:
            found = [deviances(self.blocks, k, self.families[k], one) for k, one in enumerate(self._fitted_linear())]
            table = pd.DataFrame(found, columns=["deviance", "dev_ratio"], index=self.task_index)
            judged = [apparent_of(self.blocks, k, eta, self._parameters_of(k)) for k, eta in enumerate(self.predictors)]
            table = pd.concat([table, pd.DataFrame(judged, index=self.task_index)], axis=1)
        table.insert(0, "n", self.blocks.n_obs)
        table.insert(1, "functions", counts)
        return table

    def curve(self, variable: str, at: Floats) -> pd.DataFrame:
        """(m, K) main effect of a variable at values (m,): its own functions, on the scale of the link.

        Raises
        ------
        DataError
            No such variable.
        """
        at_column = {column_of(self.blocks, variable): read_array(at).astype(float)}
        values = section_at(self.basis, self.coef, self.blocks.n_features, at_column)
        return pd.DataFrame(values, index=pd.Index(at, name=variable), columns=self.task_index)

    def surface(self, first: str, second: str, at_first: Floats, at_second: Floats) -> Floats:
        """(K, m, q) the interaction of two variables at values (m,) and (q,): the functions of just these two.

        Raises
        ------
        DataError
            No such variable.
        """
        one, other = column_of(self.blocks, first), column_of(self.blocks, second)
        grid = np.meshgrid(*(read_array(at).astype(float) for at in (at_first, at_second)), indexing="ij")
        at = {one: grid[0].ravel(), other: grid[1].ravel()}
        values = section_at(self.basis, self.coef, self.blocks.n_features, at)
        return np.asarray(values.T.reshape(-1, *grid[0].shape))

    def _linear(self, X: Matrix, keep: Floats) -> Floats:
        """(n, K) values before bounds."""
        dense = X if isinstance(X, np.ndarray) else X.toarray()
        inside = np.where(np.isnan(dense), 0.0, dense)
        smooth = Design(self.basis, inside).multiply(np.arange(self.basis.size), self.coef).T
        return np.asarray(smooth + keep @ self.keep_coef + self.intercept)

    def loss(self, k: int) -> Loss:
        """The loss of task k."""
        return loss_of(self.blocks, k, self.families[k])

    @property
    def deviances(self) -> pd.Series:
        """(K,) deviance per task: of squares in gaussian tasks, of cox ones beside the saturated likelihood."""
        values = [
            2 * self.loss(k).value(eta) * weights_of(self.blocks, k).sum() for k, eta in enumerate(self.predictors)
        ]
        return pd.Series(values, index=self.task_index, name="deviance")

    @property
    def predictors(self) -> list[Floats]:
        """K of (n_k,) linear predictors of the rows of the fit, offsets included."""
        offsets = [self.blocks.offset_of(k) for k in range(self.blocks.n_tasks)]
        parts = zip(self._fitted_linear(), offsets, strict=True)
        return [one if offset is None else one + offset for one, offset in parts]

    def _parameters_of(self, k: int) -> float:
        return float(np.count_nonzero(self.coef[:, k]) + unpenalised_basis(self.blocks, k).shape[1])

    def bounded(self, X: Matrix, keep: Floats) -> Floats:
        """(n, K) linear predictors of rows, held within bounds."""
        return np.asarray(np.clip(self._linear(X, keep), *self.bounds))

    def _fitted_linear(self) -> list[Floats]:
        values = self.bounded(self.blocks.X, self.blocks.keep)
        return [values[rows, k] for k, rows in enumerate(self.blocks.rows)]

    def _fitted(self) -> list[Floats]:
        return [mean_of(family, one) for family, one in zip(self.families, self.predictors, strict=True)]
