"""New data get the columns of the fit, before and after saving."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from data.entrance_frames import mixed_frame
from data.test_formula_rules import FORMULAS
from sparsekin.data.design import Design
from sparsekin.data.jsonable import decode, encode
from sparsekin.data.prepare import prepare_arrays, prepare_frame
from sparsekin.errors import DataError, SparsekinError


def reloaded(design: Design) -> Design:
    return Design.from_dict(json.loads(json.dumps(design.to_dict())))


@pytest.mark.parametrize("formula", [*FORMULAS, "y ~ . - stage", "np.exp(y) ~ cc(w, df=3) + C(k):age"])
def test_apply_repeats_the_fit_and_survives_saving(formula):
    frame = mixed_frame()
    found = prepare_frame(formula, frame, task="site", keep=["flag"])
    for design in (found.design, reloaded(found.design), pickle.loads(pickle.dumps(found.design))):
        rows = design.apply(frame)
        np.testing.assert_array_equal(rows.X[found.row_positions], found.blocks.X)
        np.testing.assert_array_equal(rows.keep[found.row_positions], found.blocks.keep)
        assert [found.blocks.task_names[c] for c in rows.task_codes] == frame["site"].tolist()
        assert rows.complete.all()
        assert rows.index.equals(frame.index)
        few = design.apply(frame.iloc[[5, 2, 11]])
        np.testing.assert_allclose(few.X, rows.X[[5, 2, 11]], rtol=1e-13, atol=1e-13)


def test_saved_design_keeps_every_field():
    design = prepare_frame("y ~ age + C(k)", mixed_frame(), task="site", weights="w", keep=["geno"]).design
    again = reloaded(design)
    for name in ("formula", "outcomes", "task", "task_names", "feature_names", "keep_names", "weights", "intercept"):
        assert getattr(again, name) == getattr(design, name)
    assert again.outcome == "y"


@pytest.mark.parametrize(
    "label", ["a", 3, 2.5, True, pd.Timestamp("2026-01-01"), ("s", 1), pd.Interval(0, 1), pd.Timedelta("2h")]
)
def test_task_labels_of_any_type_survive_saving(label):
    frame = mixed_frame(4)
    frame["t"] = pd.Series([label] * 4, index=frame.index)
    found = prepare_frame("y ~ age", frame, task="t")
    assert reloaded(found.design).task_names == (label,)
    assert reloaded(found.design).apply(frame).task_codes.tolist() == [0] * 4


@pytest.mark.parametrize(
    "value",
    [
        None, 1, 1.5, float("inf"), "a", [1, (2, 3)], {"a": {1: 2}}, {"!": 1}, (), np.float64(0.1), np.int64(3),
        pd.Timestamp("2026-01-01T10:00"), pd.Timestamp("2026-01-01").date(), {0: 1.0, 1: 2.0},
    ],
)  # fmt: skip
def test_json_codec_round_trip(value):
    assert decode(json.loads(json.dumps(encode(value)))) == value


def test_json_codec_arrays_are_exact():
    values = np.random.default_rng(0).normal(size=(3, 4))
    again = decode(json.loads(json.dumps(encode({"a": values}))))["a"]
    np.testing.assert_array_equal(again, values)
    assert again.dtype == values.dtype
    with pytest.raises(DataError, match="type object cannot be saved"):
        encode(object())


def test_incomplete_rows_are_marked_not_lost():
    found = prepare_frame("y ~ age + geno + center(w)", mixed_frame(), task="site")
    new = mixed_frame(5).drop(columns=["y", "y2"])
    new.iloc[1, new.columns.get_loc("age")] = np.nan
    new["geno"] = new["geno"].astype(object)
    new.iloc[3, new.columns.get_loc("geno")] = None
    rows = found.design.apply(new)
    assert rows.complete.tolist() == [True, False, True, False, True]
    assert np.isnan(rows.X[[1, 3]]).all()
    assert np.isfinite(rows.X[[0, 2, 4]]).all()


def test_no_row_complete():
    found = prepare_frame("y ~ age + geno", mixed_frame())
    rows = found.design.apply(mixed_frame(3).assign(age=np.nan))
    assert not rows.complete.any()
    assert rows.X.shape == (3, 3)


def test_tasks_unknown_missing_or_absent():
    found = prepare_frame("y ~ age", mixed_frame(), task="site")
    rows = found.design.apply(mixed_frame(3).assign(site=["b", "new", None]))
    assert rows.task_codes.tolist() == [1, -1, -1]
    assert rows.task_labels == ("b", "new", None)
    assert found.design.apply(mixed_frame(3).drop(columns="site")).task_codes.tolist() == [-1] * 3
    one = prepare_frame("y ~ age", mixed_frame()).design.apply(mixed_frame(3))
    assert one.task_codes.tolist() == [0] * 3
    several = prepare_frame("y + y2 ~ age", mixed_frame()).design.apply(mixed_frame(3))
    assert several.task_codes.tolist() == [-1] * 3


def test_categories_and_text_are_the_same_levels():
    found = prepare_frame("y ~ stage*age", mixed_frame())
    as_text = mixed_frame().assign(stage=mixed_frame()["stage"].astype(object))
    reordered = mixed_frame().assign(stage=mixed_frame()["stage"].cat.reorder_categories(["unused", "high", "low"]))
    for frame in (as_text, reordered):
        np.testing.assert_array_equal(found.design.apply(frame).X, found.blocks.X)


def test_boolean_factor_accepts_zero_and_one():
    found = prepare_frame("y ~ C(flag)*age", mixed_frame())
    as_int = mixed_frame().assign(flag=mixed_frame()["flag"].astype(int))
    np.testing.assert_array_equal(found.design.apply(as_int).X, found.blocks.X)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"geno": "E5"}, r"Column 'geno' has level 'E5' not seen when fitting \(seen: 'E2', 'E3', 'E4'\)"),
        ({"k": 9}, r"Column 'k' has level 9 not seen when fitting \(seen: 0, 1, 2\)"),
        ({"age": "old"}, "Column 'age' held numbers when fitting, but now holds 'old'"),
        ({"age": "61.5"}, "Column 'age' held numbers when fitting, but now holds '61.5'"),
        ({"w": "x"}, "Column 'w' held numbers when fitting, but now holds 'x'"),
        ({"flag": 3}, "Column 'flag' has level 3.* not seen when fitting"),
        ({"age": np.inf}, r"Column 'age' is not finite in 60 rows \(first at position 0\)"),
        ({"w": -1.0}, r"The term 'np.log\(w\)' is not a number in some rows"),
    ],
)
def test_new_data_that_cannot_be_used(change, message):
    found = prepare_frame("y ~ age + geno + C(k) + np.log(w) + C(flag)", mixed_frame())
    with pytest.raises(DataError, match=message):
        found.design.apply(mixed_frame().assign(**change))


def test_missing_columns_are_named():
    found = prepare_frame("y ~ age + geno", mixed_frame())
    with pytest.raises(DataError, match=r"lack columns the model was fitted with: 'age'\. Did you mean 'Age'"):
        found.design.apply(mixed_frame().rename(columns={"age": "Age"}))
    with pytest.raises(DataError, match="'age', 'geno'"):
        found.design.apply({"z": [1.0]})


def test_arrays_by_position_and_frames_by_name():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(8, 3)), columns=["a", "b", "c"])
    found = prepare_arrays(rng.normal(size=8), X, list("uuuuvvvv"), keep=["b"])
    assert found.design.feature_names == ("a", "c")
    for design in (found.design, reloaded(found.design)):
        by_name = design.apply(X[["c", "b", "a"]], task=list("vuvuvuvw"))
        by_place = design.apply(X.to_numpy())
        np.testing.assert_array_equal(by_name.X, X[["a", "c"]])
        np.testing.assert_array_equal(by_place.X, X[["a", "c"]])
        np.testing.assert_array_equal(by_place.keep, X[["b"]])
        assert by_name.task_codes.tolist() == [1, 0, 1, 0, 1, 0, 1, -1]
    sparse_rows = found.design.apply(sparse.coo_array(X.to_numpy()))
    np.testing.assert_array_equal(sparse_rows.X.toarray(), X[["a", "c"]])


def test_arrays_with_separate_keep_and_missing_cells():
    rng = np.random.default_rng(0)
    X, keep = rng.normal(size=(6, 2)), rng.normal(size=6)
    found = prepare_arrays(rng.normal(size=6), X, keep=keep)
    assert found.design.keep_names == ("keep1",)
    X[2, 1] = np.nan
    rows = found.design.apply(X, keep=keep[:, None])
    assert rows.complete.tolist() == [True, True, False, True, True, True]
    for call in (
        lambda: found.design.apply(X),
        lambda: found.design.apply(X[:, :1], keep=keep[:, None]),
        lambda: found.design.apply(X, keep=np.ones((6, 2))),
        lambda: found.design.apply({"x1": [1.0]}, keep=keep[:1, None]),
        lambda: found.design.apply(np.full((6, 2), np.inf), keep=keep[:, None]),
    ):
        with pytest.raises(SparsekinError, match=r"keep|columns|infinite"):
            call()
