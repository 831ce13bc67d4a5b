"""The frame of the experiments in benchmarks/evidence: what is made is kept, and nothing is made twice."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks" / "evidence"


@pytest.fixture
def rooms(monkeypatch):
    """The modules of the folder, as its scripts see them."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(FOLDER.parent))
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if (path := getattr(sys.modules[name], "__file__", None)) and Path(path).parent in (FOLDER, FOLDER.parent):
            del sys.modules[name]


def toy(experiment, calls, **changed):
    def run(cell, seed):
        calls.append((cell["n"], seed))
        return [{"method": name, "error": cell["n"] + seed} for name in ("ours", "theirs")]

    given = {"name": "toy", "title": "A toy", "cells": [{"n": 1}, {"n": 2}], "run": run, "sets": 3, "quick": 1}
    return experiment.Experiment(page=lambda frame, folder: f"{len(frame)} rows", **{**given, **changed})


def test_a_run_goes_on_where_it_stopped(rooms, tmp_path, capsys):
    experiment, calls = rooms("experiment"), []
    first = toy(experiment, calls)
    experiment.run(first, tmp_path, quick=True)
    assert calls == [(1, 0), (2, 0)]
    experiment.run(first, tmp_path)
    assert calls == [(n, seed) for seed in range(3) for n in (1, 2)]
    experiment.run(first, tmp_path)
    assert len(calls) == 6
    rows = pd.read_csv(tmp_path / "toy.csv")
    assert rows.groupby("replicate").size().eq(2).all()
    assert rows["error"].tolist() == [n + seed for n, seed in calls for _ in range(2)]
    assert rows["commit"].notna().all()
    page = (tmp_path / "toy.md").read_text()
    assert page.startswith("# A toy\n\n`python benchmarks/evidence/run.py --only toy` makes this page")
    assert "6 of 6 replicates" in page
    assert page.endswith("12 rows\n")
    assert "toy: n=2, seed=2" in capsys.readouterr().out


def test_rows_of_other_columns_are_refused(rooms, tmp_path):
    experiment = rooms("experiment")
    experiment.append(pd.DataFrame({"a": [1], "b": [2]}), tmp_path / "t.csv")
    experiment.append(pd.DataFrame({"b": [4], "a": [3]}), tmp_path / "t.csv")
    assert pd.read_csv(tmp_path / "t.csv").to_numpy().tolist() == [[1, 2], [3, 4]]
    with pytest.raises(ValueError, match=r"t\.csv and new rows differ in the columns b, c; remove it"):
        experiment.append(pd.DataFrame({"a": [1], "c": [2]}), tmp_path / "t.csv")


def test_no_time_makes_no_rows(rooms, tmp_path):
    experiment, calls = rooms("experiment"), []
    experiment.run(toy(experiment, calls), tmp_path, minutes=0)
    assert calls == []
    assert not (tmp_path / "toy.md").exists()


def test_the_quick_run_has_some_of_the_designs(rooms, tmp_path):
    experiment, calls = rooms("experiment"), []
    experiment.run(toy(experiment, calls, some=lambda cell: cell["n"] == 2), tmp_path, quick=True)
    assert calls == [(2, 0)]


def test_every_experiment_has_a_page_of_its_own(rooms):
    known = rooms("run").experiments()
    listed = [one.name for name in rooms("run").MODULES for one in rooms(name).EXPERIMENTS]
    assert len(listed) == len(set(listed)) == len(known)
    for one in known.values():
        keys = [rooms("experiment").key(cell, 0) for cell in one.cells]
        assert len(keys) == len(set(keys))
        assert all(set(cell) == set(one.cells[0]) for cell in one.cells)  # rows are added to one table
        assert 1 <= one.quick <= one.sets


def test_ratios_and_their_errors(rooms):
    tables = rooms("tables")
    frame = pd.DataFrame({"replicate": ["a", "a", "b", "b"], "method": ["x", "y"] * 2, "error": [2.0, 1.0, 8.0, 1.0]})
    logs = tables.paired(tables.wide(frame, "error"), "x", "y")
    assert tables.percent(logs) == "+300.0 (277.3)"  # geometric mean of 2 and 8; its error 4 sd(log 2, log 8) / sqrt(2)
    assert tables.best_rival(tables.wide(frame, "error"), ["x", "y"]) == "y"
    assert tables.mean_se(pd.Series([1.0, 3.0])) == "2.00 (1.00)"
    assert tables.mean_se(pd.Series([], dtype=float)) == "-"
