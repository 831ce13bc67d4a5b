"""Where a search starts and what it tries: each start ends in a local optimum, the best one is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sparsekin.l0.search import (
    Search,
    SeparableSearch,
    Supports,
    is_coupled,
    open_common,
    open_search,
    open_separable,
)
from sparsekin.l0.state import Workspace

ROUNDS = 24  # perturbations tried at effort 2
UPWARDS = (0.1, 0.4, 1.0)  # multiples of lambda_z: from separate supports towards shared ones,
DOWNWARDS = (8.0, 2.5, 1.0)  # and from shared supports towards separate ones


@dataclass(slots=True)
class Best:
    """The best supports met so far."""

    value: float = -np.inf
    supports: Supports = field(default_factory=list)
    moves: int = 0
    interrupted: bool = False

    def offer(self, search: Search) -> bool:
        """Keep what `search` holds if it is better; True if it was."""
        value = search.value()
        if not value > self.value:
            return False
        self.value, self.supports = value, search.supports()
        return True


def run(workspace: Workspace, views: list[Any], effort: int, warm: Supports | None = None) -> Best:
    """Search on the candidates of `views`; Ctrl-C returns the best so far.

    effort 0: forward selection and single moves; 1: every start and all moves; 2: perturbations as well.
    """
    search, best = open_search(workspace, views), Best()
    stages = [_from(warm)] if warm is not None else _starts(workspace, views, effort)
    try:
        for stage in stages:
            stage(search)
            best.offer(search)
        if effort == 2:
            for _ in _perturbations(search, best):
                search.polish()
                best.offer(search)
    except KeyboardInterrupt:
        best.offer(search)
        best.interrupted = True
    best.moves = search.moves
    return best


Stage = Callable[[Any], None]


def _from(supports: Supports) -> Stage:
    def stage(search: Search) -> None:
        search.load(supports)
        search.polish()

    return stage


def _starts(workspace: Workspace, views: list[Any], effort: int) -> list[Stage]:
    problem = workspace.problem
    if is_coupled(problem):
        return [_grown] if effort == 0 else [_grown, *_borrowed(workspace, views)]
    if effort == 0:
        return [_greedy]
    if problem.support == "common":
        return [_grown]
    if problem.n_tasks == 1 or problem.lambda_z == 0 or problem.support == "independent":
        return [_grown]
    return [_upwards, _downwards(workspace, views)]


def _greedy(search: Search) -> None:
    search.forward()
    search.polish(joint=False)


def _grown(search: Search) -> None:
    search.forward()
    search.polish()


def _upwards(search: SeparableSearch) -> None:
    search.forward()
    search.anneal((0.0, *UPWARDS))


def _downwards(workspace: Workspace, views: list[Any]) -> Stage:
    def stage(search: SeparableSearch) -> None:
        search.load(_common_supports(workspace, views))
        search.anneal(DOWNWARDS)

    return stage


def _common_supports(workspace: Workspace, views: list[Any]) -> Supports:
    common = open_common(workspace, views)
    common.forward()
    common.polish()
    return common.supports()


def _borrowed(workspace: Workspace, views: list[Any]) -> list[Stage]:
    """Starts of a coupled search: the supports found when values are not tied."""

    def separate(search: Search) -> None:
        other = open_separable(workspace, views)
        other.forward()
        other.polish()
        _from(other.supports())(search)

    def common(search: Search) -> None:
        _from(_common_supports(workspace, views))(search)

    return [common] if workspace.problem.support == "common" else [separate, common]


def _perturbations(search: Search, best: Best) -> Iterator[None]:
    """Put perturbed copies of the best supports into `search`: a third of the columns makes way for likely others."""
    rng = np.random.default_rng(0)
    for round_ in range(ROUNDS):
        search.load(best.supports)
        together = search.problem.support == "common" or (search.problem.n_tasks > 1 and round_ % 2 == 1)
        search.load(_perturbed(search, best.supports, together, rng))
        yield


def _perturbed(search: Search, supports: Supports, together: bool, rng: np.random.Generator) -> Supports:
    """Exchange columns at random: the same ones in all tasks, or in one task alone."""
    K = len(supports)
    if together:
        gains = sum(np.maximum(search.entry_gains(k), 0.0) for k in range(K))
        union = np.unique(np.concatenate(supports))
    else:
        one = int(rng.integers(K))
        gains, union = search.entry_gains(one), supports[one]
    if len(union) == 0:
        return supports
    size = int(rng.integers(1, max(2, len(union) // 2 + 1)))
    out = rng.choice(union, size=size, replace=False)
    likely = np.argsort(-gains)[: 4 * size + 8]
    likely = likely[np.isfinite(gains[likely])]
    into = rng.permutation(likely)[:size]
    return [_exchange(S, out, into) if together or k == one else S for k, S in enumerate(supports)]


def _exchange(S: np.ndarray, out: np.ndarray, into: np.ndarray) -> np.ndarray:
    rest, into = S[~np.isin(S, out)], into[~np.isin(into, S)]
    return np.concatenate([rest, into[: len(S) - len(rest)]]).astype(np.int32)
