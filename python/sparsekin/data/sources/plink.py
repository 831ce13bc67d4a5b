"""Variants of a PLINK .bed file as dosages 0, 1, 2 of the counted allele. Needs bed-reader."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from bed_reader import open_bed
from numpy.typing import NDArray

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.sources.base import Columns
from sparsekin.data.sources.ledger import ColumnLedger
from sparsekin.errors import DataError


class PlinkColumns(Columns):
    """Variants of a .bed file that pass the filters; missing calls are the mean of their variant."""

    def __init__(self, path: Path, maf: float = 0.0, call_rate: float = 0.0) -> None:
        self._path = path
        self._bed = open_bed(path, num_threads=1)
        self.row_names = tuple(map(str, self._bed.iid))
        names = variant_names(self._bed)
        self._at: Ints = np.arange(self._bed.sid_count)
        super().__init__(self._bed.iid_count, len(names), names, fill=False)
        ledger = ColumnLedger(len(names))
        if maf > 0 or call_rate > 0:
            share, frequency = self._shares()
            reasons = {"call rate": share < call_rate, "minor allele frequency": ~(frequency >= maf)}
            ledger = ColumnLedger(len(names), _dropped(names, reasons))
            self._at = np.flatnonzero(~np.any(list(reasons.values()), axis=0))
            if not len(self._at):
                raise DataError(
                    f"No variant of {path} passes maf={maf:g} and call_rate={call_rate:g}: {ledger.describe()}."
                )
        passes = self.passes
        super().__init__(
            self._bed.iid_count, len(self._at), [names[j] for j in self._at], fill=True, ledger=ledger
        )  # fmt: skip
        self.passes = passes

    def _shares(self) -> tuple[Floats, Floats]:
        """(p,) calls that are there, and the frequency of the rarer allele among them; one pass."""
        found = [one for _, one in self.over_chunks(_calls)]
        share, mean = (np.concatenate(part) for part in zip(*found, strict=True))
        return share, np.minimum(mean / 2, 1 - mean / 2)

    def _read(self, at: slice | Ints) -> NDArray[Any]:
        chosen = self._at[at]
        return np.asarray(self._bed.read(np.s_[:, chosen], dtype="float64", order="F", num_threads=1))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_bed": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._bed = open_bed(self._path, num_threads=1)


def variant_names(bed: Any) -> list[str]:
    """Names of variants; place and alleles stand for those that have none or share one."""
    names = [str(name) for name in bed.sid]
    counts = Counter(names)
    parts = zip(names, bed.chromosome, bed.bp_position, bed.allele_1, bed.allele_2, strict=True)
    own = [
        name if name not in ("", ".", "0") and counts[name] == 1 else f"{chromosome}:{place}:{one}:{two}"
        for name, chromosome, place, one, two in parts
    ]
    seen: Counter[str] = Counter()
    for i, name in enumerate(own):
        seen[name] += 1
        if seen[name] > 1:
            own[i] = f"{name}_{seen[name]}"
    return own


def _calls(part: slice, X: Floats) -> tuple[Floats, Floats]:
    there = ~np.isnan(X)
    count = there.sum(axis=0)
    total = np.where(there, X, 0.0).sum(axis=0)
    return count / len(X), np.divide(total, count, out=np.zeros(len(count)), where=count > 0)


def _dropped(names: list[str], reasons: dict[str, NDArray[np.bool_]]) -> tuple[tuple[str, str], ...]:
    """Name and first reason of each variant that has one."""
    out = []
    for j in np.flatnonzero(np.any(list(reasons.values()), axis=0)):
        out.append((names[j], next(reason for reason, there in reasons.items() if there[j])))
    return tuple(out)
