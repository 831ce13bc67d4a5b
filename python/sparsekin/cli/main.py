"""The command line: `sparsekin fit`, `sparsekin tune` and `sparsekin report`, each with DATA and a formula.

DATA - is standard input.

Exit codes: 0 done, 1 the data or the solver refused, 2 the command was wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import sparsekin
from sparsekin.analysis.plan import WHICH
from sparsekin.analysis.steps import SKIPPABLE
from sparsekin.analysis.study import prepare_folder
from sparsekin.cli.flags import as_flags
from sparsekin.cli.read import read_table
from sparsekin.cli.write import complain, records, tables_of, to_json, write_results
from sparsekin.data.expressions import ALLOWED
from sparsekin.data.files import write_whole
from sparsekin.errors import OptionError, SparsekinError, SparsekinWarning
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.dial import DialResults
from sparsekin.models.sparse.model import SparseMTL
from sparsekin.models.sparse.results import SparseResults
from sparsekin.options import LossFamily, Metric, Missing, Scheme, SupportMode

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
    except KeyboardInterrupt as stop:
        return complain(str(stop) or "interrupted.", 130)
    except OptionError as error:
        return complain(as_flags(str(error)), 2)
    except (SparsekinError, OSError) as error:
        return complain(as_flags(str(error)), 1)


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
    _add_effort(fit)
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
    _add_effort(tune)
    _add_output(tune, "families, coefficients, summaries, pictures and fit")
    report = commands.add_parser(
        "report",
        help="the whole analysis as one page: pool, share or separate, the fit, its proof, how sure, validation",
        epilog=EPILOG,
    )
    report.set_defaults(run=_report)
    _add_data(report)
    report.add_argument("--family", choices=get_args(LossFamily), default="gaussian", help="what the outcomes are")
    report.add_argument("--groups", metavar="COLUMN", help="rows that belong together, such as those of a patient")
    report.add_argument("--which", choices=WHICH, default="best", help="the setting that is refitted")
    report.add_argument("--folds", type=int, default=10, help="number of folds within the tasks")
    report.add_argument("--pairs", type=int, default=50, help="pairs of half-samples")
    report.add_argument("--time-limit", type=float, default=30.0, metavar="SECONDS", help="for the proof")
    report.add_argument("--skip", nargs="+", action="extend", default=[], choices=SKIPPABLE, help="steps to leave out")
    report.add_argument("--rng", type=int, default=0, metavar="SEED", help="of every step")
    report.add_argument("--progress", action="store_true", help="show a bar (needs tqdm)")
    report.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="write page, tables, pictures and fit there"
    )
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


def _add_effort(command: argparse.ArgumentParser) -> None:
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
        tuned: dict[str, Any] = {"tuning": records(cv.glance())[0]}
        if isinstance(cv, DialResults):
            tuned |= {"verdict": cv.verdict, "families": records(cv.families.reset_index())}
        sys.stdout.write(f"{json.dumps(tuned | tables_of(results), indent=1)}\n")
    else:
        sys.stdout.write(f"{cv.summary().as_text()}\n\n{results.summary().as_text()}\n")
    if parsed.out is not None:
        write_results(results, parsed.out)
        write_whole(parsed.out / "tuning.txt", cv.summary().as_text() + "\n")
        write_whole(parsed.out / "tuning.csv", cv.table.to_csv())
    return 0


def _report(parsed: argparse.Namespace) -> int:
    prepare_folder(parsed.out)
    made = sparsekin.study(
        parsed.formula, read_table(parsed.data), parsed.task, keep=parsed.keep, family=parsed.family,
        weights=parsed.weights, groups=parsed.groups, missing=parsed.missing, which=parsed.which, folds=parsed.folds,
        pairs=parsed.pairs, time_limit=parsed.time_limit, skip=parsed.skip, rng=parsed.rng,
        progress=parsed.progress,
    )  # fmt: skip
    sys.stdout.write(f"{made.summary().as_text()}\n")
    written = made.save(parsed.out)
    sys.stdout.write(f"\nPage: {written[0]}\n")
    return 130 if made.steps["state"].eq("interrupted").any() else 0


def _fit(parsed: argparse.Namespace) -> int:
    model = _model(parsed)
    results = model.fit(
        parsed.s, parsed.lambda_1, parsed.lambda_2, parsed.lambda_z, support=parsed.support, effort=parsed.effort
    )
    sys.stdout.write(f"{to_json(results) if parsed.json else results.summary().as_text()}\n")
    if parsed.out is not None:
        write_results(results, parsed.out)
    return 130 if results.status == "interrupted" else 0


def _show_warning(message: Warning | str, category: type[Warning], *where: object) -> None:
    complain(f"warning: {message}", 0)
