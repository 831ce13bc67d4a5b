"""Halves of the rows, within each task, and work on each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from sparsekin.data.blocks import Bools, Ints, TaskBlocks
from sparsekin.data.random import make_generator
from sparsekin.errors import DataError
from sparsekin.tuning.folds import event_codes
from sparsekin.tuning.parallel import in_order

T = TypeVar("T")
_DRAWS = 100  # of groups, until both halves have rows of every task


def on_halves(
    work: Callable[[Bools], T],
    blocks: TaskBlocks,
    *,
    pairs: int,
    rng: object = None,
    groups: Ints | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> tuple[T, ...]:
    """What `work` makes of the rows (N,) bool of each half, the two of a pair side by side.

    The same seed gives the same halves whatever `n_jobs`; Ctrl-C keeps the pairs that are finished.
    """
    seeds = make_generator(rng).integers(2**63, size=pairs)
    pieces = [(work, blocks, int(seed), groups) for seed in seeds]
    done: list[tuple[T, T]] = in_order(_pair, pieces, n_jobs=n_jobs, progress=progress, what="pairs of halves")
    return tuple(half for pair in done for half in pair)


def _pair(work: Callable[[Bools], T], blocks: TaskBlocks, seed: int, groups: Ints | None) -> tuple[T, T]:
    first, second = complementary_halves(blocks, groups, np.random.default_rng(seed))
    return work(first), work(second)


def counted_rows(blocks: TaskBlocks) -> Bools:
    """(N,) rows of positive weight in a task at least."""
    out = np.zeros(blocks.X.shape[0], bool)
    for rows, w in zip(blocks.rows, blocks.weights, strict=True):
        out[rows] |= True if w is None else w > 0
    return out


def complementary_halves(blocks: TaskBlocks, groups: Ints | None, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Two disjoint halves (N,) of the rows of every task.

    Where a task has an odd number of rows, one is in neither half. Of yes/no outcomes both halves have their share of
    each class, of survival times their share of events. With `groups` (N,) these stay whole, so that halves are only
    nearly equal. Rows that tasks share are split once, for all of them.

    Raises
    ------
    DataError
        Groups stand in several tasks so that a half has no rows of a task, however they are drawn.
    """
    for _ in range(_DRAWS):
        first, second = _drawn(blocks, groups, rng)
        empty = _without_rows(blocks, first, second)
        if not empty:
            return first, second
    raise DataError(
        f"Rows of groups that go together leave one half without rows of task {empty[0]!r}: it has too few groups of "
        "its own; leave groups out, or drop the task."
    )


def _without_rows(blocks: TaskBlocks, first: Bools, second: Bools) -> list[object]:
    """Tasks that have no rows of positive weight in one of the halves."""
    found: list[object] = []
    for name, rows, w in zip(blocks.task_names, blocks.rows, blocks.weights, strict=True):
        counted = True if w is None else w > 0
        if not (first[rows] & counted).any() or not (second[rows] & counted).any():
            found.append(name)
    return found


def _drawn(blocks: TaskBlocks, groups: Ints | None, rng: np.random.Generator) -> tuple[Bools, Bools]:
    counted, kinds = counted_rows(blocks), event_codes(blocks)
    first, second = np.zeros(len(counted), bool), np.zeros(len(counted), bool)
    for start, stop in sorted({(rows.start, rows.stop) for rows in blocks.rows}):
        rows = start + np.flatnonzero(counted[start:stop])
        if groups is None:
            order = rng.permutation(rows)
            order = order[np.argsort(kinds[order], kind="stable")]
            first[order[0 : 2 * (len(order) // 2) : 2]] = True
            second[order[1 : 2 * (len(order) // 2) : 2]] = True
        elif not first[rows].any() and not second[rows].any():
            _split_groups(first, second, rows, groups, rng)
        else:
            _split_groups(first, second, rows[~(first | second)[rows]], groups, rng)
    if groups is not None:
        _make_whole(first, second, groups)
    return first, second


def _split_groups(first: Bools, second: Bools, rows: Ints, groups: Ints, rng: np.random.Generator) -> None:
    """Groups in random order, each to the half that has fewer of the rows so far."""
    labels, sizes = np.unique(groups[rows], return_counts=True)
    given = [0, 0]
    for g in rng.permutation(len(labels)):
        side = int(given[1] < given[0]) if given[0] != given[1] else int(rng.integers(2))
        (first, second)[side][rows[groups[rows] == labels[g]]] = True
        given[side] += int(sizes[g])


def _make_whole(first: Bools, second: Bools, groups: Ints) -> None:
    """A group that stands in several tasks goes where its first rows went."""
    for label in np.intersect1d(groups[first], groups[second]):
        rows = np.flatnonzero((groups == label) & (first | second))
        side = first[rows[0]]
        first[rows], second[rows] = side, not side
