"""What a multi-task model holds, and the one line that says what it was given."""

from __future__ import annotations

from typing import Any

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.design import Design
from sparsekin.data.frame import RowLedger
from sparsekin.data.prepare import Prepared
from sparsekin.options import Scheme
from sparsekin.report.notebook import model_html
from sparsekin.tuning.folds import Folds, make_folds
from sparsekin.tuning.split import Rng

_ROOM = 72


class TaskModel:
    """The data of `SparseMTL` and `MTHAL`."""

    _prepared: Prepared

    @property
    def blocks(self) -> TaskBlocks:
        """The data cut into tasks."""
        return self._prepared.blocks

    @property
    def design(self) -> Design:
        """How the columns are made and called."""
        return self._prepared.design

    @property
    def ledger(self) -> RowLedger:
        """Which rows were dropped, and why."""
        return self._prepared.ledger

    def __repr__(self) -> str:
        """Formula or shapes, tasks, rows, candidates."""
        blocks, design, ledger = self.blocks, self.design, self.ledger
        by = "" if design.task is None else f" by {design.task}"
        kind = "outcome" if blocks.shared else "task"
        tasks = f"{blocks.n_tasks} {kind}{'s' * (blocks.n_tasks != 1)}"
        kept = f", {len(blocks.keep_names)} kept" if blocks.keep_names else ""
        rows = rows_text(blocks.nobs, ledger.n_dropped)
        return f"<{type(self).__name__}: {self._given()}{by}; {tasks}, {rows}, {self._candidates()}{kept}>"

    def _repr_html_(self) -> str:
        return model_html(repr(self), self.ledger)

    def _given(self) -> str:
        blocks, design, n = self.blocks, self.design, self.ledger.n_given
        if blocks.origin is not None:
            return f"moments of {shorten_text(design.formula or 'arrays')}"
        if design.formula is not None:
            return shorten_text(design.formula)
        outcomes = f", {blocks.n_tasks}" if blocks.shared else ","
        return f"y ({n}{outcomes}), X ({n}, {blocks.n_features + len(design.keep_at)})"

    def _candidates(self) -> str:
        n = self.blocks.n_features
        return f"{n} candidate{'s' * (n != 1)}"

    def _make_folds(self, folds: Any, groups: Any, rng: Rng, scheme: Scheme = "within-task") -> Folds:
        found = self._prepared
        if groups is None and scheme == "within-task":
            groups = found.spare.groups
        folds, groups = found.spare.values("folds", folds), found.spare.values("groups", groups)
        return make_folds(
            found.blocks, scheme=scheme, folds=folds, groups=groups, rng=rng, positions=found.row_positions,
            n_given=len(found.index), index=found.index if found.labelled else None,
        )  # fmt: skip


def rows_text(n: int, dropped: int = 0) -> str:
    """How many rows there are, and how many left."""
    return f"{n} row{'s' * (n != 1)}" + (f" ({dropped} dropped)" if dropped else "")


def shorten_text(text: str) -> str:
    """A formula on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _ROOM else f"{line[: _ROOM - 4]} ..."
