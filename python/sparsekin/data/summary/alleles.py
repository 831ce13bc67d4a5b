"""Which allele an effect is of: signs of statistics and of LD brought to one reference, variant by variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Ints
from sparsekin.errors import DataError

_OTHER_STRAND = {"A": "T", "T": "A", "C": "G", "G": "C"}
SAME, FLIPPED, STRAND, STRAND_FLIPPED, AMBIGUOUS, MISMATCHED = range(6)
SAID = (
    "kept", "sign flipped", "kept, other strand", "sign flipped, other strand", "dropped: strand cannot be told",
    "dropped: other alleles",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Alleles:
    """Effect allele and other allele of p variants, upper case."""

    effect: tuple[str, ...]
    other: tuple[str, ...]

    def take(self, at: Sequence[int] | Ints) -> Alleles:
        """Those of some variants."""
        return Alleles(tuple(self.effect[i] for i in at), tuple(self.other[i] for i in at))


def is_counted(index: pd.Index) -> bool:
    """Whether labels are the numbers that pandas gives what has no names."""
    return isinstance(index, pd.RangeIndex) and index.equals(pd.RangeIndex(len(index)))


def alleles_of(table: Any, ids: Sequence[str] | None, whose: str) -> Alleles:
    """From a frame or dict with columns effect_allele and other_allele, in the order of `ids` where it has an index.

    Raises
    ------
    DataError
        A column is missing, or a variant.
    """
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)
    for name in ("effect_allele", "other_allele"):
        if name not in frame.columns:
            raise DataError(f"The alleles of {whose} have no column '{name}'.")
    if ids is not None and not is_counted(frame.index):
        frame = frame.set_axis(frame.index.map(str), axis=0)
        lacking = [one for one in ids if one not in frame.index]
        if lacking:
            raise DataError(f"The alleles of {whose} have no variant '{lacking[0]}'.")
        frame = frame.loc[list(ids)]
    if ids is not None and len(frame) != len(ids):
        raise DataError(f"The alleles of {whose} are {len(frame)} for {len(ids)} variants.")
    texts = [tuple(str(one).strip().upper() for one in frame[name]) for name in ("effect_allele", "other_allele")]
    return Alleles(*texts)


def compare(mine: Alleles, reference: Alleles) -> Ints:
    """(p,) what each variant's alleles are beside those of the reference: a place in `SAID`.

    Where the two alleles are each other's complement, A/T or C/G, a swap and the other strand look the same.
    """
    pairs = zip(mine.effect, mine.other, reference.effect, reference.other, strict=True)
    return np.array([_compare(*four) for four in pairs], np.int64)


def signs(codes: Ints) -> Ints:
    """(p,) -1 where the sign turns."""
    return np.where(np.isin(codes, (FLIPPED, STRAND_FLIPPED)), -1, 1)


def dropped(codes: Ints) -> Ints:
    """Places of variants that cannot be used."""
    return np.flatnonzero(codes >= AMBIGUOUS)


def _compare(effect: str, other: str, reference: str, against: str) -> int:
    if effect == other:
        return MISMATCHED
    mine, theirs = (effect, other), (reference, against)
    turned = (_complement(effect), _complement(other))
    if {effect, other} == {reference, against} and turned == (other, effect):
        return AMBIGUOUS
    if mine == theirs:
        return SAME
    if mine == theirs[::-1]:
        return FLIPPED
    if turned == theirs:
        return STRAND
    return STRAND_FLIPPED if turned == theirs[::-1] else MISMATCHED


def _complement(allele: str) -> str:
    return "".join(_OTHER_STRAND.get(base, base) for base in allele[::-1])
