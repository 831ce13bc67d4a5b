from dataclasses import replace
from functools import reduce
from itertools import combinations
from operator import add

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sparsekin import SparseMTL, moments
from sparsekin.data.files import write_npz
from sparsekin.data.moments import Moments
from sparsekin.data.prepare import prepare_arrays
from sparsekin.data.pseudo_rows import blocks_from_moments, pseudo_rows
from sparsekin.errors import DataError, FormulaError


def columns(n=40, p=3, loc=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(n), rng.standard_normal((n, p)) + loc, rng.integers(0, 4, n).astype(float)


def assert_alike(a, b, rtol=1e-12):
    assert a.tasks == b.tasks
    for mine, other in zip(a.parts, b.parts, strict=True):
        assert mine.rows == other.rows
        np.testing.assert_allclose(mine.weight, other.weight, rtol=rtol)
        sd = np.sqrt(np.diag(other.cross) / other.weight)
        np.testing.assert_allclose(mine.mean, other.mean, rtol=rtol, atol=rtol * sd.max())
        scale = np.sqrt(np.multiply.outer(np.diag(other.cross), np.diag(other.cross)))
        np.testing.assert_allclose(mine.cross, other.cross, atol=rtol * scale.max())


def test_moments_are_those_of_the_definition():
    y, X, w = columns()
    (part,) = moments.from_arrays(y, X[:, :2], keep=X[:, 2:], weights=w).parts
    Z = np.column_stack([X[:, 2], X[:, :2], y])
    mean = w @ Z / w.sum()
    assert part.rows == np.count_nonzero(w) < len(w)
    assert part.weight == w.sum()
    np.testing.assert_allclose(part.mean, mean, rtol=1e-13)
    np.testing.assert_allclose(part.cross, (w[:, None] * (Z - mean)).T @ (Z - mean), rtol=1e-12, atol=1e-12)


def test_sparse_columns_have_the_moments_of_dense_ones():
    y, X, w = columns()
    X[np.abs(X) < 0.7] = 0.0
    assert_alike(moments.from_arrays(y, sparse.csc_array(X), weights=w), moments.from_arrays(y, X, weights=w))


def test_rows_are_read_in_pieces(monkeypatch):
    y, X, w = columns()
    whole = moments.from_arrays(y, X, weights=w)
    monkeypatch.setattr("sparsekin.data.moments._CELLS", 12)  # three rows
    assert_alike(moments.from_arrays(y, X, weights=w), whole)


@pytest.mark.parametrize("loc", [1e6, 1e12])
def test_many_chunks_far_from_zero_lose_nothing(loc):
    y, X, _ = columns(n=2000, loc=loc)
    near = moments.from_arrays(y, X - loc).parts[0]  # the subtraction is exact
    (far,) = reduce(add, [moments.from_arrays(y[i : i + 2], X[i : i + 2]) for i in range(0, 2000, 2)]).parts
    np.testing.assert_allclose(far.cross, near.cross, rtol=0, atol=1e-11 * 2000)
    np.testing.assert_allclose(far.mean[:3] - loc, near.mean[:3], atol=2 * np.spacing(loc))


def test_sites_with_different_tasks_stand_side_by_side():
    y, X, _ = columns()
    site = np.repeat(["north", "south"], 20)
    apart = moments.from_arrays(y[:20], X[:20], site[:20]) + moments.from_arrays(y[20:], X[20:], site[20:])
    assert_alike(apart, moments.from_arrays(y, X, site))
    assert repr(apart) == "<Moments of y by task: 2 tasks, 40 rows, 3 features>"


def test_taking_a_fold_away_leaves_the_other_rows():
    y, X, w = columns(n=60, loc=1e6)
    task = np.tile(["a", "b"], 30)
    fold = np.arange(60) % 5 == 0
    whole, part, rest = (moments.from_arrays(y[i], X[i], task[i], weights=w[i]) for i in (slice(None), fold, ~fold))
    assert_alike(whole - part, rest, rtol=1e-11)


def test_a_task_without_rows_left_is_left_out():
    y, X, _ = columns()
    task = np.repeat(["a", "b"], 20)
    assert (moments.from_arrays(y, X, task) - moments.from_arrays(y[:20], X[:20], task[:20])).tasks == ("b",)


def test_a_column_constant_in_the_rest_is_constant():
    y, X, _ = columns()
    X[:, 1] = np.arange(40) < 7
    rest = moments.from_arrays(y, X) - moments.from_arrays(y[:10], X[:10])
    assert rest.parts[0].constant.tolist() == [False, True, False, False]


def test_what_is_not_a_part_cannot_be_taken_away():
    y, X, _ = columns()
    one, two = moments.from_arrays(y, X, ["a"] * 40), moments.from_arrays(y[:4], X[:4], ["b"] * 4)
    with pytest.raises(DataError, match=r"^Task 'b' cannot be taken away: the moments have 'a'\.$"):
        one - two
    with pytest.raises(DataError, match=r"^Task 'a': 41 rows \(weight 41\) cannot be taken away from 40 \(weight 40\)"):
        one - moments.from_arrays(np.append(y, 0.0), np.vstack([X, X[:1]]), ["a"] * 41)
    with pytest.raises(DataError, match=r"Task 'a': what is taken away is not a part of it; .* 'x1' would be negative"):
        one - moments.from_arrays(y[:9], 9 * X[:9], ["a"] * 9)
    with pytest.raises(DataError, match="No row is left"):
        one - one


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature_names": ("x1", "bmi", "x3")}, "feature 2 is 'x2' in one and 'bmi' in the other"),
        ({"feature_names": ("x1", "x2")}, "3 and 2 features; only one has 'x3'"),
        ({"keep_names": ("sex",)}, "always-in column 1 is 'age' in one and 'sex' in the other"),
        ({"outcomes": ("z",)}, "outcome 1 is 'y' in one and 'z' in the other"),
        ({"task": "hospital"}, "the task column is 'task' in one and 'hospital' in the other"),
        ({"intercept": False}, "the intercept is 'True' in one and 'False' in the other"),
    ],
)
def test_the_first_difference_is_named(change, message):
    y, X, w = columns()
    one = moments.from_arrays(y, X, ["a"] * 40, keep=pd.DataFrame({"age": w}))
    for combine in (lambda a, b: a + b, lambda a, b: a - b):
        with pytest.raises(DataError, match=message):
            combine(one, replace(one, **change))


