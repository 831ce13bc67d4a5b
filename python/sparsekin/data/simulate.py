"""Simulated multi-task data with known truth: shared supports as in arXiv 2212.08697, and two plain cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.random import make_generator
from sparsekin.errors import OptionError

Rng: TypeAlias = "int | np.random.Generator | None"


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Data of K tasks, the truth behind them, and a test set from the same truth.

    =========== ===================== ==============================================================
    field       shape                 meaning
    =========== ===================== ==============================================================
    X           (N, p), or (n, p)     rows of all tasks one after the other; one X if `shared`
    y           (N,), or (n, K)       outcomes of the same rows; one column per task if `shared`
    task        (N,) int, or None     task of each row, 0..K-1; None if `shared`
    coef        (p, K)                slopes
    intercept   (K,)                  intercepts
    support     (p, K) bool           where a slope is not 0
    noise_sd    (K,)                  standard deviation of the noise
    X_test, y_test, task_test         as X, y, task
    =========== ===================== ==============================================================
    """

    X: Floats
    y: Floats
    task: np.ndarray | None
    coef: Floats
    intercept: Floats
    support: Bools
    noise_sd: Floats
    X_test: Floats
    y_test: Floats
    task_test: np.ndarray | None

    @property
    def shared(self) -> bool:
        """Whether the tasks are outcomes of one X."""
        return self.task is None

    def frame(self, test: bool = False) -> pd.DataFrame:
        """Return a frame with columns x1..xp and ``task``, ``y``; or y1..yK and x1..xp if `shared`."""
        X, y, task = (self.X_test, self.y_test, self.task_test) if test else (self.X, self.y, self.task)
        features = pd.DataFrame(X, columns=[f"x{j}" for j in range(1, X.shape[1] + 1)])
        if task is None:
            outcomes = pd.DataFrame(y, columns=[f"y{k}" for k in range(1, y.shape[1] + 1)])
        else:
            outcomes = pd.DataFrame({"task": [f"task{k + 1}" for k in task], "y": y})
        return pd.concat([outcomes, features], axis=1)


def simulate_shared_supports(
    n_tasks: int = 5,
    n: int | Sequence[int] = 50,
    p: int = 250,
    s: int = 10,
    q: int = 16,
    *,
    rho: float = 0.5,
    coef_variance: float = 50.0,
    tau: float = 1.0,
    shared_X: bool = False,
    rng: Rng = None,
) -> Simulation:
    """Tasks that each draw their support from the same few features: the main simulation of arXiv 2212.08697.

    X ~ N(0, rho^|i-j|). Task k draws s features from the q candidates in columns 1, 3, ..., 2q - 1 (counted
    from 1) and has slopes b_kj = z_kj (mu_j + u_kj) with ``.2 <= |mu_j| <= .5`` and u_kj ~ N(0, `coef_variance`);
    noise variance U(tau / 2, 2 tau), intercepts 0. The test set has as many rows.

    Parameters
    ----------
    n_tasks : int
        K.
    n : int or K ints
        Rows per task; one number when `shared_X`.
    p, s, q : int
        Features, features per task, features the supports are drawn from.
    rho, coef_variance, tau : float
    shared_X : bool
        Multi-label: one X, K outcomes.
    rng : int, numpy.random.Generator or None

    Returns
    -------
    Simulation

    Raises
    ------
    OptionError
        If not s <= q and 2q - 1 <= p, or a size is not positive.

    Examples
    --------
    >>> truth = simulate_shared_supports(n_tasks=3, n=20, p=40, s=4, q=6, rng=1)
    >>> truth.X.shape, truth.support.sum(axis=0)
    ((60, 40), array([4, 4, 4]))
    """
    generator = make_generator(rng)
    if not 1 <= s <= q or 2 * q - 1 > p:
        raise OptionError(f"s = {s}, q = {q}, p = {p}: need 1 <= s <= q and 2 q - 1 <= p.")
    mu = _redrawn_means(generator, p)
    candidates = np.arange(0, 2 * q, 2)
    support = np.zeros((p, n_tasks), bool)
    for k in range(n_tasks):
        support[generator.choice(candidates, s, replace=False), k] = True
    u = generator.normal(0.0, np.sqrt(coef_variance), (p, n_tasks))
    coef = np.where(support, mu[:, None] + u, 0.0)
    noise_sd = np.sqrt(generator.uniform(tau / 2, 2 * tau, n_tasks))
    return _draw(generator, coef, np.zeros(n_tasks), noise_sd, n, rho, shared_X)


