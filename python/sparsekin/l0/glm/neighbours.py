"""What one task's part of F becomes when a column enters, leaves or is exchanged, where not all losses are squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.l0.exact.pool import Support
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import Fit, refit

REFITTED = 40  # neighbours, those that the model at a refit has as the cheapest


@dataclass(frozen=True, slots=True)
class TaskFits:
    """Refits of the one task of a descent."""

    descent: Descent

    def neighbours(self, support: Support, prices: Floats, keep: int) -> tuple[dict[Support, float], Floats]:
        """See `Surroundings`: the quadratic model at the refit of a support says which of them are refitted."""
        problem, here = self.descent.problem, np.array(support, np.int32)
        fit = self._refit(support)
        held, gains, _ = self.descent.freezer.gains(problem, fit)[0]
        paid = prices[held]
        before = paid.sum() - np.append(paid, 0.0)
        plain = fit.F - gains
        if len(support) >= int(problem.s[0]):
            plain = plain[:-1]
        plain[:, here] = np.inf
        reach = (plain + before[: len(plain), None]).min(axis=0, initial=np.inf)
        total = plain + before[: len(plain), None] + prices
        n = min(keep, REFITTED, total.size)
        best = np.argpartition(total.ravel(), n - 1)[:n] if n else np.empty(0, int)
        found = {support: fit.F}
        for at in best[np.isfinite(total.ravel()[best])]:
            i, j = np.unravel_index(at, total.shape)
            left = np.delete(held, i) if i < len(held) else held
            S = tuple(sorted([*left.tolist(), int(j)]))
            found[S] = self._refit(S, fit).F
        for j in support:
            S = tuple(i for i in support if i != j)
            found[S] = self._refit(S, fit).F
        return found, reach

    def _refit(self, support: Support, before: Fit | None = None) -> Fit:
        problem, memory = self.descent.problem, self.descent.memory
        found = refit(problem, [np.array(support, np.int32)], before, memory=memory)
        assert found is not None
        return found