def site(levels, n=12):
    rng = np.random.default_rng(len(levels))
    sex = np.resize(np.array(levels), n)
    return pd.DataFrame(
        {"y": rng.standard_normal(n), "age": rng.standard_normal(n), "sex": sex, "site": "_".join(levels)}
    )


def test_levels_let_sites_agree_on_a_factor_neither_has_whole():
    a, b, levels = site(["f", "m"]), site(["m", "x"]), {"sex": ["m", "f", "x"]}
    with pytest.raises(DataError, match=r"feature 2 is 'sex\[T.m\]' in one and 'sex\[T.x\]' in the other"):
        moments.from_frame("y ~ age + sex", a, "site") + moments.from_frame("y ~ age + sex", b, "site")
    both = reduce(add, [moments.from_frame("y ~ age + sex", frame, "site", levels=levels) for frame in (a, b)])
    assert both.feature_names == ("age", "sex[T.f]", "sex[T.x]")
    with pytest.raises(DataError, match=r"Column 'sex' has level 'x' not seen"):
        moments.from_frame("y ~ age + sex", b, "site", levels={"sex": ["m", "f"]})


def test_columns_of_one_name_made_differently_do_not_add():
    a, b = site(["a", "b"]), site(["0", "b"])  # both make sex[T.b], against another reference
    with pytest.raises(DataError, match="make columns of the same names in different ways"):
        moments.from_frame("y ~ sex", a, "site") + moments.from_frame("y ~ sex", b, "site")
    with pytest.raises(DataError, match=r"'y ~ center\(age\)' and .* no term that learns from the rows of one site"):
        reduce(add, [moments.from_frame("y ~ center(age)", f, "site") for f in (a, b.assign(age=b["age"] + 1))])


