"""What knockoffs select, in the user's names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.inference.knockoffs import Drawn, in_at_least, reject
from sparsekin.results.naming import shorten


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class KnockoffsFit:
    """Features and cells that beat their copies.

    ======== ============ ==============================================================================
    field    shape        meaning
    ======== ============ ==============================================================================
    features list of str  active in at least `at_least` tasks
    cells    (p, K) bool  in which tasks, at the same rate over all cells
    e_value  (p, K)       means over draws; nothing is known of a cell with 0
    share    (p, K)       of draws whose filter passed the cell
    fdr      float
    at_least int
    draws    int          finished
    ======== ============ ==============================================================================
    """

    features: list[str]
    cells: pd.DataFrame
    e_value: pd.DataFrame
    share: pd.DataFrame
    fdr: float
    at_least: int
    draws: int

    def __repr__(self) -> str:
        """What is selected, in a line."""
        return f"<Knockoffs, {self.draws} draws, {self.said}>"

    @property
    def said(self) -> str:
        """What is selected, in words."""
        what = "any task" if self.at_least == 1 else f"at least {self.at_least} tasks"
        if not self.features:
            return f"nothing is selected in {what} at fdr = {self.fdr:g}"
        return f"{len(self.features)} selected in {what} at fdr = {self.fdr:g}: {shorten(self.features)}"


def named(drawn: Drawn, blocks: TaskBlocks, fdr: float, at_least: int) -> dict[str, object]:
    """The fields of `KnockoffsFit`."""
    tasks = pd.Index(list(blocks.task_names), tupleize_cols=False)
    names = pd.Index(list(blocks.feature_names), tupleize_cols=False)
    chosen = np.flatnonzero(reject(in_at_least(drawn.evalue, at_least), fdr))

    def framed(values: Bools | Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=names, columns=tasks)

    return {
        "features": [blocks.feature_names[j] for j in chosen.tolist()],
        "cells": framed(reject(drawn.evalue, fdr)),
        "e_value": framed(drawn.evalue),
        "share": framed(drawn.share),
        "fdr": float(fdr),
        "at_least": int(at_least),
        "draws": drawn.draws,
    }
