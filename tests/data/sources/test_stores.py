"""Columns of zarr, HDF5, Parquet and PLINK are those of the array they were written from."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, columns
from sparsekin.data.sources import base
from sparsekin.errors import DataError, MissingExtraError, OptionError

N, P = 50, 230


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(base, "CHUNK_BYTES", 8 * N * 40)


def genotypes() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3, (N, P)).astype(np.int8)


def check(source, X: np.ndarray) -> None:
    assert source.shape == X.shape
    R = np.random.default_rng(1).standard_normal((len(X), 2))
    np.testing.assert_allclose(source.products(R), X.T @ R, atol=1e-10)
    np.testing.assert_array_equal(source.columns([200, 0, 57]), X[:, [200, 0, 57]])
    np.testing.assert_allclose(source.moments().sd[:, 0], X.std(axis=0), rtol=1e-12)


@pytest.mark.parametrize("transposed", [False, True])
def test_zarr(transposed, tmp_path):
    zarr = pytest.importorskip("zarr")
    X = genotypes()
    group = zarr.open_group(str(tmp_path / "G.zarr"), mode="w")
    given = X.T if transposed else X
    made = group.create_array("calls", shape=given.shape, chunks=(30, 25), dtype="int8")
    made[:] = given
    check(columns.open(tmp_path / "G.zarr", name="calls", transposed=transposed), X)
    with pytest.raises(DataError, match=r"is a group; say which of its arrays in name=: calls"):
        columns.from_zarr(tmp_path / "G.zarr")


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("chunks", [None, (20, 30)])
def test_hdf5(chunks, transposed, tmp_path):
    h5py = pytest.importorskip("h5py")
    X = genotypes()
    with h5py.File(tmp_path / "G.h5", "w") as file:
        file.create_dataset("study/calls", data=X.T if transposed else X, chunks=chunks)
    check(columns.open(tmp_path / "G.h5", transposed=transposed), X)
    with pytest.raises(DataError, match=r"has no dataset 'other'; it has study/calls"):
        columns.from_hdf5(tmp_path / "G.h5", "other")
    with h5py.File(tmp_path / "G.h5", "a") as file:
        file["y"] = np.zeros(N)
    with pytest.raises(DataError, match=r"has 2 datasets; say which in name=: study/calls, y"):
        columns.from_hdf5(tmp_path / "G.h5")


def test_a_folder_of_parquet_files(tmp_path):
    pytest.importorskip("pyarrow")
    X = genotypes()
    frame = pd.DataFrame(X, columns=[f"g{j}" for j in range(P)])
    frame["site"] = "a"
    frame[:20].to_parquet(tmp_path / "part-0.parquet")
    frame[20:].to_parquet(tmp_path / "part-1.parquet")
    named = list(frame.columns[:P])
    source = columns.open(tmp_path, columns=named)
    check(source, X)
    assert source.names[3] == "g3"
    with pytest.raises(DataError, match=r"Column 'site' of .* holds .*string, not numbers; name candidates"):
        columns.from_parquet(tmp_path)
    with pytest.raises(DataError, match="'g999' is no column of"):
        columns.from_parquet(tmp_path, ["g999"])


def test_gaps_of_parquet_are_missing(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"a": pd.array([1, None, 3], "Int64"), "b": [1.0, 2.0, np.nan]}).to_parquet(tmp_path / "X.parquet")
    assert columns.open(tmp_path / "X.parquet").moments().missing.tolist() == [1, 1]
    np.testing.assert_array_equal(columns.open(tmp_path / "X.parquet", missing="mean").columns(["a"])[:, 0], [1, 2, 3])


@pytest.fixture
def bed(tmp_path):
    """A .bed file with gaps, a rare variant and names that are no names."""
    reader = pytest.importorskip("bed_reader")
    X = genotypes().astype(float)
    X[:, 5] = 0
    X[0, 5] = 1  # minor allele frequency .01
    X[:10, 6] = np.nan  # call rate .8
    X[3, 7] = np.nan
    X[:, 8] = 2 - X[:, 5]  # the rare allele is the other one
    properties = {
        "iid": [f"i{i}" for i in range(N)], "sid": [*(f"rs{j}" for j in range(P - 2)), ".", "rs3"],
        "chromosome": ["1"] * P, "bp_position": list(range(P)), "allele_1": ["A"] * P, "allele_2": ["G"] * P,
    }  # fmt: skip
    path = tmp_path / "G.bed"
    reader.to_bed(path, X, properties=properties)
    return path, X


def test_plink_fills_missing_calls_with_the_mean(bed):
    path, X = bed
    filled = np.where(np.isnan(X), np.nanmean(X, axis=0), X)
    source = columns.open(path)
    check(source, filled)
    assert source.names[0] == "rs0"
    assert source.names[3] == "1:3:A:G"  # two are called rs3
    assert source.names[-2:] == ("1:228:A:G", "1:229:A:G")
    assert source.ledger.describe() == "230 columns, none dropped"


def test_plink_filters_keep_a_ledger(bed):
    path, X = bed
    source = columns.from_plink(path, maf=0.05, call_rate=0.9)
    assert source.ledger.dropped == (
        ("rs5", "minor allele frequency"), ("rs6", "call rate"), ("rs8", "minor allele frequency"),
    )  # fmt: skip
    assert source.ledger.describe() == "3 of 230 columns dropped: minor allele frequency (2), call rate (1)"
    assert (source.n_columns, source.passes) == (227, 1)
    np.testing.assert_array_equal(source.columns(["rs9"])[:, 0], X[:, 9])
    pytest.importorskip("bed_reader").to_bed(path.with_name("none.bed"), np.zeros((N, 3)))
    with pytest.raises(DataError, match=r"No variant of .* passes maf=0.1 .*minor allele frequency \(3\)"):
        columns.from_plink(path.with_name("none.bed"), maf=0.1)
    for wrong in ({"maf": 0.6}, {"call_rate": "high"}, {"maf": True}):
        with pytest.raises(OptionError, match="is not a number from 0 to"):
            columns.from_plink(path, **wrong)


def test_samples_pair_by_their_names(bed):
    path, X = bed
    source = columns.from_plink(path)
    y = pd.Series(X[:, 20] - X[:, 30] + np.random.default_rng(0).normal(0, 0.1, N), index=source.row_names)
    fit = SparseMTL(y, source).fit(s=2)
    assert fit.selected == ["rs20", "rs30"]
    assert "columns dropped" not in str(fit.summary())
    assert SparseMTL(y.reset_index(drop=True), source).fit(s=2).selected == ["rs20", "rs30"]
    with pytest.raises(DataError, match=r"Row 0 of y is labelled 'i49', and row 0 of X on disk is 'i0'; .*y\.loc"):
        SparseMTL(y[::-1], source)


def test_the_ledger_is_in_the_summary(bed):
    path, X = bed
    fit = SparseMTL(X[:, 20], columns.from_plink(path, maf=0.05)).fit(s=1)
    assert "2 of 230 columns dropped: minor allele frequency (2)" in str(fit.summary())


@pytest.mark.parametrize(
    ("module", "make", "extra"),
    [
        ("zarr", columns.from_zarr, "zarr"), ("h5py", columns.from_hdf5, "hdf5"),
        ("bed_reader", columns.from_plink, "plink"), ("pyarrow", columns.from_parquet, "parquet"),
        ("dask", columns.from_dask, "dask"),
    ],
)  # fmt: skip
def test_a_missing_extra_is_named(module, make, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("plink", "parquet", "dask_array"):
        monkeypatch.delitem(sys.modules, f"sparsekin.data.sources.{name}", raising=False)
    with pytest.raises(MissingExtraError, match=rf'pip install "sparsekin\[{extra}\]"'):
        make(Path("X"))
