"""Models against the rows a fold holds out, by squared errors or deviances as the outcomes are."""

from __future__ import annotations

from collections.abc import Sequence

from sparsekin.data.blocks import TaskBlocks
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.errors import FoldErrors
from sparsekin.tuning.sparse.family_scoring import score_families
from sparsekin.tuning.sparse.scoring import Predictor, score


def fold_errors(
    blocks: TaskBlocks, training: TaskBlocks, folds: Folds, fold: int, models: Sequence[Predictor | None]
) -> FoldErrors:
    """Errors of m models (None: not finished) and of the null model on the rows `fold` holds out of `blocks`."""
    how = score if blocks.responses is None else score_families
    return how(blocks, training, folds, fold, models)
