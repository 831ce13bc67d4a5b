"""What halves of the rows say of a fit, in the user's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_basis
from sparsekin.inference.discoveries import Discoveries, adjust, discover, nothing_can_pass
from sparsekin.inference.estimates import LEAST_DF, LEAST_GROUPS, LEAST_HALVES, Estimates, estimates_of, of_one_split
from sparsekin.inference.halves import Halves
from sparsekin.inference.heterogeneity import heterogeneity_of
from sparsekin.options import check_level
from sparsekin.results.naming import shorten
from sparsekin.results.unavailable import Unavailable

NO_CUT = "so many of the candidates are chosen that no cut of half-samples keeps the false discovery rate"
FDR = 0.1  # at which statuses are told
_COMPARED = [
    "q", "df", "p_value", "p_adjusted", "i_squared", "tau_squared", "estimate", "std_error", "conf_low", "conf_high",
    "pred_low", "pred_high",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Selection:
    """Features selected at a false discovery rate; see `SparseResults.select`.

    ======== ============ ==================================================================================
    field    shape        meaning
    ======== ============ ==================================================================================
    features list of str  active in at least `at_least` tasks
    cells    (m, K) bool  stable features and the tasks whose own rows show them
    cutoff   float        share of half-samples from which a feature is stable; inf: none is; NaN: no gate
    bound    float        expected number of false features from there on, at most
    table    (m, 4)       per feature with estimates: frequency, stable, p_adjusted, selected
    note     str          why no feature is stable; empty where some are
    ======== ============ ==================================================================================
    """

    features: list[str]
    cells: pd.DataFrame
    cutoff: float
    bound: float
    table: pd.DataFrame
    fdr: float
    at_least: int
    note: str = ""

    def __repr__(self) -> str:
        what = "any task" if self.at_least == 1 else f"at least {self.at_least} tasks"
        chosen = f"{len(self.features)} selected in {what} at fdr = {self.fdr:g}: {shorten(self.features)}"
        chosen = chosen if self.features else f"nothing is selected in {what} at fdr = {self.fdr:g}"
        if np.isnan(self.cutoff):
            return f"<Selection without a gate, {chosen}>"
        if np.isinf(self.cutoff):
            return f"<Selection, no cut keeps the rate, {chosen}; {self.note}>"
        return f"<Selection, cut at {self.cutoff:.2f} of half-samples, {self.bound:.2g} false expected, {chosen}>"


class SayStability:
    """The properties and methods of a fit that halves of its rows answer."""

    __slots__ = ()
    halves: Halves | None
    blocks: TaskBlocks
    task_index: pd.Index

    def _estimates(self) -> Estimates | Unavailable:
        if self.halves is None:
            return Unavailable(
                "intervals and p-values computed as if the selected features had been chosen in advance are too "
                "optimistic; stability() gives honest ones, from halves of the rows that did not choose a feature"
            )
        if not self.halves.found:
            return Unavailable("stability() was interrupted before one pair of halves was finished")
        return estimates_of(self.halves)

    def _told(self) -> Estimates | Unavailable:
        """The estimates where there is one at all."""
        found = self._estimates()
        if isinstance(found, Unavailable):
            return found
        reason = self._too_few(found)
        return Unavailable(reason) if reason else found

    @property
    def se_kind(self) -> str:
        """Kind of standard errors: "none", or after `stability` "halves", with its groups "halves, by group"."""
        return "none" if self.halves is None else "halves, by group" if self.halves.groups is not None else "halves"

    @property
    def frequency(self) -> pd.DataFrame | Unavailable:
        """(p, 1 + K) share of half-samples that chose each feature in any task ("any") and in each."""
        found = self._estimates()
        if isinstance(found, Unavailable):
            return found
        features = pd.Index(self.blocks.feature_names, name="term")
        table = pd.DataFrame(found.frequency, index=features, columns=self.task_index)
        table.insert(0, "any", found.frequency_any, allow_duplicates=True)
        return table

    @property
    def params_heldout(self) -> pd.DataFrame | Unavailable:
        """(p, K) slopes from rows that had no part in choosing the feature, adjusted for what was chosen in the task.

        NaN where fewer than 10 half-samples chose the feature in any task, or a task has too few rows. `bse`,
        `conf_int` and `pvalues` belong to these, never to the coefficients of the fit.
        """
        return self._per_cell(lambda found: found.slope)

    @property
    def bse(self) -> pd.DataFrame | Unavailable:
        """(p, K) standard errors of `params_heldout`; after `stability`."""
        return self._per_cell(lambda found: found.se)

    @property
    def pvalues(self) -> pd.DataFrame | Unavailable:
        """(p, K) two-sided p-values of `params_heldout`, not adjusted for their number; after `stability`."""
        return self._per_cell(lambda found: found.pvalue)

    def intervals(self, level: float, split: bool = False) -> pd.DataFrame | Unavailable:
        """(p, 2 K) t intervals of held-out slopes, a mean over halves, or of the first half alone."""
        check_level("level", level)
        found = self._told()
        if isinstance(found, Unavailable):
            return found
        if split:
            assert self.halves is not None
            found = of_one_split(self.halves)
        return self.ends_table(found.features, *found.interval(level))

    def ends_table(self, features: Ints, low: Floats, high: Floats) -> pd.DataFrame:
        """Columns (task, "lower") and (task, "upper") from (m, K) ends of some features, NaN for others."""
        ends = np.full((self.blocks.n_features, self.blocks.n_tasks, 2), np.nan)
        ends[features] = np.stack([low, high], axis=2)
        return ends_by_term(self.blocks.feature_names, self.task_index, ends)

    def discoveries(
        self, fdr: float, at_least: int = 1, gate: bool = True
    ) -> tuple[Estimates, Discoveries] | Unavailable:
        """Estimates and what they select; before `stability` the reason why not."""
        found = self._estimates()
        if isinstance(found, Unavailable):
            return found
        assert self.halves is not None
        return found, discover(found, self.halves.pairs, fdr, at_least, gate)

    def _selection(self, fdr: float, at_least: int, gate: bool) -> Selection | Unavailable:
        made = self.discoveries(fdr, at_least, gate)
        if isinstance(made, Unavailable):
            return made
        found, chosen = made
        names = pd.Index([self.blocks.feature_names[j] for j in found.features], name="term")
        order = np.argsort(-found.frequency_any[found.features], kind="stable")
        table = pd.DataFrame(
            {"frequency": found.frequency_any[found.features], "stable": chosen.stable, "p_adjusted": chosen.pvalue,
             "selected": chosen.features}, index=names,
        )  # fmt: skip
        shown = chosen.cells.any(axis=1)
        cells = pd.DataFrame(chosen.cells[shown], index=names[shown], columns=self.task_index)
        features = [names[i] for i in order if chosen.features[i]]
        return Selection(
            features,
            cells,
            chosen.cutoff,
            chosen.bound,
            table.iloc[order],
            fdr,
            at_least,
            self._why_none(found, chosen, fdr),
        )

    def _why_none(self, found: Estimates, chosen: Discoveries, fdr: float) -> str:
        """Why no cut keeps the rate; nothing where one does."""
        assert self.halves is not None
        if not np.isinf(chosen.cutoff):
            return ""
        if nothing_can_pass(found.frequency_any, found.mean_number, self.halves.pairs, fdr):
            return (
                f"{NO_CUT}, however often a feature is chosen (a half-sample chooses {found.mean_number:.1f} of "
                f"{len(found.frequency_any)} on average): a smaller s, more candidates or a larger fdr may"
            )
        return "no feature is chosen by so many of the half-samples that the false discovery rate is kept"

    def _heterogeneity(self, fdr: float) -> pd.DataFrame | Unavailable:
        made = self.discoveries(fdr)
        if isinstance(made, Unavailable):
            return made
        found, chosen = made
        compared = {
            self.blocks.feature_names[found.features[i]]: heterogeneity_of(found.slope[i], found.se[i], found.df[i])
            for i in np.flatnonzero(chosen.stable)
        }
        rows = {
            name: [one.Q, one.df, one.welch_p, np.nan, one.I2, one.tau2, one.mean, one.se, *one.interval(0.95),
                   *one.prediction(0.95)]
            for name, one in compared.items() if one is not None
        }  # fmt: skip
        table = pd.DataFrame(
            list(rows.values()), index=pd.Index(list(rows), name="term"), columns=_COMPARED, dtype=float
        )
        table["p_adjusted"] = adjust(table["p_value"].to_numpy())
        table["differs"] = table["p_adjusted"] <= fdr
        return table

    def _per_cell(self, part: Callable[[Estimates], Floats]) -> pd.DataFrame | Unavailable:
        found = self._told()
        if isinstance(found, Unavailable):
            return found
        features = pd.Index(self.blocks.feature_names, name="term")
        return pd.DataFrame(self._spread_out(found, part(found)), index=features, columns=self.task_index)

    def _spread_out(self, found: Estimates, values: Floats) -> Floats:
        out = np.full((self.blocks.n_features, self.blocks.n_tasks), np.nan)
        out[found.features] = values
        return out

    def _too_few(self, found: Estimates) -> str:
        """Why there is no estimate at all; nothing where there is one."""
        if np.isfinite(found.se).any():
            return ""
        if not len(found.features):
            return f"no feature was chosen by {LEAST_HALVES} half-samples or more"
        return (
            "; ".join(self.rows_needed(found).values()) or "no slope could be estimated on the other half of the rows"
        )

    def rows_needed(self, found: Estimates) -> dict[object, str]:
        """Per task with too few rows for intervals: how many it has and needs."""
        out: dict[object, str] = {}
        for k, name in enumerate(self.blocks.task_names):
            df = found.df[:, k]
            if not len(df) or (df >= LEAST_DF).any():
                continue
            n = int(self.blocks.n_obs[k])
            needed = n + int(np.ceil(LEAST_DF - df.max()))
            rank = unpenalised_basis(self.blocks, k).shape[1]
            besides = "its features" if rank <= 1 else "its features and always-in terms"
            if self.halves is not None and self.halves.groups is not None:
                out[name] = f"Task {name!r} has too few groups of rows; for intervals it needs {LEAST_GROUPS} or more"
            else:
                out[name] = f"Task {name!r} has {n} rows; for intervals beside {besides} it needs about {needed}"
        return out


def statuses(found: Estimates, chosen: Discoveries, support: Bools) -> np.ndarray:
    """(p, K) "shown", "borrowed" or "unstable" of cells that a fit selects (p, K) or halves show, else ""."""
    out = np.where(support, "unstable", "").astype(object)
    rows = found.features[chosen.stable]
    out[rows] = np.where(support[rows], "borrowed", "")
    out[found.features] = np.where(chosen.cells, "shown", out[found.features])
    return out


def ends_by_term(terms: Sequence[str], tasks: pd.Index, ends: Floats) -> pd.DataFrame:
    """A row per term, columns (task, "lower") and (task, "upper"), of ends (m, K, 2)."""
    columns = pd.MultiIndex.from_product([tasks, ["lower", "upper"]], names=[tasks.name, None])
    return pd.DataFrame(ends.reshape(len(terms), -1), index=pd.Index(terms, name="term"), columns=columns)
