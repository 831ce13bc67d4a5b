"""Everything a person can get wrong in a formula or a frame has a message in their own names."""

import contextlib

import numpy as np
import pandas as pd
import pytest

from data.entrance_frames import mixed_frame
from sparsekin.data.prepare import prepare_frame
from sparsekin.errors import DataError, FormulaError, OptionError, SparsekinError


@pytest.mark.parametrize(
    ("formula", "options", "message"),
    [
        ("y ~ agee", {}, "'agee' in the formula is not a column of the data. Did you mean 'age'?"),
        ("y ~ log(agee)", {}, "'agee' in the formula is not a column"),
        ("yy ~ age", {}, "'yy' in the formula is not a column of the data. Did you mean 'y'"),
        ("y ~ my.col", {}, "'my.col' in the formula is not a column of the data. Did you mean 'my col'"),
        ("y ~ age +", {}, "cannot be read.*misplaced"),
        ("y ~ (age", {}, "cannot be read"),
        ("y ~ 2*age", {}, "cannot be read"),
        ("y ~ age ~ w", {}, "cannot be read"),
        ("", {}, "has no outcome"),
        ("y", {}, "has no outcome"),
        ("~ age", {}, "has no outcome"),
        ("1 ~ age", {}, "names no outcome"),
        (". ~ age", {}, "names no outcome"),
        (3, {}, "must be text.*not int"),
        ("y ~ 1", {}, "leaves no candidate column"),
        ("y ~ 0", {}, "leaves no candidate column"),
        ("y ~ age", {"keep": ["age"]}, "leaves no candidate column"),
        ("y ~ age | site", {}, r"has a '\|'; name the task column as task="),
        ("y ~ age + offset(w)", {}, "subtract an offset from the outcome"),
        ("cbind(y, y2) ~ age", {}, "Write several outcomes as 'y1 \\+ y2 ~ x'"),
        ("y:y2 ~ age", {}, "'y:y2' on the left side is a product"),
        ("y*y2 ~ age", {}, "on the left side is a product"),
        ("y ~ age + y", {}, "'y' is an outcome and cannot be in the term 'y' too"),
        ("np.log(w) ~ age:w", {}, "'w' is an outcome and cannot be in the term 'age:w' too"),
        ("y ~ age + poly(y, 2)", {}, "'y' is an outcome"),
        ("y ~ age + site", {"task": "site"}, "'site' is the task column.*Remove the term 'site'"),
        ("y ~ age:site", {"task": "site"}, "'site' is the task column"),
        ("y ~ age + C(site)", {"task": "site"}, "'site' is the task column"),
        ("y + y2 ~ age", {"task": "site"}, r"there cannot be a task column \('site'\)"),
        ("y ~ age", {"task": "sites"}, "task = 'sites' is not a column of the data. Did you mean 'site'?"),
        ("y ~ age", {"weights": "ww"}, "weights = 'ww' is not a column"),
        ("y ~ age", {"keep": ["gen"]}, "keep names 'gen', which is no column or term"),
        ("y ~ geno + age", {"keep": ["geno[T.E9]"]}, r"keep names 'geno\[T.E9\]'.*Did you mean 'geno\[T.E4\]'"),
        ("y ~ age", {"keep": ["site"], "task": "site"}, "'site' is the task column"),
        ("y ~ age", {"keep": ["y"]}, "'y' is an outcome"),
        ("y ~ age + nope(w)", {}, "nope"),
        ("y ~ I(age +)", {}, "cannot be read; check its brackets"),
        ("y ~ (age > 50) + w", {}, r"A comparison stands in I\(\), as in I\(x > 0\)"),
        ("y ~ I(age > 50 & w > 1)", {}, r"comparisons that are not apart; write \(x > 0\) & \(z < 1\)"),
        ("y ~ age %in% w", {}, "has %in%, which is read in two ways; write a:b or b / a"),
        ("y ~ np.linalg.inv(age)", {}, "has np.linalg.inv, which a formula cannot say. A formula can use"),
        ("y ~ bs(age, df=1)", {}, "cannot be evaluated on these data"),
    ],
)
def test_bad_formulas(formula, options, message):
    with pytest.raises(FormulaError, match=message):
        prepare_frame(formula, mixed_frame(), **options)


