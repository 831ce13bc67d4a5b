"""Terms of a formula on complete columns: formulaic, with expressions read by `sparsekin.data.expressions`."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
from formulaic import ModelSpec
from formulaic.errors import DataMismatchWarning
from formulaic.materializers import PandasMaterializer
from interface_meta import override

from sparsekin.data.blocks import Floats
from sparsekin.data.expressions import evaluate
from sparsekin.errors import DataError, FormulaError

_NULLS = re.compile(r"nulls in `(.+)`: `\1` contains null values", re.S)


class _Materializer(PandasMaterializer):
    """Looks names up in the data only, and evaluates nothing but what formulas may say."""

    @override
    def _lookup(self, name: str) -> tuple[Any, set[Any]]:
        return self.data[name], set()

    @override
    def _evaluate(self, expr: str, metadata: Any, spec: ModelSpec) -> tuple[Any, set[Any]]:
        return evaluate(expr, self.data, spec.transform_state, spec), set()


def materialize(spec: ModelSpec, data: pd.DataFrame) -> tuple[Floats, ModelSpec]:
    """Columns (n, m) and what was learned; whatever goes wrong inside an expression becomes a `FormulaError`."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", DataMismatchWarning)
        try:
            matrix = _Materializer(data, context={}).get_model_matrix(spec, na_action="raise")
            return np.asarray(matrix, np.float64), matrix.model_spec
        except DataMismatchWarning as warning:
            unseen = re.findall(r"\{(.*)\}", str(warning))
            raise DataError(
                f"A factor has levels ({', '.join(unseen)}) not among those it was given or fitted with."
            ) from None
        except Exception as error:
            reason = " ".join(str(error).split())
            if empty := _NULLS.search(reason):
                what = f"The term '{empty.group(1)}' is not a number in some rows"
                raise DataError(f"{what}, although its columns are complete there.") from None
            raise FormulaError(f"The formula cannot be evaluated on these data: {reason}") from error
