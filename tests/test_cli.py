import io
import json
import re
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import sparsekin
from sparsekin import SparseResults
from sparsekin.cli.main import main
from sparsekin.cli.read import READERS, read_table
from sparsekin.errors import DataError, DataWarning, MissingExtraError, SolverError


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((60, 4)), columns=["age", "bmi", "crp", "ldl"])
    frame["site"] = np.repeat(["north", "south"], 30)
    frame["y"] = frame["age"] + 2 * frame["bmi"] + 0.1 * rng.standard_normal(60)
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("data")
    data.to_csv(path / "data.csv", index=False)
    data.to_csv(path / "data.csv.gz", index=False)
    data.to_csv(path / "data.tsv", index=False, sep="\t")
    data.to_parquet(path / "data.parquet")
    data.assign(crp=data["crp"].where(data.index != 3)).to_csv(path / "gaps.csv", index=False)
    (path / "broken.csv").write_text('a,b\n1,2\n3,4,5\n"')
    (path / "broken.parquet").write_text("no parquet")
    (path / "empty.csv").write_text("")
    return path


def run(capsys, *arguments):
    """Exit code, stdout and stderr of `sparsekin fit ...`."""
    code = main(["fit", *map(str, arguments)])
    return (code, *capsys.readouterr())


@pytest.mark.parametrize("name", ["data.csv", "data.csv.gz", "data.tsv", "data.parquet"])
def test_every_kind_of_file_gives_the_same_summary(capsys, folder, name):
    code, out, err = run(capsys, folder / name, "y ~ .", "--task", "site", "-s", 2, "--lambda-z", 0.2)
    assert (code, err) == (0, "")
    assert re.search(r"^age +2/2 ", out, re.MULTILINE)
    assert re.search(r"^bmi +2/2 ", out, re.MULTILINE)
    assert "lambda_z:               0.2" in out
    assert "swap-optimal: no single add, drop or swap improves it" in out


def test_every_option_arrives(capsys, folder):
    code, out, err = run(
        capsys, folder / "gaps.csv", "y ~ age + bmi", "--task", "site", "-s", 1, "--weights", "ldl2"
    )  # fmt: skip
    assert (code, out) == (1, "")
    assert err == "sparsekin: --weights ldl2 is not a column of the data. Did you mean 'ldl'?\n"
    code, out, err = run(
        capsys, folder / "gaps.csv", "y ~ bmi + crp", "--task", "site", "-s", 1, "--lambda-1", 0.1, "--lambda-2", 0.3,
        "--support", "common", "--keep", "age", "--missing", "drop", "--effort", 2, "--json",
    )  # fmt: skip
    assert (code, err) == (0, "")
    found = json.loads(out)
    wanted = {"lambda_1": 0.1, "lambda_2": 0.3, "support": "common", "n_keep": 1, "nobs": 59, "s": 1, "bound": None}
    assert found["glance"] == found["glance"] | wanted
    assert {row["term"] for row in found["tidy"]} == {"Intercept", "age", "bmi"}


def test_json_holds_the_coefficients(capsys, folder, tmp_path):
    code, out, _ = run(
        capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2, "--json", "--out", tmp_path / "o"
    )
    results = SparseResults.load(tmp_path / "o" / "fit.npz")
    assert code == 0
    for row in json.loads(out)["tidy"]:
        assert row["estimate"] == pytest.approx(results.params.loc[row["term"], row["task"]], rel=1e-12)


