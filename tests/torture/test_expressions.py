"""What formulas may say, and that nothing else is ever evaluated: not on the command line, not from a tampered file."""

import json

import formulaic.transforms
import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, SparseResults, moments
from sparsekin.cli.main import main
from sparsekin.data.files import read_npz, write_npz
from sparsekin.data.prepare import prepare_frame
from sparsekin.errors import DataError, FormulaError
from torture.hostile_names import TOUCH

REFUSED = [
    TOUCH,
    f"I({TOUCH})",
    "x.mean()",
    "I(x - x.mean())",
    "x.__class__",
    "I(x.__class__.__mro__)",
    "I(eval('1'))",
    "I(exec('1'))",
    "I(open('OWNED', 'w'))",
    "I(getattr(x, 'sum'))",
    "I((lambda: x)())",
    "I([v for v in x])",
    "I(f'{x}')",
    "I(x if 1 else x)",
    "I((z := x))",
    "I(x[0])",
    "I(x and x)",
    "max(x)",
    "I(x / np.max(x))",
    "np.load('x')",
    "np.linalg.norm(x)",
    "np.log(x, out=x)",
    "np.add(x, x, x)",
    "np.log",
    "center(x, _state=1)",
    "C(g, **{})",
    "C(g, contr.__class__)",
    "C(g, contr.mro())",
    "Q('x')",
    "I(9**9**9**9)",
    "I(x + 2**99999)",
    "I('a' * 10**9)",
    "I([1] * 10**9)",
    "I(b'x')",
    "I(1j * x)",
    "I(x @ x)",
    "I(" + "(" * 300 + "x" + ")" * 300 + ")",
]


@pytest.fixture(autouse=True)
def _nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "OWNED").exists()


def rows(n=24):
    rng = np.random.default_rng(0)
    frame = {"y": rng.normal(size=n), "x": rng.uniform(1, 2, n), "u": rng.normal(size=n), "g": list("abc") * (n // 3)}
    return pd.DataFrame(frame)


@pytest.mark.parametrize("term", REFUSED)
def test_refused(term):
    for formula in (f"y ~ {term} + u", f"{term} ~ u"):
        with pytest.raises(FormulaError):
            prepare_frame(formula, rows())
    with pytest.raises(FormulaError, match=r"keep names|cannot say"):
        prepare_frame("y ~ u", rows(), keep=[term])


def test_the_message_says_what_is_allowed():
    with pytest.raises(
        FormulaError, match=r"'x.mean\(\)' has x.mean.*which a formula cannot say. A formula can use the tran"
    ):
        prepare_frame("y ~ x.mean()", rows())
    with pytest.raises(FormulaError, match=r"has max\(\), which a formula cannot say"):
        prepare_frame("y ~ max(x)", rows())


def test_a_text_in_a_stateful_call_is_not_run():
    code = "+".join(f"chr({ord(letter)})" for letter in "OWNED")
    with pytest.raises((FormulaError, DataError)):
        prepare_frame(f"""y ~ center(x, 'a") or __import__("pathlib").Path({code}).touch() #') + u""", rows())
    prepare_frame("""y ~ C(g, levels=['a', 'b', 'c', '") or __import__(chr(111)).abort() #']) + u""", rows())


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("exp10(x)", lambda x: 10.0**x),
        ("sqrt(x)", np.sqrt),
        ("abs(-x)", np.abs),
        ("np.where(x > 1.5, 1, 0)", lambda x: 1.0 * (x > 1.5)),
        ("clip(x, 1.2, 1.4)", lambda x: np.clip(x, 1.2, 1.4)),
        ("I(np.pi * x / 10**2)", lambda x: np.pi * x / 100),
        ("I(1 * ((x > 1.2) & (x < 1.6)))", lambda x: 1.0 * ((x > 1.2) & (x < 1.6))),
        ("{x ** 2 + 1}", lambda x: x**2 + 1),
    ],
)
def test_allowed(term, value):
    frame = rows()
    found = prepare_frame(f"y ~ {term} + u", frame).blocks
    np.testing.assert_allclose(found.X[:, 0], value(frame["x"]), rtol=1e-14)


def test_columns_named_like_functions_and_arguments():
    frame = rows().rename(columns={"x": "scale", "u": "degree"}).assign(log=1.0 + np.arange(24), center=0.5)
    found = prepare_frame("y ~ log(log) + scale(scale, center=False) + poly(degree, degree=2)", frame)
    names = ("log(log)", "scale(scale, center=False)", "poly(degree, degree=2)[1]", "poly(degree, degree=2)[2]")
    assert found.blocks.feature_names == names
    np.testing.assert_allclose(found.blocks.X[:, 0], np.log(frame["log"]))


