"""The method of `SparseMTL` that asks knockoffs for a second opinion."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass

import pandas as pd

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.profile import unpenalised_basis
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.errors import DataError, InterruptedWarning, OptionError, warn
from sparsekin.inference.knockoffs import draw_knockoffs
from sparsekin.models.sparse.comparing import Comparing
from sparsekin.models.sparse.stability import check_at_least
from sparsekin.options import check_level
from sparsekin.report.document import Document
from sparsekin.report.notebook import Summarized
from sparsekin.report.sparse.knockoffs import summarize_knockoffs, tidy_knockoffs
from sparsekin.results.naming import counted
from sparsekin.results.sparse.knockoffs import KnockoffsFit, named
from sparsekin.results.unavailable import FROM_MOMENTS
from sparsekin.tuning.split import Rng

SIZES = 25  # the most each task walks up
LEAST_ROWS = 20  # beside intercept and always-in terms
MOST_COLUMNS = 5_000  # a covariance of all of them is decomposed in each task


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Knockoffs(Summarized, KnockoffsFit):
    """Results of `SparseMTL.knockoffs`; numbers are those of `KnockoffsFit`. Use: `summary`, `tidy`."""

    def summary(self) -> Document:
        """What is selected and in which share of draws; ``print`` it, or take ``as_html()``."""
        return summarize_knockoffs(self)

    def tidy(self) -> pd.DataFrame:
        """One row per feature and task that any draw passed; see `sparsekin.report.sparse.knockoffs.tidy_knockoffs`."""
        return tidy_knockoffs(self)


class SecondOpinion(Comparing):
    """A selection by another route than halves of the rows."""

    def knockoffs(
        self, fdr: float = 0.2, at_least: int = 1, *, draws: int = 20, rng: Rng = None, n_jobs: int | None = None,
        progress: bool = False,
    ) -> Knockoffs:  # fmt: skip
        """Features that beat copies of themselves, at a false discovery rate: a second opinion beside `stability`.

        Gaussian model-X knockoffs within each task (Candes, Fan, Janson and Lv 2018; covariance of Ledoit and Wolf
        2004, equicorrelated): columns that go with the others as the features do, and know nothing of the outcome.
        Each task walks up support sizes over features and copies, in an order of its own; a feature counts by how much
        earlier it comes than its copy, more where other tasks want it too. One filter looks at all features and
        tasks, e-values average over draws (Ren and Barber 2024), and "in at least r tasks" adds up the smallest ones.
        The rate holds as far as the features of a task are jointly normal given kept terms; how the outcome depends on
        them does not matter. Neither s nor penalties are needed.

        Parameters
        ----------
        fdr : float
            Of the features, and of the cells (feature, task).
        at_least : int
            From 1 to K: tasks in which a feature must be active.
        draws : int
            More of them depend less on `rng`.
        rng : int, numpy.random.Generator or None
        n_jobs : int, optional
            As in joblib.
        progress : bool
            Show a bar (needs tqdm).

        Returns
        -------
        Knockoffs
            With `features`, `cells`, `e_value`, `share`, `summary` and `tidy`. Ctrl-C keeps finished draws.

        Raises
        ------
        OptionError
            An option has a value it cannot take; so few discoveries are possible that `fdr` cannot be met; or there
            are no copies for such data: outcomes that are not gaussian or share one X, weights, moments, more than
            5,000 features.
        DataError
            A task has too few rows.

        Warns
        -----
        InterruptedWarning
            Ctrl-C.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((300, 12))
        >>> y = X[:, :6] @ np.ones(6) + rng.standard_normal(300)
        >>> SparseMTL(y, X, np.repeat(["north", "south"], 150)).knockoffs(rng=0).features
        ['x1', 'x2', 'x3', 'x4', 'x5', 'x6']
        """
        check_level("fdr", fdr)
        check_at_least(at_least, self.blocks.n_tasks)
        check_draws(draws)
        check_copies(self.blocks)
        size = sizes_to_walk(self.blocks, fdr)
        found = draw_knockoffs(
            self.blocks, size=size, alpha=fdr / 2, draws=draws, rng=rng, n_jobs=n_jobs, progress=progress
        )
        if found.draws < draws:
            warn(f"Interrupted: {found.draws} of {draws} draws are finished and used.", InterruptedWarning)
        return Knockoffs(**named(found, self.blocks, fdr, at_least))  # type: ignore[arg-type]


def check_draws(draws: object) -> None:
    """Raise `OptionError` unless draws is a whole number from 1 on."""
    try:
        if isinstance(draws, bool) or operator.index(draws) < 1:  # type: ignore[arg-type]
            raise TypeError
    except TypeError:
        raise OptionError(f"draws = {draws!r} is not a whole number of at least 1.") from None


def check_copies(blocks: TaskBlocks) -> None:
    """Refuse data whose columns have no copies of which the coins are known to be fair."""
    refuse_on_disk(blocks, "knockoffs()")
    if blocks.origin is not None:
        raise OptionError(f"Knockoffs cannot be drawn: {FROM_MOMENTS}.")
    if blocks.responses is not None:
        raise OptionError("knockoffs() is for gaussian outcomes so far; stability() is for all families.")
    if blocks.shared:
        raise OptionError(
            "knockoffs() needs rows of its own for each task: here all outcomes share one X, and so would their "
            "copies; use stability()."
        )
    if any(w is not None for w in blocks.weights):
        raise OptionError("knockoffs() knows no weights; leave them out, or use stability().")
    if blocks.n_features > MOST_COLUMNS:
        raise OptionError(
            f"{blocks.n_features:,} features are too many for knockoffs(), which decomposes their covariance in every "
            f"task: {MOST_COLUMNS:,} at most; use stability()."
        )


def sizes_to_walk(blocks: TaskBlocks, fdr: float) -> int:
    """How many sizes each task walks up; refused where a task has too few rows for it or all too few for `fdr`."""
    rows = [int(blocks.n_obs[k]) - unpenalised_basis(blocks, k).shape[1] for k in range(blocks.n_tasks)]
    for k, left in enumerate(rows):
        if left < LEAST_ROWS:
            raise DataError(
                f"Task {blocks.task_names[k]!r} has {blocks.n_obs[k]} complete rows, {left} beside intercept and "
                f"always-in terms; knockoffs() needs {LEAST_ROWS}: drop the task."
            )
    size = min(SIZES, min(rows) // 2, blocks.n_features)
    need, most = math.ceil(2 / fdr - 1e-9), size * blocks.n_tasks
    if most < need:
        raise OptionError(
            f"fdr = {fdr:g} cannot be met: a draw of knockoffs then selects at least {need} cells (features in tasks, "
            f"2 / fdr) or none, and {counted(blocks.n_tasks, 'task')} with supports of {size} at most have {most}; "
            f"{f'use fdr >= {math.ceil(200 / most) / 100:g}, or ' if most > 2 else 'use '}stability()."
        )
    return size