def with_values(**columns):
    frame = mixed_frame()
    for name, values in columns.items():
        frame[name] = pd.Series((values * 60)[:60] if isinstance(values, list) else values, index=frame.index)
    return frame


@pytest.mark.parametrize(
    ("columns", "formula", "options", "message"),
    [
        ({"x": [1.0, np.inf]}, "y ~ x", {}, r"Column 'x' is not finite in 30 rows \(first at position 1\)"),
        ({"x": [1.0, -np.inf]}, "y ~ age:x", {}, "Column 'age:x' is not finite"),
        ({"x": [1.0, 0.0]}, "y ~ np.log(x)", {}, r"Column 'np.log\(x\)' is not finite"),
        ({"x": [1.0, -1.0]}, "y ~ np.log(x)", {}, r"The term 'np.log\(x\)' is not a number in some rows"),
        ({"x": [1.0, -1.0]}, "y ~ lag(x)", {}, r"The term 'lag\(x\)' is not a number"),
        ({"y": [1.0, np.inf]}, "y ~ age", {}, "Outcome 'y' is infinite in 30 rows"),
        ({"w": [0.0, 1.0]}, "np.log(w) ~ age", {}, r"Outcome 'np.log\(w\)' is not finite in 30 rows"),
        ({"w": [-1.0, 1.0]}, "np.log(w) ~ age", {}, r"The term 'np.log\(w\)' is not a number"),
        ({}, "geno ~ age", {}, r"Outcome 'geno' is not numeric \(it holds .*'E\d'.*\); code it as numbers"),
        ({}, "stage ~ age", {}, "Outcome 'stage' is not numeric"),
        ({}, "C(k) ~ age", {}, r"Outcome 'C\(k\)' is not one column of numbers"),
        ({}, "poly(w, 2) ~ age", {}, "not one column of numbers"),
        ({"y": pd.to_datetime(["2026-01-01"] * 60)}, "y ~ age", {}, "Outcome 'y' is not numeric"),
        ({"x": ["a", 1]}, "y ~ x", {}, "Column 'x' mixes str \\('a'\\) and int \\(1\\); make it one type"),
        ({"x": [1, "a", 2.5]}, "y ~ .", {}, "Column 'x' mixes"),
        ({"y": [1, "a"]}, "y ~ age", {}, "Column 'y' mixes"),
        ({"x": [(1, 2), [3]]}, "y ~ x", {}, "Column 'x' mixes"),
        ({"x": [1 + 2j]}, "y ~ x", {}, "Column 'x' holds neither numbers, text nor categories"),
        ({"x": pd.to_datetime(["2026-01-01"] * 60)}, "y ~ x", {}, "Column 'x' holds neither numbers"),
        ({"x": pd.to_timedelta([1] * 60)}, "y ~ x:age", {}, "Column 'x' holds neither numbers"),
        ({"x": [None]}, "y ~ x", {"missing": "drop"}, r"No complete row is left of 60: x \(60\)"),
        ({"x": [None]}, "y ~ x", {}, r"Missing values in 60 of 60 rows: x \(60\)"),
        ({"y": [None]}, "y ~ age", {"missing": "drop"}, r"No complete row is left of 60: y \(60\)"),
        ({"site": [None]}, "y ~ age", {"task": "site", "missing": "drop"}, r"No complete row.*site \(60\)"),
        ({"w": [-1.0, 1.0]}, "y ~ age", {"weights": "w"}, r"The weights \(w\) are negative in 30 rows"),
        ({"w": [np.inf]}, "y ~ age", {"weights": "w"}, r"The weights \(w\) are infinite in 60 rows"),
        ({}, "y ~ age", {"weights": "geno"}, r"The weights \(geno\) must be numbers"),
        ({}, "y ~ age", {"weights": [1.0, 2.0]}, "There are 2 weights for 60 rows"),
        ({"w": [0.0]}, "y ~ age", {"weights": "w"}, "Task 'y' has no row with a value and a positive weight"),
        ({"y2": [None]}, "y + y2 ~ age", {}, "Outcome 'y2' has no row"),
        ({}, "y ~ C(geno, levels=['E2', 'E3'])", {}, "A factor has levels \\('E4'\\) not among those"),
    ],
)
def test_bad_columns(columns, formula, options, message):
    with pytest.raises(DataError, match=message):
        prepare_frame(formula, with_values(**columns), **options)


