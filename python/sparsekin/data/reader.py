"""The door for whatever holds numbers or labels: masked cells are missing, and rows pair by their labels.

Of two pandas objects each row has a label, which must be the same in both; beside an object without labels (a NumPy
array, a list, a polars or pyarrow column) rows pair by position.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin.errors import DataError


def read_array(data: Any) -> NDArray[Any]:
    """An array in the byte order of this machine: NaN, or None among what is no number, where a cell is masked.

    Examples
    --------
    >>> read_array(np.ma.array([1, 2], mask=[False, True]))
    array([ 1., nan])
    """
    if not is_masked(data):
        return in_native_order(np.asarray(data))
    table = np.ma.array(data)
    values, gone = in_native_order(np.ma.getdata(table)), np.ma.getmaskarray(table)
    if not gone.any():
        return values
    if values.dtype.kind in "biuf":
        return np.where(gone, np.nan, values.astype(np.float64))
    labels = values.astype(object)
    labels[gone] = None
    return labels


def read_labels(labels: Any) -> pd.Series:
    """One label per row in the type given; missing where masked."""
    if is_masked(labels):
        table = np.ma.array(labels)
        whole = table.astype(object) if np.ma.getmaskarray(table).any() else np.ma.getdata(table)
        return pd.Series(read_array(whole))
    column = labels if isinstance(labels, pd.Series) else pd.Series(labels)
    if isinstance(column.dtype, np.dtype) and not column.dtype.isnative:
        return pd.Series(in_native_order(column.to_numpy()), index=column.index, name=column.name)
    return column


def is_masked(data: Any) -> bool:
    """Whether cells may be masked: a masked array, or a list of them."""
    if isinstance(data, list | tuple):
        return any(isinstance(part, np.ma.MaskedArray) for part in data)
    return isinstance(data, np.ma.MaskedArray)


def in_native_order(values: NDArray[Any]) -> NDArray[Any]:
    """The array itself, or a copy where its bytes are in the order of another machine."""
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))


def index_of(data: Any) -> pd.Index | None:
    """The row labels of a pandas object, or of a dict that holds some; None for what has no labels."""
    if isinstance(data, pd.Series | pd.DataFrame):
        return data.index
    if isinstance(data, Mapping):
        return common_index({f"column '{name}'": part for name, part in data.items() if isinstance(part, pd.Series)})
    return None


def by_label(values: Any) -> Any:
    """A Series as a dict of its labels, unless they only count; anything else as it is."""
    if isinstance(values, pd.Series) and not values.index.equals(pd.RangeIndex(len(values))):
        return values.to_dict()
    return values


def common_index(given: Mapping[str, Any]) -> pd.Index | None:
    """The row labels all of `given` share, which are named as in a message; None when none of them has labels.

    Objects of different lengths are left to who checks lengths.

    Raises
    ------
    DataError
        Two of them have different labels, or the same ones in another order.
    """
    first, labels = "", None
    for name, data in given.items():
        index = index_of(data)
        if index is None:
            continue
        if labels is None:
            first, labels = name, index
        else:
            check_same_rows(first, labels, name, index)
    return labels


def check_same_rows(name: str, index: pd.Index, other_name: str, other: pd.Index) -> None:
    """Refuse two indexes of one length that differ; the message shows where."""
    if index is other or len(index) != len(other) or index.equals(other):
        return
    a, b = index.astype(object), other.astype(object)
    differ = np.flatnonzero([x != y and not (_is_gap(x) and _is_gap(y)) for x, y in zip(a, b, strict=True)])
    if not len(differ):
        return
    at = int(differ[0])
    seen = f"row {at + 1} is {a[at]!r} in {name} and {b[at]!r} in {other_name}"
    if a.is_unique and b.is_unique and a.isin(b).all():
        raise DataError(
            f"The rows of {name} and {other_name} are in different orders: {seen}. Bring them into one order with "
            ".loc[...index], or pass NumPy arrays, which pair by position."
        )
    raise DataError(
        f"The rows of {name} and {other_name} have different labels: {seen} ({len(differ)} of {len(a)} differ). Select "
        "the same rows of both, or pass NumPy arrays, which pair by position."
    )


def _is_gap(label: object) -> bool:
    return not isinstance(label, tuple) and bool(pd.isna(label))  # type: ignore[call-overload]
