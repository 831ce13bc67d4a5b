"""Many columns: search among those that look good at the null model and a first fit, look at all at the end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.glm.descent import SHORTLIST, Descent
from sparsekin.l0.glm.fit import Fit
from sparsekin.l0.glm.moves import Raw
from sparsekin.l0.glm.single import renamed, with_columns
from sparsekin.l0.glm.starts import Lead, search
from sparsekin.l0.search import from_ids

ALL_COLUMNS = 2_000  # up to this many, every model is of all columns
WIDTH = 150  # columns of a first list, at least
PER_FEATURE = 15  # and so many for each feature of a support
VIOLATORS = 30  # columns that a look at all of them adds per task
ROUNDS = 25


def likely(descent: Descent, fit: Fit, width: int) -> Bools:
    """(p,) columns held, or among the `width` of largest gain in some task or in all of them together."""
    chosen = np.zeros(descent.problem.n_features, bool)
    best = [np.where(np.isfinite(gain), gain, 0.0) for gain in map(_entry, descent.freezer.gains(descent.problem, fit))]
    lists = [np.sum(best, axis=0)] if descent.problem.support == "common" else [np.sum(best, axis=0), *best]
    for gain in lists:
        top = np.argpartition(-gain, width - 1)[:width] if width < len(gain) else np.arange(len(gain))
        chosen[top[gain[top] > 0]] = True
    for S in fit.supports:
        chosen[S] = True
    return chosen


def _entry(table: Raw) -> Floats:
    return np.asarray(table[1].max(axis=0))


def first_columns(descent: Descent) -> Ints:
    """Columns likely at the null model and at the first fit among those."""
    width = max(WIDTH, PER_FEATURE * int(descent.problem.s.max()))
    chosen = likely(descent, descent.null, width)
    columns = np.flatnonzero(chosen)
    found = search(_among(descent, columns), 0)
    if found.interrupted:
        descent.reached.fit = renamed(found.fit, columns)
        raise KeyboardInterrupt
    return np.flatnonzero(chosen | likely(descent, renamed(found.fit, columns), width))


def _among(descent: Descent, columns: Ints) -> Descent:
    inner = Descent.open(with_columns(descent.problem, columns), descent.deadline)
    return replace(inner, count=descent.count)


def search_among_many(descent: Descent, effort: int, kicks: tuple[int, int, int]) -> Lead:
    """The search on a list of columns, which grows until none of the best-ranked moves with any column helps."""
    lead = Lead(descent.null)
    try:
        columns = first_columns(descent)
        found = search(_among(descent, columns), effort, kicks=kicks)
        lead.offer(renamed(found.fit, columns))
        for _ in range(0 if found.interrupted else ROUNDS):
            better = descent.first_better(lead.fit, SHORTLIST)
            if better is None:
                return lead
            lead.offer(better)
            known = np.zeros(descent.problem.n_features, bool)
            known[columns] = True
            columns = np.flatnonzero(known | likely(descent, better, VIOLATORS))
            inner = _among(descent, columns)
            lead.offer(renamed(inner.descend(_inside(better, columns)), columns))
        lead.interrupted = found.interrupted
    except (KeyboardInterrupt, TimeoutError):
        lead.interrupted = True
        lead.offer(descent.so_far())
    return lead


def _inside(fit: Fit, columns: Ints) -> Fit:
    """The fit in the numbers of a list that has all its columns."""
    return replace(fit, supports=from_ids(fit.supports, columns))
