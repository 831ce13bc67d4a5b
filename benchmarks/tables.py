"""Tables that were kept, numbers with their errors, and tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd


def read(path: Path) -> pd.DataFrame:
    """A CSV whose words are words: "null" and "None" are the names of a method, a design, a level."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def markdown(heads: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def mean_se(values: pd.Series | np.ndarray, digits: int = 2) -> str:
    """Mean and, in brackets, its standard error over replicates."""
    kept = np.asarray(values, float)
    kept = kept[np.isfinite(kept)]
    if not len(kept):
        return "-"
    if len(kept) == 1:
        return f"{kept[0]:.{digits}f}"
    return f"{kept.mean():.{digits}f} ({kept.std(ddof=1) / np.sqrt(len(kept)):.{digits}f})"


def wide(frame: pd.DataFrame, value: str, by: str = "replicate") -> pd.DataFrame:
    """Replicates by methods."""
    return frame.pivot_table(index=by, columns="method", values=value, aggfunc="first")


def paired(table: pd.DataFrame, method: str, other: str) -> pd.Series:
    """Log ratio of a method's value to another's, replicate by replicate."""
    return np.log(table[method] / table[other]).dropna()


def percent(logs: pd.Series | np.ndarray, digits: int = 1) -> str:
    """Mean log ratio as a difference in percent, with its standard error."""
    kept = np.asarray(logs, float)
    if not len(kept):
        return "-"
    center = 100 * np.expm1(kept.mean())
    if len(kept) == 1:
        return f"{center:+.{digits}f}"
    return f"{center:+.{digits}f} ({100 * np.exp(kept.mean()) * kept.std(ddof=1) / np.sqrt(len(kept)):.{digits}f})"


def best_rival(table: pd.DataFrame, rivals: Sequence[str]) -> str:
    """The rival of least mean log value, named after the fact, which favours it."""
    return str(np.log(table[[name for name in rivals if name in table]]).mean().idxmin())
