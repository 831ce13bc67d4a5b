"""Results as JSON and as files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.files import write_each, written_whole
from sparsekin.errors import MissingExtraError
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.results import SparseResults


def to_json(results: SparseResults | AverageResults) -> str:
    """One row of glance and all rows of tidy as JSON; what is not there is null, an infinite lambda_2 is "inf"."""
    return json.dumps(tables_of(results), indent=1)


def tables_of(results: SparseResults | AverageResults) -> dict[str, Any]:
    """One row of glance and all rows of tidy, as JSON holds them."""
    return {"glance": records(results.glance())[0], "tidy": records(results.tidy())}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON holds them; what is infinite as text."""
    text = table.replace(np.inf, "inf").to_json(orient="records", double_precision=15, date_format="iso")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def write_results(results: SparseResults | AverageResults, folder: Path) -> None:
    """Write coefficients.csv, summary.txt, fit.npz and, where matplotlib is installed, support.png."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"coefficients.csv": results.params.to_csv(), "summary.txt": results.summary().as_text() + "\n"}
    contents: dict[str, str | Callable[[Path], object]] = {**texts, "fit.npz": results.save}
    try:
        figure = results.plot_support().get_figure(root=True)
    except MissingExtraError as error:
        complain(f"no picture was written: {error}", 0)
    else:
        contents["support.png"] = partial(_write_picture, figure)
    write_each(folder, contents)


def _write_picture(figure: Any, path: Path) -> None:
    with written_whole(path) as file:
        figure.savefig(file, format="png", dpi=150)


def complain(message: str, code: int) -> int:
    """Say it on standard error, and return the exit code."""
    sys.stderr.write(f"sparsekin: {message}\n")
    return code
