"""Rows of Parquet files, some at a time. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from pyarrow import dataset
from pyarrow.parquet import ParquetFile

from sparsekin.errors import DataError

_BUFFER = 1 << 16


class ParquetRows:
    """A Parquet file, or a folder of them, that is never in memory whole."""

    def __init__(self, path: Path, chunk_rows: int) -> None:
        if not path.exists():
            raise DataError(f"There is no Parquet file or folder at '{path}'.")
        self._files = dataset.dataset(path, format="parquet", partitioning="hive")
        self._chunk_rows = chunk_rows
        index = (self._files.schema.pandas_metadata or {}).get("index_columns", ())
        self.names = tuple(name for name in self._files.schema.names if name not in index)

    def first(self) -> pd.DataFrame:
        """The first rows, all columns."""
        for chunk in self.chunks(self.names):
            return chunk
        raise DataError("The Parquet files have no rows.")

    def chunks(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Frames of at most `chunk_rows` rows, one after the other.

        File by file and without reading ahead, which keeps less in memory than a scan of the whole dataset.
        """
        for fragment in self._files.get_fragments():
            of_folder = dataset.get_partition_keys(fragment.partition_expression)
            stored = [name for name in columns if name not in of_folder]
            with ParquetFile(fragment.path, buffer_size=_BUFFER, pre_buffer=False) as file:
                absent = [name for name in stored if name not in file.schema_arrow.names]
                if absent:
                    raise DataError(f"The Parquet file '{fragment.path}' has no column '{absent[0]}'; other files do.")
                for batch in file.iter_batches(self._chunk_rows, columns=stored, use_threads=False):
                    if batch.num_rows:
                        yield batch.to_pandas(split_blocks=True, ignore_metadata=True).assign(**of_folder)[
                            list(columns)
                        ]