def test_outcomes_missing_in_different_rows_are_refused():
    y, X, _ = columns()
    Y = np.column_stack([y, y + X[:, 0]])
    whole = moments.from_arrays(Y, X)
    assert (whole.tasks, whole.outcomes, whole.multi_label) == ((None,), ("y1", "y2"), True)
    Y[3, 1] = np.nan
    with pytest.raises(DataError, match="Outcomes 'y1' and 'y2' are missing in different rows"):
        moments.from_arrays(Y, X)
    seen = np.arange(40) != 3
    assert_alike(moments.from_arrays(Y, X, missing="drop"), moments.from_arrays(Y[seen], X[seen]))
    Y[:20, 0] = Y[20:, 1] = np.nan
    with pytest.raises(DataError, match="No row has all of the outcomes 'y1', 'y2'"):
        moments.from_arrays(Y, X, missing="drop")


def test_a_file_gives_the_same_moments_back(tmp_path):
    frame = site(["f", "m"]).assign(site=[1, 2] * 6)
    saved = moments.from_frame("y ~ age + sex", frame, "site", keep=["age"], weights=np.linspace(1, 2, 12))
    saved.save(tmp_path / "north.moments")
    again = moments.load(tmp_path / "north.moments")
    for name in ("tasks", "feature_names", "keep_names", "outcomes", "task", "intercept", "formula", "recipe"):
        assert getattr(again, name) == getattr(saved, name)
    for mine, other in zip(again.parts, saved.parts, strict=True):
        assert (mine.rows, mine.weight) == (other.rows, other.weight)
        for name in ("shift", "offset", "cross"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(other, name))
    assert (again + saved).nobs == 24


def test_a_file_holds_sums_and_names_only(tmp_path):
    y, X, _ = columns()
    moments.from_arrays(y, X, ["a"] * 40).save(tmp_path / "m")
    with np.load(tmp_path / "m", allow_pickle=False) as file:
        shapes = {name: file[name].shape for name in file.files if name not in ("json", "sha256")}
    assert shapes == {"rows": (1,), "weight": (1,), "shift": (1, 4), "offset": (1, 4), "cross": (1, 10)}


def test_files_that_cannot_be_read_or_written(tmp_path):
    y, X, _ = columns()
    found = moments.from_arrays(y, X, [pd.Timestamp("2020-01-01")] * 40)
    with pytest.raises(DataError, match=r"task label Timestamp.* make the labels text or numbers"):
        found.save(tmp_path / "m")
    (tmp_path / "text").write_text("y,x\n1,2\n")
    np.savez(tmp_path / "other.npz", X=X)
    for name in ("text", "other.npz"):
        with pytest.raises(DataError, match=f"{name}' does not hold sparsekin moments"):
            moments.load(tmp_path / name)
    write_npz(tmp_path / "later.npz", {"format": 99, "version": "7.1", "kind": "Moments"}, {})
    with pytest.raises(DataError, match="later version"):
        moments.load(tmp_path / "later.npz")
    with pytest.raises(FileNotFoundError):
        Moments.load(tmp_path / "nowhere")


@pytest.mark.parametrize(("n", "p"), [(60, 5), (8, 20), (1, 3), (2, 2)])
def test_pseudo_rows_have_the_moments_and_no_more_rows_than_the_data(n, p):
    y, X, _ = columns(n=n, p=p)
    w = np.random.default_rng(1).uniform(0.5, 2, n)
    (part,) = moments.from_arrays(y, X, weights=w).parts
    table = pseudo_rows(part)
    assert len(table) <= min(n, p + 2)
    weight = part.weight / len(table)
    np.testing.assert_allclose(table.sum(axis=0), 0, atol=1e-12 * max(n, p))
    np.testing.assert_allclose(weight * table.T @ table, part.cross, atol=1e-12 * np.diag(part.cross).max(initial=1))


def test_constant_columns_stay_constant_in_pseudo_rows():
    y, X, _ = columns()
    X[:, 0], X[:, 2] = 1e6 / 3, 0.1
    found = reduce(add, [moments.from_arrays(y[i::3], X[i::3]) for i in range(3)])
    assert found.parts[0].constant.tolist() == [True, False, True, False]
    table = pseudo_rows(found.parts[0])
    assert not table[:, [0, 2]].any()


