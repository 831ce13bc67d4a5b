"""Paths and cross-validations of columns on disk, for values as the user gives them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from sparsekin.data.prepare import Prepared
from sparsekin.data.sources.stored import passes_from_now, refuse_on_disk
from sparsekin.l0.disk.grid import grid_on_disk
from sparsekin.l0.given import solve_given
from sparsekin.l0.grid import GridFit, Settings, solve_grid
from sparsekin.l0.problem import Problem
from sparsekin.models.sparse.checks import check_room, check_settings
from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.path import PathResults
from sparsekin.options import AnyMetric
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.parallel import make_bar, warn_of_interrupt
from sparsekin.tuning.sparse.grid import auto_sizes, is_auto, make_grid, read_penalties, read_sizes
from sparsekin.tuning.sparse.on_disk import cross_validate_on_disk


def path_on_disk(
    prepared: Prepared, problem: Problem, values: tuple[Any, ...], auto: bool, effort: int, bounds: bool, progress: bool
) -> PathResults:
    """The path of columns on disk."""
    blocks = prepared.blocks
    if bounds:
        refuse_on_disk(blocks, "path(bounds=True)", "Leave bounds out.")
    s, ridges, links, lambda_z = values
    sizes = auto_sizes(problem) if is_auto("s", s) else read_sizes(s, blocks.n_features)
    least = float(read_penalties("lambda_1", ridges).min())
    check_room(blocks, int(sizes.max()))
    passes = passes_from_now(blocks)

    def ask(inner: Problem) -> Settings:
        settings = make_grid(inner, sizes.tolist(), ridges, links, lambda_z, n_lambda_z=20)
        check_settings(blocks, settings)
        return settings

    def run(inner: Problem, settings: Settings) -> GridFit:
        with make_bar(progress, len(settings), "settings") as bar:
            return (solve_given if auto else solve_grid)(inner, settings, effort=effort, step=bar.update)

    grid = grid_on_disk(replace(problem, lambda_1=least), int(sizes.max()), ask, run)
    if grid.stopped or not grid.finished.all():
        warn_of_interrupt("The path", int(grid.finished.sum()), len(grid), "settings")
    return PathResults(prepared=prepared, grid=grid, effort=effort, passes=passes())


def cross_validated_on_disk(
    prepared: Prepared, problem: Problem, folds: Folds, values: tuple[Any, ...], metric: AnyMetric, run: dict[str, Any]
) -> CVResults:
    """The cross-validation of columns on disk."""
    blocks, (s, ridges, links, lambda_z) = prepared.blocks, values
    sizes = auto_sizes(problem) if is_auto("s", s) else read_sizes(s, blocks.n_features)
    least = 0.0 if is_auto("lambda_1", ridges) else float(read_penalties("lambda_1", ridges).min())
    check_room(blocks, int(sizes.max()))
    passes = passes_from_now(blocks)

    def ask(inner: Problem) -> Settings:
        asked = make_grid(inner, sizes.tolist(), ridges, links, lambda_z)
        check_settings(blocks, asked, folds)
        return asked.take(asked.s > 0)

    errors = cross_validate_on_disk(replace(problem, lambda_1=least), int(sizes.max()), ask, folds, **run)
    cv = CVResults(
        prepared, problem, errors, metric, run["ensemble"], run["effort"], bool(np.any(sizes == 0)),
        passes=passes(),
    )  # fmt: skip
    named = dict(zip(("s", "lambda_1", "lambda_2", "lambda_z"), values, strict=True))
    cv.warn_of_edges([name for name, value in named.items() if not is_auto(name, value)])
    return cv