def test_names_with_dots_inside_calls():
    frame = rows().rename(columns={"x": "x.1"})
    found = prepare_frame("y ~ log(x.1) + I(x.1**2)", frame, keep=["log(x.1)"])
    assert found.blocks.keep_names == ("log(`x.1`)",)
    np.testing.assert_array_equal(found.blocks.keep[:, 0], np.log(frame["x.1"]))
    np.testing.assert_array_equal(prepare_frame("log(x.1) ~ u", frame).blocks.y[0], np.log(frame["x.1"]))


def test_a_column_called_like_an_expression():
    frame = rows().assign(**{"log(x)": 1.0})
    with pytest.raises(FormulaError, match=r"'log\(x\)' is an expression.*a column of that name exists too; rename"):
        prepare_frame("y ~ u + log(x)", frame)
    assert prepare_frame("y ~ u + `log(x)`", frame).blocks.feature_names == ("u", "log(x)")


def test_registered_functions_can_be_called(monkeypatch):
    monkeypatch.setitem(formulaic.transforms.TRANSFORMS, "double", lambda x: 2 * x)
    monkeypatch.setitem(formulaic.transforms.TRANSFORMS, "share", lambda x: x / x.max())
    np.testing.assert_array_equal(prepare_frame("y ~ double(x)", rows()).blocks.X[:, 0], 2 * rows()["x"])
    with pytest.raises(FormulaError, match=r"'share\(x\)' in a row depends on the other rows"):
        prepare_frame("y ~ share(x) + u", rows())


@pytest.mark.parametrize(
    "right",
    ["center(x)", "scale(x)", "standardize(x)", "poly(x, 3)", "bs(x, df=4)", "cr(x, df=4)", "cc(x, df=4)", "C(g)",
     "C(g, contr.helmert):x", "g:center(x)", "I(x - center(x))", "hashed(g, levels=3)"],
)  # fmt: skip
def test_rows_predicted_one_by_one_are_those_predicted_at_once(right):
    frame = rows()
    fit = SparseMTL.from_formula(f"y ~ u + {right}", frame).fit(2)
    one_by_one = [fit.predict(frame.iloc[[i]]).iloc[0] for i in range(len(frame))]
    np.testing.assert_allclose(one_by_one, fit.predict(frame), rtol=1e-12)


def tamper(path, change):
    document, arrays = read_npz(path, "")
    write_npz(path, json.loads(change(json.dumps(document))), arrays)


def predict_from_file(path):
    return SparseResults.load(path).predict(rows())


def predict_from_moments(path):
    return SparseMTL.from_moments(moments.load(path)).fit(1).predict(rows())


@pytest.mark.parametrize("term", [term for term in REFUSED if "x" in term and '"' not in term])
def test_a_tampered_file_runs_nothing(term, tmp_path):
    SparseMTL.from_formula("y ~ u + I(x ** 2)", rows()).fit(2).save(tmp_path / "fit.npz")
    moments.from_frame("y ~ u + I(x ** 2)", rows()).save(tmp_path / "moments.npz")
    quoted = json.dumps(term)[1:-1]
    tamper(tmp_path / "fit.npz", lambda text: text.replace("I(x ** 2)", quoted))
    tamper(tmp_path / "moments.npz", lambda text: text.replace("I(x ** 2)", json.dumps(quoted)[1:-1]))
    for predict, file in ((predict_from_file, "fit.npz"), (predict_from_moments, "moments.npz")):
        with pytest.raises((DataError, FormulaError), match=r"cannot say|not a valid expression|other columns"):
            predict(tmp_path / file)


def test_what_a_transform_learned_is_not_learned_again(tmp_path):
    SparseMTL.from_formula("y ~ u + center(x)", rows()).fit(2).save(tmp_path / "fit.npz")
    tamper(tmp_path / "fit.npz", lambda text: text.replace('"center(x)": {"ddof"', '"centre(x)": {"ddof"'))
    with pytest.raises(DataError, match=r"What 'center\(x\)' learned from the rows of the fit is not there"):
        predict_from_file(tmp_path / "fit.npz")


@pytest.mark.parametrize("term", [f"I({TOUCH})", "x.mean()", "I(x / max(x))"])
def test_command_line_and_parquet(term, tmp_path, capsys):
    rows().to_csv("d.csv", index=False)
    rows().to_parquet("d.parquet")
    assert main(["fit", "d.csv", f"y ~ u + {term}", "-s", "1"]) == 1
    assert "which a formula cannot say" in capsys.readouterr().err
    with pytest.raises(FormulaError, match="cannot say"):
        moments.from_parquet(f"y ~ u + {term}", "d.parquet")


def test_help_says_what_a_formula_can_say(capsys):
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    assert "transforms of formulaic" in capsys.readouterr().out
