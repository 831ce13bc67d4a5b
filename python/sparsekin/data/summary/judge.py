"""What is said of statistics that do not fit their LD: errors, warnings and the table behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from sparsekin.data.summary import numbers
from sparsekin.data.summary.aligned import Aligned
from sparsekin.data.summary.given import Given, r_of
from sparsekin.data.summary.neighbours import agreement
from sparsekin.data.summary.statistics import Statistics
from sparsekin.errors import DataError, DataWarning, warn

OUTSIDE = 1e-7  # largest part of r that may be rounding where the columns do not vary
_WORST = 5  # variants that a warning names
_FULL = 1 + 1e-9


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SummaryCheck:
    """How summary statistics fit their LD.

    ========= ================ ================================================================================
    field     shape            meaning
    ========= ================ ================================================================================
    table     frame (K p, 9)   a row per task and variant: z, what the few strongest signals and its neighbours
                               (20 at most, r^2 of .3 or more) predict, the share of its variance that neighbours
                               explain, chi2 of the difference (1 degree of freedom; blank without neighbours), p, how
                               many neighbours, and whether it is flagged: p < 5e-8
    ledger    frame (m, 4)     what was dropped, or whose sign was turned: variant, task, where, what
    tasks     frame (K, 5)     n, variants, flagged, smallest eigenvalue of the LD, and the share of the outcome's
                               variance that all variants together would explain, which cannot be above 1
    ========= ================ ================================================================================

    References
    ----------
    Chen et al. (2021), Improved analyses of GWAS summary statistics by reducing data heterogeneity and errors,
    Nature Communications 12, 7117 (DENTIST).
    """

    table: pd.DataFrame
    ledger: pd.DataFrame
    tasks: pd.DataFrame

    @property
    def flagged(self) -> pd.DataFrame:
        """The rows of `table` that are flagged, the worst first."""
        return self.table[self.table["flagged"]].sort_values("chi2", ascending=False, kind="stable")

    def __repr__(self) -> str:
        flagged, n = int(self.table["flagged"].sum()), len(self.ledger)
        dropped = self.ledger.loc[self.ledger["what"].str.startswith("dropped"), "variant"].nunique()
        return f"<SummaryCheck: {len(self.table)} statistics, {flagged} flagged; {n} ledger lines, {dropped} dropped>"


def check_joint(one: Statistics, joint: numbers.Joint) -> None:
    """Refuse LD and statistics that no rows can have."""
    mend = "LD of the same people, or of the same ancestry, or a larger shrink="
    if numbers.is_indefinite(joint):
        raise DataError(
            f"The LD of task {one.task!r} is no correlation matrix: its smallest eigenvalue is {joint.least:.3g}. "
            "Blocks cut out of windows, rounded entries and r squared in place of r do this. "
            f"shrink={numbers.needed_share(joint):g} or more would make it one."
        )
    rank = joint.rank + int(joint.explained[0, 0] < 1 - 1e-9)
    if rank > one.n - 1:
        raise DataError(
            f"Task {one.task!r} has n = {one.n:g}, but LD of rank {joint.rank}: so many rows cannot have it. "
            "Give fewer variants, or LD of the very rows without shrink=."
        )
    if joint.outside[0] > OUTSIDE:
        raise DataError(
            f"The LD does not fit the statistics of task {one.task!r}: there are sums of variants that "
            f"do not vary, such as two copies of one, but of which the statistics differ by {joint.outside[0]:.2g}. "
            f"Rounded z, or LD of other people, do this; use {mend}, such as shrink=0.01."
        )
    if joint.explained[0, 0] > _FULL:
        raise DataError(
            f"The LD does not fit the statistics of task {one.task!r}: together the {len(one.ids)} variants would "
            f"explain {100 * joint.explained[0, 0]:.4g} % of the variance of the outcome. See "
            f"sparsekin.moments.check_summary() for the worst variants; use {mend}."
        )


def table_of(given: Given) -> pd.DataFrame:
    """Every statistic beside what its neighbours predict, with the LD as it was given."""
    frames = []
    for one, R in zip(given.aligned.statistics, given.aligned.R, strict=True):
        found = agreement(r_of(one) * np.sqrt(one.n), R)
        frames.append(
            pd.DataFrame({
                "task": one.task, "variant": one.ids, "z": one.z, "predicted": found.predicted,
                "share": found.share, "chi2": found.chi2, "p": chi2.sf(found.chi2, 1),
                "neighbours": found.neighbours, "flagged": found.wrong,
            })
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def warn_of_flagged(table: pd.DataFrame) -> None:
    """Name the worst statistics that are flagged."""
    worst = table[table["flagged"]].sort_values("chi2", ascending=False, kind="stable")
    if worst.empty:
        return
    named = [
        f"'{row.variant}' in task {row.task!r} (z = {row.z:.3g}, predicted {row.predicted:.3g})"
        for row in worst.head(_WORST).itertuples()
    ]
    rest = f" and {len(worst) - _WORST} more" if len(worst) > _WORST else ""
    warn(
        f"{len(worst)} of {len(table)} statistics do not fit what those of correlated variants predict: "
        f"{', '.join(named)}{rest}. A swapped allele, rows that differ from variant to variant, or LD of other people "
        "do this, and false signals follow. sparsekin.moments.check_summary() has the table; drop these variants, "
        "or use LD of the same people.",
        DataWarning,
    )


def warn_of_ledger(aligned: Aligned) -> None:
    """Count the variants that were dropped, by reason."""
    gone = aligned.ledger[aligned.ledger["what"].str.startswith("dropped")]
    if gone.empty:
        return
    counts = gone.drop_duplicates("variant")["what"].str.removeprefix("dropped: ").value_counts()
    why = ", ".join(f"{number} {what}" for what, number in counts.items())
    warn(
        f"{counts.sum()} variants were dropped ({why}); {len(aligned.statistics[0].ids)} are left. "
        "sparsekin.moments.check_summary().ledger names them.",
        DataWarning,
    )
