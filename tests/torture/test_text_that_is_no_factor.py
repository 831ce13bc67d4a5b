"""Text that is a number or names the rows is warned about by name, with a count and a remedy; factors are not."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sparsekin import MTHAL, MixedForms, SparseMTL, moments
from sparsekin.errors import DataWarning

N = 60
RNG = np.random.default_rng(11)
CRP = [f"{value:.1f}" for value in RNG.gamma(2, 3, N)]


def people(**columns):
    data = pd.DataFrame({"y": RNG.standard_normal(N), "age": RNG.normal(60, 9, N), "site": np.tile(["A", "B"], N // 2)})
    return data.assign(**columns)


def with_mark(mark, every=15):
    return [mark if i % every == 0 else text for i, text in enumerate(CRP)]


ESTIMATORS = {
    "SparseMTL .": lambda data: SparseMTL.from_formula("y ~ .", data, task="site"),
    "SparseMTL": lambda data: SparseMTL.from_formula("y ~ age + odd", data, task="site"),
    "SparseMTL keep": lambda data: SparseMTL.from_formula("y ~ age", data, task="site", keep=["odd"]),
    "SparseMTL product": lambda data: SparseMTL.from_formula("y ~ age:odd", data, task="site"),
    "MTHAL": lambda data: MTHAL.from_formula("y ~ h(age) + odd", data, task="site"),
    "MTHAL h": lambda data: MTHAL.from_formula("y ~ h(.)", data, task="site"),
    "MixedForms": lambda data: MixedForms.from_formula("y ~ age + odd", data, task="site"),
    "MixedForms Z": lambda data: MixedForms.from_formula("y ~ age | odd", data),
    "moments": lambda data: moments.from_frame("y ~ age + odd", data),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_numbers_with_a_mark_for_missing(name):
    told = r"Column 'odd' is text, but 93 % of its values are numbers \(not '\.'\).* \d+ columns.*pd.to_numeric"
    with pytest.warns(DataWarning, match=told):
        ESTIMATORS[name](people(odd=with_mark(".")))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_names_of_rows(name):
    told = "Column 'odd' has 30 different values in 60 rows, so it makes 29 columns.*take it out of the formula"
    with pytest.warns(DataWarning, match=told):
        ESTIMATORS[name](people(odd=[f"id{i // 2}" for i in range(N)]))


WARNED = {
    "all numbers": (CRP, "100 % of its values are numbers;"),
    "decimal commas": ([text.replace(".", ",") for text in CRP], "100 % of its values are numbers;"),
    "blanks": (with_mark(" "), r"93 % of its values are numbers \(not ' '\)"),
    "below detection": (with_mark("<0.5"), r"\(not '<0.5'\)"),
    "one in ten": (with_mark("n/a", 10), "90 % of its values are numbers"),
    "few values": ([str(i % 4) for i in range(N)], "100 % of its values are numbers"),
    "missing ones do not count": ([None if i % 2 else text for i, text in enumerate(with_mark("."))], "numbers"),
    "categories with a mark": (pd.Categorical(with_mark(".")), r"\(not '\.'\)"),
    "object": (pd.Series(with_mark("."), dtype=object), "numbers"),
    "string": (pd.Series(with_mark("."), dtype="string"), "numbers"),
    "one more than a quarter": ([f"w{i % 16}" for i in range(N)], "16 different values in 60 rows"),
    "categories that name rows": (pd.Categorical([f"id{i}" for i in range(N)]), "60 different values in 60 rows"),
}
LEFT_ALONE = {
    "a quarter": [f"w{i % 15}" for i in range(N)],
    "one in nine": with_mark("n/a", 9)[:N],
    "numbers as categories": pd.Categorical([str(i % 4) for i in range(N)]),
    "two": np.where(np.arange(N) % 2, "yes", "no"),
    "numbers": RNG.standard_normal(N),
}


@pytest.mark.parametrize("name", WARNED)
def test_what_is_warned_about(name):
    values, told = WARNED[name]
    with pytest.warns(DataWarning, match=rf"Column 'odd' .*{told}"):
        found = SparseMTL.from_formula("y ~ age + odd", people(odd=values), task="site", missing="drop")
    assert found.blocks.n_features > 2  # it is a factor all the same


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_is_left_alone(name):
    values = LEFT_ALONE[name]
    if name == "one in nine":
        values = [f"g{i % 5}" if text != "n/a" and i % 2 else text for i, text in enumerate(values)]
        values = ["n/a" if i % 4 else text for i, text in enumerate(values)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SparseMTL.from_formula("y ~ age + odd", people(odd=values), task="site")


def test_who_says_what_a_column_is_is_not_warned():
    ids = [f"id{i // 4}" for i in range(N)]
    data = people(odd=ids, grade=[str(i % 3) for i in range(N)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SparseMTL.from_formula("y ~ age", data, task="odd")
        SparseMTL.from_formula("y ~ age + C(grade)", data, task="site").cross_validate(
            s=1, folds=3, groups=data["odd"], lambda_1=0.0, lambda_2=0.0
        )
        moments.from_frame("y ~ age + grade", data, levels={"grade": ["0", "1", "2"]})
        SparseMTL.from_formula("y ~ age + grade", data.head(4).assign(grade=list("abcd")))


def test_polars_and_numbers_that_name_rows_by_C():
    with pytest.warns(DataWarning, match="Column 'odd' is text"):
        SparseMTL.from_formula("y ~ age + odd", pl.from_pandas(people(odd=with_mark("."))))
    with pytest.warns(DataWarning, match="Column 'odd' has 60 different values"):
        SparseMTL.from_formula("y ~ age + C(odd)", people(odd=np.arange(N)))


def test_chunks_are_warned_about_as_a_whole(tmp_path):
    people(odd=with_mark(".")).to_parquet(tmp_path / "one.parquet")
    with pytest.warns(DataWarning, match="Column 'odd' is text"):
        moments.from_parquet("y ~ age + odd", tmp_path / "one.parquet", chunk_rows=20)
    people(odd=[f"id{i // 2}" for i in range(N)]).to_parquet(tmp_path / "two.parquet")
    with pytest.warns(DataWarning, match="Column 'odd' has 30 different values in 60 rows"):
        moments.from_parquet("y ~ age + odd", tmp_path / "two.parquet", chunk_rows=20)
    dask = pytest.importorskip("dask.dataframe")
    with pytest.warns(DataWarning, match="Column 'odd' has 30 different values in 60 rows"):
        moments.from_dask("y ~ age + odd", dask.from_pandas(people(odd=[f"id{i // 2}" for i in range(N)]), 3))
