"""Moments of files and of dask collections are those of the whole frame."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import formulaic.transforms
import numpy as np
import pandas as pd
import pytest

from data.test_moments import assert_alike
from sparsekin import SparseMTL, moments
from sparsekin.errors import DataError, FormulaError, MissingExtraError

FORMULA = "y ~ age + np.log(bmi) + sex + C(ward) + age:sex + crp"


def people(n=400, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "y": rng.standard_normal(n), "age": rng.normal(60, 9, n), "bmi": rng.uniform(18, 40, n),
        "crp": rng.exponential(1, n), "sex": rng.choice(["m", "f"], n), "ward": rng.integers(1, 4, n),
        "site": rng.choice(["west", "east", "north"], n), "w": rng.integers(0, 3, n).astype(float),
        "note": ["never read"] * n,
    })  # fmt: skip
    frame.loc[frame.index[-1], ["sex", "ward"]] = ["x", 9]  # levels only the last row has
    return frame


def write(frame, folder, n_files=4):
    folder.mkdir()
    for i, part in enumerate(np.array_split(np.arange(len(frame)), n_files)):
        frame.iloc[part].to_parquet(folder / f"part-{i}.parquet", row_group_size=50)
    return folder


def assert_same(found, whole):
    assert (found.feature_names, found.keep_names, found.outcomes) == (
        whole.feature_names,
        whole.keep_names,
        whole.outcomes,
    )
    assert_alike(found, whole)


@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"keep": ["age", "C(ward)"]}])
def test_a_folder_has_the_moments_of_the_frame(tmp_path, options):
    frame = people()
    found = moments.from_parquet(FORMULA, write(frame, tmp_path / "all"), "site", chunk_rows=30, **options)
    whole = moments.from_frame(FORMULA, frame, "site", **options)
    assert_same(found, whole)
    fit = SparseMTL.from_moments(found).fit(s=2)
    pd.testing.assert_frame_equal(fit.params, SparseMTL.from_moments(whole).fit(s=2).params, rtol=1e-9)
    pd.testing.assert_series_equal(fit.predict(frame), SparseMTL.from_moments(whole).fit(s=2).predict(frame))


def test_a_folder_adds_to_a_frame(tmp_path):
    frame = people()
    found = moments.from_parquet(FORMULA, write(frame, tmp_path / "all"), "site")
    assert (found + moments.from_frame(FORMULA, frame, "site")).nobs == 800


def test_incomplete_rows_are_dropped_or_refused(tmp_path):
    frame = people()
    frame.loc[:99, "crp"] = np.nan  # the whole first file
    frame.loc[150, "sex"] = None
    folder = write(frame, tmp_path / "all")
    found = moments.from_parquet(FORMULA, folder, "site", missing="drop", chunk_rows=100)
    assert_same(found, moments.from_frame(FORMULA, frame, "site", missing="drop"))
    with pytest.raises(DataError, match=r"Missing values in .* crp"):
        moments.from_parquet(FORMULA, folder, "site", chunk_rows=100)


def test_a_dot_stands_for_every_column_of_the_files(tmp_path):
    frame = people().drop(columns="note").sample(frac=1, random_state=0).rename_axis("patient")
    found = moments.from_parquet("y ~ .", write(frame, tmp_path / "all"), "site", weights="w")
    assert_same(found, moments.from_frame("y ~ .", frame, "site", weights="w"))


def test_names_of_folders_are_a_column(tmp_path):
    frame = people().assign(year=lambda frame: frame["ward"] + 2020)
    frame.to_parquet(tmp_path / "by_year", partition_cols=["year"])
    found = moments.from_parquet("y ~ bmi", tmp_path / "by_year", "year")
    assert_same(found, moments.from_frame("y ~ bmi", frame, "year"))
    frame.to_parquet(tmp_path / "by_site", partition_cols=["site"])
    found = moments.from_parquet(FORMULA, tmp_path / "by_site", "site")
    assert_same(found, moments.from_frame(FORMULA, frame, "site"))


def test_several_outcomes(tmp_path):
    frame = people()
    found = moments.from_parquet("y + crp ~ age + bmi", write(frame, tmp_path / "all"), chunk_rows=64)
    assert_same(found, moments.from_frame("y + crp ~ age + bmi", frame))


def test_rows_that_lack_one_of_several_outcomes_are_dropped(tmp_path):
    frame = people()
    frame.loc[::7, "crp"] = np.nan
    folder = write(frame, tmp_path / "all")
    found = moments.from_parquet("y + crp ~ age + bmi", folder, missing="drop", chunk_rows=64)
    assert_same(found, moments.from_frame("y + crp ~ age + bmi", frame, missing="drop"))
    with pytest.raises(DataError, match="Outcomes 'y' and 'crp' are missing in different rows"):
        moments.from_parquet("y + crp ~ age + bmi", folder)


def test_given_levels_save_the_first_pass_and_are_checked(tmp_path):
    frame = people()
    folder = write(frame, tmp_path / "all")
    found = moments.from_parquet("y ~ sex", folder, levels={"sex": ["m", "f", "x"]})
    assert found.feature_names == ("sex[T.f]", "sex[T.x]")
    with pytest.raises(DataError, match=r"Column 'sex' has level 'x' not seen"):
        moments.from_parquet("y ~ sex", folder, levels={"sex": ["f", "m"]})


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"There is no Parquet file or folder at '.*nowhere'"):
        moments.from_parquet("y ~ age", tmp_path / "nowhere")
    folder = write(people(), tmp_path / "all")
    with pytest.raises(FormulaError, match="'aeg' in the formula is not a column"):
        moments.from_parquet("y ~ aeg", folder)
    people().drop(columns="age").to_parquet(folder / "part-9.parquet")
    with pytest.raises(DataError, match=r"The Parquet file '.*part-9.parquet' has no column 'age'; other files do"):
        moments.from_parquet("y ~ age", folder)
    people().iloc[:0].to_parquet(tmp_path / "empty.parquet")
    with pytest.raises(DataError, match="The Parquet files have no rows"):
        moments.from_parquet("y ~ age", tmp_path / "empty.parquet")


@pytest.mark.parametrize(
    ("package", "call"),
    [
        ("pyarrow", lambda: moments.from_parquet("y ~ x", "folder")),
        ("dask", lambda: moments.from_dask("y ~ x", pd.DataFrame({"y": [1.0]}))),
        ("dask", lambda: moments.from_dask_arrays(np.ones(3), np.ones((3, 1)))),
    ],
)
def test_extras_are_named(monkeypatch, package, call):
    extra = {"pyarrow": "parquet"}.get(package, package)
    for name in [n for n in sys.modules if n in ("sparsekin.data.parquet", "sparsekin.data.dask_moments")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(f"{name}", raising=False)
    for name in [n for n in sys.modules if n.split(".")[0] == package]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf'needs {package}: pip install "sparsekin\[{extra}\]"'):
        call()


MEASURE = """
import json, re, sys
from pathlib import Path
from sparsekin import moments