def simulate_figure_1(
    n: int = 25, p: int = 50, *, rho: float = 0.5, noise_sd: float = 1.0, shared_X: bool = False, rng: Rng = None
) -> Simulation:
    """Two tasks of seven features each, four of them the same: the first figure of arXiv 2212.08697.

    The features stand among the 14 columns 2, 4, ..., 28 (counted from 1); all slopes are +1 in the first task and
    -1 in the second, so that their values say nothing about each other; X ~ N(0, rho^|i-j|), intercepts 0.
    The published picture is one draw with `shared_X`, where both outcomes also had the same noise vector.

    Parameters
    ----------
    n, p : int
        Rows per task, features (at least 28).
    rho, noise_sd : float
    shared_X : bool
        One X for both tasks, as published; else each task has rows of its own.
    rng : int, numpy.random.Generator or None

    Returns
    -------
    Simulation

    Raises
    ------
    OptionError
        If p < 28.

    Examples
    --------
    >>> truth = simulate_figure_1(rng=0)
    >>> int(truth.support.all(axis=1).sum()), truth.support.sum(axis=0)
    (4, array([7, 7]))
    """
    generator = make_generator(rng)
    if p < 28:
        raise OptionError(f"p = {p}: the design needs at least 28 features.")
    features = generator.choice(np.arange(1, 28, 2), 10, replace=False)
    coef = np.zeros((p, 2))
    coef[features[:7], 0] = 1.0
    coef[features[[0, 1, 2, 3, 7, 8, 9]], 1] = -1.0
    return _draw(generator, coef, np.zeros(2), np.full(2, noise_sd), n, rho, shared_X)


def simulate_disjoint(
    n_tasks: int = 4,
    n: int | Sequence[int] = 50,
    p: int = 100,
    s: int = 5,
    *,
    rho: float = 0.5,
    noise_sd: float = 1.0,
    rng: Rng = None,
) -> Simulation:
    """Tasks with no feature in common: nothing to gain from sharing supports.

    Slopes are of size U(.5, 1.5) and random sign, intercepts N(0, 1); X ~ N(0, rho^|i-j|).

    Parameters
    ----------
    n_tasks : int
        K.
    n : int or K ints
        Rows per task.
    p, s : int
        Features, features per task; s K <= p.
    rho, noise_sd : float
    rng : int, numpy.random.Generator or None

    Returns
    -------
    Simulation

    Examples
    --------
    >>> int(simulate_disjoint(rng=0).support.sum(axis=1).max())
    1
    """
    generator = make_generator(rng)
    if not 1 <= s * n_tasks <= p:
        raise OptionError(f"s = {s}, n_tasks = {n_tasks}, p = {p}: need 1 <= s n_tasks <= p.")
    chosen = generator.choice(p, (s, n_tasks), replace=False)
    support = np.zeros((p, n_tasks), bool)
    support[chosen, np.arange(n_tasks)] = True
    size = generator.uniform(0.5, 1.5, (p, n_tasks)) * generator.choice([-1.0, 1.0], (p, n_tasks))
    intercept = generator.normal(size=n_tasks)
    return _draw(generator, np.where(support, size, 0.0), intercept, np.full(n_tasks, noise_sd), n, rho, False)


def _redrawn_means(generator: np.random.Generator, p: int) -> Floats:
    """(p,) mu ~ U(-.5, .5), those within .2 of zero redrawn as +-U(.2, .5)."""
    mu = generator.uniform(-0.5, 0.5, p)
    redrawn = generator.choice([-1.0, 1.0], p) * generator.uniform(0.2, 0.5, p)
    return np.where(np.abs(mu) < 0.2, redrawn, mu)


def _draw(
    generator: np.random.Generator,
    coef: Floats,
    intercept: Floats,
    noise_sd: Floats,
    n: int | Sequence[int],
    rho: float,
    shared_X: bool,
) -> Simulation:
    """Rows for training and for testing from given slopes."""
    p, n_tasks = coef.shape
    sizes = np.full(n_tasks, n, int) if np.ndim(n) == 0 else np.asarray(n, int)
    if len(sizes) != n_tasks or (sizes < 1).any() or not -1.0 < rho < 1.0:
        raise OptionError(f"n = {n!r}, rho = {rho}: need one positive size, or one per task, and |rho| < 1.")
    if shared_X and len(set(sizes)) > 1:
        raise OptionError(f"n = {n!r}: tasks that share one X have the same rows.")
    truth = (coef, intercept, coef != 0.0, noise_sd)
    if shared_X:
        train, test = (_one_design(generator, *truth, int(sizes[0]), rho) for _ in range(2))
        return Simulation(train[0], train[1], None, *truth, test[0], test[1], None)
    task = np.repeat(np.arange(n_tasks), sizes)
    X, X_test = (_correlated(generator, len(task), p, rho) for _ in range(2))
    y, y_test = (
        np.einsum("ij,ji->i", rows, coef[:, task]) + intercept[task] + generator.normal(size=len(task)) * noise_sd[task]
        for rows in (X, X_test)
    )
    return Simulation(X, y, task, *truth, X_test, y_test, task.copy())


def _one_design(
    generator: np.random.Generator,
    coef: Floats,
    intercept: Floats,
    support: Bools,
    noise_sd: Floats,
    n: int,
    rho: float,
) -> tuple[Floats, Floats]:
    X = _correlated(generator, n, len(coef), rho)
    return X, X @ coef + intercept + generator.normal(size=(n, coef.shape[1])) * noise_sd


def _correlated(generator: np.random.Generator, n: int, p: int, rho: float) -> Floats:
    """(n, p) Fortran-ordered rows of N(0, rho^|i-j|): a stationary autoregression along the columns."""
    X = np.asfortranarray(generator.normal(size=(n, p)))
    for j in range(1, p):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1.0 - rho**2) * X[:, j]
    return X
