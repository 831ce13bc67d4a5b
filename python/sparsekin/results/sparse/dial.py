"""The data of a cross-validation of the dial from pooled to separate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats
from sparsekin.results.sparse.cv import CVFit, choice_of, table_of
from sparsekin.tuning.metrics import mean_and_error, mean_over
from sparsekin.tuning.sparse.dial.average import Average, chosen_averages, judge_families
from sparsekin.tuning.sparse.dial.mixture import Mixture, mix
from sparsekin.tuning.sparse.dial.nested import Nested
from sparsekin.tuning.sparse.dial.settings import FAMILIES, Dial, DialSettings
from sparsekin.tuning.sparse.errors import with_null
from sparsekin.tuning.sparse.table import Score, best, fold_metric, loss_sign
from sparsekin.tuning.verdict import Verdict


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DialFit(CVFit):
    """A cross-validation from pooled to separate.

    The fields of `CVFit`, whose settings are those of the dial, and:

    ======== ================ =============================================================
    field    shape            meaning
    ======== ================ =============================================================
    dial     Dial             what was searched, and which penalties gave values
    averages tuple of Average means of the best settings of each family, judged fold by fold
    apart    (m,) or None     how far the model of all rows at a setting is from the average,
                              see `sparsekin.tuning.sparse.dial.nearest.distances`; None after
                              Ctrl-C
    ======== ================ =============================================================
    """

    dial: Dial = field(kw_only=True)
    averages: tuple[Average, ...] = field(kw_only=True)
    apart: Floats | None = field(kw_only=True, default=None)

    @property
    def settings(self) -> DialSettings:
        """The settings that were tried."""
        found = self.errors.settings
        assert isinstance(found, DialSettings)
        return found

    @property
    def table(self) -> pd.DataFrame:
        """One row per setting, and last the row "null": means and always-in columns alone.

        The columns of `CVFit.table`, with family ("pool": one model for all tasks; "share": values tied by lambda_2;
        "separate": each task by itself) and supports (which search found them: "pooled", "shared", with lambda_z,
        or "separate", and lambda_1 of that search in `searched`).
        """
        found, settings = table_of(self), self.settings
        kind = np.where(settings.family == 2, "separate", np.where(settings.common, "pooled", "shared"))
        found.insert(0, "family", [*np.array(FAMILIES)[settings.family], ""])
        found.insert(5, "supports", [*kind, ""])
        found.insert(6, "searched", [*settings.searched, np.nan])
        return found

    @property
    def families(self) -> pd.DataFrame:
        """One row per family: pool, share, separate.

        Index family; columns settings, averaged (of how many settings the mean is taken, see
        `sparsekin.tuning.sparse.dial.average.weights_of`; chosen on the folds), mean and std_error of the metric of
        that mean over folds, each fold by settings ranked on the others, selected
        (features per task of a setting that it is the mean of), difference to
        the best family and difference_se (corrected for training rows that overlap), chosen, indistinct (within one
        corrected standard error of the best).
        """
        found = chosen_averages(self.averages)
        judged, sign = self.judged, loss_sign(self.score)
        losses = np.array([one.losses for one in found.values()])
        mean, error = mean_and_error(losses)
        counts = [int(np.sum(self.settings.family == FAMILIES.index(name))) for name in found]
        return pd.DataFrame(
            {
                "settings": counts,
                "averaged": [len(one.rows) for one in found.values()],
                "mean": sign * mean,
                "std_error": error,
                "selected": [self._selected(one) for one in found.values()],
                "difference": [sign * judged.differences[name] for name in found],
                "difference_se": [judged.ses[name] for name in found],
                "chosen": [name == judged.chosen for name in found],
                "indistinct": [name in judged.indistinct for name in found],
            },
            index=pd.Index(list(found), name="family"),
        )

    @property
    def judged(self) -> Verdict:
        """The rule: from pool to share to separate only for a gain of more than half a corrected standard error."""
        return judge_families(self.averages)

    @property
    def average(self) -> Mixture:
        """The mean of settings of all families, each by how good it is; that of the verdict comes first."""
        return mix(self.averages, self.score)

    @property
    def least_index(self) -> int:
        """Position in `table` of the best mean in the family that the verdict speaks for."""
        mean, _, eligible = self._choice()
        return best(mean, self.tried.settings, self.score, eligible)

    @property
    def best_index(self) -> int:
        """Position of `best` in `table`: in the family that the verdict speaks for, nearest to the average.

        `least_index` where that is the null model, or no setting of the family has an error so near to the least.
        """
        least = self.least_index
        if self.apart is None or least == len(self.settings):
            return least
        own = self._own() & ~np.isnan(self.apart)
        return best(self.apart, self.settings, "rmse", own) if own.any() else least

    def _selected(self, average: Average) -> float:
        sizes = mean_over(self.errors.sizes[average.rows], axis=2)
        return float(np.nanmean(sizes))

    def _choice(self) -> tuple[Floats, Floats, Bools]:
        """As for a grid; only settings of the family that the verdict speaks for may be chosen."""
        mean, error, found = choice_of(self)
        return mean, error, found & np.append(self._own(), True)

    def _own(self) -> Bools:
        """(m,) settings of the family that the verdict speaks for."""
        return np.asarray(self.settings.family == FAMILIES.index(self.judged.chosen))


def nested_table(found: Nested, score: Score) -> pd.DataFrame:
    """A row per outer fold: family, averaged, selected, error of the procedure, null: that of the null model."""
    both = with_null(found.errors)
    metric = fold_metric(both, score)[:, : len(found.families)]
    return pd.DataFrame(
        {
            "family": list(found.families),
            "averaged": list(found.counts),
            "selected": mean_over(both.sizes[0], axis=1)[: len(found.families)],
            "error": metric[0],
            "null": metric[1],
        },
        index=pd.RangeIndex(len(found.families), name="fold"),
    )
