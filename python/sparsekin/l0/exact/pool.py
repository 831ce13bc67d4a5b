"""The supports of one task met so far, with their values, ready to be priced all at once."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints

Support = tuple[int, ...]


class Met:
    """Supports of one task (at most `size` of p columns) and their values without prices."""

    def __init__(self, size: int, p: int) -> None:
        self.size, self.p = size, p
        self.known: dict[Support, int] = {}
        self.supports: list[Support] = []
        self._columns = np.full((16, size), p)
        self._values = np.empty(16)
        self._near = np.zeros(16, bool)

    def __len__(self) -> int:
        return len(self.supports)

    @property
    def values(self) -> Floats:
        """(n,) values without prices."""
        return self._values[: len(self)]

    @property
    def columns(self) -> Ints:
        """(n, size) columns of each support; p where a place is empty."""
        return self._columns[: len(self)]

    def add(self, found: dict[Support, float]) -> None:
        """Remember supports that are new."""
        for S, value in found.items():
            if S in self.known:
                continue
            n = len(self)
            if n == len(self._values):
                self._values = np.concatenate([self._values, np.empty(n)])
                self._near = np.concatenate([self._near, np.zeros(n, bool)])
                self._columns = np.vstack([self._columns, np.full((n, self.size), self.p)])
            self.known[S] = n
            self.supports.append(S)
            self._columns[n, : len(S)] = S
            self._values[n] = value

    def priced(self, prices: Floats) -> Floats:
        """(n,) values with prices (p,) added."""
        return self.values + np.append(prices, 0.0)[self.columns].sum(axis=1)

    def cheapest(self, prices: Floats) -> tuple[Support, float]:
        """The support of least value at `prices`, and that value."""
        priced = self.priced(prices)
        best = int(np.argmin(priced))
        return self.supports[best], float(priced[best])

    def front(self, prices: Floats, window: float) -> Ints:
        """Positions of supports that were within `window` of the cheapest at some price asked about so far."""
        priced = self.priced(prices)
        self._near[: len(self)] |= priced <= priced.min() + window
        self._near[0] = True
        return np.flatnonzero(self._near[: len(self)])
