"""What a notebook shows of the last value of a cell."""

from __future__ import annotations

from sparsekin.data.frame import RowLedger
from sparsekin.report.document import Document, table


class Summarized:
    """An object that a notebook shows as its summary."""

    __slots__ = ()

    def summary(self) -> Document:
        """Summary tables."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return self.summary().as_html()


def model_html(text: str, ledger: RowLedger) -> str:
    """A model: its one line, and the rows of its tasks."""
    rows = [[str(task), str(given), str(used)] for task, given, used in ledger.tasks]
    parts = [table(rows, ["task", "rows", "used"])] if rows else []
    return Document(text.strip("<>"), [*parts, ledger.describe()]).as_html()
