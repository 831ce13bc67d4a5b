"""Linear mixed forms: the class a person types."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Literal, get_args

from sparsekin.blas import one_blas_thread
from sparsekin.data.forms import forms_from_arrays, forms_from_frame
from sparsekin.data.forms_design import FormsData
from sparsekin.errors import warn
from sparsekin.forms.block import make_block
from sparsekin.forms.compress import compressible
from sparsekin.forms.effects import with_effects
from sparsekin.forms.likelihood import solve_likelihood
from sparsekin.forms.problem import Problem
from sparsekin.forms.solve import Algorithm, solve, solve_published
from sparsekin.models.forms.checks import (
    check_penalties,
    read_dims,
    read_tolerance,
    troubles,
)
from sparsekin.models.forms.results import FormsResults
from sparsekin.models.forms.tuning import FormsTuning
from sparsekin.options import check_option

BlockWeights = Literal["residual", "equal"]
_SMALL = 5_000_000  # cells up to which threads of linear algebra cost more than they bring


class MixedForms(FormsTuning):
    """Response Y, fixed-effect data X and random-effect data Z that share latent codes.

    Y ~ (K + H) alpha', X ~ K beta', Z ~ H u', for standardised columns: K (n, d) is what X says of a row, H (n, d)
    what Z says of it, and Y follows their sum. Missing cells of any table are unknowns of the fit.

    Parameters
    ----------
    Y : array, frame of numbers or scipy.sparse matrix of shape (n, q) or (n,)
        Responses; a cell that is NaN or masked is missing (sparse tables have none). Rows of pandas objects pair by
        their labels, which must be the same in the same order; beside arrays, by position.
    X : the same of shape (n, p_x)
    Z : the same of shape (n, p_z), optional
        By default the indicators of the tasks; without tasks there is no random part.
    task : array of n labels, optional
        Task of each row: a random effect for each, unless Z is given.

    Raises
    ------
    DataError
        Shapes or row labels do not agree, or a column has no observed value or an infinite one; the message names it.

    See Also
    --------
    MixedForms.from_formula : the same from a data frame and a formula.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import MixedForms
    >>> rng = np.random.default_rng(0)
    >>> K, H = rng.standard_normal((2, 100, 2))
    >>> Y, X, Z = (codes @ rng.standard_normal((2, p)) for codes, p in ((K + H, 3), (K, 6), (H, 4)))
    >>> res = MixedForms(Y + 0.1 * rng.standard_normal(Y.shape), X, Z).fit(d=2)
    >>> res.alpha.shape, res.status
    ((3, 2), 'converged')
    """

    def __init__(self, Y: Any, X: Any, Z: Any = None, task: Any = None) -> None:
        self._start(forms_from_arrays(Y, X, Z, task))

    @classmethod
    def from_formula(
        cls, formula: str, data: Any, task: str | None = None, *, random: str = "1", groups: str | None = None
    ) -> MixedForms:
        """A model from a formula and a data frame.

        Parameters
        ----------
        formula : str
            ``"y1 + y2 ~ x1 + x2 | z1 + z2"``. Without ``| ...``, Z is `random` crossed with the tasks. ``.`` stands for
            every column but the responses, task, groups and those after ``|``.
        data : frame
            pandas, polars, pyarrow, anything narwhals reads, or a dict of arrays; never changed. Missing values are
            unknowns; a row without a value that a factor or a transformed term needs is missing in all of those.
        task : str, optional
            Column that says which task a row belongs to.
        random : str
            What Z crosses with the tasks: ``"1"`` an indicator per task, ``"1 + x"`` slopes of x per task as well.
        groups : str, optional
            Column that says which rows belong together (a patient's): not in ``.``, and held out together by
            ``cross_validate(target="y")``.

        Raises
        ------
        FormulaError
            The formula cannot be read, or names what the data do not have.
        DataError
            As for `MixedForms`.

        Warns
        -----
        DataWarning
            Text of which nearly all values are numbers, or that has more levels than a quarter of the rows.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import MixedForms
        >>> rng = np.random.default_rng(1)
        >>> data = {name: rng.standard_normal(60) for name in ("x1", "x2", "x3")} | {"site": ["A", "B", "C"] * 20}
        >>> for j in ("1", "2"):
        ...     data["y" + j] = data["x" + j] + (np.array(data["site"]) == "A")
        >>> res = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3", data, task="site").fit(d=3)
        >>> res.task_shifts.shape
        (3, 2)
        """
        model = cls.__new__(cls)
        model._start(forms_from_frame(formula, data, task, random, groups))
        return model

    def _start(self, data: FormsData) -> None:
        self._data = data
        Y, X, Z = (make_block(table) for table in data.tables)
        self._blocks = (Y, X, Z)

    def fit(
        self,
        d: int,
        *,
        algorithm: Algorithm = "als",
        ridge: float = 1.0,
        l1: float = 0.0,
        orthogonal: bool = False,
        weights: BlockWeights = "residual",
        starts: int = 3,
        max_sweeps: int = 2000,
        tolerance: float = 1e-8,
    ) -> FormsResults:
        """Fit d latent dimensions.

        Parameters
        ----------
        d : int
            Latent dimensions, at most the independent columns of X and Z together.
        algorithm : {"als", "em", "published"}
            Alternating least squares, whose objective never rises while the weights are fixed. Or maximum likelihood
            with random codes and a residual variance for each column, from there on: slower, and better at predicting
            and imputing (see `sparsekin.forms.em`; it takes no penalties and no orthonormal loadings, `ridge` is that
            of its start). Or the published cyclic updates, for comparison: no descent, no weights, missing cells at
            their column's mean (see `sparsekin.forms.published`).
        ridge : float
            Penalty on the squares of codes and loadings; takes this much off every singular value of the standardised
            blocks, each divided by the standard deviation of its noise. At least 1e-6: with none, codes and
            loadings may grow for ever.
        l1 : float
            Penalty on absolute loadings: small ones become 0. Needs ``ridge > 0``. No rotation, which would fill zeros.
        orthogonal : bool
            Loadings with orthonormal columns.
        weights : {"residual", "equal"}
            Divide each block's squares by its residual variance, or by 1.
        starts : int
            How many starts are tried.
        max_sweeps : int
        tolerance : float
            Relative decrease of the objective per sweep at which the fit has converged.

        Returns
        -------
        FormsResults

        Raises
        ------
        OptionError
            An option has a value it cannot take, or two contradict each other.
        DataError
            d is more than the data can tell apart.

        Warns
        -----
        InterruptedWarning
            Ctrl-C stopped the fit: the best so far is returned, its status is "interrupted".
        UnsettledWarning
            The sweeps ended at `max_sweeps`.
        DataWarning
            Codes follow a response itself, beyond what X and Z say of it (a Heywood case): see `FormsFit.own_share`.
        """
        check_option("algorithm", algorithm, get_args(Algorithm))
        check_option("weights", weights, get_args(BlockWeights))
        read_dims(starts, "starts"), read_dims(max_sweeps, "max_sweeps")
        tolerance = read_tolerance(tolerance)
        ridge, l1 = check_penalties(ridge, l1, orthogonal, algorithm)
        problem = self._problem(read_dims(d, "d"), ridge, l1, orthogonal)
        with _threads(problem):
            if algorithm == "published":
                solution = solve_published(problem, max_iterations=max_sweeps)
            elif algorithm == "em":
                solution = solve_likelihood(problem, starts=starts, max_sweeps=max_sweeps, tolerance=tolerance)
            else:
                solution = solve(problem, estimate_noise=weights == "residual", starts=starts,
                                 max_sweeps=max_sweeps, tolerance=tolerance)  # fmt: skip
        data, whole = self._data, problem.around(problem.split(solution.means)).with_noise(solution.noise)
        solution = with_effects(solution, whole.blocks, self._tasks())
        found = FormsResults(data.design, whole, solution, data.task_codes, data.index, algorithm)
        for text, category in troubles(found, max_sweeps):
            warn(text, category)
        return found


def _threads(problem: Problem) -> Any:
    cells = sum(block.n_rows * block.width for block in problem.blocks)
    return one_blas_thread() if cells < _SMALL or compressible(problem) else nullcontext()
