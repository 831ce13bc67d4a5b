"""The data of a fitted mixed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, Matrix
from sparsekin.data.forms import FormsData, FormsDesign
from sparsekin.data.rows import Codes
from sparsekin.errors import DataError
from sparsekin.forms.block import Block, apply_scale, column_residuals, times
from sparsekin.forms.decode import Blocks, code_covariance, expected_codes, fitted_codes, unseen
from sparsekin.forms.problem import Point, Problem, Solution, misfit
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
        """``"converged"``, ``"sweep limit"`` or ``"interrupted"``."""
        return self.solution.status

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

        With F = F_K + F_H the fit from K and H: fixed = (2 <B, F_K> - <F_K, F>) / ||B||^2, random likewise with F_H;
        they add up to explained = 1 - ||B - F||^2 / ||B||^2.
        """
        rows = [self._split(place) for place in range(3) if self.problem.blocks[place].width]
        index = pd.Index([name for name, b in zip(BLOCKS, self.problem.blocks, strict=True) if b.width], name="block")
        return pd.DataFrame(rows, index=index, columns=["explained", "fixed", "random", "residual"])

    @property
    def residual_variance(self) -> pd.Series:
        """(q + p_x + p_z,) residual variances of the columns, in squares of their own units: D for those of Y.

        Mean squared residuals; with ``algorithm="em"`` the estimates of maximum likelihood.
        """
        if self.solution.column_noise is not None:
            scales = np.concatenate([block.scale for block in self.problem.blocks])
            return pd.Series(self.solution.column_noise * scales**2, index=self._columns(), name="variance")
        parts = [
            column_residuals(block, codes, loadings) * block.scale**2
            for block, codes, loadings in self._parts()
        ]  # fmt: skip
        return pd.Series(np.concatenate(parts), index=self._columns(), name="variance")

    @property
    def implied_covariance(self) -> dict[str, pd.DataFrame]:
        """Cov(Y) in the units of Y: ``total`` = ``fixed`` + ``random`` + ``joint`` + ``residual``, each (q, q).

        fixed = alpha S_K alpha', random = alpha S_H alpha', joint = alpha (S_KH + S_HK) alpha', residual = diag(D).
        """
        d = self.d
        S = code_covariance(self.solution)
        scaled = self.solution.alpha * self.problem.Y.scale[:, None]
        parts = {"fixed": S[:d, :d], "random": S[d:, d:], "joint": S[:d, d:] + S[d:, :d]}
        found = {name: scaled @ S @ scaled.T for name, S in parts.items()}
        found["residual"] = np.diag(self.residual_variance.loc["y"].to_numpy())
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
        """(K, q) how far each task's rows lie from population level: the mean of H alpha', in the units of Y."""
        if self.design.task is None:
            return None
        shift = self.solution.codes_random @ self.solution.alpha.T * self.problem.Y.scale
        frame = pd.DataFrame(shift, columns=list(self.design.names[0]))
        means = frame.groupby(self.task_codes).mean().reindex(range(len(self.design.task_names)))
        return means.set_axis(pd.Index(list(self.design.task_names), name=self.design.task, tupleize_cols=False))

    @property
    def fittedvalues(self) -> pd.DataFrame:
        """(n, q) fitted Y, from the codes of the fit."""
        return self._on_scale(0, self.solution.codes[0], self.index)

    @property
    def resid(self) -> pd.DataFrame:
        """(n, q) Y minus its fitted values; NaN where Y is missing."""
        block = self.problem.Y
        left = (_dense(block) - self.solution.codes[0] @ self.solution.alpha.T) * block.scale
        left = left if block.seen is None else np.where(block.seen > 0, left, np.nan)
        return pd.DataFrame(left, index=self.index, columns=list(self.design.names[0]))

    def blocks_of(self, new: FormsData) -> Blocks:
        """New tables as blocks on the scale of the fit."""
        y, x, z = (_scaled(table, like) for table, like in zip(new.tables, self.problem.blocks, strict=True))
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

    def codes_of(self, blocks: Blocks) -> tuple[Floats, Floats]:
        """K, H of new rows by the row step of the fit."""
        return fitted_codes(self.solution, blocks, self.problem.ridge)

    def observed(self, place: int) -> Floats:
        """(n, p) the columns of a block as they were given, NaN where missing."""
        block = self.problem.blocks[place]
        values = _dense(block) * block.scale + block.center
        return values if block.seen is None else np.where(block.seen > 0, values, np.nan)

    def imputed(self, place: int) -> pd.DataFrame:
        """A block with its missing cells filled by what is expected given the observed ones."""
        block = self.problem.blocks[place]
        values = _dense(block)
        if block.seen is not None:
            K, H = expected_codes(self.solution, self.problem.blocks)
            fitted = (K + H, K, H)[place] @ self.solution.loadings[place].T
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

    def _split(self, place: int) -> tuple[float, float, float, float]:
        block, total_codes, loadings = self._parts()[place]
        left = misfit(self.problem, self._point())[place] / max(block.total, 1e-300)
        if place:
            return (1 - left, 1 - left, 0.0, left) if place == 1 else (1 - left, 0.0, 1 - left, left)
        fixed = _share(block, self.solution.codes_fixed, total_codes, loadings)
        return 1 - left, fixed, 1 - left - fixed, left

    def _on_scale(self, place: int, codes: Floats, index: pd.Index) -> pd.DataFrame:
        block = self.problem.blocks[place]
        values = codes @ self.solution.loadings[place].T * block.scale + block.center
        return pd.DataFrame(values, index=index, columns=list(self.design.names[place]))


def _share(block: Block, part: Floats, whole: Floats, loadings: Floats) -> float:
    """(2 <B, F_part> - <F_part, F>) / ||B||^2 over the observed cells."""
    seen = 1.0 if block.seen is None else block.seen
    fitted = part @ loadings.T * seen
    cross = float(np.sum(times(block, loadings) * part))
    return (2 * cross - float(np.sum(fitted * (whole @ loadings.T)))) / max(block.total, 1e-300)


def _scaled(table: Matrix, like: Block) -> Block:
    if table.shape[1] != like.width:
        raise DataError(f"A table has {table.shape[1]} columns; the model was fitted with {like.width}.")
    return apply_scale(table, like.center, like.scale)


def _dense(block: Block) -> Floats:
    if isinstance(block.values, np.ndarray):
        return block.values
    return np.asarray((block.values.toarray() - block.center) / block.scale)
