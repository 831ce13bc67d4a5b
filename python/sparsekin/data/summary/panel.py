"""LD as users have it: one matrix, dense or sparse, a frame, blocks, or files of these."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.files import path_text
from sparsekin.data.summary.alleles import Alleles, alleles_of, is_counted
from sparsekin.errors import DataError

_ROUNDED = 1e-4  # how far from symmetric, and from a unit diagonal, rounding in files can be


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Correlations of variants in one or more blocks, 0 between them.

    ======= ================== ============================================
    field   shape              meaning
    ======= ================== ============================================
    blocks  list of (m, m)     dense or `scipy.sparse`
    ids     sum of m, or None  variants; None: in the order of the statistics
    alleles Alleles or None
    said    str                what messages call it
    ======= ================== ============================================
    """

    blocks: list[Any]
    ids: tuple[str, ...] | None
    alleles: Alleles | None
    said: str

    @property
    def size(self) -> int:
        """Variants."""
        return sum(block.shape[0] for block in self.blocks)

    def among(self, at: Ints, sign: Ints) -> Floats:
        """(p, p) correlations of the variants at some places, with signs (p,)."""
        R = np.zeros((len(at), len(at)))
        first = 0
        for block in self.blocks:
            mine = np.flatnonzero((at >= first) & (at < first + block.shape[0]))
            inside = at[mine] - first
            part = block[inside][:, inside].toarray() if sparse.issparse(block) else block[np.ix_(inside, inside)]
            R[np.ix_(mine, mine)] = part
            first += block.shape[0]
        R = (R + R.T) / 2 * np.multiply.outer(sign, sign)
        np.fill_diagonal(R, 1.0)
        return R


def read_panel(ld: Any, alleles: Any, said: str) -> Panel:
    """Read LD and the alleles it is of.

    Raises
    ------
    DataError
        It is no correlation matrix, a file cannot be read, or some blocks have names and others do not.
    """
    parts = [_block(one, said) for one in (ld if isinstance(ld, list | tuple) else [ld])]
    if not parts:
        raise DataError(f"{said} is an empty list; give at least one block.")
    named = [ids for _, ids, _ in parts]
    if any(ids is None for ids in named) and any(ids is not None for ids in named):
        raise DataError(f"{said}: some blocks name their variants and some do not; name them in all.")
    known = [part for part in named if part is not None]
    ids = tuple(str(one) for part in known for one in part) if known else None
    if ids is not None and len(set(ids)) < len(ids):
        twice = next(one for i, one in enumerate(ids) if one in ids[:i])
        raise DataError(f"{said} has variant '{twice}' twice; keep one.")
    blocks = [_checked(R, said) for R, _, _ in parts]
    own = [table for _, _, table in parts]
    found: Alleles | None = None
    if alleles is not None:
        table = alleles if isinstance(alleles, pd.DataFrame) else pd.DataFrame(alleles)
        if ids is None and not is_counted(table.index):
            ids = tuple(str(one) for one in table.index)
        found = alleles_of(table, ids, said)
    elif all(table is not None for table in own):
        found = alleles_of(pd.concat([pd.DataFrame(table) for table in own], ignore_index=True), None, said)
    total = sum(block.shape[0] for block in blocks)
    for what, n in (("names", None if ids is None else len(ids)), ("alleles", found and len(found.effect))):
        if n is not None and n != total:
            raise DataError(f"{said} has {total} variants, but {n} {what}.")
    return Panel(blocks, ids, found, said)


def _block(value: Any, said: str) -> tuple[Any, Sequence[object] | None, Any]:
    """Matrix, names, table of alleles."""
    if isinstance(value, str | bytes | os.PathLike):
        return _file(value)
    if isinstance(value, pd.DataFrame):
        if [str(one) for one in value.index] != [str(one) for one in value.columns]:
            raise DataError(f"{said}: the rows and columns of the frame do not name the same variants in one order.")
        return value.to_numpy(float), list(value.index), None
    if sparse.issparse(value):
        return sparse.csr_array(value), None, None
    try:
        return np.asarray(value, float), None, None
    except (TypeError, ValueError):
        raise DataError(f"{said} is no matrix of numbers, nor a list of these or of .npy and .npz files.") from None


def _file(path: Any) -> tuple[Any, Sequence[object] | None, Any]:
    name = path_text(path)
    if not os.path.isfile(name):
        raise DataError(f"There is no LD file '{name}'.")
    try:
        with open(name, "rb") as file:
            stored = np.load(file, allow_pickle=False)
            if isinstance(stored, np.ndarray):
                return stored.astype(float), None, None
            arrays = dict(stored)
        if "indptr" in arrays:
            return sparse.csr_array(sparse.load_npz(name)), None, None
    except Exception as error:  # whatever zipfile and NumPy make of bytes that are not theirs
        raise DataError(f"'{name}' cannot be read as an .npy or .npz file of numbers and texts.") from error
    if "ld" not in arrays:
        raise DataError(f"'{name}' has no array 'ld' (it has {', '.join(sorted(arrays)) or 'none'}).")
    table = None
    if {"effect_allele", "other_allele"} <= set(arrays):
        table = {column: arrays[column] for column in ("effect_allele", "other_allele")}
    return arrays["ld"].astype(float), arrays["ids"].tolist() if "ids" in arrays else None, table


def _checked(R: Any, said: str) -> Any:
    if R.ndim != 2 or R.shape[0] != R.shape[1]:
        raise DataError(f"{said} has shape {R.shape}; a correlation matrix is square.")
    values = R.data if sparse.issparse(R) else R
    if not np.isfinite(values).all():
        raise DataError(f"{said} has missing or infinite entries (a variant that does not vary?); leave those out.")
    off = np.abs(R.diagonal() - 1).max(initial=0.0)
    if off > _ROUNDED or np.abs(values).max(initial=0.0) > 1 + _ROUNDED:
        worst = R.diagonal()[np.argmax(np.abs(R.diagonal() - 1))] if off > _ROUNDED else np.abs(values).max()
        raise DataError(
            f"{said} has an entry of {worst:.4g} where a correlation has "
            f"{'1 (its diagonal)' if off > _ROUNDED else 'at most 1'}; give correlations r, not covariances."
        )
    skew = abs(R - R.T).max() if R.shape[0] else 0.0
    if skew > _ROUNDED:
        raise DataError(f"{said} is not symmetric: entries (i, j) and (j, i) differ by up to {skew:.2g}.")
    return R
