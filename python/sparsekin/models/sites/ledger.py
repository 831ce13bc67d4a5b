"""What a site has let out: which rows, under names that mean nothing elsewhere, so that differences can be refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.files import as_saved, check_head, headed, read_npz, write_npz
from sparsekin.data.policy import Policy, singled_out
from sparsekin.errors import DataError
from sparsekin.models.sites.rows import two_valued

Digests = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One task of one release.

    ======= ============= ===================================================
    field   shape         meaning
    ======= ============= ===================================================
    what    str           formula
    task    str
    columns of str        of the sums
    rows    (n,) uint64   digests of the rows' identities, ascending
    values  (n,) uint64   digests of identity and values of the columns
    when    str           date
    two     of str        columns of two values
    ones    (n, m) bool   where these have the larger one
    epsilon float or None of its noise
    ======= ============= ===================================================
    """

    what: str
    task: str
    columns: tuple[str, ...]
    rows: Digests
    values: Digests
    when: str
    two: tuple[str, ...]
    ones: Bools
    epsilon: float | None = None


@dataclass(slots=True, eq=False)
class Ledger:
    """Entries, and the key of their digests; kept in a file where there is a path."""

    path: str | os.PathLike[str] | None
    entries: list[Entry] = field(default_factory=list)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @classmethod
    def open(cls, path: str | os.PathLike[str] | None) -> Ledger:
        """Read a ledger, or begin one where there is no file yet.

        Raises
        ------
        DataError
            The file is no ledger, or was changed.
        """
        if path is None or not os.path.exists(path):
            return cls(path)
        document, arrays = read_npz(path, "is no ledger of a site")
        with as_saved(path):
            check_head(path, document, "Ledger")
            entries = []
            for i, one in enumerate(document["entries"]):
                names: dict[str, Any] = {"columns": tuple(one.pop("columns")), "two": tuple(one.pop("two"))}
                kept: dict[str, Any] = {name: arrays[f"{name}{i}"] for name in ("rows", "values", "ones")}
                entries.append(Entry(**one, **names, **kept))
            return cls(path, entries, bytes.fromhex(document["key"]))

    def entry(self, what: str, task: object, columns: Sequence[str], ids: Iterable[Any], values: Floats) -> Entry:
        """The entry that a release of these rows would be: identities (n,) and values (n, d)."""
        names = [repr(one).encode() for one in ids]
        rows = np.array([self._digest(one) for one in names], np.uint64)
        seen = np.array([self._digest(a + b.tobytes()) for a, b in zip(names, values, strict=True)], np.uint64)
        order = np.argsort(rows)
        if len(np.unique(rows)) < len(rows):
            raise DataError("An id names two rows; ids must tell every row, such as visits of a patient, apart.")
        two, ones = two_valued(values)
        return Entry(
            what, str(task), tuple(columns), rows[order], seen[order], dt.date.today().isoformat(),
            tuple(columns[j] for j in two), ones[order],
        )  # fmt: skip

    def check(self, new: Sequence[Entry], policy: Policy) -> None:
        """Refuse a release that together with earlier ones would tell of fewer rows than the policy lets out.

        Releases cut the rows into cells, by which of them hold a row. Every sum or difference of releases counts the
        rows of a cell alike, so that it tells of one whole cell at least.

        Raises
        ------
        DataError
            A cell has fewer rows than may differ, or fewer rows than that have changed since.
        """
        least = policy.least_difference
        for one in new:
            for old in self.entries:
                if old.columns == one.columns:
                    _check_changes(one, old, least)
        known = [*self.entries, *new]
        rows, cell = np.unique(np.concatenate([one.rows for one in known]), return_inverse=True)
        held = np.zeros((len(rows), len(known)), bool)
        held[cell, np.repeat(np.arange(len(known)), [len(one.rows) for one in known])] = True
        patterns, counts = np.unique(np.packbits(held, axis=1), axis=0, return_counts=True)
        if (few := np.flatnonzero(counts < least)).size:
            members = np.unpackbits(patterns[few[0]], count=len(known)).astype(bool)
            task, others = _named(known, members, len(self.entries))
            told = "1 row" if counts[few[0]] == 1 else f"{counts[few[0]]} rows"
            raise DataError(
                f"Task '{task}': together with {others} the sums would tell of {told} alone; the policy lets out "
                f"differences of {least} or more. Release the same rows as before, or wait for more."
            )
        for one in new:
            for old in self.entries:
                _check_columns(one, old, policy)

    def write(self, new: Sequence[Entry], epsilon: float | None = None) -> None:
        """Add a release."""
        self.entries += [replace(one, epsilon=epsilon) for one in new]
        if self.path is None:
            return
        entries = [
            {
                "what": one.what,
                "task": one.task,
                "columns": list(one.columns),
                "when": one.when,
                "two": list(one.two),
                "epsilon": one.epsilon,
            }
            for one in self.entries
        ]
        names = ("rows", "values", "ones")
        arrays = {f"{name}{i}": getattr(one, name) for i, one in enumerate(self.entries) for name in names}
        write_npz(self.path, headed("Ledger", {"entries": entries, "key": self.key.hex()}), arrays)

    def table(self) -> pd.DataFrame:
        """A row per task of each release."""
        rows = [(one.when, one.what, one.task, len(one.rows), len(one.columns), one.epsilon) for one in self.entries]
        return pd.DataFrame(rows, columns=["when", "what", "task", "rows", "columns", "epsilon"])

    def _digest(self, value: bytes) -> int:
        return int.from_bytes(hashlib.blake2b(value, digest_size=8, key=self.key).digest(), "little")


