"""What a formula makes of a frame; formulaic on the pooled rows is the oracle."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from formulaic import Formula

from data.entrance_frames import mixed_frame
from sparsekin.data.prepare import prepare_frame
from sparsekin.errors import DataError, FormulaError

FORMULAS = [
    "y ~ age + geno",
    "y ~ geno + age - 1",
    "y ~ 0 + age",
    "y ~ age*geno + flag",
    "y ~ age:geno + C(k)",
    "y ~ age + age:geno + k",
    "y ~ stage + `my col` + I(age**2)",
    "y ~ np.log(w) + center(age) + scale(w)",
    "y ~ poly(age, 3) + bs(w, df=4) + cr(age, df=4)",
    "y ~ C(geno, contr.sum) + flag:stage",
    "y ~ (age + w + k)**2 - age:w",
    "y ~ C(flag) + I(geno == 'E2') + hashed(geno, levels=4)",
    "y ~ C(geno, levels=['E4', 'E2', 'E3'])",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_columns_equal_formulaic_on_the_pooled_rows(formula):
    frame = mixed_frame()
    frame["stage"] = frame["stage"].cat.remove_unused_categories()
    expected = Formula(formula).get_model_matrix(frame).rhs.drop(columns="Intercept", errors="ignore")
    found = prepare_frame(formula, frame, task="site")
    assert found.design.feature_names == tuple(expected.columns)
    np.testing.assert_allclose(found.blocks.X, expected.to_numpy(float)[found.row_positions], rtol=1e-13, atol=1e-13)
    assert found.blocks.X.flags.f_contiguous
    assert found.blocks.X.dtype == np.float64
    assert found.blocks.intercept is not (formula.endswith("- 1") or " 0 +" in formula)


def test_dot_is_every_column_but_outcome_task_and_weights():
    found = prepare_frame("y ~ .", mixed_frame(), task="site", weights="w")
    assert found.design.feature_names == (
        "y2", "age", "my col", "k", "flag", "geno[T.E3]", "geno[T.E4]", "stage[T.high]",
    )  # fmt: skip


def test_dot_leaves_out_the_column_inside_a_transformed_outcome():
    found = prepare_frame("scale(y) + np.exp(y2) ~ .", mixed_frame().drop(columns=["site", "stage"]))
    assert found.design.feature_names[:2] == ("age", "my col")
    assert found.design.outcomes == ("scale(y)", "np.exp(y2)")
    np.testing.assert_allclose(found.blocks.y[1], np.exp(mixed_frame()["y2"]))


def test_rows_are_grouped_by_task_stably():
    frame = mixed_frame()
    found = prepare_frame("y ~ age", frame, task="site")
    a, b = found.blocks.rows
    assert found.blocks.task_names == ("a", "b")
    np.testing.assert_array_equal(found.row_positions[a], np.flatnonzero(frame["site"] == "a"))
    np.testing.assert_array_equal(found.row_positions[b], np.flatnonzero(frame["site"] == "b"))
    np.testing.assert_array_equal(found.blocks.y[1], frame["y"][frame["site"] == "b"])
    assert found.index.equals(frame.index)


def test_contiguous_tasks_keep_their_rows_where_they_are():
    frame = mixed_frame(6).assign(site=list("bbbaac"))
    found = prepare_frame("y ~ age", frame, task="site")
    assert found.blocks.task_names == ("a", "b", "c")
    assert found.blocks.rows == (slice(3, 5), slice(0, 3), slice(5, 6))
    np.testing.assert_array_equal(found.row_positions, range(6))
    np.testing.assert_array_equal(found.blocks.y[0], frame["y"].iloc[3:5])


DATES = pd.to_datetime(["2026-02-01", "2026-01-01", "2026-02-01", "2026-01-01"])


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["b", "a", "b", "a"], ("a", "b")),
        ([2, 10, 2, 10], (2, 10)),
        ([0.5, -1.0, 0.5, -1.0], (-1.0, 0.5)),
        ([True, False, True, False], (False, True)),
        (pd.Categorical(list("xyxy"), categories=["z", "y", "x"]), ("y", "x")),
        (pd.Categorical([3, 1, 3, 1], categories=[3, 2, 1]), (3, 1)),
        (DATES, tuple(sorted(set(DATES)))),
        (pd.Series(["b", 1, "b", 1], dtype=object), ("b", 1)),
        (pd.array([5, 4, 5, 4], dtype="Int64"), (4, 5)),
        (pd.Series([("s", 2), ("s", 1), ("s", 2), ("s", 1)]), (("s", 1), ("s", 2))),
    ],
)
def test_task_columns_of_any_type(labels, names):
    frame = pd.DataFrame({"y": [1.0, 2, 3, 4], "x": [1.0, 0, 2, 5], "t": labels})
    found = prepare_frame("y ~ x", frame, task="t")
    assert found.blocks.task_names == names
    assert [type(name) for name in found.blocks.task_names] == [type(name) for name in names]
    np.testing.assert_array_equal(found.blocks.y[names.index(found.design.apply(frame).task_labels[0])], [1, 3])


def test_one_task_is_named_after_the_outcome():
    found = prepare_frame("y ~ age", mixed_frame())
    assert found.blocks.task_names == ("y",)
    assert found.blocks.n_tasks == 1
    assert found.blocks.weights == (None,)


def test_missing_rows_raise_or_leave_with_a_ledger():
    frame = mixed_frame()
    frame.iloc[[3, 5], frame.columns.get_loc("age")] = np.nan
    frame.iloc[[5, 9], frame.columns.get_loc("y")] = np.nan
    frame["site"] = frame["site"].astype(object)
    frame.iloc[11, frame.columns.get_loc("site")] = None
    with pytest.raises(DataError, match=r"4 of 60 rows: y \(2\), age \(2\), site \(1\).*missing=\"drop\""):
        prepare_frame("y ~ age + k", frame, task="site")
    found = prepare_frame("y ~ age + k", frame, task="site", missing="drop")
    assert found.ledger.dropped.tolist() == [3, 5, 9, 11]
    assert found.ledger.describe() == "4 of 60 rows dropped: y (2), age (2), site (1)"
    assert sum(kept for _, _, kept in found.ledger.tasks) == 56
    assert sum(given for _, given, _ in found.ledger.tasks) == 59
    assert set(found.row_positions) == set(range(60)) - {3, 5, 9, 11}


def test_a_gap_in_a_column_that_is_not_used_does_not_count():
    frame = mixed_frame()
    frame["w"] = np.nan
    assert prepare_frame("y ~ age", frame).ledger.n_dropped == 0


def test_states_and_levels_are_learned_from_the_kept_rows_only():
    frame = mixed_frame()
    frame.loc[frame["geno"] == "E4", "age"] = np.nan
    found = prepare_frame("y ~ geno + center(age)", frame, missing="drop")
    assert found.design.feature_names == ("geno[T.E3]", "center(age)")
    assert abs(found.blocks.X[:, 1].mean()) < 1e-12


def test_a_task_that_loses_all_its_rows_is_gone_but_in_the_ledger():
    frame = mixed_frame(6).assign(site=list("aabbcc"))
    frame.loc[frame["site"] == "b", "age"] = np.nan
    found = prepare_frame("y ~ age", frame, task="site", missing="drop")
    assert found.blocks.task_names == ("a", "c")
    assert found.ledger.tasks == (("a", 2, 2), ("b", 2, 0), ("c", 2, 2))


def test_several_outcomes_share_one_design():
    frame = mixed_frame()
    frame.iloc[[0, 1], 0] = np.nan
    frame.iloc[[2], 1] = np.nan
    found = prepare_frame("y + y2 ~ age + geno", frame)
    blocks = found.blocks
    assert blocks.shared
    assert blocks.task_names == ("y", "y2")
    assert blocks.rows == (slice(0, 60), slice(0, 60))
    assert blocks.n_obs.tolist() == [58, 59]
    assert blocks.y[0][:2].tolist() == [0, 0]
    assert blocks.weights[0][:3].tolist() == [0, 0, 1]
    assert found.ledger.tasks == (("y", 60, 58), ("y2", 60, 59))
    weighted = prepare_frame("y + y2 ~ age + geno", frame, weights="w").blocks
    np.testing.assert_array_equal(weighted.weights[1], np.where(frame["y2"].isna(), 0, frame["w"]))


def test_rows_without_any_outcome():
    frame = mixed_frame()
    frame.iloc[4, [0, 1]] = np.nan
    with pytest.raises(DataError, match=r"all outcomes \(1\)"):
        prepare_frame("y + y2 ~ age", frame)
    assert prepare_frame("y + y2 ~ age", frame, missing="drop").ledger.dropped.tolist() == [4]


def test_boolean_outcome_becomes_zero_and_one():
    frame = mixed_frame()
    np.testing.assert_array_equal(prepare_frame("flag ~ age", frame).blocks.y[0], frame["flag"].astype(float))


@pytest.mark.parametrize(
    ("formula", "keep", "names", "features"),
    [
        ("y ~ age + w", ["age"], ("age",), ("w",)),
        ("y ~ w", "age", ("age",), ("w",)),
        ("y ~ age + geno", ["geno"], ("geno[T.E3]", "geno[T.E4]"), ("age",)),
        ("y ~ age + geno", ["geno[T.E4]"], ("geno[T.E4]",), ("age", "geno[T.E3]")),
        ("y ~ age + C(k)", ["k"], ("C(k)[T.1]", "C(k)[T.2]"), ("age",)),
        ("y ~ age", ["C(k)"], ("C(k)[T.1]", "C(k)[T.2]"), ("age",)),
        ("y ~ age + `my col`", ["my col"], ("my col",), ("age",)),
        ("y ~ age*w", ["age:w"], ("age:w",), ("age", "w")),
        ("y ~ age*w", ["age:w", "age"], ("age", "age:w"), ("w",)),
        ("y ~ w", ["poly(age, 2)"], ("poly(age, 2)[1]", "poly(age, 2)[2]"), ("w",)),
        ("y ~ w", ["age + k"], ("age", "k"), ("w",)),
        ("y ~ bs(w, df=3)", ["bs(w, df=3)[2]"], ("bs(w, df=3)[2]",), ("bs(w, df=3)[1]", "bs(w, df=3)[3]")),
    ],
)
def test_keep(formula, keep, names, features):
    found = prepare_frame(formula, mixed_frame(), task="site", keep=keep)
    assert found.blocks.keep_names == found.design.keep_names == names
    assert found.blocks.feature_names == features
    assert found.blocks.keep.shape == (60, len(names))
    plain = prepare_frame(
        formula + "".join(f" + {k}" for k in [keep] if isinstance(k, str)), mixed_frame(), task="site"
    )
    for name in set(names) & set(plain.design.feature_names):
        column = found.blocks.keep[:, names.index(name)]
        np.testing.assert_array_equal(column, plain.blocks.X[:, plain.design.feature_names.index(name)])


def test_weights_by_name_or_array_and_rows_of_weight_zero():
    frame = mixed_frame()
    frame.iloc[7, frame.columns.get_loc("w")] = 0.0
    by_name = prepare_frame("y ~ age", frame, task="site", weights="w").blocks
    by_array = prepare_frame("y ~ age", frame, task="site", weights=frame["w"].to_numpy()).blocks
    for k in range(2):
        np.testing.assert_array_equal(by_name.weights[k], by_array.weights[k])
    assert by_name.n_obs.sum() == 59


def test_missing_weight_is_a_missing_value():
    frame = mixed_frame()
    frame.iloc[7, frame.columns.get_loc("w")] = np.nan
    assert prepare_frame("y ~ age", frame, weights="w", missing="drop").ledger.reasons == (("w", 1),)


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "float32", "Int64", "boolean", "Float64", "double[pyarrow]", object]
)
def test_number_types(dtype):
    frame = mixed_frame()
    frame["k"] = (frame["k"] > 0).astype(int).astype(dtype)
    found = prepare_frame("y ~ k + age:k + I(k - 1)", frame)
    expected = (mixed_frame()["k"] > 0).to_numpy(float)
    np.testing.assert_array_equal(found.blocks.X[:, 0], expected)
    np.testing.assert_array_equal(found.blocks.X[:, 1], expected - 1 if dtype != "boolean" else found.blocks.X[:, 1])


@pytest.mark.parametrize("dtype", ["str", "string", "category", object, "string[pyarrow]"])
def test_text_types(dtype):
    frame = mixed_frame()
    expected = prepare_frame("y ~ geno*age", frame)
    found = prepare_frame("y ~ geno*age", frame.assign(geno=frame["geno"].astype(dtype)))
    assert found.design.feature_names == expected.design.feature_names
    np.testing.assert_array_equal(found.blocks.X, expected.blocks.X)


def test_dot_of_a_wide_frame_is_fast_and_named_as_formulaic_would():
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(300, 10_000)), columns=[f"x{j}" for j in range(10_000)])
    wide = wide.assign(y=1.0 * np.arange(300), g=list("abc") * 100, site=list("uv") * 150)
    start = time.process_time()
    found = prepare_frame("y ~ . + x3:x4", wide, task="site")
    assert time.process_time() - start < 1.5
    assert found.design.feature_names[-4:] == ("x9999", "g[T.b]", "g[T.c]", "x3:x4")
    assert found.design.feature_names[:5] == ("x0", "x1", "x2", "x3", "x4")
    np.testing.assert_array_equal(found.blocks.X[:, 5], wide["x5"].to_numpy()[found.row_positions])


def test_the_users_frame_is_not_changed():
    frame = mixed_frame()
    before = frame.copy(deep=True)
    found = prepare_frame("y ~ . + poly(age, 2) + C(k)", frame, task="site", weights="w", keep=["geno"])
    found.design.apply(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert not any(np.shares_memory(found.blocks.X, frame[c].to_numpy()) for c in ("age", "w"))


def test_no_warnings_for_unseen_levels():
    found = prepare_frame("y ~ geno + C(k)", mixed_frame())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for column, value in (("geno", "E5"), ("k", 7)):
            with pytest.raises(DataError, match=f"Column '{column}' has level {value!r} not seen when fitting"):
                found.design.apply(mixed_frame().assign(**{column: value}))


def test_names_of_the_callers_scope_are_not_seen():
    secret = np.ones(60)
    assert len(secret) == 60
    with pytest.raises(FormulaError, match="'secret' in the formula is not a column"):
        prepare_frame("y ~ secret", mixed_frame())