def test_bad_option():
    with pytest.raises(OptionError, match="missing = 'omit' is not one of 'raise', 'drop'"):
        prepare_frame("y ~ age", mixed_frame(), missing="omit")


def test_two_columns_of_one_name():
    frame = mixed_frame().assign(**{"geno[T.E3]": 1.0})
    with pytest.raises(FormulaError, match="two columns of the same name"):
        prepare_frame("y ~ .", frame)


def test_awkward_names_work():
    frame = mixed_frame().rename(columns={"age": "x.1", "w": "intercept", "k": "C", "my col": "a:b", "flag": "scale"})
    found = prepare_frame("y ~ x.1 + intercept + C + `a:b` + scale + log(`x.1`)", frame, task="site")
    assert found.design.feature_names == ("x.1", "intercept", "C", "a:b", "scale", "log(`x.1`)")
    np.testing.assert_array_equal(found.design.apply(frame).X[found.row_positions], found.blocks.X)
    dotted = prepare_frame("y ~ .", frame, task="site", keep=["a:b", "x.1"])
    assert dotted.design.keep_names == ("x.1", "a:b")


def test_numbered_columns_through_dot():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(10, 3))).assign(y=1.0, g=list("ab") * 5)
    found = prepare_frame("y ~ .", frame, task="g")
    assert found.design.feature_names == ("0", "1", "2")
    np.testing.assert_array_equal(found.design.apply(frame).X[:, 1], frame[1])
    assert prepare_frame("y ~ . - 1", frame, task="g").design.feature_names == ("0", "1", "2")
    assert prepare_frame("y ~ `1` + `0` - 1", frame, task="g").design.feature_names == ("1", "0")
    for formula, message in (
        ("y ~ .:g", "Column '0' has a number as its name"),
        ("y ~ .", "Column '1' has a number"),
    ):
        with pytest.raises(FormulaError, match=message):
            prepare_frame(
                formula,
                frame.rename(columns={2: "u"}) if formula != "y ~ ." else frame.assign(**{"1": "a"}).drop(columns=1),
            )
    by_number = prepare_frame("y ~ .", frame, task=0, keep=[1])
    assert by_number.design.keep_names == ("1",)
    assert len(by_number.blocks.task_names) == 10


def test_repeated_index_labels_are_harmless():
    frame = mixed_frame()
    expected = prepare_frame("y ~ C(geno) + center(age)", frame, task="site")
    frame.index = [0] * 60
    found = prepare_frame("y ~ C(geno) + center(age)", frame, task="site")
    np.testing.assert_array_equal(found.blocks.X, expected.blocks.X)


def test_one_row_and_constant_columns_pass_the_entrance():
    found = prepare_frame("y ~ age + geno", mixed_frame().iloc[:2].assign(geno="E2"), task="site")
    assert found.design.feature_names == ("age",)
    assert prepare_frame("y ~ age", mixed_frame().iloc[:1]).blocks.n_obs.tolist() == [1]


PIECES = [
    "y",
    "y2",
    "age",
    "geno",
    "~",
    "+",
    "-",
    ":",
    "*",
    "(",
    ")",
    "C(",
    "poly(",
    "1",
    "0",
    "`",
    "'",
    ".",
    "|",
    "[",
    ",",
    "²",
    "\n",
    "==",
]


@pytest.mark.parametrize("seed", range(150))
def test_any_text_is_a_fit_or_a_clear_error(seed):
    rng = np.random.default_rng(seed)
    formula = "y ~ " * (seed % 2) + " ".join(rng.choice(PIECES, rng.integers(1, 8)))
    with contextlib.suppress(SparsekinError):
        prepare_frame(formula, mixed_frame())
