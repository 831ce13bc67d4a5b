"""What holds for any frame: rows and values arrive where they belong, however the frame is shuffled or labelled."""

import json

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsekin.data.design import Design
from sparsekin.data.prepare import prepare_arrays, prepare_frame
from sparsekin.errors import DataError, FormulaError

FORMULAS = ["y ~ x + g", "y ~ x*g - 1", "y ~ . - z", "y ~ center(x) + C(z)", "y ~ poly(x, 2) + x:g"]
numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))


@st.composite
def frames(draw):
    n = draw(st.integers(4, 25))

    def column(values):
        return draw(st.lists(values, min_size=n, max_size=n))

    return pd.DataFrame(
        {
            "y": column(st.none() | numbers),
            "x": column(st.none() | numbers),
            "g": pd.Series(column(st.none() | st.sampled_from(["a", "b", "c"])), dtype=object),
            "z": column(st.integers(0, 2)),
            "t": pd.Series(
                column(st.none() | st.sampled_from([3, 1, 2])), dtype=draw(st.sampled_from([object, float]))
            ),
        }
    ).astype({"y": float, "x": float})


def prepared(formula, frame, **options):
    try:
        return prepare_frame(formula, frame, missing="drop", **options)
    except (DataError, FormulaError):  # no complete row, or one level only and so no column
        return None


@settings(max_examples=150, deadline=None)
@given(frames(), st.sampled_from(FORMULAS), st.booleans())
def test_rows_arrive_where_they_belong(frame, formula, by_task):
    before = frame.copy(deep=True)
    found = prepared(formula, frame, task="t" if by_task else None)
    pd.testing.assert_frame_equal(frame, before)
    if found is None:
        return
    blocks, positions = found.blocks, found.row_positions
    used = ["y", "x", "g", *(["t"] if by_task or formula == "y ~ . - z" else [])]
    used = [name for name in used if name != "g" or "g" in formula or "." in formula]
    complete = frame[used].notna().all(axis=1).to_numpy()
    assert sorted(positions) == np.flatnonzero(complete).tolist()
    assert sorted([*positions, *found.ledger.dropped]) == list(range(len(frame)))
    assert found.ledger.n_kept == len(positions)
    covered = np.concatenate([np.arange(len(positions))[rows] for rows in blocks.rows])
    assert sorted(covered) == list(range(len(positions)))
    for k, rows in enumerate(blocks.rows):
        np.testing.assert_array_equal(blocks.y[k], frame["y"].to_numpy()[positions[rows]])
        assert (np.diff(positions[rows]) > 0).all()
        if by_task:
            assert set(frame["t"].iloc[positions[rows]]) == {blocks.task_names[k]}
    assert blocks.X.flags.f_contiguous
    assert np.isfinite(blocks.X).all()


@settings(max_examples=100, deadline=None)
@given(frames(), st.sampled_from(FORMULAS), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(frame, formula, random):
    found = prepared(formula, frame, task="t")
    order = random.sample(range(len(frame)), len(frame))
    shuffled = prepared(formula, frame.iloc[order], task="t")
    assert (found is None) == (shuffled is None)
    if found is None:
        return
    assert shuffled.design.feature_names == found.design.feature_names
    assert shuffled.blocks.task_names == found.blocks.task_names
    back = np.argsort(np.array(order)[shuffled.row_positions])
    there = np.argsort(found.row_positions)
    scale = np.abs(found.blocks.X).max(axis=0) + 1
    np.testing.assert_allclose(shuffled.blocks.X[back] / scale, found.blocks.X[there] / scale, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(frames(), st.sampled_from(FORMULAS), st.sampled_from([(), ("g",), ("x",), ("C(z)",)]))
def test_new_data_and_saving_repeat_the_fit(frame, formula, keep):
    found = prepared(formula, frame, task="t", keep=keep)
    if found is None:
        return
    design = Design.from_dict(json.loads(json.dumps(found.design.to_dict())))
    again = design.apply(frame.iloc[np.sort(found.row_positions)])
    place = np.searchsorted(np.sort(found.row_positions), found.row_positions)
    np.testing.assert_array_equal(again.X[place], found.blocks.X)
    np.testing.assert_array_equal(again.keep[place], found.blocks.keep)
    assert again.complete.all()
    assert (again.task_codes >= 0).all()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 5), st.sampled_from(["C", "F"]))
def test_arrays_keep_their_values(seed, n, p, order):
    rng = np.random.default_rng(seed)
    X, y, task = np.array(rng.normal(size=(n, p)), order=order), rng.normal(size=n), rng.integers(0, 4, n)
    found = prepare_arrays(y, X, task)
    np.testing.assert_array_equal(found.blocks.X, X[found.row_positions])
    assert found.blocks.X.flags.f_contiguous
    for k, rows in enumerate(found.blocks.rows):
        assert set(task[found.row_positions[rows]]) == {found.blocks.task_names[k]}
        np.testing.assert_array_equal(found.blocks.y[k], y[found.row_positions[rows]])
    assert not np.shares_memory(found.blocks.X, X)
