"""The command line: `sparsekin fit DATA "y ~ ." --task study -s 5`, `sparsekin tune DATA "y ~ ." --task study`.

DATA - is standard input.

Exit codes: 0 done, 1 the data or the solver refused, 2 the command was wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

import sparsekin
from sparsekin.data.expressions import ALLOWED
from sparsekin.errors import DataError, DataWarning, MissingExtraError, OptionError, SparsekinError, SparsekinWarning
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.dial import DialResults
from sparsekin.models.sparse.model import SparseMTL
from sparsekin.models.sparse.results import SparseResults
from sparsekin.options import Metric, Missing, Scheme, SupportMode

_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: _read_text(path, ","),
    ".tsv": lambda path: _read_text(path, "\t"),
    ".parquet": pd.read_parquet,
}
_NO_NAME = re.compile(r"(Unnamed: \d+)?")
_FLAGS = [
    (r"\blambda_([12z])\b", r"--lambda-\1"),
    (
        r"\b(task|weights|missing|support|effort|folds|scheme|metric|rng) ?= ?(['\"]?)([\w.-]+)\2(?=[\s,;.)]|$)",
        r"--\1 \3",
    ),
    (r"\b(task|weights) = ('[^']*')", r"--\1 \2"),
    (r"\bs = ", "-s "),
    (r"\b(lower|set|give one) s\b", r"\1 -s"),
    (r"^keep names", "--keep names"),
]


EPILOG = f"A formula is no program. It can use {ALLOWED}. Names that are no words stand between backticks."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Examples
    --------
    >>> main(["fit", "no-such-file.csv", "y ~ .", "-s", "3"])
    1
    """
    parsed = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", SparsekinWarning)
            warnings.showwarning = _show_warning  # type: ignore[assignment]
            return int(parsed.run(parsed))
    except KeyboardInterrupt:
        return _complain("interrupted.", 130)
    except OptionError as error:
        return _complain(as_flags(str(error)), 2)
    except (SparsekinError, OSError) as error:
        return _complain(as_flags(str(error)), 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sparsekin", description="Sparse regression over several related data sets.")
    parser.add_argument("--version", action="version", version=f"sparsekin {sparsekin.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    fit = commands.add_parser(
        "fit",
        help="fit a sparse multi-task regression and print its summary",
        epilog=EPILOG,
    )
    fit.set_defaults(run=_fit)
    _add_data(fit)
    fit.add_argument("-s", type=int, required=True, help="most features a task may select")
    fit.add_argument("--lambda-1", type=float, default=0.0, metavar="X", help="ridge penalty")
    fit.add_argument(
        "--lambda-2",
        type=float,
        default=0.0,
        metavar="X",
        help="penalty on unlike coefficients; inf: one vector for all tasks",
    )
    fit.add_argument("--lambda-z", type=float, default=0.0, metavar="X", help="penalty on unlike supports")
    fit.add_argument("--support", choices=get_args(SupportMode), default="heterogeneous")
    _add_output(fit, "coefficients, summary, picture and fit")
    tune = commands.add_parser(
        "tune",
        help="pool, share or separate? Cross-validate from one model for all tasks to one for each, and fit",
        epilog=EPILOG,
    )
    tune.set_defaults(run=_tune)
    _add_data(tune)
    tune.add_argument("--folds", type=int, default=10, help="number of folds within the tasks")
    tune.add_argument("--scheme", choices=get_args(Scheme), default="within-task", help="what is held out")
    tune.add_argument("--metric", choices=get_args(Metric), default="rmse")
    tune.add_argument("--rng", type=int, default=0, metavar="SEED", help="shuffles the rows into folds")
    tune.add_argument(
        "--refit", choices=("best", "1se", "average"), default="best", help="average: the mean of the best settings"
    )
    _add_output(tune, "families, coefficients, summaries, pictures and fit")
    return parser


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", type=Path, help="a .csv, .tsv or .parquet file, or - for CSV from standard input")
    command.add_argument("formula", help='such as "tau ~ ." or "y1 + y2 ~ x1 + x2"')
    command.add_argument("--task", metavar="COLUMN", help="column that says which task a row belongs to")
    command.add_argument(
        "--keep", nargs="+", action="extend", default=[], metavar="TERM", help="terms that are always in"
    )
    command.add_argument("--weights", metavar="COLUMN", help="column of observation weights")
    command.add_argument("--missing", choices=get_args(Missing), default="raise", help="rows with missing values")
    command.add_argument("--effort", type=int, choices=(0, 1, 2), default=1, help="how long to search")


def _add_output(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("--out", type=Path, metavar="DIR", help=f"write {what} there")
    command.add_argument("--json", action="store_true", help="print JSON (glance and tidy) instead of the summary")


def _model(parsed: argparse.Namespace) -> SparseMTL:
    return SparseMTL.from_formula(
        parsed.formula, read_table(parsed.data), parsed.task,
        keep=parsed.keep, weights=parsed.weights, missing=parsed.missing,
    )  # fmt: skip


def _tune(parsed: argparse.Namespace) -> int:
    cv = _model(parsed).cross_validate(
        folds=parsed.folds, scheme=parsed.scheme, metric=parsed.metric, effort=parsed.effort, rng=parsed.rng
    )
    if parsed.refit == "average" and not isinstance(cv, DialResults):
        raise OptionError("--refit average is the mean of settings from pooled to separate, which needs several tasks.")
    results: SparseResults | AverageResults = cv.refit(parsed.refit)
    if parsed.json:
        tuned: dict[str, Any] = {"tuning": _records(cv.glance())[0]}
        if isinstance(cv, DialResults):
            tuned |= {"verdict": cv.verdict, "families": _records(cv.families.reset_index())}
        sys.stdout.write(f"{json.dumps(tuned | _tables(results), indent=1)}\n")
    else:
        sys.stdout.write(f"{cv.summary().as_text()}\n\n{results.summary().as_text()}\n")
    if parsed.out is not None:
        write_results(results, parsed.out)
        (parsed.out / "tuning.txt").write_text(cv.summary().as_text() + "\n", encoding="utf-8")
        cv.table.to_csv(parsed.out / "tuning.csv")
    return 0


def _fit(parsed: argparse.Namespace) -> int:
    model = _model(parsed)
    results = model.fit(
        parsed.s, parsed.lambda_1, parsed.lambda_2, parsed.lambda_z, support=parsed.support, effort=parsed.effort
    )
    sys.stdout.write(f"{to_json(results) if parsed.json else results.summary().as_text()}\n")
    if parsed.out is not None:
        write_results(results, parsed.out)
    return 130 if results.status == "interrupted" else 0


def read_table(path: Path) -> pd.DataFrame:
    """The frame in a .csv, .tsv (also compressed, as .csv.gz) or .parquet file; of "-", CSV from standard input.

    Raises
    ------
    DataError
        The file does not exist, is of another kind, or cannot be read as what its name says.
    """
    if str(path) == "-":
        return _read_input()
    kinds = [suffix for suffix in map(str.lower, path.suffixes) if suffix in _READERS]
    if not kinds:
        raise DataError(f"'{path}' is not a .csv, .tsv or .parquet file.")
    if not path.is_file():
        raise DataError(f"There is no file '{path}'.")
    try:
        return _READERS[kinds[-1]](path)
    except ImportError:
        raise MissingExtraError("Reading .parquet needs pyarrow: pip install pyarrow") from None
    except (ValueError, OSError) as error:
        raise DataError(f"'{path}' cannot be read as {kinds[-1][1:]}: {' '.join(str(error).split())}") from None


def _read_input() -> pd.DataFrame:
    text = sys.stdin.read()
    if not text.strip():
        raise DataError("Standard input is empty; give a file, or CSV such as: cat data.csv | sparsekin fit - ...")
    try:
        return _read_text("standard input", ",", text)
    except ValueError as error:
        raise DataError(f"Standard input cannot be read as csv: {' '.join(str(error).split())}") from None


def _read_text(path: Path | str, mark: str, text: str | None = None) -> pd.DataFrame:
    """A table whose header names every column, but for row numbers or labels in the first one, which are left out."""
    header = (
        pd.read_csv(_again(path, text), sep=mark, header=None, nrows=1, dtype=str, keep_default_na=False)
        .iloc[0]
        .tolist()
    )
    for name, count in Counter(header).items():
        if count > 1 and not _NO_NAME.fullmatch(name):
            raise DataError(f"{count} columns of '{path}' are named '{name}'; give each a name of its own.")
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            frame = pd.read_csv(_again(path, text), sep=mark, index_col=False)
        except pd.errors.ParserWarning:
            raise DataError(
                f"The rows of '{path}' have more cells than the header has names ({len(header)}); name every column, "
                "or write the file without row names."
            ) from None
    nameless = [at for at, name in enumerate(header) if _NO_NAME.fullmatch(name)]
    if not nameless:
        return frame
    first = frame.iloc[:, 0]
    if nameless != [0] or first.dtype.kind == "f" or not first.is_unique:
        raise DataError(f"Column {nameless[-1] + 1} of '{path}' has no name; name it, or remove it.")
    warnings.warn(
        f"The first column of '{path}' has no name and another value in each row: taken for row labels and left out.",
        DataWarning,
        stacklevel=2,
    )
    return frame.iloc[:, 1:]


def _again(path: Path | str, text: str | None) -> Path | str | io.StringIO:
    return path if text is None else io.StringIO(text)


def as_flags(message: str) -> str:
    """A message with arguments of Python as options of the command line.

    Examples
    --------
    >>> as_flags("lambda_1 = -1.0 must be finite and not negative.")
    '--lambda-1 = -1.0 must be finite and not negative.'
    """
    for pattern, flag in _FLAGS:
        message = re.sub(pattern, flag, message)
    return message


def to_json(results: SparseResults | AverageResults) -> str:
    """One row of glance and all rows of tidy as JSON; what is not there is null, an infinite lambda_2 is "inf"."""
    return json.dumps(_tables(results), indent=1)


def _tables(results: SparseResults | AverageResults) -> dict[str, Any]:
    return {"glance": _records(results.glance())[0], "tidy": _records(results.tidy())}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    text = table.replace(np.inf, "inf").to_json(orient="records", double_precision=15, date_format="iso")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def write_results(results: SparseResults | AverageResults, folder: Path) -> None:
    """Write coefficients.csv, summary.txt, fit.npz and, where matplotlib is installed, support.png."""
    folder.mkdir(parents=True, exist_ok=True)
    results.params.to_csv(folder / "coefficients.csv")
    (folder / "summary.txt").write_text(results.summary().as_text() + "\n", encoding="utf-8")
    results.save(folder / "fit.npz")
    try:
        figure = results.plot_support().get_figure(root=True)
    except MissingExtraError as error:
        _complain(f"no picture was written: {error}", 0)
        return
    assert figure is not None
    figure.savefig(folder / "support.png", dpi=150)


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"sparsekin: {message}\n")
    return code


def _show_warning(message: Warning | str, category: type[Warning], *where: object) -> None:
    _complain(f"warning: {message}", 0)
