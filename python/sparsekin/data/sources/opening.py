"""Columns larger than memory: candidates stay on disk and are read in chunks. What these return is X of `SparseMTL`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from sparsekin.data.sources.arrays import ArrayColumns
from sparsekin.data.sources.base import Columns
from sparsekin.errors import DataError, OptionError, needs
from sparsekin.options import check_option

__all__ = ["Columns", "from_array", "from_dask", "from_hdf5", "from_parquet", "from_plink", "from_zarr", "open"]

Gaps = Literal["raise", "mean"]
Path_ = str | os.PathLike[str]
_KINDS = ".npy, .zarr, .h5 or .hdf5, .parquet or a folder of Parquet files, .bed"


def open(path: Path_, **options: Any) -> Columns:
    """Columns of a file or folder, by the ending of its name.

    Parameters
    ----------
    path : str or path
        .npy, .zarr, .h5 or .hdf5, .parquet or a folder of Parquet files, .bed (PLINK).
    **options
        Of `from_array` (.npy), `from_zarr`, `from_hdf5`, `from_parquet` or `from_plink`.

    Returns
    -------
    Columns

    Raises
    ------
    DataError
        There is nothing at `path`, or its ending is none of these.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sparsekin import SparseMTL, columns
    >>> rng = np.random.default_rng(0)
    >>> G = rng.integers(0, 3, (60, 500)).astype(np.int8)
    >>> y = G[:, 17] - G[:, 401] + 0.1 * rng.standard_normal(60)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(Path(folder) / "G.npy", np.asfortranarray(G))
    ...     X = columns.open(Path(folder) / "G.npy")
    ...     res = SparseMTL(y, X, np.repeat(["north", "south"], 30)).fit(s=2, lambda_z=0.1)
    >>> res.selected
    ['x18', 'x402']
    """
    at = Path(path)
    if not at.exists():
        raise DataError(f"There is no file or folder at '{path}'.")
    if at.suffix == ".npy":
        return from_array(_mapped(at), **options)
    if at.suffix == ".zarr":
        return from_zarr(at, **options)
    if at.suffix in (".h5", ".hdf5"):
        return from_hdf5(at, **options)
    if at.suffix == ".bed":
        return from_plink(at, **options)
    if at.suffix == ".parquet" or (at.is_dir() and any(at.rglob("*.parquet"))):
        return from_parquet(at, **options)
    raise DataError(f"'{path}' ends in none of {_KINDS}; use a function of sparsekin.columns that says what it is.")


def from_array(
    array: Any, names: Sequence[str] | None = None, *, missing: Gaps = "raise", transposed: bool = False
) -> Columns:
    """Columns of a `numpy.memmap`, or of any array that takes ``array[:, columns]``.

    Parameters
    ----------
    array : array of numbers, shape (n, p)
        Of any type: genotypes may be int8. Columns that lie side by side (Fortran order) are read fastest.
    names : p names, optional
    missing : {"raise", "mean"}
        "mean": NaN becomes the mean of its column; "raise": the model refuses it, or drops rows as it is asked to.
    transposed : bool
        The array is (p, n), as stores of genotypes are: variants first.

    Returns
    -------
    Columns
    """
    return ArrayColumns(array, names, fill=_fill(missing), transposed=transposed)


def from_zarr(
    path: Path_, name: str | None = None, names: Sequence[str] | None = None, *, missing: Gaps = "raise",
    transposed: bool = False,
) -> Columns:  # fmt: skip
    """Columns of a zarr array; `name` says which of a group. The rest as for `from_array`.

    Raises
    ------
    MissingExtraError
        zarr is not installed.
    DataError
        A group needs `name`.
    """
    with needs("from_zarr", "zarr", "zarr"):
        import zarr
    found: Any = zarr.open(str(path), mode="r")
    array = found[name] if name is not None else found
    if not hasattr(array, "shape"):
        listed = ", ".join(sorted(map(str, array.keys())))
        raise DataError(f"'{path}' is a group; say which of its arrays in name=: {listed}.")
    return from_array(array, names, missing=missing, transposed=transposed)


def from_hdf5(
    path: Path_, name: str | None = None, names: Sequence[str] | None = None, *, missing: Gaps = "raise",
    transposed: bool = False,
) -> Columns:  # fmt: skip
    """Columns of a dataset of an HDF5 file, by default of its only one. The rest as for `from_array`.

    Raises
    ------
    MissingExtraError
        h5py is not installed.
    DataError
        The file has several datasets, or none of this name.
    """
    with needs("from_hdf5", "h5py", "hdf5"):
        import h5py
    file = h5py.File(path, "r")
    there: list[str] = []
    file.visititems(lambda key, item: there.append(key) if isinstance(item, h5py.Dataset) else None)
    if name is None and len(there) != 1:
        raise DataError(f"'{path}' has {len(there)} datasets; say which in name=: {', '.join(there)}.")
    if name is not None and name.strip("/") not in there:
        raise DataError(f"'{path}' has no dataset '{name}'; it has {', '.join(there)}.")
    return from_array(file[name or there[0]], names, missing=missing, transposed=transposed)


def from_parquet(path: Path_, columns: Sequence[str] | None = None, *, missing: Gaps = "raise") -> Columns:
    """Columns of a Parquet file, or of a folder of them whose rows follow each other in the order of the files' names.

    Parameters
    ----------
    path : file or folder
    columns : sequence of str, optional
        The candidates; by default every column.
    missing
        As for `from_array`.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    DataError
        A column is not there, or holds no numbers.
    """
    with needs("from_parquet", "pyarrow", "parquet"):
        from sparsekin.data.sources.parquet import ParquetColumns
    return ParquetColumns(Path(path), columns, fill=_fill(missing))


def from_plink(path: Path_, *, maf: Any = 0.0, call_rate: Any = 0.0) -> Columns:
    """Variants of a PLINK .bed file (with .bim and .fam beside it) as dosages of the first allele, 0, 1 or 2.

    Missing calls are the mean of their variant. The model standardises dosages by their standard deviations in each
    task, as any column; coefficients are per allele.

    Parameters
    ----------
    path : file
    maf : float
        Least minor allele frequency, over all samples of the file; filters cost one pass.
    call_rate : float
        Least share of samples with a call.

    Returns
    -------
    Columns
        With `ledger`, which names the variants that were left out and why, and `row_names`, the samples: an outcome
        that is a pandas object must have them as its labels, in the order of the file, or plain row numbers.

    Raises
    ------
    MissingExtraError
        bed-reader is not installed.
    OptionError
        `maf` is not in [0, 0.5], or `call_rate` not in [0, 1].
    DataError
        No variant passes.
    """
    for name, value, most in (("maf", maf, 0.5), ("call_rate", call_rate, 1.0)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise OptionError(f"{name} = {value!r} is not a number from 0 to {most:g}.")
    with needs("from_plink", "bed-reader", "plink"):
        from sparsekin.data.sources.plink import PlinkColumns
    if not Path(path).exists():
        raise DataError(f"There is no file '{path}'.")
    return PlinkColumns(Path(path), float(maf), float(call_rate))


def from_dask(array: Any, names: Sequence[str] | None = None, *, missing: Gaps = "raise") -> Columns:
    """Columns of a dask array (n, p), each chunk worked on where it lies: on the workers of a cluster.

    Only products of columns travel, and the columns that are candidates of a search. A worker that dies costs its
    chunks' time: they are read again, and the answer is the same.

    Parameters
    ----------
    array : dask.array.Array
    names, missing
        As for `from_array`.

    Raises
    ------
    MissingExtraError
        dask is not installed.
    """
    with needs("from_dask", "dask", "dask"):
        from sparsekin.data.sources.dask_array import DaskColumns
    return DaskColumns(array, names, fill=_fill(missing))


def _fill(missing: Gaps) -> bool:
    check_option("missing", missing, get_args(Gaps))
    return missing == "mean"


def _mapped(at: Path) -> np.ndarray[Any, Any]:
    try:
        return np.asanyarray(np.load(at, mmap_mode="r"))
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"'{at}' is no whole .npy file of numbers ({error}); write it again.") from error
