"""Which columns were left out before a model saw them, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class ColumnLedger:
    """Columns that a filter dropped.

    ======= ============== ===========================================
    field   shape          meaning
    ======= ============== ===========================================
    n_given int            columns in the file
    dropped of (str, str)  name and reason of each column that was left out
    ======= ============== ===========================================

    Examples
    --------
    >>> ColumnLedger(5, (("rs1", "minor allele frequency"), ("rs4", "call rate"))).describe()
    '2 of 5 columns dropped: minor allele frequency (1), call rate (1)'
    """

    n_given: int
    dropped: tuple[tuple[str, str], ...] = ()

    @property
    def reasons(self) -> dict[str, int]:
        """How many columns each reason took."""
        return dict(Counter(reason for _, reason in self.dropped).most_common())

    def describe(self) -> str:
        """One line for a person."""
        if not self.dropped:
            return f"{self.n_given} columns, none dropped"
        listed = ", ".join(f"{reason} ({count})" for reason, count in self.reasons.items())
        return f"{len(self.dropped)} of {self.n_given} columns dropped: {listed}"
