"""Rows of Parquet files, some at a time. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from pyarrow import dataset

from sparsekin.errors import DataError


class ParquetRows:
    """A Parquet file, or a folder of them, that is never in memory whole."""

    def __init__(self, path: Path, chunk_rows: int) -> None:
        if not path.exists():
            raise DataError(f"There is no Parquet file or folder at '{path}'.")
        self._files = dataset.dataset(path, format="parquet", partitioning="hive")
        self._chunk_rows = chunk_rows
        self.names = tuple(self._files.schema.names)

    def first(self) -> pd.DataFrame:
        """The first rows, all columns."""
        for chunk in self.chunks(self.names):
            return chunk
        raise DataError("The Parquet files have no rows.")

    def chunks(self, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Frames of at most `chunk_rows` rows, one after the other, nothing read ahead."""
        options = dataset.ParquetFragmentScanOptions(use_buffered_stream=True, pre_buffer=False)
        batches = self._files.to_batches(
            columns=list(columns), batch_size=self._chunk_rows, batch_readahead=0, fragment_readahead=0,
            use_threads=False, fragment_scan_options=options,
        )  # fmt: skip
        for batch in batches:
            if batch.num_rows:
                yield batch.to_pandas(split_blocks=True)
