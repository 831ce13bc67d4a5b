"""What `MixedForms` offers to choose d, and what it answers of the questions every model is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, get_args

import numpy as np

from sparsekin.data.blocks import Ints
from sparsekin.data.forms_design import FormsData, FormsDesign
from sparsekin.data.frame import RowLedger
from sparsekin.data.random import make_generator
from sparsekin.errors import OptionError
from sparsekin.forms.block import Block
from sparsekin.forms.effects import Tasks
from sparsekin.forms.problem import Problem, make_problem
from sparsekin.models.forms.checks import (
    check_dimensions,
    check_folds,
    check_penalties,
    check_varies,
    read_dims,
    read_folds,
)
from sparsekin.models.forms.contract import full_ledger, rows_per_task
from sparsekin.models.forms.cv import FormsCV
from sparsekin.models.forms.results import FormsResults
from sparsekin.models.task_model import rows_text, shorten_text
from sparsekin.options import check_option
from sparsekin.report.notebook import model_html
from sparsekin.results.unavailable import NO_CRITERION, Unavailable
from sparsekin.tuning.forms.cross_validate import cross_validate_cells, cross_validate_rows, rows_with_y
from sparsekin.tuning.forms.row_folds import fold_rows
from sparsekin.tuning.split import Rng

Target = Literal["cells", "y"]


class FormsTuning:
    """The data of `MixedForms`, and cross-validation of d."""

    path = Unavailable("fits at several d have no order in which one leads to the next; cross_validate() compares them")
    select = Unavailable(NO_CRITERION.format("a mixed form", "d"))
    validate = Unavailable("of SparseMTL only so far; predict(new, 'mean') predicts a study that was not seen")
    compare = Unavailable("no simpler method predicts Y, X and Z at once; cross_validate(target='y') compares d")
    blocks = Unavailable("rows are not cut into tasks: all of them share codes and loadings")

    _data: FormsData
    _blocks: tuple[Block, Block, Block]
    fit: Callable[..., FormsResults]

    @property
    def design(self) -> FormsDesign:
        """How the tables are made and called."""
        return self._data.design

    @property
    def ledger(self) -> RowLedger:
        """Rows given and used: all, since missing cells are unknowns of the fit."""
        return full_ledger(len(self._data.index), rows_per_task(self.design, self._data.task_codes))

    def __repr__(self) -> str:
        design, blocks = self._data.design, self._blocks
        n = blocks[0].n_rows
        tables = [f"{letter} {block.n_rows, block.width}" for letter, block in zip("YXZ", blocks, strict=True)]
        what = ", ".join(tables) if design.formula is None else shorten_text(design.formula)
        by = "" if design.task is None else f" by {design.task}"
        tasks = "" if design.task is None else f"{len(design.task_names)} task{'s' * (len(design.task_names) != 1)}, "
        widths = " + ".join(f"{block.width} {letter}" for letter, block in zip("YXZ", blocks, strict=True))
        return f"<{type(self).__name__}: {what}{by}; {tasks}{rows_text(n)}, {widths} columns>"

    def _repr_html_(self) -> str:
        return model_html(repr(self), self.ledger)

    def cross_validate(
        self,
        d: int | Iterable[int] = range(1, 6),
        *,
        folds: Any = 5,
        groups: Any = None,
        target: Target = "cells",
        algorithm: Literal["als", "em"] = "als",
        ridge: float = 1.0,
        l1: float = 0.0,
        orthogonal: bool = False,
        n_jobs: int | None = None,
        rng: Rng = None,
        progress: bool = False,
    ) -> FormsCV:
        """Choose d by how well cells are reconstructed, or Y is predicted, that the fit did not see.

        Parameters
        ----------
        d : int or several
            Dimensions to try.
        folds : int, scikit-learn splitter, array of shape (n,) or str
            Number of folds, at most as many as there are rows, with ``target="y"`` rows with a response. With that
            target also a splitter, the fold of each row of the data (-1: never held out), or the column with it.
        groups : array of shape (n,) or str, optional
            With ``target="y"``: rows of one group (one patient) are held out together; values, or a column of the data
            that is not in the model. By default that of `from_formula`.
        target : {"cells", "y"}
            ``"cells"``: every observed cell of Y, of X and of a Z given as data is held out once (indicators of tasks
            are not: the rest of the row gives them away). ``"y"``: every row with a response is held out once, and its
            Y predicted from its X and Z; the choice when Y of new rows is what the model is for.
        algorithm : {"als", "em"}
            As for `fit`.
        ridge, l1, orthogonal
            As for `fit`.
        rng : int, numpy.random.Generator or None
            Puts cells, or rows, into folds.
        n_jobs : int or None
            As in joblib.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        FormsCV

        Raises
        ------
        OptionError, DataError
            As for `fit`.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the table is made of the folds that were finished.
        """
        check_option("target", target, get_args(Target))
        check_option("algorithm", algorithm, ("als", "em"))
        ridge, l1 = check_penalties(ridge, l1, orthogonal, algorithm)
        dims = [read_dims(value, "d") for value in (d if isinstance(d, Iterable) else [d])]
        if not dims:
            raise OptionError("d names no dimension to try.")
        for value in dims:
            problem = self._problem(value, ridge, l1, orthogonal)
        generator, of_row = make_generator(rng), None
        folds = self._data.spare.values("folds", folds)
        check_varies(problem, target)
        if target == "y":
            of_row = self._fold_rows(problem, folds, groups, generator)
            errors = cross_validate_rows(
                problem, dims, of_row, self._tasks(), algorithm, n_jobs=n_jobs, progress=progress
            )
        else:
            n_folds = read_folds(folds, groups)
            check_folds(problem, n_folds, target)
            errors = cross_validate_cells(
                problem, dims, n_folds, (True, True, self._data.design.random is None), self._tasks(), generator,
                algorithm, n_jobs=n_jobs, progress=progress,
            )  # fmt: skip
        fit = partial(self.fit, algorithm=algorithm, ridge=ridge, l1=l1, orthogonal=orthogonal)
        return FormsCV(errors, target, self._data.index, of_row, fit)

    def _fold_rows(self, problem: Problem, folds: Any, groups: Any, rng: np.random.Generator) -> Ints:
        data = self._data
        if isinstance(folds, int | np.integer):
            check_folds(problem, read_folds(folds, None), "y")
        groups = data.spare.values("groups", data.spare.groups if groups is None else groups)
        index = data.index if data.labelled else None
        return fold_rows(folds, groups, rows_with_y(problem), data.task_codes, rng, index)

    def _tasks(self) -> Tasks | None:
        """The tasks of the rows, where Z is their indicators."""
        data = self._data
        return Tasks(data.task_codes, len(data.design.task_names)) if data.design.intercepts_only else None

    def _problem(self, d: int, ridge: float, l1: float, orthogonal: bool) -> Problem:
        Y, X, Z = self._blocks
        problem = make_problem(Y, X, Z, d, ridge=ridge, l1=l1, orthogonal=orthogonal)
        check_dimensions(problem)
        return problem
