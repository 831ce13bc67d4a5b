"""Sums over risk sets, as shares: pi_ti = q_i / S_t for rows i at risk at event t, q = w exp(eta), S_t = sum_i q_i.

Event times are numbered 0..T-1, stratum by stratum in time order; row i is at risk at events first_i <= t < last_i.
Shares are at most 1 whatever eta is. Where all rows enter before the first event, in one stratum, they are suffix sums;
else rows are summed over the nodes of a binary tree above the events, each with a largest eta of its own, so that
nothing is ever subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse

from sparsekin.data.blocks import Floats, Ints

_SPREAD = 300.0  # log hazards further apart need more than one unit


class Shares(Protocol):
    """The matrix pi (T, n) at some eta."""

    @property
    def log_sums(self) -> Floats:
        """(T,) log S."""

    def over(self, A: Floats) -> Floats:
        """(T, ...) pi A."""

    def back(self, C: Floats) -> Floats:
        """(n, ...) pi' C."""


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Which rows are at risk at which events.

    ======== ====== ==============================
    field    shape  meaning
    ======== ====== ==============================
    first    (n,)   first event a row is at risk at
    last     (n,)   one more than its last
    n_events int    T
    ======== ====== ==============================
    """

    first: Ints
    last: Ints
    n_events: int

    def shares(self, eta: Floats, log_w: Floats) -> Shares:
        """pi at eta; log_w (n,) is -inf where the weight is 0."""
        log_q = eta + log_w
        order = self.order
        if order is not None and (not len(order) or np.ptp(log_q[order]) < _SPREAD):
            return _Suffix(self, order, log_q)
        return self._tree(log_q)

    @cached_property
    def order(self) -> Ints | None:
        """Rows that are ever at risk, by time, if all of them are from the first event on."""
        ever = np.flatnonzero(self.last > self.first)
        if self.first[ever].any():
            return None
        return ever[np.argsort(self.last[ever], kind="stable")]

    @cached_property
    def starts(self) -> Ints:
        """(T,) where in `order` those at risk at an event begin."""
        return np.searchsorted(self.last[self.order], np.arange(self.n_events), side="right")

    @cached_property
    def _nodes(self) -> tuple[Ints, Ints, Ints]:
        """Pairs (node, row) of the tree that make up each row's events, and (T, levels) nodes above events."""
        size = 1 << max(int(np.ceil(np.log2(max(self.n_events, 1)))), 0)
        lo, hi = self.first + size, np.maximum(self.last, self.first) + size
        rows, nodes = [], []
        while np.any(lo < hi):
            for inside, node in ((lo % 2 == 1) & (lo < hi), lo), ((hi % 2 == 1) & (lo < hi), hi - 1):
                rows.append(np.flatnonzero(inside))
                nodes.append(node[inside])
            lo, hi = (lo + 1) // 2, hi // 2
        above = [np.arange(self.n_events) + size]
        while above[-1].max(initial=1) > 1:
            above.append(above[-1] // 2)
        empty = [np.empty(0, np.int64)]
        return np.concatenate(nodes or empty), np.concatenate(rows or empty), np.column_stack(above)

    def _tree(self, log_q: Floats) -> Shares:
        nodes, rows, above = self._nodes
        n_nodes = int(above.max(initial=0)) + 1
        top = np.full(n_nodes, -np.inf)
        np.maximum.at(top, nodes, log_q[rows])
        there = np.isfinite(top)
        shift = np.where(there, top, 0.0)
        part = np.exp(log_q[rows] - shift[nodes])
        below = sparse.csr_array((part, (nodes, rows)), shape=(n_nodes, len(log_q)))
        with np.errstate(divide="ignore"):
            log_node = np.log(np.bincount(nodes, part, n_nodes)) + shift
        most = log_node[above].max(axis=1)
        most = np.where(np.isfinite(most), most, 0.0)
        log_sums = most + np.log(np.exp(log_node[above] - most[:, None]).sum(axis=1))
        scaled = np.exp(np.where(there[above], shift[above] - log_sums[:, None], -np.inf))
        events = np.repeat(np.arange(self.n_events), above.shape[1])
        shape = (self.n_events, n_nodes)
        return _Tree(log_sums, sparse.csr_array((scaled.ravel(), (events, above.ravel())), shape=shape), below)


@dataclass(frozen=True, slots=True, eq=False)
class _Tree:
    log_sums: Floats
    above: sparse.csr_array
    below: sparse.csr_array

    def over(self, A: Floats) -> Floats:
        return np.asarray(self.above @ (self.below @ A))

    def back(self, C: Floats) -> Floats:
        return np.asarray(self.below.T @ (self.above.T @ C))


class _Suffix:
    def __init__(self, sets: RiskSets, order: Ints, log_q: Floats) -> None:
        self._n, self._order = len(log_q), order
        self._starts, self._last = sets.starts, sets.last[order] - 1
        top = float(log_q[order].max(initial=-np.inf)) if len(order) else 0.0
        self._q = np.exp(log_q[order] - top)
        self._sums = self._suffix(self._q)
        self.log_sums = np.log(self._sums) + top

    def _suffix(self, ordered: Floats) -> Floats:
        return np.asarray(np.cumsum(ordered[::-1], axis=0)[::-1][self._starts])

    def over(self, A: Floats) -> Floats:
        return np.asarray((self._suffix((self._q * A[self._order].T).T).T / self._sums).T)

    def back(self, C: Floats) -> Floats:
        sums = np.cumsum((C.T / self._sums).T, axis=0)
        out = np.zeros((self._n, *C.shape[1:]))
        out[self._order] = (self._q * sums[self._last].T).T
        return out
