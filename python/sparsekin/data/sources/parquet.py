"""Columns of a Parquet file, or of a folder of them. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray

from sparsekin.data.blocks import Ints
from sparsekin.data.sources.base import Columns
from sparsekin.errors import DataError


class ParquetColumns(Columns):
    """Columns of a Parquet file or folder, whose rows follow each other in the order of the files' names."""

    def __init__(self, path: Path, columns: Sequence[str] | None = None, *, fill: bool = False) -> None:
        self._data = ds.dataset(path, format="parquet", partitioning="hive")
        schema = self._data.schema
        wanted = list(schema.names) if columns is None else list(columns)
        for name in wanted:
            if name not in schema.names:
                raise DataError(f"'{name}' is no column of {path}.")
        kinds = {field.name: field.type for field in schema}
        text = [name for name in wanted if not _is_number(kinds[name])]
        if text:
            raise DataError(
                f"Column '{text[0]}' of {path} holds {kinds[text[0]]}, not numbers; name candidates in columns=[...]."
            )
        super().__init__(self._data.count_rows(), len(wanted), wanted, fill=fill)

    def _read(self, at: slice | Ints) -> NDArray[Any]:
        numbers = range(at.start, at.stop) if isinstance(at, slice) else at.tolist()
        table = self._data.to_table(columns=[self.names[j] for j in numbers])
        out = np.empty((self.n_rows, table.num_columns), order="F")
        for i, column in enumerate(table.columns):
            values = column.to_numpy()
            out[:, i] = values if values.dtype != object else [np.nan if v is None else float(v) for v in values]
        return out


def _is_number(kind: Any) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
