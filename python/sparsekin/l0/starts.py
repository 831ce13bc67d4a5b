"""Where a search starts and what it tries: each start ends in a local optimum, the best one is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.best import Best
from sparsekin.l0.budget import may_exchange_pairs, may_exhaust
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import (
    Search,
    SeparableSearch,
    Supports,
    is_coupled,
    open_common,
    open_search,
)
from sparsekin.l0.state import Ids, Workspace

ROUNDS = 30  # perturbations tried at effort 2
# Multiples of lambda_z polished at on the way to it: from separate supports towards shared ones, from shared
# supports towards separate ones, and out and back from the best supports so far.
UPWARDS = (0.1, 0.3, 0.6)
DOWNWARDS = (8.0, 4.0, 2.0)
EXCURSIONS = ((2.5,), (0.4,))
SWAPS = 4  # times every task starts again from the supports of another

Stage = Callable[[Any], object]


def run(workspace: Workspace, views: list[Any], effort: int, warm: Supports | None = None, first: int = 0) -> Best:
    """Search on the candidates of `views`; Ctrl-C returns the best so far.

    effort 0: forward selection and single moves; 1: several starts, all moves, every support where these are few;
    2: perturbations as well. An effort begins with all that those below it do, so F never rises with effort; `first`
    leaves out those below it, where `warm` is what they found.
    """
    best = Best()
    search = open_search(workspace, views)
    try:
        if warm is not None:
            start_from(warm)(search)
            best.offer(search)
        for stage in _stages(workspace, views, search, range(first, effort + 1), best):
            stage(search)
            best.offer(search)
    except KeyboardInterrupt:
        best.offer(search)
        best.interrupted = True
    best.moves = search.moves
    return best


def _stages(workspace: Workspace, views: list[Any], search: Search, efforts: range, best: Best) -> Iterator[Stage]:
    """What each of `efforts` adds; stages may read what the earlier ones found in `best`."""
    problem = workspace.problem
    coupled = is_coupled(problem)
    free = not coupled and (problem.support == "common" or not search.tied)
    few = [may_exhaust(workspace, views, effort) for effort in (0, 1, 2)]
    for effort in efforts:
        if effort == 0:
            if not free or few[1] or efforts[-1] == 0:
                yield _greedy  # else part of _forward
            if not coupled and not free:
                yield _greedy_together(workspace, views)
            continue
        if few[effort]:
            yield _exhausted(workspace, views, best)
            if free and best.whole:
                return  # nothing is left to be found
        if effort == 1:
            yield from _starts(workspace, views, search, best)
        else:
            yield lambda search: perturb(search, best)
            if few[effort] and not free and not coupled:
                yield _from_each_column(best)
        if may_exchange_pairs(workspace, views, effort):
            yield _exchanged(best)


def _starts(workspace: Workspace, views: list[Any], search: Search, best: Best) -> list[Stage]:
    problem = workspace.problem
    if is_coupled(problem):
        borrowed = [_borrowed(lambda: _together(workspace, views), best)]
        return (
            borrowed if problem.support == "common" else [_borrowed(lambda: _apart(workspace, views), best), *borrowed]
        )
    if problem.support == "common" or problem.n_tasks == 1:
        return [_forward(best), _shrunk]
    if not search.tied:
        return [_forward(best), _shrunk, _from_common(workspace, views), *swapped(best)]
    few = may_exhaust(workspace, views, 1)
    annealed = [
        _annealed(lambda: _apart(workspace, views), UPWARDS, few),
        _annealed(lambda: _together(workspace, views), DOWNWARDS, few),
    ]
    excursions = [_annealed(lambda: best.supports, factors, few) for factors in EXCURSIONS]
    return [*annealed, _grown, _shrunk, *excursions]


def _greedy(search: Search) -> None:
    search.resize(search.sizes())
    search.polish(joint=False)


def _greedy_together(workspace: Workspace, views: list[Any]) -> Stage:
    """Forward selection of columns for all tasks at once: where supports are tied, apart may be worse than nothing."""

    def stage(search: Search) -> None:
        together = open_common(_together_only(workspace), views)
        together.resize(together.sizes())
        search.load(together.supports())
        search.polish(joint=False)

    return stage


def _together_only(workspace: Workspace) -> Workspace:
    problem = replace(workspace.problem, lambda_2=0.0, lambda_z=0.0, support="common")
    return replace(workspace, problem=problem)


def _grown(search: Search) -> Supports | None:
    """Up through all sizes, polished at each; what forward selection had where the two part ways."""
    full, parted = search.sizes(), None
    for size in range(1, max(full) + 1):
        search.resize([min(size, s) for s in full])
        entered, moves = search.entered(), search.moves
        search.polish()
        if parted is None and search.moves > moves:
            parted = entered
    return parted


def _forward(best: Best) -> Stage:
    """`_greedy` and `_grown` from nothing, what they share done once."""

    def stage(search: Search) -> None:
        search.load([np.empty(0, np.int32)] * search.problem.n_tasks)
        parted = _grown(search)
        if parted is None:
            return
        grown = search.supports()
        best.offer(search)
        search.load(parted)
        _greedy(search)
        best.offer(search)
        search.load(grown)

    return stage


def _exhausted(workspace: Workspace, views: list[Any], best: Best) -> Stage:
    """The best of all supports of every task, given the best so far of the others."""

    def stage(search: Search) -> None:
        fresh = open_search(workspace, views)
        fresh.load(best.supports)
        best.whole = fresh.exhaust()
        fresh.polish()
        best.offer(fresh)
        search.load(fresh.supports())

    return stage


def _from_each_column(best: Best) -> Stage:
    """Every column in turn in all tasks first, the rest of the supports grown around it."""

    def stage(search: Search) -> None:
        for j in search.candidates(0)[: search.views[0].aligned]:
            search.load([np.array([j], np.int32)] * search.problem.n_tasks)
            search.resize(search.sizes())
            search.polish(pairs=True)
            best.offer(search)

    return stage


def _exchanged(best: Best) -> Stage:
    """Two columns for two from the best so far."""

    def stage(search: Search) -> None:
        search.load(best.supports)
        search.polish(pairs=True)

    return stage


def _shrunk(search: Search) -> None:
    """Down from larger supports, polished at each size."""
    full = search.sizes()
    for extra in range(max(3, max(full) // 2), -1, -1):
        search.resize([s + extra for s in full])
        search.polish()


def start_from(supports: Supports) -> Stage:
    """Polish what is given."""

    def stage(search: Search) -> None:
        search.load(supports)
        search.polish()

    return stage


def _apart(workspace: Workspace, views: list[Any]) -> Supports:
    """Supports found when nothing ties the tasks."""
    problem = replace(workspace.problem, lambda_2=0.0, lambda_z=0.0, support="independent")
    return _found(replace(workspace, problem=problem), views)


def _together(workspace: Workspace, views: list[Any]) -> Supports:
    """Supports found when all tasks must share one."""
    aligned = _fair(workspace) if _untied(workspace.problem) else workspace
    return _found(_together_only(aligned), views)


def _found(workspace: Workspace, views: list[Any]) -> Supports:
    best = run(workspace, views, 1)
    if best.interrupted:  # heard in there, meant for all of the search
        raise KeyboardInterrupt
    return best.supports


def _untied(problem: Problem) -> bool:
    return problem.lambda_2 == 0 and (problem.lambda_z == 0 or problem.support == "independent")


def _fair(workspace: Workspace) -> Workspace:
    """Every task measured by its own F without columns, so that the units of outcomes say nothing of where to start."""
    unit = np.where(workspace.nulls > workspace.floor, workspace.nulls, 1.0)
    c = tuple(one / np.sqrt(u) for one, u in zip(workspace.c, unit, strict=True))
    return replace(workspace, c=c, nulls=workspace.nulls / unit, floor=workspace.floor / unit)


def _borrowed(origin: Callable[[], Supports], best: Best) -> Stage:
    """From supports found without lambda_2; where the search cannot hold them, they count by their refit."""

    def stage(search: Search) -> None:
        supports = origin()
        search.load(supports)
        if not search.holds(supports):
            best.consider(search.problem, supports)
        search.polish()

    return stage


def _from_common(workspace: Workspace, views: list[Any]) -> Stage:
    return lambda search: start_from(_together(workspace, views))(search)


def swapped(best: Best) -> list[Stage]:
    """Every task starts from the best supports of another: kindred tasks know good places to start."""

    def stage(search: Search, shift: int) -> None:
        K = len(best.supports)
        search.load([best.supports[(k + shift) % K][: len(best.supports[k])] for k in range(K)])
        search.polish()

    return [partial(stage, shift=shift) for shift in range(1, SWAPS + 1)]


def _annealed(origin: Callable[[], Supports], factors: Sequence[float], few: bool) -> Stage:
    """From the supports `origin` gives, through multiples of lambda_z to lambda_z itself."""

    def stage(search: SeparableSearch) -> None:
        search.load(origin())
        search.anneal(factors, few)

    return stage


def perturb(search: Search, best: Best) -> None:
    """Polish perturbed copies of the best supports: some columns make way for likely others."""
    rng = np.random.default_rng(0)
    n_tasks = search.problem.n_tasks
    for round_ in range(ROUNDS):
        search.load(best.supports)
        if not search.tied:
            search.load([_perturbed(search, best.supports, [k], rng)[k] for k in range(n_tasks)])
        elif search.problem.support == "common" or round_ % 2:
            search.load(_perturbed(search, best.supports, list(range(n_tasks)), rng))
        else:
            search.load(_perturbed(search, best.supports, [int(rng.integers(n_tasks))], rng))
        search.polish()
        best.offer(search)


def _perturbed(search: Search, supports: Supports, tasks: list[int], rng: np.random.Generator) -> Supports:
    """Exchange some columns at random for ones of high gain: the same ones in all of `tasks`."""
    union = np.unique(np.concatenate([supports[k] for k in tasks]))
    if len(union) == 0:
        return supports
    candidates, gains = _joint_gains(search, tasks)
    size = int(rng.integers(1, max(2, len(union) // 2 + 1)))
    out = rng.choice(union, size=size, replace=False)
    into = rng.permutation(candidates[np.argsort(-gains)[: 4 * size + 8]])[:size]
    return [_exchange(S, out, into) if k in tasks else S for k, S in enumerate(supports)]


def _joint_gains(search: Search, tasks: list[int]) -> tuple[Ids, Floats]:
    """Candidates of all `tasks` and the sum of their gains over them."""
    candidates = [search.candidates(k) for k in tasks]
    gains = [np.maximum(search.entry_gains(k), 0.0) for k in tasks]
    shared = len(candidates[0]) if len(tasks) == 1 else search.views[0].aligned
    return candidates[0][:shared], np.sum([g[:shared] for g in gains], axis=0)


def _exchange(S: np.ndarray, out: np.ndarray, into: np.ndarray) -> np.ndarray:
    rest, into = S[~np.isin(S, out)], into[~np.isin(into, S)]
    return np.concatenate([rest, into[: len(S) - len(rest)]]).astype(np.int32)
