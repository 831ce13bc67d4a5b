"""Weighted means and centred cross-products of one task, summed and taken apart without losing digits. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Bools, Floats

CONSTANT = 1e-13  # a standard deviation below this share of the mean is rounding
_LOST = 1e-13  # share of a sum of squares that rounding can leave when a part is taken away
_DOUBTFUL = 1e-9  # share of a sum of squares of which too few digits are left
_SAME = 1e-6
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False)
class TaskMoments:
    """Weighted moments of the d = q + p + m columns [keep, X, y] of one task; m outcomes.

    ====== ======= ==================================================================
    field  shape   meaning
    ====== ======= ==================================================================
    rows   int     rows of positive weight
    weight float   n, the sum of the weights
    shift  (d,)    a fixed point near the means
    offset (d,)    means minus `shift`
    cross  (d, d)  sum_i w_i (v_i - mean) (v_i - mean)'
    ====== ======= ==================================================================

    Sums of two parts follow Chan, Golub and LeVeque (1983), eq. 2.1, with means kept as distances from `shift`, so that
    neither many parts nor means far from zero cost digits.
    """

    rows: int
    weight: float
    shift: Floats
    offset: Floats
    cross: Floats

    @property
    def mean(self) -> Floats:
        """(d,) weighted means."""
        return np.asarray(self.shift + self.offset)

    @property
    def constant(self) -> Bools:
        """(d,) columns that do not vary by more than the rounding of their mean."""
        return np.asarray(np.sqrt(np.diag(self.cross) / self.weight) <= CONSTANT * np.abs(self.mean))

    def __add__(self, other: TaskMoments) -> TaskMoments:
        weight = self.weight + other.weight
        step = self._to(other)
        cross = np.multiply.outer(step, step * (self.weight * other.weight / weight))
        cross += self.cross
        cross += other.cross
        return TaskMoments(
            self.rows + other.rows, weight, self.shift, self.offset + other.weight / weight * step, cross
        )

    def __sub__(self, part: TaskMoments) -> TaskMoments:
        weight = self.weight - part.weight
        step = -part.weight / weight * self._to(part)  # from the whole's mean to the rest's
        away = step * (self.weight / part.weight)
        cross = self.cross - part.cross - np.multiply.outer(away, away * (weight * part.weight / self.weight))
        left, whole = np.diag(cross), np.diag(self.cross)
        gone = (np.abs(left) <= _LOST * whole) & (left < whole)
        cross[gone] = 0.0
        cross[:, gone] = 0.0
        return TaskMoments(self.rows - part.rows, weight, self.shift, self.offset + step, cross)

    def equals(self, other: TaskMoments) -> bool:
        """Whether both are moments of the same rows, as far as weights, means and sums of squares tell."""
        mine, its = np.diag(self.cross), np.diag(other.cross)
        far = self._to(other) ** 2 * self.weight > _SAME * its + (64 * _EPS * np.abs(self.mean)) ** 2 * self.weight
        unlike = np.abs(mine - its) > _SAME * its
        return bool(np.isclose(self.weight, other.weight, rtol=_SAME) and not far.any() and not unlike.any())

    def lost_in(self, rest: TaskMoments) -> Bools:
        """(d,) columns whose sum of squares in a part of the rows has lost its digits.

        Where nothing is left at all the column is constant in the part, or lost: the latter is assumed where its mean
        there is not 0, but small beside the variation that was taken away, as it never is for an indicator.
        """
        whole, left = np.diag(self.cross), np.diag(rest.cross)
        sd = np.sqrt(whole / self.weight)
        known = 64 * _EPS * (np.abs(self.shift) + sd * self.weight / rest.weight)
        hidden = (left == 0) & (np.abs(rest.mean) > known) & (np.abs(rest.mean) < 1.99 * sd)
        return np.asarray(((left != 0) & (np.abs(left) < _DOUBTFUL * whole)) | hidden)

    def _to(self, other: TaskMoments) -> Floats:
        """(d,) the other mean minus this one."""
        return np.asarray((other.shift - self.shift) + (other.offset - self.offset))


def task_moments(values: Floats, weights: Floats | None) -> TaskMoments:
    """Moments of columns (n, d) with weights (n,) > 0, or all one."""
    weight = float(len(values) if weights is None else weights.sum())
    shift = np.average(values, axis=0, weights=weights)
    values = values - shift
    offset = np.average(values, axis=0, weights=weights)
    values -= offset
    if weights is not None:
        values *= np.sqrt(weights)[:, None]
    return TaskMoments(len(values), weight, shift, offset, values.T @ values)
