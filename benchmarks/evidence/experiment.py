"""What an experiment is, and how its replicates are kept.

Rows go to NAME.csv as soon as a replicate of a cell ends, so that a run can be stopped at any time and goes on where it
stopped. All cells have one replicate before any has two. Each row carries the commit and the day it was made on.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pandas as pd
from joblib import Parallel, delayed

from commit import commit
from tables import read

ROOT = Path(__file__).resolve().parents[2]
Cell = dict[str, Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A question, and the runs that answer it.

    ======== ======================================= ==================================================================
    field    type                                    meaning
    ======== ======================================= ==================================================================
    name     str                                     of the files
    title    str                                     heading of the page
    cells    list of dict                            designs: what `run` is called with
    run      (cell, seed) -> list of dict            one replicate of a cell, a row per method
    page     (frame, folder) -> str                  tables in Markdown, without heading; pictures go to the folder
    sets     int                                     replicates of the whole run
    quick    int                                     replicates of the quick run
    first    int                                     first seed
    some     (cell) -> bool                          whether the quick run has the cell
    ======== ======================================= ==================================================================
    """

    name: str
    title: str
    cells: list[Cell]
    run: Callable[[Cell, int], list[Row]]
    page: Callable[[pd.DataFrame, Path], str]
    sets: int = 20
    quick: int = 2
    first: int = 0
    some: Callable[[Cell], bool] = field(default=lambda cell: True)

    def asked(self, quick: bool) -> Iterator[tuple[Cell, int]]:
        """Cells and seeds, one seed of every cell after the other."""
        cells = [cell for cell in self.cells if self.some(cell)] if quick else self.cells
        for seed in range(self.first, self.first + (self.quick if quick else self.sets)):
            for cell in cells:
                yield cell, seed


def key(cell: Cell, seed: int) -> str:
    """Which replicate it is, in words."""
    return ", ".join(f"{name}={value}" for name, value in {**cell, "seed": seed}.items())


def load(experiment: Experiment, folder: Path) -> pd.DataFrame:
    """The rows there are."""
    path = folder / f"{experiment.name}.csv"
    if not path.exists():
        return pd.DataFrame({"replicate": pd.Series(dtype=str)})
    return read(path)


def replicate(experiment: Experiment, cell: Cell, seed: int, made: Row) -> pd.DataFrame:
    """The rows of one replicate, with what they are of."""
    started = time.monotonic()
    rows = experiment.run(cell, seed)
    made = {**made, "wall": round(time.monotonic() - started, 2)}
    which = key(cell, seed)
    return pd.DataFrame([{"replicate": which, **cell, "seed": seed, **row, **made} for row in rows])


def run(
    experiment: Experiment, folder: Path, *, quick: bool = False, minutes: float = float("inf"), jobs: int = 1
) -> None:
    """Run what is not there yet, until the time is over, and write the page."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{experiment.name}.csv"
    done = set(load(experiment, folder)["replicate"])
    todo = [(cell, seed) for cell, seed in experiment.asked(quick) if key(cell, seed) not in done]
    made = {"commit": commit(), "date": date.today().isoformat()}
    until = time.monotonic() + 60 * minutes

    def pending() -> Iterator[Any]:
        for cell, seed in todo:
            if time.monotonic() < until:
                yield delayed(replicate)(experiment, cell, seed, made)

    for rows in Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch=jobs)(pending()):
        append(rows, path)
        print(f"{experiment.name}: {rows['replicate'].iloc[0]} ({rows['wall'].iloc[0]:.1f} s)", flush=True)
    write(experiment, folder, quick)


def append(rows: pd.DataFrame, path: Path) -> None:
    """Add rows to a table, which must have the same columns."""
    if path.exists():
        there = list(pd.read_csv(path, nrows=0).columns)
        if set(there) != set(rows.columns):
            differ = sorted(set(there) ^ set(rows.columns))
            raise ValueError(
                f"{path.name} and new rows differ in the columns {', '.join(differ)}; remove it, or mend them."
            )
        rows = rows[there]
    rows.to_csv(path, mode="a", header=not path.exists(), index=False, float_format="%.6g")


def write(experiment: Experiment, folder: Path, quick: bool = False) -> None:
    """The page of the rows there are."""
    frame = load(experiment, folder)
    if frame.empty:
        return
    wanted = len(list(experiment.asked(quick)))
    command = f"python benchmarks/evidence/run.py --only {experiment.name}{' --quick' if quick else ''}"
    made = " and ".join(sorted(set(frame["commit"].astype(str))))
    head = (
        f"# {experiment.title}\n\n`{command}` makes this page from `{experiment.name}.csv`: "
        f"{frame['replicate'].nunique()} of {wanted} replicates, made at {made} "
        f"({' to '.join(sorted({frame['date'].min(), frame['date'].max()}))}).\n\n"
    )
    (folder / f"{experiment.name}.md").write_text(
        head + experiment.page(frame, folder).rstrip() + "\n", encoding="utf-8"
    )
