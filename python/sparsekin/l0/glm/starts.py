"""Where descents start: each ends in a fit that nothing looked at improves, the best one is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import Fit
from sparsekin.l0.glm.single import one_task, part, together
from sparsekin.l0.starts import DOWNWARDS, EXCURSIONS, UPWARDS

KICKS = (0, 0, 10)  # perturbations by effort
KICKS_ALONE = (0, 2, 10)  # of one task, or tasks that share nothing, where they are all there is to solve


@dataclass(slots=True)
class Lead:
    """The best fit so far."""

    fit: Fit
    interrupted: bool = False

    def offer(self, fit: Fit) -> None:
        """Keep the better one."""
        if fit.F < self.fit.F:
            self.fit = fit


def search(descent: Descent, effort: int, warm: Fit | None = None, kicks: tuple[int, int, int] = KICKS) -> Lead:
    """The best of all starts; Ctrl-C and the deadline return the best so far.

    effort 0: from the null model; 1: grown and shrunk as well, from apart and together where supports are tied; 2:
    perturbed as well, `kicks` times.
    """
    if not descent.tied and descent.problem.n_tasks > 1:
        return search_apart(descent, effort, warm, kicks)
    lead = Lead(descent.null)
    try:
        if warm is not None:
            lead.offer(descent.again(warm))
            lead.offer(descent.descend(descent.again(warm)))
        for start in _starts(descent, effort, lead, kicks[effort]):
            lead.offer(descent.descend(start()))
    except (KeyboardInterrupt, TimeoutError):
        lead.interrupted = True
        lead.offer(descent.so_far())
    return lead


def _starts(descent: Descent, effort: int, lead: Lead, kicks: int) -> Iterator[Callable[[], Fit]]:
    problem = descent.problem
    if problem.lambda_2 > 0 and problem.n_tasks > 1:
        yield from _linked(descent, effort)
    elif problem.lambda_z > 0 and problem.n_tasks > 1 and problem.support == "heterogeneous":
        yield from _tied(descent, effort, lead)
    else:
        yield lambda: at_null_weights(descent)
        if effort > 0:
            yield lambda: grown(descent)
            yield lambda: shrunk(descent, lead.fit)
    for round_ in range(kicks):
        yield lambda round_=round_: kicked(descent, lead.fit, round_)  # type: ignore[misc]


def at_null_weights(descent: Descent) -> Fit:
    """The gaussian search at the weights of the null model."""
    search = descent.freezer.search(descent.problem, descent.null)
    search.resize(search.sizes())
    search.polish()
    return descent.accepted(search, descent.null)


def grown(descent: Descent) -> Fit:
    """Up through all sizes, refitted and polished at each."""
    fit = descent.null
    for size in range(1, int(descent.problem.s.max()) + 1):
        some = descent.on(s=np.minimum(descent.problem.s, size))
        fit = some.descend(some.resized(fit), 1)
    return fit


def shrunk(descent: Descent, fit: Fit) -> Fit:
    """Down from larger supports."""
    s = descent.problem.s
    top = int(min(max(3, s.max() // 2), descent.problem.n_features - s.max()))
    for extra in range(top, -1, -1):
        more = descent.on(s=s + extra)
        fit = more.resized(fit)
        fit = more.descend(fit, 1) if extra else fit
    return fit


def _tied(descent: Descent, effort: int, lead: Lead) -> Iterator[Callable[[], Fit]]:
    if effort == 0:
        yield lambda: at_null_weights(descent)
        yield lambda: at_null_weights(descent.on(support="common", lambda_z=0.0))
        return
    apart = separate(descent)
    yield lambda: _annealed(descent, apart, UPWARDS)
    yield lambda: _annealed(descent, common(descent), DOWNWARDS)
    yield lambda: grown(descent)
    for factors in EXCURSIONS:
        yield lambda factors=factors: _annealed(descent, lead.fit, factors)  # type: ignore[misc]


def _annealed(descent: Descent, fit: Fit, factors: tuple[float, ...]) -> Fit:
    for factor in factors:
        other = descent.on(lambda_z=factor * descent.problem.lambda_z)
        fit = other.descend(other.again(fit), 1)
    return descent.again(fit)


def _linked(descent: Descent, effort: int) -> Iterator[Callable[[], Fit]]:
    yield lambda: at_null_weights(descent)
    if effort == 0:
        return
    if descent.problem.support != "common":
        yield lambda: descent.again(separate(descent))
    yield lambda: descent.again(common(descent))


def separate(descent: Descent) -> Fit:
    """The fits of every task alone."""
    return _whole(descent, search_apart(descent, 1))


def common(descent: Descent) -> Fit:
    """The fit of one support for all tasks, values not tied."""
    return _whole(descent, search(descent.on(support="common", lambda_z=0.0, lambda_2=0.0), 1))


def _whole(descent: Descent, found: Lead) -> Fit:
    if found.interrupted:  # heard in there, meant for all of the search
        descent.reached.fit = found.fit
        raise KeyboardInterrupt
    return found.fit


def search_apart(descent: Descent, effort: int, warm: Fit | None = None, kicks: tuple[int, int, int] = KICKS) -> Lead:
    """Tasks that share nothing, one after the other: each keeps its own best."""
    return one_after_the_other(
        descent, lambda own, k: search(own, effort, None if warm is None else part(warm, k), kicks)
    )


def one_after_the_other(descent: Descent, find: Callable[[Descent, int], Lead]) -> Lead:
    """`find` for each task by itself; after Ctrl-C the tasks not reached have no columns."""
    fits, interrupted = [], False
    for k in range(descent.problem.n_tasks):
        own = one_task(descent, k)
        found = Lead(own.null) if interrupted else find(own, k)
        fits.append(found.fit)
        interrupted = interrupted or found.interrupted
    return Lead(together(descent.problem, fits), interrupted)


def kicked(descent: Descent, fit: Fit, round_: int) -> Fit:
    """Some columns make way at random for likely others, in every task or in one."""
    rng = np.random.default_rng(round_)
    problem, K = descent.problem, descent.problem.n_tasks
    tables = descent.freezer.gains(problem, fit)
    everywhere = problem.support == "common" or round_ % 2 == 0
    tasks = range(K) if everywhere else [int(rng.integers(K))]
    gains = np.sum([np.maximum(tables[k][1].max(axis=0), 0.0) for k in tasks], axis=0)
    closed = np.any([~np.isfinite(tables[k][1].max(axis=0)) for k in tasks], axis=0)
    union = np.unique(np.concatenate([fit.supports[k] for k in tasks]))
    gains[closed] = -np.inf
    if not len(union):
        return fit
    size = int(rng.integers(1, max(2, len(union) // 2 + 1)))
    out = rng.choice(union, size=size, replace=False)
    likely = np.argsort(-gains)[: 4 * size + 8]
    into = rng.permutation(likely[np.isfinite(gains[likely])])[:size]
    supports = list(fit.supports)
    for k in tasks:
        rest = supports[k][~np.isin(supports[k], out)]
        fresh = into[~np.isin(into, rest)][: len(supports[k]) - len(rest)]
        supports[k] = np.sort(np.concatenate([rest, fresh])).astype(np.int32)
    found = descent.refit(supports, fit)
    assert found is not None
    return found
