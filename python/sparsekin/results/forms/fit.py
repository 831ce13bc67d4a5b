"""The data of a fitted mixed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.forms_design import FormsData, FormsDesign
from sparsekin.data.rows import Codes
from sparsekin.forms.block import Block, column_residuals, column_squares, dense
from sparsekin.forms.decode import Blocks, expected_codes, fitted_codes, unseen
from sparsekin.forms.effects import given_all, given_task
from sparsekin.forms.problem import Point, Problem, Solution, misfit
from sparsekin.results.forms.split import (
    CANCELS,
    FOLLOWS,
    cancellation,
    explained_shares,
    left_variances,
    own_shares,
    scaled_like,
    shifts,
    sums_given,
    variance_parts,
)
from sparsekin.results.naming import shorten

BLOCKS = ("y", "x", "z")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FormsFit:
    """A fitted mixed form.

    ========== =========== ==================================================================
    field      shape       meaning
    ========== =========== ==================================================================
    design     FormsDesign how the tables are made and what their columns are called
    problem    Problem     the standardised blocks, and the options of the fit
    solution   Solution    codes and loadings in canonical form
    task_codes (n,) int    task of each row, -1 where none
    index      n           pandas Index of the user's data
    algorithm  str         "als" or "published"
    ========== =========== ==================================================================
    """

    design: FormsDesign
    problem: Problem
    solution: Solution
    task_codes: Codes
    index: pd.Index
    algorithm: str

    def __repr__(self) -> str:
        widths = " + ".join(f"{len(names)} {letter}" for letter, names in zip("YXZ", self.design.names, strict=True))
        return (
            f"<{type(self).__name__} of {shorten(self.design.names[0], 3)}: d = {self.d}, {self.nobs} rows, "
            f"{widths} columns, {self.status}>"
        )

    @property
    def d(self) -> int:
        """Latent dimensions."""
        return self.problem.d

    @property
    def nobs(self) -> int:
        """Rows."""
        return self.problem.n_rows

    @property
    def objective(self) -> float:
        """J."""
        return self.solution.objective

    @property
    def status(self) -> str:
        """``"converged"``, ``"sweep limit"`` or ``"interrupted"``; with ``", Heywood case"``: see `own_share`."""
        return self.solution.status + (", Heywood case" if self.heywood else "")

    @property
    def own_share(self) -> pd.Series:
        """(q,) what part of a response's fit the response itself decides, given all other columns.

        Near 1 (a Heywood case), a code follows that response, and its fitted values say nothing about how well X and Z
        predict it. Nothing else that is reported of Y uses Y itself.
        """
        return pd.Series(own_shares(self.solution), index=list(self.design.names[0]), name="own_share")

    @property
    def heywood(self) -> list[str]:
        """The responses that codes follow: an `own_share` of .9 or more."""
        shares = self.own_share
        return [str(name) for name in shares.index[shares.to_numpy() >= FOLLOWS]]

    @property
    def cancels(self) -> bool:
        """Whether K and H nearly cancel in Y, so that neither can be read alone: X and Z do not tell them apart."""
        return cancellation(self.solution) > CANCELS

    @property
    def factors(self) -> pd.Index:
        """(d,) what the latent dimensions are called."""
        return pd.Index([f"f{k}" for k in range(1, self.d + 1)], name="factor")

    @property
    def alpha(self) -> pd.DataFrame:
        """(q, d) loadings of Y: standard deviations of a column per unit of K + H."""
        return self._loadings(0)

    @property
    def beta(self) -> pd.DataFrame:
        """(p_x, d) loadings of X, per unit of K."""
        return self._loadings(1)

    @property
    def u(self) -> pd.DataFrame:
        """(p_z, d) loadings of Z, per unit of H."""
        return self._loadings(2)

    @property
    def codes_fixed(self) -> pd.DataFrame:
        """(n, d) K."""
        return pd.DataFrame(self.solution.codes_fixed, index=self.index, columns=self.factors)

    @property
    def codes_random(self) -> pd.DataFrame:
        """(n, d) H."""
        return pd.DataFrame(self.solution.codes_random, index=self.index, columns=self.factors)

    @property
    def trace(self) -> pd.DataFrame:
        """J after each sweep; within a run the block weights are fixed and J falls."""
        found = self.solution
        return pd.DataFrame({"sweep": np.arange(1, len(found.trace) + 1), "run": found.run, "objective": found.trace})

    @property
    def tasks(self) -> pd.Series | None:
        """(n,) task label of each row; None when there is no task column."""
        if self.design.task is None:
            return None
        labels = [self.design.task_names[code] if code >= 0 else None for code in self.task_codes]
        return pd.Series(labels, index=self.index, name=self.design.task, dtype=object)

    @property
    def variance_explained(self) -> pd.DataFrame:
        """Share of each block's observed sum of squares that the fit explains, split into fixed and random.

        Of Y: explained is what E[Y | X, Z] explains, fixed what E[Y | X] does, over all tasks, random what Z (the task)
        adds; in-sample: `cross_validate(target="y")` has held-out errors. Of X and Z: what their codes reconstruct.
        """
        rows = [self._shares(place) for place in range(3) if self.problem.blocks[place].width]
        index = pd.Index([name for name, b in zip(BLOCKS, self.problem.blocks, strict=True) if b.width], name="block")
        return pd.DataFrame(rows, index=index, columns=["explained", "fixed", "random", "residual"])

    @property
    def residual_variance(self) -> pd.Series:
        """(q + p_x + p_z,) residual variances of the columns, in squares of their own units.

        Of Y: mean squares of Y - E[Y | X, Z]. Of X and Z: mean squared residuals of their reconstruction; with
        ``algorithm="em"`` the estimates of maximum likelihood.
        """
        own = self._own_noise()
        own[: self.problem.Y.width] = left_variances(self)
        scales = np.concatenate([block.scale for block in self.problem.blocks])
        return pd.Series(own * scales**2, index=self._columns(), name="variance")

    @property
    def implied_covariance(self) -> dict[str, pd.DataFrame]:
        """Cov(Y) in the units of Y: ``total`` = ``fixed`` + ``random`` + ``residual``, each (q, q).

        The covariances, implied by the fit, of E[Y | X], of what Z adds to it, E[Y | X, Z] - E[Y | X], and of the rest.
        E[Y | X] is over all tasks; where X tells nothing of them, indicators add the variance of random intercepts.
        """
        block = self.problem.Y
        found = variance_parts(self, self._own_noise()[: block.width])
        found["total"] = np.sum(list(found.values()), axis=0)
        names = list(self.design.names[0])
        return {name: pd.DataFrame(S, index=names, columns=names) for name, S in found.items()}

    @property
    def implied_correlation(self) -> pd.DataFrame:
        """(q, q) correlations of Y that the fit implies."""
        total = self.implied_covariance["total"]
        sd = np.sqrt(np.diag(total.to_numpy()))
        return total.div(sd, axis=0).div(sd, axis=1)

    @property
    def task_shifts(self) -> pd.DataFrame | None:
        """(K, q) E[Y | task, X at its mean] - E[Y | X at its mean], in the units of Y.

        What `predict` says of a row of the task beyond what it says of one of an unknown task, at the mean of X. Where
        Z is the indicators of the tasks: best linear unbiased predictions of random intercepts, by restricted
        likelihood, around slopes at equal tasks: those of a mixed model of Y on X, as far as d codes can say them.
        Random slopes stand at the mean of their columns. With a Z of its own, the mean over the rows of the task,
        given their Z. 0 for a task without responses, of which nothing is known.
        """
        if self.design.task is None:
            return None
        labels = pd.Index(list(self.design.task_names), name=self.design.task, tupleize_cols=False)
        return pd.DataFrame(shifts(self), index=labels, columns=list(self.design.names[0]))

    @property
    def codes_split(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(n, d) twice: K + H expected given X, and what Z adds to that; effects of tasks on Y are not codes."""
        fixed = sums_given(self.solution, self.problem, "x")
        both = sums_given(self.solution, self.problem, "xz")
        return tuple(pd.DataFrame(part, index=self.index, columns=self.factors) for part in (fixed, both - fixed))  # type: ignore[return-value]

    @property
    def fittedvalues(self) -> pd.DataFrame:
        """(n, q) fitted Y, from the codes of the fit."""
        return self._on_scale(0, self.solution.codes[0], self.index)

    @property
    def resid(self) -> pd.DataFrame:
        """(n, q) Y minus its fitted values; NaN where Y is missing."""
        block = self.problem.Y
        left = (dense(block) - self.solution.codes[0] @ self.solution.alpha.T) * block.scale
        left = left if block.seen is None else np.where(block.seen > 0, left, np.nan)
        return pd.DataFrame(left, index=self.index, columns=list(self.design.names[0]))

    def blocks_of(self, new: FormsData) -> Blocks:
        """New tables as blocks on the scale of the fit."""
        y, x, z = (scaled_like(table, like) for table, like in zip(new.tables, self.problem.blocks, strict=True))
        return y, x, z

    def decoded(self, blocks: Blocks, block: str, index: pd.Index, use: str = "xz") -> pd.DataFrame:
        """Expected columns of one block given the blocks in `use`."""
        n = blocks[0].n_rows
        y, x, z = (
            part if letter in use else unseen(part, n)
            for letter, part in zip(BLOCKS, blocks, strict=True)
        )  # fmt: skip
        K, H = expected_codes(self.solution, (y, x, z))
        return self._on_scale(BLOCKS.index(block), (K + H, K, H)[BLOCKS.index(block)], index)

    def expected(self, blocks: Blocks, task_codes: Codes, index: pd.Index, use: str) -> pd.DataFrame:
        """Y expected given X, and with `use` = "xz" given Z or the task; "x": of a row of an unknown task."""
        if self.solution.effects is None:
            return self.decoded(blocks, "y", index, use)
        y = self.problem.Y
        task_codes = task_codes if "z" in use else np.full(len(index), -1)
        values = given_task(self.solution, blocks, task_codes) * y.scale + y.center
        return pd.DataFrame(values, index=index, columns=list(self.design.names[0]))

    def codes_of(self, blocks: Blocks) -> tuple[Floats, Floats]:
        """K, H of new rows by the row step of the fit."""
        return fitted_codes(self.solution, blocks, self.problem.ridge)

    def observed(self, place: int) -> Floats:
        """(n, p) the columns of a block as they were given, NaN where missing."""
        block = self.problem.blocks[place]
        values = dense(block) * block.scale + block.center
        return values if block.seen is None else np.where(block.seen > 0, values, np.nan)

    def imputed(self, place: int) -> pd.DataFrame:
        """A block with its missing cells filled by what is expected given the observed ones."""
        block = self.problem.blocks[place]
        values = dense(block)
        if block.seen is not None:
            if place:
                fitted = expected_codes(self.solution, self.problem.blocks)[place - 1] @ self.solution.loadings[place].T
            else:
                fitted = given_all(self.solution, self.problem.blocks, self.task_codes)
            values = np.where(block.seen > 0, values, fitted)
        names = list(self.design.names[place])
        return pd.DataFrame(values * block.scale + block.center, index=self.index, columns=names)

    def _loadings(self, place: int) -> pd.DataFrame:
        names = list(self.design.names[place])
        return pd.DataFrame(self.solution.loadings[place], index=names, columns=self.factors)

    def _point(self) -> Point:
        return Point(*self.solution.loadings, self.solution.codes_fixed, self.solution.codes_random)

    def _parts(self) -> list[tuple[Block, Floats, Floats]]:
        return list(zip(self.problem.blocks, self.solution.codes, self.solution.loadings, strict=True))

    def _columns(self) -> pd.MultiIndex:
        pairs = [(b, name) for b, names in zip(BLOCKS, self.design.names, strict=True) for name in names]
        return pd.MultiIndex.from_tuples(pairs, names=["block", "column"])

    def _own_noise(self) -> Floats:
        """(p,) residual variances of the standardised columns around their codes; 0 for a constant one."""
        if self.solution.column_noise is not None:
            varying = np.concatenate([column_squares(block) > 0 for block in self.problem.blocks])
            return np.where(varying, self.solution.column_noise, 0.0)
        return np.concatenate([column_residuals(*part) for part in self._parts()])

    def _shares(self, place: int) -> tuple[float, float, float, float]:
        if place == 0:
            return explained_shares(self)
        left = misfit(self.problem, self._point())[place] / max(self.problem.blocks[place].total, 1e-300)
        return (1 - left, 1 - left, 0.0, left) if place == 1 else (1 - left, 0.0, 1 - left, left)

    def _on_scale(self, place: int, codes: Floats, index: pd.Index) -> pd.DataFrame:
        block = self.problem.blocks[place]
        values = codes @ self.solution.loadings[place].T * block.scale + block.center
        return pd.DataFrame(values, index=index, columns=list(self.design.names[place]))