def test_out_writes_four_files(capsys, folder, tmp_path):
    out = tmp_path / "a" / "b"
    code, shown, _ = run(capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2, "--out", out)
    assert code == 0
    assert {path.name for path in out.iterdir()} == {"coefficients.csv", "summary.txt", "support.png", "fit.npz"}
    assert (out / "summary.txt").read_text() == shown
    results = SparseResults.load(out / "fit.npz")
    written = pd.read_csv(out / "coefficients.csv", index_col="term")
    np.testing.assert_allclose(written, results.params)
    assert (out / "support.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_rest_is_written(capsys, folder, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise MissingExtraError('plot_support needs matplotlib: pip install "sparsekin[plots]"')

    monkeypatch.setattr("sparsekin.models.sparse.results.plot_support", refuse)
    code, _, err = run(capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2, "--out", tmp_path)
    assert code == 0
    assert err == 'sparsekin: no picture was written: plot_support needs matplotlib: pip install "sparsekin[plots]"\n'
    assert not (tmp_path / "support.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.csv", "y ~ .", "-s", 2], 1, "There is no file '.*none.csv'."),
        (["data.xlsx", "y ~ .", "-s", 2], 1, "'.*data.xlsx' is not a .csv, .tsv or .parquet file."),
        (["broken.csv", "y ~ .", "-s", 2], 1, "'.*broken.csv' cannot be read as csv: "),
        (["broken.parquet", "y ~ .", "-s", 2], 1, "'.*broken.parquet' cannot be read as parquet: "),
        (["empty.csv", "y ~ .", "-s", 2], 1, "'.*empty.csv' cannot be read as csv: "),
        (["data.csv", "y ~ agee", "-s", 1], 1, "'agee' in the formula is not a column of the data."),
        (["gaps.csv", "y ~ .", "-s", 2, "--task", "site"], 1, r"Missing values in 1 of 60 rows: crp \(1\)"),
        (["data.csv", "y ~ . - site", "-s", -1], 2, "-s -1 is not a whole number >= 0."),
        (["data.csv", "y ~ . - site", "-s", 1, "--support", "independent", "--lambda-z", 1], 2, "has no meaning"),
    ],
)  # fmt: skip
def test_errors_are_one_sentence_on_stderr(capsys, folder, arguments, code, message):
    found, out, err = run(capsys, folder / arguments[0], *arguments[1:])
    assert (found, out) == (code, "")
    assert re.search(message, err)
    assert err.startswith("sparsekin: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["guess"],
        ["fit"],
        ["fit", "data.csv", "y ~ ."],
        ["fit", "data.csv", "y ~ .", "-s", "two"],
        ["fit", "data.csv", "y ~ .", "-s", "2", "--effort", "9"],
        ["fit", "data.csv", "y ~ .", "-s", "2", "--support", "no"],
    ],
)
def test_a_wrong_command_is_2(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: sparsekin")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (SolverError("The solver stopped."), 1)])
def test_the_solver_gives_up(capsys, folder, monkeypatch, error, code):
    def stop(*_, **__):
        raise error

    monkeypatch.setattr("sparsekin.models.sparse.fitting.solve", stop)
    found, out, err = run(capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2)
    assert (found, out) == (code, "")
    assert err == ("sparsekin: interrupted.\n" if code == 130 else "sparsekin: The solver stopped.\n")


def test_an_interrupted_fit_is_shown_and_ends_with_130(capsys, folder, monkeypatch):
    import dataclasses

    from sparsekin.models.sparse import fitting

    solve = fitting.solve
    monkeypatch.setattr(fitting, "solve", lambda *a, **b: dataclasses.replace(solve(*a, **b), status="interrupted"))
    code, out, _ = run(capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2)
    assert code == 130
    assert "interrupted: the best solution found until then" in out


def test_warnings_are_one_line_on_stderr(capsys, folder, monkeypatch):
    def warn(path):
        warnings.warn("two columns are the same", DataWarning, stacklevel=2)
        return pd.read_csv(path)

    monkeypatch.setitem(READERS, ".csv", warn)
    code, _, err = run(capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2)
    assert code == 0
    assert err == "sparsekin: warning: two columns are the same\n"


def test_an_unwritable_place_is_an_error(capsys, folder):
    code, _, err = run(capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2, "--out", folder / "data.csv")
    assert code == 1
    assert "data.csv" in err


def test_python_m_sparsekin(folder):
    command = [sys.executable, "-m", "sparsekin", "fit", str(folder / "data.csv"), "y ~ .", "--task", "site", "-s", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Shared-support L0 regression" in done.stdout
    done = subprocess.run([*command[:-1], "-1"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "sparsekin: -s -1 is not a whole number >= 0.\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y,age\n1,2,3\n2,3,4\n", r"have more cells than the header has names \(2\); name every column"),
        ("y,age\n1,2\n2,3,4\n", r"cannot be read as csv"),
        ("y,age,\n1,2,3\n2,3,4\n", r"Column 3 of .* has no name; name it, or remove it"),
        (",y,age\n1,1,2\n1,2,3\n", r"Column 1 of .* has no name"),
        (",y,age\n0.5,1,2\n1.5,2,3\n", r"Column 1 of .* has no name"),
        ("y,age,age\n1,2,3\n", r"2 columns of .* are named 'age'; give each a name of its own"),
    ],
)
def test_tables_that_pandas_would_shift_or_rename(tmp_path, text, message):
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_table(tmp_path / "d.csv")


@pytest.mark.parametrize("index", [[3, 1, 2], ["a", "b", "c"]])
@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_row_labels_are_no_candidate(tmp_path, index, name):
    frame = pd.DataFrame({"y": [1.0, 2, 3], "age": [3.0, 1, 2]}, index=pd.Index(index, name=name))
    frame.to_csv(tmp_path / "d.csv")
    with pytest.warns(DataWarning, match=r"first column of .* has no name .* row labels and left out"):
        found = read_table(tmp_path / "d.csv")
    pd.testing.assert_frame_equal(found, frame.reset_index(drop=True))


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"sparsekin {sparsekin.__version__}\n"


def test_names_of_files_may_be_in_capitals_and_a_dash_is_standard_input(capsys, folder, data, monkeypatch):
    expected = run(capsys, folder / "data.csv", "y ~ .", "--task", "site", "-s", 2, "--json")
    (folder / "DATA.CSV").write_bytes((folder / "data.csv").read_bytes())
    found = [run(capsys, folder / "DATA.CSV", "y ~ .", "--task", "site", "-s", 2, "--json")]
    monkeypatch.setattr("sys.stdin", io.StringIO((folder / "data.csv").read_text()))
    found.append(run(capsys, "-", "y ~ .", "--task", "site", "-s", 2, "--json"))
    for code, out, err in found:
        assert (code, err) == (0, "")
        assert json.loads(out)["tidy"] == json.loads(expected[1])["tidy"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, _, err = run(capsys, "-", "y ~ .", "-s", 2)
    assert (code, err[:36]) == (1, "sparsekin: Standard input is empty; ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-s", 1, "--lambda-1", -1], "--lambda-1 = -1.0 must be finite and not negative."),
        (["-s", -1], "-s -1 is not a whole number >= 0."),
        (["-s", 1, "--task", "sitee"], "--task sitee is not a column of the data. Did you mean 'site'?"),
        (["-s", 1, "--task", "site", "--support", "independent", "--lambda-2", 1],
         "--support independent shares nothing between tasks, so --lambda-2 = 1 has no meaning; set --lambda-2=0 or "
         "use --support heterogeneous."),
    ],
)  # fmt: skip
def test_errors_name_options_as_they_are_typed(capsys, folder, arguments, said):
    code, out, err = run(capsys, folder / "data.csv", "y ~ age + bmi", *arguments)
    assert code in (1, 2)
    assert (out, err) == ("", f"sparsekin: {said}\n")


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        (1, "--folds 1; cross-validation needs at least 2."),
        (99, "Task 'north' has 30 rows but --folds 99; use at most 30 folds or drop the task."),
    ],
)
def test_errors_of_tune_name_its_options(capsys, folder, folds, said):
    code = main(["tune", str(folder / "data.csv"), "y ~ age + bmi", "--task", "site", "--folds", str(folds)])
    assert code in (1, 2)
    assert capsys.readouterr() == ("", f"sparsekin: {said}\n")


