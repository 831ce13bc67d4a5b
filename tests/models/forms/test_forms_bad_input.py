import numpy as np
import pytest
from scipy import sparse

from sparsekin import MixedForms
from sparsekin.errors import DataError, FormulaError, OptionError

BAD_FIT = [
    ({"d": 0}, OptionError, "d = 0 is not a positive integer"),
    ({"d": 2.0}, OptionError, "d = 2.0 is not a positive integer"),
    ({"d": 12}, DataError, "d = 12, but X and Z have only 5 independent columns together; set d to 5 or lower"),
    ({"d": 2, "algorithm": "svd"}, OptionError, "algorithm = 'svd' is not one of 'als', 'em', 'published'"),
    ({"d": 2, "algorithm": "em", "l1": 1}, OptionError, "algorithm='em' has neither l1 nor orthonormal loadings"),
    ({"d": 2, "algorithm": "em", "orthogonal": True}, OptionError, "algorithm='em' has neither l1 nor"),
    ({"d": 2, "weights": "rows"}, OptionError, "weights = 'rows' is not one of"),
    ({"d": 2, "ridge": -1}, OptionError, "ridge = -1 must be finite and not negative"),
    ({"d": 2, "l1": 1, "ridge": 0}, OptionError, "l1 > 0 needs ridge > 0"),
    ({"d": 2, "l1": 1, "orthogonal": True}, OptionError, "contradict each other"),
    ({"d": 2, "orthogonal": True, "algorithm": "published"}, OptionError, "has no orthonormal loadings"),
    ({"d": 3, "orthogonal": True}, DataError, "at least d = 3 independent columns in each block, but Y has 2"),
    ({"d": 2, "starts": 0}, OptionError, "starts = 0 is not a positive integer"),
    ({"d": 2, "max_sweeps": 0}, OptionError, "max_sweeps = 0 is not a positive integer"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD_FIT)
def test_bad_options(frame, options, error, message):
    model = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3 | z1 + z2", frame)
    with pytest.raises(error, match=message):
        model.fit(**options)


BAD_FORMULA = [
    ("y1 ~ 1", {}, FormulaError, "names no column of X"),
    ("y1 ~ x1 | 1", {}, FormulaError, "names no column of Z after the '|'"),
    ("y1 ~ x1 | w", {}, FormulaError, "'w' in the formula is not a column"),
    ("y1 + x9 ~ x1", {}, FormulaError, "'x9' in the formula is not a column"),
    (3, {}, FormulaError, "The formula must be text"),
    ("y1 ~ x1", {"task": "sight"}, FormulaError, "task = 'sight' is not a column of the data. Did you mean 'site'"),
    ("sex ~ x1", {}, DataError, "Outcome 'sex' is not numeric"),
    ("y1 ~ x1 + site", {"task": "site"}, FormulaError, "'site' is the task column"),
    ("y1 ~ gone + x1", {}, DataError, "Column 'gone' of X has no observed value; leave it out"),
    ("y1 ~ big + x1", {}, DataError, "Column 'big' of X holds infinite values"),
    ("y1 ~ I(gone) + x1", {}, DataError, "No row has a value in all of 'gone'"),
]


@pytest.mark.parametrize(("formula", "options", "error", "message"), BAD_FORMULA)
def test_bad_formulas(frame, formula, options, error, message):
    wide = frame.assign(gone=np.nan, big=np.where(np.arange(len(frame)) == 3, np.inf, frame["x1"]))
    with pytest.raises(error, match=message.replace("|", r"\|").replace("(", r"\(")):
        MixedForms.from_formula(formula, wide, **options)


def test_bad_arrays():
    rng = np.random.default_rng(0)
    Y, X = rng.standard_normal((20, 2)), rng.standard_normal((20, 4))
    for arguments, message in (
        ((Y, X[:10]), "X has 10 rows, Y has 20"),
        ((Y, X, X[:10]), "Z has 10 rows, Y has 20"),
        ((Y, X, None, ["a"] * 3), "task must have one label for each of the 20 rows"),
        ((Y, np.empty((20, 0))), "X has no columns"),
        ((Y, X * np.where(np.arange(4) == 1, np.nan, 1)), "Column 'x2' of X has no observed value"),
        ((Y, sparse.csr_array(X * np.nan)), "X is sparse and holds values that are not finite"),
    ):
        with pytest.raises(DataError, match=message):
            MixedForms(*arguments)
    with pytest.raises(DataError, match="All columns of X and Z are constant"):
        MixedForms(Y, np.ones((20, 2))).fit(d=1)
    with pytest.raises(DataError, match="d = 3 needs more than 3 rows; the data have 3"):
        MixedForms(Y[:3], X[:3]).fit(d=3)


def test_bad_new_data(fit, frame):
    with pytest.raises(DataError, match="The data lack columns the model was fitted with: 'x6'"):
        fit.predict(frame.drop(columns="x6"))
    with pytest.raises(OptionError, match="Z= is for models fitted to arrays"):
        fit.predict(frame, Z=np.zeros((120, 4)))
    with pytest.raises(OptionError, match="from_ and to are both 'x'"):
        fit.translate(from_="x", to="x")
    with pytest.raises(OptionError, match="to = 'w' is not one of"):
        fit.translate(to="w")
    with pytest.raises(DataError, match="Column 'x1' of X holds infinite values"):
        fit.predict(frame.assign(x1=np.inf))
    with pytest.raises(OptionError, match="n = 0 is not a positive integer"):
        fit.bootstrap(0)
    with pytest.raises(OptionError, match="level = 95 is not between 0 and 1"):
        fit.bootstrap(5, level=95)


def test_bad_new_arrays():
    rng = np.random.default_rng(0)
    Y, X, Z = (rng.standard_normal((30, p)) for p in (2, 4, 3))
    own, tasks = MixedForms(Y, X, Z).fit(d=1), MixedForms(Y, X, task=["a", "b", "c"] * 10).fit(d=1)
    none = MixedForms(Y, X).fit(d=1)
    for call, error, message in (
        (lambda: own.predict(X[:, :2]), DataError, "X has 2 columns; the model was fitted with 4"),
        (lambda: own.predict(X, task=["a"] * 30), OptionError, "task= has no use here"),
        (lambda: tasks.predict(X, Z=Z), OptionError, "give task=, not Z="),
        (lambda: own.predict(X, Z=Z[:5]), OptionError, "Z has 5 rows, X has 30"),
        (lambda: own.transform(X, Y=Y[:5]), OptionError, "Y has 5 rows, X has 30"),
        (lambda: tasks.predict(X, task=["a"]), DataError, "task has 1 labels for 30 rows"),
        (lambda: none.translate(from_="x", to="z"), OptionError, "no block 'z'"),
    ):
        with pytest.raises(error, match=message):
            call()
    np.testing.assert_allclose(own.transform(X, Y=Y, Z=Z), own.transform(), atol=2e-3)


def test_bad_cross_validation(frame):
    model = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3 | z1 + z2", frame)
    for options, error, message in (
        ({"d": [1, 0]}, OptionError, "d = 0 is not a positive integer"),
        ({"d": [1, 9]}, DataError, "d = 9, but X and Z have only 5"),
        ({"folds": 1, "d": 1}, OptionError, "folds = 1 is not an integer of at least 2"),
        ({"d": []}, OptionError, "d names no dimension to try"),
        ({"target": "z"}, OptionError, "target = 'z' is not one of 'cells', 'y'"),
        ({"algorithm": "published"}, OptionError, "algorithm = 'published' is not one of 'als', 'em'"),
    ):
        with pytest.raises(error, match=message):
            model.cross_validate(**options)
    with pytest.raises(OptionError, match="which = 'least' is not one of"):
        model.cross_validate(d=[1], folds=2, rng=0).refit("least")
