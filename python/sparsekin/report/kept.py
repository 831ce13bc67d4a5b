"""Notes on columns that say nothing: always-in terms without a coefficient, factors of one level."""

from __future__ import annotations

from collections.abc import Sequence

from sparsekin.data.recipe import Recipe
from sparsekin.results.base import TaskFit
from sparsekin.results.naming import shorten

_MANY_TASKS = 12


def kept_notes(fit: TaskFit) -> list[str]:
    """Which always-in terms have no coefficient in which tasks, and which factors have one level in the rows used."""
    alike: dict[tuple[str, ...], list[object]] = {}
    for task, columns in fit.inestimable.items():
        alike.setdefault(tuple(columns), []).append(task)
    why = "constant there or given by the kept terms before"
    notes = [
        f"Kept, but without a coefficient in {shorten(tasks, _MANY_TASKS)} ({why}): {shorten(columns)}."
        for columns, tasks in alike.items()
    ]
    return notes + single_notes([fit.design.recipe])


def single_notes(recipes: Sequence[Recipe | None]) -> list[str]:
    """Which factors have one level in the rows used."""
    single = [name for recipe in recipes if recipe is not None for name in recipe.single_level]
    return [f"One level in the rows used, so not in the model: {shorten(single)}."] if single else []