def test_lambda_2_may_be_infinite(capsys, folder, data, tmp_path):
    arguments = [folder / "data.csv", "y ~ .", "--task", "site", "-s", 2, "--lambda-2", "inf"]
    code, out, err = run(capsys, *arguments, "--json", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    found = json.loads(out)  # strict JSON has no number for it
    assert found["glance"]["lambda_2"] == "inf"
    A = np.column_stack([pd.get_dummies(data["site"]).astype(float), data[["age", "bmi"]]])
    b = np.linalg.lstsq(A, data["y"], rcond=None)[0]
    table = pd.read_csv(tmp_path / "out" / "coefficients.csv", index_col=0)
    np.testing.assert_allclose(table.loc[["age", "bmi"], "south"], b[2:], rtol=1e-9)
    np.testing.assert_allclose(table.loc["Intercept"], b[:2], rtol=1e-9)
    assert SparseResults.load(tmp_path / "out" / "fit.npz").lambda_2 == np.inf
    code, out, _ = run(capsys, *arguments)
    assert "lambda_2: inf" in " ".join(out.split())
    assert "Pooled L0 regression" in out
    code, _, err = run(capsys, *arguments[:-1], "nan")
    assert (code, err) == (2, "sparsekin: --lambda-2 = nan is not a number.\n")


def test_tuning_says_pool_share_or_separate(capsys, folder, tmp_path):
    arguments = ["tune", str(folder / "data.csv"), "y ~ .", "--task", "site", "--folds", "4", "--rng", "1"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert re.search(r"^(Pooling|Sharing)( is best| and |, )", out, re.MULTILINE)
    assert (tmp_path / "tuning.csv").exists()
    assert SparseResults.load(tmp_path / "fit.npz").selected
    assert main([*arguments, "--refit", "average", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["family"] for row in found["families"]] == ["pool", "share", "separate"]
    assert found["verdict"] in out.replace("\n  ", " ")
    assert {row["term"] for row in found["tidy"]} >= {"age", "bmi"}


def test_one_task_has_nothing_to_average(capsys, folder):
    code = main(["tune", str(folder / "data.csv"), "y ~ age + bmi", "--folds", "4", "--refit", "average"])
    assert code == 2
    assert "--refit average is the mean of settings from pooled to separate" in capsys.readouterr().err


def test_report_writes_the_page(capsys, folder, tmp_path):
    arguments = ["report", str(folder / "data.csv"), "y ~ .", "--task", "site", "--folds", "4", "--pairs", "10"]
    out = tmp_path / "page"
    code = main([*arguments, "--skip", "comparison", "validation", "--out", str(out)])
    printed = capsys.readouterr().out
    assert code == 0
    assert "What goes with y, by site" in printed
    assert f"Page: {out / 'study.html'}" in printed
    assert "<!doctype html>" in (out / "study.html").read_text(encoding="utf-8")
    assert (out / "coefficients.csv").exists()


def test_report_needs_a_folder(capsys, folder):
    with pytest.raises(SystemExit):
        main(["report", str(folder / "data.csv"), "y ~ .", "--task", "site"])
    assert "--out" in capsys.readouterr().err