def _check_changes(new: Entry, old: Entry, least: int) -> None:
    """Refuse the same columns of rows of which few have other values than before."""
    _, mine, its = np.intersect1d(new.rows, old.rows, assume_unique=True, return_indices=True)
    changed = int(np.count_nonzero(new.values[mine] != old.values[its]))
    if 0 < changed < least:
        have = "rows have" if changed != 1 else "row has"
        raise DataError(
            f"Task '{new.task}': {changed} {have} other values than when '{old.what}' was released on {old.when}, and "
            f"the difference would tell of them; the policy lets out differences of {least} or more."
        )


def _check_columns(new: Entry, old: Entry, policy: Policy) -> None:
    """Refuse columns of two values that, beside those released before, single out few rows.

    Of the same rows any combination of two columns is looked at, of others their difference, 0 where there are no rows.
    """
    if not new.two or not old.two:
        return
    same = np.array_equal(new.rows, old.rows)
    rows = np.union1d(new.rows, old.rows)
    A, B = np.zeros((len(rows), len(new.two))), np.zeros((len(rows), len(old.two)))
    A[np.searchsorted(rows, new.rows)], B[np.searchsorted(rows, old.rows)] = new.ones, old.ones
    both, a, b = A.T @ B, A.sum(axis=0), B.sum(axis=0)
    for i, k in np.ndindex(both.shape):
        differ = a[i] + b[k] - 2 * both[i, k]
        told = singled_out(float(both[i, k]), float(a[i]), float(b[k]), len(rows)) if same else differ
        if 0 < told < policy.least_cell:
            raise DataError(
                f"Task '{new.task}': column '{new.two[i]}' and '{old.two[k]}' of '{old.what}', released on {old.when}, "
                f"together single out fewer than {policy.least_cell} rows. Leave the column out."
            )


def _named(known: Sequence[Entry], members: NDArray[np.bool_], before: int) -> tuple[str, str]:
    """The task of the new release that a cell is about, and the earlier release that makes it one."""
    new = [one for one, inside in zip(known[before:], members[before:], strict=True) if inside]
    old = [one for one, inside in zip(known[:before], members[:before], strict=True) if inside] or list(known[:before])
    task = new[0].task if new else known[before].task
    return task, f"'{old[-1].what}', released on {old[-1].when}," if old else "the other tasks"