def test_without_an_intercept_pseudo_rows_keep_the_means():
    y, X, _ = columns(loc=2.0)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y)
    blocks = blocks_from_moments(moments.from_frame("y ~ a + b + c - 1", frame))
    w = blocks.weights[0]
    assert not blocks.intercept
    np.testing.assert_allclose((w[:, None] * blocks.X).T @ blocks.X, X.T @ X, rtol=1e-12)
    np.testing.assert_allclose((w[:, None] * blocks.X).T @ blocks.y[0], X.T @ y, rtol=1e-11)


def test_blocks_count_the_rows_of_the_data():
    y, X, w = columns()
    rows = prepare_arrays(y, X, np.tile(["a", "b"], 20), weights=w).blocks
    blocks = blocks_from_moments(moments.from_arrays(y, X, np.tile(["a", "b"], 20), weights=w))
    np.testing.assert_array_equal(blocks.n_obs, rows.n_obs)
    np.testing.assert_allclose(blocks.weight_sums, rows.weight_sums, rtol=1e-14)


def test_terms_that_learn_cannot_be_read_in_chunks(tmp_path):
    path = tmp_path / "one.parquet"
    site(["f", "m"]).to_parquet(path)
    with pytest.raises(FormulaError, match=r"learn from all rows at once \('center\(age\)'\).*'I\(age - 50\)'"):
        moments.from_parquet("y ~ center(age)", path)


@pytest.mark.parametrize("column", ["x2", "y"])
@pytest.mark.parametrize("value", [1e4, 1e6, 1e9, 1e12])
def test_taking_a_wild_cell_away_gives_the_rest_or_says_that_its_digits_are_gone(column, value):
    y, X, _ = columns(n=60, p=5)
    if column == "y":
        y[3] = value
    else:
        X[3, 1] = value
    whole, fold = moments.from_arrays(y, X), moments.from_arrays(y[:12], X[:12])
    if value > 1e5:
        with pytest.raises(DataError, match=rf"nearly all variation of '{column}' is in what is taken away"):
            whole - fold
        return
    rest = np.column_stack([X, y])[12:].astype(np.longdouble)
    rest -= rest.mean(axis=0)
    (part,) = (whole - fold).parts
    scale = np.sqrt(np.outer((rest**2).sum(axis=0), (rest**2).sum(axis=0)))
    assert np.max(np.abs(part.cross - rest.T @ rest) / scale) < 1e-6


def test_supports_at_means_of_1e8_when_a_fold_is_taken_away():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(60, 8)) + 1e8 * rng.uniform(0.5, 1, 8)
        y = (X - 1e8) @ rng.normal(size=8) + rng.normal(size=60) + 1e8
        whole, fold = moments.from_arrays(y, X), moments.from_arrays(y[:12], X[:12])
        rest = np.column_stack([X, y])[12:].astype(np.longdouble)
        rest = (rest - rest.mean(axis=0)).astype(float)

        def left(chosen, rest=rest):
            A, v = rest[:, list(chosen)], rest[:, -1]
            return np.sum((v - A @ np.linalg.lstsq(A, v, rcond=None)[0]) ** 2)

        best = min(combinations(range(8), 3), key=left)
        assert SparseMTL.from_moments(whole - fold).fit(3).selected == [f"x{j + 1}" for j in best]


def test_a_level_only_the_fold_has_is_constant_in_the_rest():
    y, X, _ = columns(n=60, p=5)
    for value in (0.0, 1.0):
        X[:, 0] = value
        X[3, 0] = 1 - value
        (part,) = (moments.from_arrays(y, X) - moments.from_arrays(y[:12], X[:12])).parts
        assert part.cross[0, 0] == 0
        assert part.constant[0]


def test_only_a_part_of_a_task_is_taken_away():
    y, X, task = columns()
    whole = moments.from_arrays(y, X, task)
    other = moments.from_arrays(y, X + 1, task)
    with pytest.raises(DataError, match=r"not a part of it; it has the same \d+ rows but other moments"):
        whole - other
    with pytest.raises(DataError, match="No row is left"):
        whole - moments.from_arrays(y[::-1], X[::-1], task[::-1])
