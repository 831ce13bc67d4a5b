"""The settings of the dial from pooled to separate: where supports come from, and the penalties of their values."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Literal, TypeAlias

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.l0.grid import Settings, cross
from sparsekin.l0.lambda_max import auto_lambda_z
from sparsekin.l0.problem import Problem
from sparsekin.losses.occurrences import events_of_tasks
from sparsekin.options import SupportMode
from sparsekin.tuning.family_metrics import null_predictor
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.dial.lasso import shares_of
from sparsekin.tuning.sparse.grid import RIDGES, ridges_by_rows

Family: TypeAlias = Literal["pool", "share", "separate"]
FAMILIES: tuple[Family, ...] = ("pool", "share", "separate")  # from the simplest on
LINKS = (0.0, 0.03, 0.1, 0.3, 1.0, 10.0, np.inf)
SEARCHED = (0.0, 0.4)  # ridges at which supports to share are looked for
SIZES = (1, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 50)
N_LAMBDA_Z = 5
WALKED = 1  # which of them supports to share are looked for at
EVENTS = 3  # and a feature for so many events is the most tried


@dataclass(frozen=True, slots=True, eq=False)
class Dial:
    """What is tried between pooled and separate.

    ======== ======== ====================================================================================
    field    shape    meaning
    ======== ======== ====================================================================================
    shared   Settings searches with lambda_z, whose supports are given values by every ridge and link
    pooled   Settings searches of one model for all tasks; supports of `SEARCHED` ridges are given values too.
                      Where tasks are outcomes: searches of one support for all, which only are given values
    separate Settings searches of each task by itself
    ridges   (a,)     lambda_1 of the values
    links    (b,)     lambda_2 of the values
    pools    bool     whether one model for all tasks is tried: not where they are outcomes of one X, nor of several
                      families
    lasso    (c,)     shares of alpha_max of one lasso for all tasks, which counts in the mean of families; none where
                      sizes are given
    walked   (d,)     of tasks with losses: lambda_1 at which supports to share are looked for, and in the middle of
                      these those of separate models; None: by `searched_ridges`, separate models at all ridges
    ======== ======== ====================================================================================
    """

    shared: Settings
    pooled: Settings
    separate: Settings
    ridges: Floats
    links: Floats
    pools: bool = True
    lasso: Floats = field(default_factory=lambda: np.empty(0))
    walked: Floats | None = None

    @property
    def walks(self) -> Floats:
        """The ridges at which supports to share are looked for."""
        return searched_ridges(self.ridges) if self.walked is None else self.walked

    @property
    def reused(self) -> Ints:
        """Rows of `pooled` whose supports are given values by every ridge and link."""
        return np.flatnonzero(np.isin(self.pooled.lambda_1, self.walks))

    @property
    def table(self) -> DialSettings:
        """One row per model: pool, then share, then separate."""
        a, b = len(self.ridges), len(self.links)
        found = [self.shared, self.pooled.take(self.reused)]
        s, searched, lambda_z = (
            np.concatenate([getattr(one, name) for one in found]) for name in ("s", "lambda_1", "lambda_z")
        )
        common = np.repeat([False, True], [len(one) for one in found])
        n, m = len(s), len(self.separate)
        apart = self.separate.lambda_1 if self.walked is None else np.full(m, self.walks[len(self.walks) // 2])
        values = [np.tile(np.repeat(self.ridges, b), n), np.tile(self.links, n * a)]
        pool = self.pooled if self.pools else self.pooled.take(np.empty(0, np.int64))
        return DialSettings(
            s=np.concatenate([pool.s, np.repeat(s, a * b), self.separate.s]),
            lambda_1=np.concatenate([pool.lambda_1, values[0], self.separate.lambda_1]),
            lambda_2=np.concatenate([np.full(len(pool), np.inf), values[1], np.zeros(m)]),
            lambda_z=np.concatenate([np.zeros(len(pool)), np.repeat(lambda_z, a * b), np.zeros(m)]),
            family=np.repeat([0, 1, 2], [len(pool), n * a * b, m]),
            searched=np.concatenate([pool.lambda_1, np.repeat(searched, a * b), apart]),
            common=np.concatenate([np.ones(len(pool), bool), np.repeat(common, a * b), np.zeros(m, bool)]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class DialSettings(Settings):
    """m settings of the dial.

    The fields of `Settings`, and:

    ======== ===== ==================================================================================
    field    shape meaning
    ======== ===== ==================================================================================
    family   (m,)  position in `FAMILIES`
    searched (m,)  lambda_1 of the search that found the supports
    common   (m,)  whether that was a search of one model for all tasks
    ======== ===== ==================================================================================
    """

    family: Ints
    searched: Floats
    common: Bools

    def take(self, rows: Bools | Ints) -> DialSettings:
        """Some of the rows."""
        return DialSettings(
            self.s[rows], self.lambda_1[rows], self.lambda_2[rows], self.lambda_z[rows], self.family[rows],
            self.searched[rows], self.common[rows],
        )  # fmt: skip


def searched_for(dial: Dial, asked: DialSettings) -> Dial:
    """The dial with the one search left that the supports of a setting come from."""
    source = "separate" if asked.family[0] == 2 else "pooled" if asked.common[0] else "shared"
    none = dial.shared.take(np.empty(0, np.int64))
    left = {name: getattr(dial, name) if name == source else none for name in ("shared", "pooled", "separate")}
    return replace(dial, shared=left["shared"], pooled=left["pooled"], separate=left["separate"])


def row_of(table: DialSettings, asked: DialSettings) -> int:
    """Where a setting stands in a table."""
    same = [getattr(table, field.name) == getattr(asked, field.name)[0] for field in fields(DialSettings)]
    return int(np.flatnonzero(np.all(same, axis=0))[0])


def make_dial(
    problem: Problem,
    s: Ints | None = None,
    ridges: Floats | None = None,
    links: Floats | None = None,
    lambda_z: Floats | None = None,
    least: float = 1.0,
) -> Dial:
    """Values that fit the data, where none are given.

    Parameters
    ----------
    problem : Problem
        All rows.
    s, ridges, links, lambda_z : values to try, optional
    least : float
        The share of the rows that the smallest training set keeps: sizes are for that.
    """
    if problem.losses is not None:
        return make_family_dial(problem, s, ridges, links, lambda_z, least)
    ridges = np.array(RIDGES) if ridges is None else ridges
    links = np.array(LINKS) if links is None else links
    n = problem.blocks.n_obs
    own = s if s is not None else sizes(problem.n_features, _most(n.min(), least))
    together = s if s is not None else sizes(problem.n_features, _most(n.sum(), least))
    searched = searched_ridges(ridges)
    if lambda_z is None:
        lambda_z = auto_lambda_z(replace(problem, lambda_1=float(searched.min())), own.tolist(), N_LAMBDA_Z)
    pools = not problem.blocks.shared
    return Dial(
        shared=cross(own, searched, [0.0], lambda_z),
        pooled=cross(together, ridges, [0.0], [0.0]) if pools else cross(own, searched, [0.0], [0.0]),
        separate=cross(own, ridges, [0.0], [0.0]),
        ridges=ridges,
        links=links if pools else links[np.isfinite(links)],
        pools=pools,
        lasso=shares_of(problem.blocks) if s is None else np.empty(0),
    )


def make_family_dial(
    problem: Problem, s: Ints | None, ridges: Floats | None, links: Floats | None, lambda_z: Floats | None,
    least: float,
) -> Dial:  # fmt: skip
    """`make_dial` of tasks with losses: as many features as a third of the events, ridges by rows, links by curvature.

    lambda_1 is 1, 4, 16 and 64 over the mean rows of a task (a prior of that precision on log ratios); lambda_2 that of
    squared errors times the mean curvature of the losses without features, rounded to one digit; of tasks of several
    families 0 alone.
    """
    given, ridges = ridges is not None, ridges_by_rows(problem.blocks) if ridges is None else ridges
    walked = searched_ridges(ridges) if given else ridges[[WALKED]]
    several = problem.blocks.mixed
    links = np.zeros(1) if several else _scaled_links(problem) if links is None else links
    events = _events(problem)
    pools = not problem.blocks.shared and not several
    own = s if s is not None else sizes(problem.n_features, _most(events.min(), least, EVENTS))
    together = s if s is not None else sizes(problem.n_features, _most(events.sum(), least, EVENTS))
    if lambda_z is None:
        lambda_z = auto_lambda_z(replace(problem, lambda_1=float(walked.min())), own[::3].tolist(), N_LAMBDA_Z - 1)
    return Dial(
        shared=cross(own, walked, [0.0], lambda_z),
        pooled=cross(together, ridges, [0.0], [0.0]) if pools else cross(own, walked, [0.0], [0.0]),
        separate=cross(own, ridges, [0.0], [0.0]),
        ridges=ridges,
        links=links if pools else links[np.isfinite(links)],
        pools=pools,
        lasso=shares_of(problem.blocks) if s is None else np.empty(0),
        walked=walked,
    )


def _scaled_links(problem: Problem) -> Floats:
    """(7,) lambda_2 from separate to pooled."""
    assert problem.losses is not None
    nulls = [null_predictor(problem.blocks, k, loss) for k, loss in enumerate(problem.losses)]
    curved = [loss.curvature(eta).weights.sum() for loss, eta in zip(problem.losses, nulls, strict=True)]
    unit = sum(curved) / problem.task_weights.sum()
    return np.array([link if link in (0.0, np.inf) else float(f"{link * unit:.0e}") for link in LINKS])


def _events(problem: Problem) -> Floats:
    """(K,) rows of each task, or events where these are fewer."""
    return np.fmin(problem.blocks.n_obs, events_of_tasks(problem.blocks))


def links_of(blocks: TaskBlocks, support: SupportMode) -> list[float]:
    """The lambda_2 from separate to pooled: 0 alone where nothing is tied, no inf for outcomes of one X."""
    if blocks.n_tasks == 1 or support == "independent" or blocks.mixed:
        return [0.0]
    return [link for link in LINKS if np.isfinite(link) or not blocks.shared]


def with_ridges(dial: Dial, ridges: Floats) -> Dial:
    """The same searches for supports to share, with other ridges for the values."""
    pooled = cross(dial.pooled.s, ridges, [0.0], [0.0]) if dial.pools else dial.pooled
    return replace(dial, pooled=pooled, separate=cross(dial.separate.s, ridges, [0.0], [0.0]), ridges=ridges)


def dial_like(dial: Dial, problem: Problem, folds: Folds) -> Dial:
    """The same values on fewer rows: sizes that are too large for them are left out."""
    least, curved = least_share(folds, problem.blocks), problem.losses is not None
    n, share = (_events(problem), EVENTS) if curved else (problem.blocks.n_obs.astype(float), 2)
    own = _most(n.min(), least, share)
    together = _most(n.sum(), least, share) if dial.pools else own

    def some(settings: Settings, most: int) -> Settings:
        return settings.take(settings.s <= max(most, int(settings.s.min())))

    return replace(
        dial,
        shared=some(dial.shared, own),
        pooled=some(dial.pooled, together),
        separate=some(dial.separate, own),
    )


def least_share(folds: Folds, blocks: TaskBlocks) -> float:
    """The share of the rows that the smallest training set of some folds keeps."""
    if folds.scheme == "leave-one-task-out":
        return float(1.0 - blocks.n_obs.max() / blocks.n_obs.sum())
    counts = np.bincount(folds.of_row[folds.of_row >= 0])
    return float(1.0 - counts.max() / len(folds.of_row))


def sizes(p: int, most: int) -> Ints:
    """1, 2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 50 as far as p and `most` allow, and what they allow."""
    limit = max(1, min(p, most, SIZES[-1]))
    return np.unique([*(size for size in SIZES if size <= limit), limit]).astype(np.int64)


def _most(n: float, least: float, share: int = 2) -> int:
    """The largest s tried: half of the rows that folds leave; a ridge keeps such fits in bounds."""
    return max(1, int(least * n) // share)


def searched_ridges(ridges: Floats) -> Floats:
    """The ridges at which supports to share are looked for: 0 and .4 where they are tried, else the middle one."""
    found = np.array([ridge for ridge in SEARCHED if np.isclose(ridges, ridge).any()])
    return found if len(found) else ridges[[len(ridges) // 2]]
