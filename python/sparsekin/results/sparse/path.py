"""The data of a path: solutions at many settings of s and the penalties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.prepare import Prepared
from sparsekin.errors import OptionError
from sparsekin.l0.exact.certificate import relative_gap
from sparsekin.l0.grid import GridFit, Settings
from sparsekin.results.naming import counted
from sparsekin.tuning.sparse.criteria import ebic
from sparsekin.tuning.sparse.scoring import mean_jaccard


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PathFit:
    """Fits at m settings.

    ======== ========= ===========================================================
    field    shape     meaning
    ======== ========= ===========================================================
    prepared Prepared  the data, and the way back to the user's rows
    grid     GridFit   settings, supports and objectives
    effort   int       effort of the search
    bounds   (m,)|None proven lower bounds of the objectives, when asked for
    passes   int|None  how often all columns on disk were read, for their moments too; None where X is in memory
    ======== ========= ===========================================================
    """

    prepared: Prepared
    grid: GridFit
    effort: int
    bounds: Floats | None = None
    passes: int | None = None

    def __len__(self) -> int:
        return len(self.grid)

    def __repr__(self) -> str:
        tasks = counted(self.grid.problem.n_tasks, "task")
        return f"<{type(self).__name__} of {counted(len(self), 'setting')}, {tasks}>"

    @property
    def nobs(self) -> int:
        """Rows used."""
        return self.prepared.blocks.nobs

    @property
    def table(self) -> pd.DataFrame:
        """One row per setting.

        Columns s, lambda_1, lambda_2, lambda_z, objective, bound and gap (if asked for), selected (mean over the
        tasks), union, core, mean_jaccard; NaN where Ctrl-C came first.
        """
        rows = [self._alike(i) if self.grid.finished[i] else [np.nan] * 4 for i in range(len(self))]
        measured = pd.DataFrame(rows, columns=["selected", "union", "core", "mean_jaccard"], dtype=float)
        table = settings_table(self.grid.settings)
        table["objective"] = self.grid.objective
        if self.bounds is not None:
            found = zip(self.grid.objective, self.bounds, strict=True)
            table["bound"], table["gap"] = self.bounds, [relative_gap(*pair) for pair in found]
        return pd.concat([table, measured], axis=1)

    def coef_table(self) -> pd.DataFrame:
        """One row per setting, task and selected feature.

        Columns setting (row of `table`), s, lambda_1, lambda_2, lambda_z, task, term, estimate (units of the data)
        and estimate_standardized (the scale of the penalties).
        """
        some = self.grid.finished & np.array([any(map(len, supports)) for supports in self.grid.supports], bool)
        parts = [self._coefs(i) for i in np.flatnonzero(some).tolist()]
        if not parts:
            names = [field.name for field in fields(Settings)]
            return pd.DataFrame(columns=["setting", *names, "task", "term", "estimate", "estimate_standardized"])
        return pd.concat(parts, ignore_index=True)

    def criterion(self, gamma: float = 1.0) -> pd.Series:
        """(m,) extended BIC of each setting, smaller is better; see `sparsekin.tuning.sparse.criteria.ebic`."""
        values = np.full(len(self), np.nan)
        for i in np.flatnonzero(self.grid.finished):
            found = self.grid.solution(int(i))
            values[i] = ebic(
                self.grid.problem.blocks, found.coef, found.intercept, found.keep_coef, gamma,
                bool(self.grid.settings.tied[i]),
            )  # fmt: skip
        return pd.Series(values, name="ebic")

    def _alike(self, i: int) -> list[float]:
        support = np.zeros((self.grid.problem.n_features, self.grid.problem.n_tasks), bool)
        for k, S in enumerate(self.grid.supports[i]):
            support[S, k] = True
        in_tasks = support.sum(axis=1)
        sizes = support.sum(axis=0)
        return [float(sizes.mean()), np.sum(in_tasks > 0), np.sum(in_tasks == len(sizes)), mean_jaccard(support)]

    def _coefs(self, i: int) -> pd.DataFrame:
        found, blocks, settings = self.grid.solution(i), self.grid.problem.blocks, self.grid.settings
        tasks, features = np.nonzero(found.support.T)
        return pd.DataFrame({
            "setting": i,
            **{field.name: getattr(settings, field.name)[i] for field in fields(Settings)},
            "task": [blocks.task_names[k] for k in tasks],
            "term": [blocks.feature_names[j] for j in features],
            "estimate": found.coef[features, tasks],
            "estimate_standardized": found.coef_standardized[features, tasks],
        })  # fmt: skip


def row_at(settings: Settings, named: Mapping[str, float | None]) -> int:
    """The row of the one setting with these values; parameters that are None are not asked for.

    Raises
    ------
    OptionError
        No setting has them, or several have.
    """
    table, asked = settings_table(settings), {name: value for name, value in named.items() if value is not None}
    rows: Bools = np.ones(len(settings), bool)
    for name, value in asked.items():
        rows &= np.isclose(table[name].to_numpy(float), value, rtol=1e-3, atol=0)
        if not rows.any():
            there = ", ".join(f"{one:g}" for one in pd.unique(table[name]))
            raise OptionError(f"No setting of the path has {_listed(asked)}; {name} is one of {there}.")
    at = np.flatnonzero(rows)
    if len(at) > 1:
        open_ = [name for name in table if table[name].iloc[at].nunique() > 1]
        first = ", ".join(f"{one:g}" for one in pd.unique(table[open_[0]].iloc[at]))
        what = _listed(asked) if asked else "no value asked for"
        raise OptionError(f"{len(at)} settings of the path have {what}; say {open_[0]} too, one of {first}.")
    return int(at[0])


def _listed(named: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in named.items())


def settings_table(settings: Settings) -> pd.DataFrame:
    """Columns s, lambda_1, lambda_2, lambda_z."""
    return pd.DataFrame({field.name: getattr(settings, field.name) for field in fields(Settings)})


def setting_at(settings: Settings, i: int) -> dict[str, float]:
    """The i-th setting by name."""
    penalties = {name: float(getattr(settings, name)[i]) for name in ("lambda_1", "lambda_2", "lambda_z")}
    return {"s": int(settings.s[i]), **penalties}
