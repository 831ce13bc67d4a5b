"""Tables from files and from standard input."""

from __future__ import annotations

import io
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from sparsekin.errors import DataError, DataWarning, MissingExtraError, warn

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: _read_text(path, ","),
    ".tsv": lambda path: _read_text(path, "\t"),
    ".parquet": pd.read_parquet,
}
_NO_NAME = re.compile(r"(Unnamed: \d+)?")


def read_table(path: Path) -> pd.DataFrame:
    """The frame in a .csv, .tsv (also compressed, as .csv.gz) or .parquet file; of "-", CSV from standard input.

    Raises
    ------
    DataError
        The file does not exist, is of another kind, or cannot be read as what its name says.
    """
    if str(path) == "-":
        return _read_input()
    kinds = [suffix for suffix in map(str.lower, path.suffixes) if suffix in READERS]
    if not kinds:
        raise DataError(f"'{path}' is not a .csv, .tsv or .parquet file.")
    if not path.is_file():
        raise DataError(f"There is no file '{path}'.")
    try:
        return READERS[kinds[-1]](path)
    except ImportError:
        raise MissingExtraError("Reading .parquet needs pyarrow: pip install pyarrow") from None
    except (ValueError, OSError) as error:
        raise DataError(f"'{path}' cannot be read as {kinds[-1][1:]}: {' '.join(str(error).split())}") from None


def _read_input() -> pd.DataFrame:
    text = sys.stdin.read()
    if not text.strip():
        raise DataError("Standard input is empty; give a file, or CSV such as: cat data.csv | sparsekin fit - ...")
    try:
        return _read_text("standard input", ",", text)
    except ValueError as error:
        raise DataError(f"Standard input cannot be read as csv: {' '.join(str(error).split())}") from None


def _read_text(path: Path | str, mark: str, text: str | None = None) -> pd.DataFrame:
    """A table whose header names every column, but for row numbers or labels in the first one, which are left out."""
    header = (
        pd.read_csv(_again(path, text), sep=mark, header=None, nrows=1, dtype=str, keep_default_na=False)
        .iloc[0]
        .tolist()
    )
    for name, count in Counter(header).items():
        if count > 1 and not _NO_NAME.fullmatch(name):
            raise DataError(f"{count} columns of '{path}' are named '{name}'; give each a name of its own.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(_again(path, text), sep=mark, index_col=False)
        except pd.errors.ParserWarning:
            raise DataError(
                f"The rows of '{path}' have more cells than the header has names ({len(header)}); name every column, "
                "or write the file without row names."
            ) from None
    nameless = [at for at, name in enumerate(header) if _NO_NAME.fullmatch(name)]
    if not nameless:
        return frame
    first = frame.iloc[:, 0]
    if nameless != [0] or first.dtype.kind == "f" or not first.is_unique:
        raise DataError(f"Column {nameless[-1] + 1} of '{path}' has no name; name it, or remove it.")
    warn(
        f"The first column of '{path}' has no name and another value in each row: taken for row labels and left out.",
        DataWarning,
    )
    return frame.iloc[:, 1:]


def _again(path: Path | str, text: str | None) -> Path | str | io.StringIO:
    return path if text is None else io.StringIO(text)
