"""The results of a mixed form: the data of the fit, with its predictions, tables, plots and file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sparsekin.data.forms import array_again, forms_again, tasks_again
from sparsekin.data.forms_checks import check_finite
from sparsekin.data.forms_design import FormsData
from sparsekin.data.frame import to_pandas
from sparsekin.data.random import make_generator
from sparsekin.data.reader import common_index, index_of
from sparsekin.errors import OptionError
from sparsekin.forms.bootstrap import resample
from sparsekin.models.forms.bootstrap import FormsBootstrap, replicate_fit
from sparsekin.models.forms.checks import read_dims
from sparsekin.models.forms.contract import FormsContract
from sparsekin.options import check_how, check_option
from sparsekin.plots.forms.fit import plot_codes, plot_loadings, plot_trace, plot_variance
from sparsekin.report.document import Document
from sparsekin.report.forms.summary import augment_forms, glance_forms, summarize_forms, tidy_forms
from sparsekin.report.notebook import Summarized
from sparsekin.results.forms.fit import BLOCKS
from sparsekin.results.forms.store import load_forms, save_forms
from sparsekin.tuning.parallel import in_order

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsResults(Summarized, FormsContract):
    """Results of `MixedForms.fit`.

    Estimates: `params`, `alpha`, `beta`, `u`, `codes_fixed`, `codes_random`, `task_shifts`, `residual_variance`,
    `implied_covariance`, `implied_correlation`. Fit: `objective`, `status`, `trace`, `variance_explained`,
    `fittedvalues`, `resid`. Use: `predict`, `translate`, `impute`, `transform`, `bootstrap`, `summary`, `tidy`,
    `glance`, `augment`, `plot_loadings`, `plot_codes`, `plot_variance`, `plot_trace`, `save`, `load`.
    """

    def predict(
        self, new: Any = None, how: Literal["task", "mean"] = "task", task: Any = None, *, Z: Any = None
    ) -> pd.DataFrame:
        """Expected Y given X, and given Z where it is known: elsewhere at population level, averaged over Z.

        Where Z is the indicators of the tasks, at population level is as in a mixed model: of a task with effect 0.

        Parameters
        ----------
        new : frame, or array of shape (n, p_x) when the fit was given arrays
            By default the rows of the fit. A frame may lack the columns of Z, or the task column; a task not seen in
            the fit is predicted at population level. Missing cells are left out of account.
        how : {"task", "mean"}
            ``"task"``: given what is known of Z, such as the task of a row. ``"mean"``: all rows at population level.
        task : n labels, optional
            Only when the fit was given arrays and the tasks are its random block.
        Z : array of shape (n, p_z), optional
            Only when the fit was given arrays.

        Returns
        -------
        DataFrame of shape (n, q), in the units of Y

        Raises
        ------
        DataError
            Columns are missing, or have other types or levels than in the fit.
        OptionError
            `how` is neither.
        """
        check_how(how, ("task", "mean"), "is for models per task, and a mixed form is one model of all")
        use = "xz" if how == "task" else "x"
        if new is None:
            return self.expected(self.problem.blocks, self.task_codes, self.index, use)
        data = self._new(new, None, Z, task, needed="x")
        return self.expected(self.blocks_of(data), data.task_codes, data.index, use)

    def translate(self, new: Any = None, *, from_: str = "x", to: str = "y") -> pd.DataFrame:
        """Expected columns of one block given another one, over all tasks.

        Y from X holds what X tells of the task, which `predict` of an unknown task does not.

        Parameters
        ----------
        new : frame, or array of the block `from_` when the fit was given arrays
            By default the rows of the fit.
        from_, to : {"x", "y", "z"}

        Returns
        -------
        DataFrame of shape (n, columns of the block `to`), in its units

        Raises
        ------
        OptionError
            A block that does not exist, or the same twice.
        """
        check_option("from_", from_, BLOCKS)
        check_option("to", to, BLOCKS)
        if from_ == to:
            raise OptionError(f"from_ and to are both {to!r}; name two blocks.")
        for name in (from_, to):
            if not self.problem.blocks[BLOCKS.index(name)].width:
                raise OptionError(f"The model has no block {name!r}: it was fitted without Z or tasks.")
        if new is None:
            return self.decoded(self.problem.blocks, to, self.index, use=from_)
        if self.design.formula is None:
            place = BLOCKS.index(from_)
            given = array_again(self.design, new, place)
            tables = [np.full((given.shape[0], len(names)), np.nan) for names in self.design.names]
            labels = index_of(new)
            index = pd.RangeIndex(given.shape[0]) if labels is None else labels
            codes = np.full(given.shape[0], -1, np.intp)
            y, x, z = (given if i == place else table for i, table in enumerate(tables))
            data = self._finite(FormsData((y, x, z), codes, index, self.design))
        else:
            data = self._finite(forms_again(self.design, new, from_))
        return self.decoded(self.blocks_of(data), to, data.index, use=from_)

    def transform(self, new: Any = None, *, Y: Any = None, Z: Any = None, task: Any = None) -> pd.DataFrame:
        """Codes of rows by the row step of the fit, from all that is known of them.

        Parameters
        ----------
        new : frame, or array X when the fit was given arrays
            By default the rows of the fit, whose codes come out again. A frame may lack the columns of Y or Z.
        Y, Z, task
            Only when the fit was given arrays.

        Returns
        -------
        DataFrame with columns fixed_f1, ..., random_f1, ...
        """
        if new is None:
            K, H, index = self.solution.codes_fixed, self.solution.codes_random, self.index
        else:
            data = self._new(new, Y, Z, task, needed="x", optional="yz")
            (K, H), index = self.codes_of(self.blocks_of(data)), data.index
        names = [f"{part}_{factor}" for part in ("fixed", "random") for factor in self.factors]
        return pd.DataFrame(np.hstack([K, H]), index=index, columns=names)

    def impute(self) -> dict[str, pd.DataFrame]:
        """Tables ``"y"``, ``"x"`` and ``"z"`` of the fit, missing cells filled by their expectation."""
        return {name: self.imputed(place) for place, name in enumerate(BLOCKS) if self.problem.blocks[place].width}

    def bootstrap(
        self,
        n: int = 200,
        *,
        level: float = 0.95,
        rng: int | np.random.Generator | None = None,
        n_jobs: int | None = None,
        progress: bool = False,
    ) -> FormsBootstrap:
        """Percentile intervals of loadings and of shifts of tasks: refits to resampled rows.

        Loadings are turned towards this fit by Procrustes; shifts do not depend on rotations. Rows are drawn within
        tasks. What the intervals leave out: d and the penalties are kept, and a rotation that the data hardly determine
        is taken from the fit.

        Returns
        -------
        FormsBootstrap
            With `intervals` of loadings and, where there are tasks, `shift_intervals` of `task_shifts`.

        Parameters
        ----------
        n : int
            Replicates.
        level : float
            Coverage, between 0 and 1.
        rng : int, numpy.random.Generator or None
        n_jobs : int or None
            As in joblib; does not change the numbers.
        progress : bool
            Show a bar (needs tqdm).

        Raises
        ------
        OptionError
            `n` is not positive, or `level` not between 0 and 1.
        """
        read_dims(n, "n")
        if not 0 < level < 1:
            raise OptionError(f"level = {level!r} is not between 0 and 1.")
        task = None if self.design.task is None else self.task_codes
        generator = make_generator(rng)
        pieces = [(self, resample(task, self.nobs, generator)) for _ in range(n)]
        found = in_order(replicate_fit, pieces, n_jobs=n_jobs, progress=progress, what="replicates")
        loadings, moved = zip(*found, strict=True) if found else ([], [])
        return FormsBootstrap(self.tidy(), np.array(loadings), self.task_shifts, np.array(moved), level)

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_forms(self)

    def tidy(self) -> pd.DataFrame:
        """One row per loading; see `sparsekin.report.forms.summary.tidy_forms`."""
        return tidy_forms(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole fit; see `sparsekin.report.forms.summary.glance_forms`."""
        return glance_forms(self)

    def augment(self, data: object = None) -> pd.DataFrame:
        """Codes, fitted values and residuals per row; see `sparsekin.report.forms.summary.augment_forms`."""
        return augment_forms(self, data)

    def plot_loadings(self, ax: Axes | None = None, *, block: str = "x", max_columns: int = 30) -> Axes:
        """Heatmap of loadings; see `sparsekin.plots.forms.fit.plot_loadings`."""
        return plot_loadings(self, ax, block=block, max_columns=max_columns)

    def plot_codes(self, ax: Axes | None = None, *, x: int = 1, y: int = 2, part: str = "both") -> Axes:
        """Codes coloured by task; see `sparsekin.plots.forms.fit.plot_codes`."""
        return plot_codes(self, ax, x=x, y=y, part=part)

    def plot_variance(self, ax: Axes | None = None) -> Axes:
        """Fixed, random and residual shares; see `sparsekin.plots.forms.fit.plot_variance`."""
        return plot_variance(self, ax)

    def plot_trace(self, ax: Axes | None = None) -> Axes:
        """J over the sweeps; see `sparsekin.plots.forms.fit.plot_trace`."""
        return plot_trace(self, ax)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fit, its data included, to one .npz file (arrays and JSON, no pickle)."""
        save_forms(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> FormsResults:
        """Read a fit written by `save`. Nothing in the file is run: its formula can only call what formulas may call.

        Raises
        ------
        DataError
            The file is not a saved mixed form, or was written by a later version of sparsekin.
        """
        return cls(**load_forms(path))

    def _new(self, new: Any, Y: Any, Z: Any, task: Any, *, needed: str, optional: str = "z") -> FormsData:
        """Tables of new rows: of a frame those that are there, of arrays those that are given."""
        if self.design.formula is None:
            return self._finite(self._new_arrays(new, Y, Z, task))
        for name, value in (("Y", Y), ("Z", Z), ("task", task)):
            if value is not None:
                raise OptionError(f"{name}= is for models fitted to arrays; put it into the frame as columns.")
        there = set(to_pandas(new).columns)
        wanted = needed + "".join(letter for letter in optional if self._reads(letter) <= there)
        return self._finite(forms_again(self.design, new, wanted))

    def _finite(self, data: FormsData) -> FormsData:
        check_finite(data.tables, self.design.names)
        return data

    def _reads(self, letter: str) -> set[str]:
        """The columns of a frame that a block is made from."""
        recipe = self.design.recipes[BLOCKS.index(letter)]
        crossed = letter == "z" and self.design.random is not None and self.design.task is not None
        return set(() if recipe is None else recipe.columns) | ({str(self.design.task)} if crossed else set())

    def _new_arrays(self, new: Any, Y: Any, Z: Any, task: Any) -> FormsData:
        labels = common_index({"X": new, "Y": Y, "Z": Z, "task": task})
        x = array_again(self.design, new, 1)
        n, names = x.shape[0], self.design.names
        if task is not None and self.design.random is None:
            raise OptionError("task= has no use here: the random block of this model is not the tasks.")
        if Z is not None and self.design.random is not None:
            raise OptionError("The random block of this model is the tasks; give task=, not Z=.")
        y = np.full((n, len(names[0])), np.nan) if Y is None else array_again(self.design, Y, 0)
        codes, z = np.full(n, -1, np.intp), np.full((n, len(names[2])), np.nan)
        if task is not None:
            codes, z = tasks_again(self.design, task, n)
        elif Z is not None:
            z = array_again(self.design, Z, 2)
        for what, part in (("Y", y), ("Z", z)):
            if part.shape[0] != n:
                raise OptionError(f"{what} has {part.shape[0]} rows, X has {n}.")
        return FormsData((y, x, z), codes, pd.RangeIndex(n) if labels is None else labels, self.design)
