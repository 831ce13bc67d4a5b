"""All sizes and all lambda_z at one lambda_1 and lambda_2, every setting warm-started from its neighbours.

A walk up in lambda_z starts from separate supports, a walk down from common ones, walks up and down in s carry over
what either found: one direction alone misses most of what sharing brings. The lower F is kept at every setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from sparsekin.l0.best import Best
from sparsekin.l0.problem import Problem
from sparsekin.l0.search import Search, Supports, open_common, open_search, open_separable
from sparsekin.l0.starts import perturb, start_from, swapped
from sparsekin.l0.state import Workspace
from sparsekin.options import SupportMode

EXTRA = 3  # sizes beyond the largest from which the walk down in s starts


@dataclass(slots=True)
class Sheet:
    """Best supports at each of a sizes and b values of lambda_z, both ascending.

    ========= ========== ====================================================================
    field     shape      meaning
    ========= ========== ====================================================================
    sizes     a          s, the same in all tasks
    lambda_z  b
    found     a lists    b `Best` each: supports, and how far F is below its value without any
    ========= ========== ====================================================================
    """

    sizes: Sequence[int]
    lambda_z: Sequence[float]
    found: list[list[Best]]

    @classmethod
    def empty(cls, sizes: Sequence[int], lambda_z: Sequence[float]) -> Sheet:
        """Nothing found yet."""
        return cls(sizes, lambda_z, [[Best() for _ in lambda_z] for _ in sizes])


class Origins:
    """Where sheets start: what lambda_2 and lambda_z have no part in is found once for all of their values.

    With `walks` only those lambda_1 have walks of their own; each other one of `ridges` starts from the next lower
    one and the next higher one that has.
    """

    def __init__(self, views: list[Any], ridges: Sequence[float] = (), walks: Sequence[float] = ()) -> None:
        self.views, self.ridges, self.walks = views, ridges, walks
        self._known: dict[tuple[float, tuple[int, ...], SupportMode], dict[int, Supports]] = {}

    def know(self, lambda_1: float, sizes: Sequence[int], support: SupportMode, found: dict[int, Supports]) -> None:
        """What another run found there, in place of a walk."""
        self._known[lambda_1, tuple(sizes), support] = found

    def of(self, workspace: Workspace, sizes: Sequence[int], support: SupportMode) -> dict[int, Supports]:
        """Common or separate supports at each size, no other tie; the latter also from the former."""
        key = (workspace.problem.lambda_1, tuple(sizes), support)
        if key in self._known:
            return self._known[key]
        if near := self._near(key[0]):
            others = [replace(workspace, problem=replace(workspace.problem, lambda_1=ridge)) for ridge in near]
            known = [self.of(other, sizes, support) for other in others]
            self._known[key] = moved_origins(workspace, self.views, sizes, support, known)
        else:
            from_common = support != "common" and workspace.problem.n_tasks > 1
            together = self.of(workspace, sizes, "common") if from_common else {}
            self._known[key] = origins(workspace, self.views, sizes, support, together)
        return self._known[key]

    def _near(self, lambda_1: float) -> list[float]:
        """The lambda_1 whose supports this one starts from; empty where it has walks of its own."""
        if not len(self.walks) or lambda_1 in self.walks:
            return []
        below = [ridge for ridge in self.ridges if min(self.walks) <= ridge < lambda_1]
        return [*below[-1:], *[ridge for ridge in self.walks if ridge > lambda_1][:1]]


def solve_sheet(workspace: Workspace, starts: Origins, sheet: Sheet, effort: int, step: Callable[[int], None]) -> None:
    """Fill the sheet; `step` hears how many settings were just met. KeyboardInterrupt leaves what was found."""
    if _varies(workspace.problem):
        _solve_all(workspace, starts, sheet, effort, step)
    else:
        _solve_column(workspace, starts, sheet, effort, step)


def _varies(problem: Problem) -> bool:
    """Whether lambda_z makes any difference."""
    return problem.n_tasks > 1 and problem.support == "heterogeneous"


def _solve_all(workspace: Workspace, starts: Origins, sheet: Sheet, effort: int, step: Callable[[int], None]) -> None:
    upwards, n = range(len(sheet.lambda_z)), len(sheet.sizes)
    apart = starts.of(workspace, sheet.sizes, "independent")
    together = starts.of(workspace, sheet.sizes, "common") if effort > 0 else {}
    search = open_search(_at(workspace, max(sheet.sizes)), starts.views)
    for i, size in enumerate(sheet.sizes):
        _walk(search, sheet, i, upwards, apart[size])
        if effort > 0:
            _walk(search, sheet, i, upwards[::-1], together[size])
            _carry(search, sheet, i - 1, i)
        step(len(upwards))
    for i in range(n - 2, -1, -1) if effort > 0 else ():
        _carry(search, sheet, i + 1, i)
    for i in range(n) if effort == 2 else ():
        for j in upwards:
            _set(search, sheet.sizes[i], sheet.lambda_z[j])
            perturb(search, sheet.found[i][j])


def _solve_column(
    workspace: Workspace, starts: Origins, sheet: Sheet, effort: int, step: Callable[[int], None]
) -> None:
    """lambda_z makes no difference: one walk over the sizes serves all of its values."""
    found = starts.of(workspace, sheet.sizes, workspace.problem.support)
    search = open_search(_at(workspace, max(sheet.sizes)), starts.views)
    for i, size in enumerate(sheet.sizes):
        best = Best()
        search.load(found[size])
        _set(search, size, 0.0)
        search.polish()
        best.offer(search)
        if effort == 2:
            perturb(search, best)
        sheet.found[i] = [best] * len(sheet.lambda_z)
        step(len(sheet.lambda_z))


def _at(workspace: Workspace, size: int) -> Workspace:
    problem = workspace.problem
    return replace(workspace, problem=replace(problem, s=np.full(problem.n_tasks, size)))


def _untied(workspace: Workspace, support: SupportMode) -> Workspace:
    problem = replace(workspace.problem, lambda_2=0.0, lambda_z=0.0, support=support)
    return replace(workspace, problem=problem)


def origins(
    workspace: Workspace, views: list[Any], sizes: Sequence[int], support: SupportMode, together: dict[int, Supports]
) -> dict[int, Supports]:
    """Common or separate supports at each size, no other tie: walks up and down through all sizes.

    Separate supports also start from common ones, `together`, and from those of the other tasks.
    """
    largest = max(sizes)
    workspace = _untied(workspace, support)
    opener = open_common if support == "common" else open_separable
    search = opener(_at(workspace, largest), views)
    n = len(search.sizes())
    best = {size: Best() for size in range(largest + 1)}
    for size in (*range(largest + 1), *range(largest + EXTRA, 0, -1)):
        search.resize([size] * n)
        search.polish()
        if size in best:
            best[size].offer(search)
    if together:
        for size in sizes:
            _set(search, size, 0.0)
            for stage in (start_from(together[size]), *swapped(best[size])):
                stage(search)
                best[size].offer(search)
        _carry_all(search, best, sorted(set(sizes)))
    return {size: best[size].supports for size in sizes}


def moved_origins(
    workspace: Workspace, views: list[Any], sizes: Sequence[int], support: SupportMode,
    near: Sequence[dict[int, Supports]],
) -> dict[int, Supports]:  # fmt: skip
    """As `origins`, from what was found at other penalties."""
    workspace = _untied(workspace, support)
    search = (open_common if support == "common" else open_separable)(_at(workspace, max(sizes)), views)
    best = {size: Best() for size in sizes}
    for size in sizes:
        search.set_caps([size] * len(search.sizes()))
        for found in near:
            start_from(found[size])(search)
            best[size].offer(search)
    _carry_all(search, best, sorted(set(sizes)))
    return {size: best[size].supports for size in sizes}


def _carry_all(search: Search, best: dict[int, Best], sizes: list[int]) -> None:
    """From every size to its neighbours, upwards and then downwards."""
    steps = list(pairwise(sizes))
    for source, target in (*steps, *[(b, a) for a, b in reversed(steps)]):
        _set(search, source, 0.0)
        search.load(best[source].supports)
        search.resize([target] * len(search.sizes()))
        search.polish()
        best[target].offer(search)


def _set(search: Search, size: int, lambda_z: float) -> None:
    search.set_caps([size] * search.problem.n_tasks)
    search.set_lambda_z(lambda_z)


def _walk(search: Search, sheet: Sheet, i: int, order: range, origin: Supports) -> None:
    search.load(origin)
    for j in order:
        _set(search, sheet.sizes[i], sheet.lambda_z[j])
        search.polish()
        sheet.found[i][j].offer(search)


def _carry(search: Search, sheet: Sheet, source: int, target: int) -> None:
    """From the supports at one size to the neighbouring one, at every lambda_z."""
    if source < 0:
        return
    for j, lambda_z in enumerate(sheet.lambda_z):
        _set(search, sheet.sizes[source], lambda_z)
        search.load(sheet.found[source][j].supports)
        search.resize([sheet.sizes[target]] * search.problem.n_tasks)
        search.polish()
        sheet.found[target][j].offer(search)