def peak():  # unlike ru_maxrss, not inherited from the process that starts this one
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

moments.from_parquet("y ~ .", sys.argv[1], "site")
before = peak()
found = moments.from_parquet("y ~ .", sys.argv[2], "site", chunk_rows=4096)
print(json.dumps({"extra": peak() - before, "rows": found.nobs}))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from /proc")
def test_memory_does_not_grow_with_the_folder(tmp_path):
    rng = np.random.default_rng(0)
    n, p, n_files = 25_000, 40, 24
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    large.mkdir()
    frame = pd.DataFrame(rng.standard_normal((n, p)), columns=[f"x{j}" for j in range(p)])
    frame = frame.assign(y=frame["x0"] + rng.standard_normal(n), site=np.resize(["a", "b"], n))
    frame[:200].to_parquet(small / "0.parquet")
    frame.to_parquet(large / "0.parquet", row_group_size=5000, compression=None)
    for i in range(1, n_files):
        shutil.copy(large / "0.parquet", large / f"{i}.parquet")
    run = subprocess.run([sys.executable, "-c", MEASURE, small, large], capture_output=True, text=True, check=True)
    used = json.loads(run.stdout)
    on_disk = sum(file.stat().st_size for file in large.iterdir())
    assert used["rows"] == n * n_files
    assert on_disk > 180e6
    assert 0 < used["extra"] < on_disk / 3


@pytest.mark.parametrize("formula", ["center(y) ~ x", "scale(y) ~ x", "y ~ I(x - center(x))", "y ~ poly(x, 2)"])
def test_terms_that_read_all_rows_are_refused_on_both_sides(tmp_path, formula):
    rng = np.random.default_rng(0)
    pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40)}).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(FormulaError, match="terms that learn from all rows at once"):
        moments.from_parquet(formula, tmp_path / "rows.parquet", chunk_rows=10)


@pytest.mark.parametrize("formula", ["y ~ share(x)", "share(y) ~ x"])
def test_functions_that_read_other_rows_are_refused_on_both_sides(tmp_path, formula, monkeypatch):
    monkeypatch.setitem(formulaic.transforms.TRANSFORMS, "share", lambda x: x / x.max())
    rng = np.random.default_rng(0)
    pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40)}).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(FormulaError, match="depends on the other rows"):
        moments.from_parquet(formula, tmp_path / "rows.parquet", chunk_rows=10)


def test_categories_keep_their_order(tmp_path):
    rng = np.random.default_rng(0)
    dose = pd.Categorical(rng.choice(["low", "high"], 60), categories=["none", "low", "mid", "high"])
    site = pd.Categorical(rng.choice(["b", "a", "c"], 60), categories=["c", "z", "b", "a"])
    frame = pd.DataFrame({"y": rng.normal(size=60), "x": rng.normal(size=60), "dose": dose, "site": site})
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=20)
    found = moments.from_parquet("y ~ x + dose", tmp_path / "rows.parquet", "site", chunk_rows=7)
    expected = moments.from_frame("y ~ x + dose", frame, "site")
    assert found.feature_names == ("x", "dose[T.high]")
    assert (found.tasks, found.recipe) == (("c", "b", "a"), expected.recipe)
