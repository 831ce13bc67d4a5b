"""The three tables of a mixed form, from a formula and a frame or from arrays; missing cells stay NaN."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from formulaic.parser.types import Factor, Term
from scipy import sparse

from sparsekin.data.arrays import as_matrix, is_frame, match_columns
from sparsekin.data.blocks import Bools, Floats, Matrix
from sparsekin.data.columns import as_floats, is_plain
from sparsekin.data.design import as_names, default_names
from sparsekin.data.expressions import without_quoted
from sparsekin.data.forms_checks import check_tables, refuse_truth, silent_tasks
from sparsekin.data.forms_design import FormsData, FormsDesign
from sparsekin.data.formula import FormulaParts, column_name, columns_of, read_formula, split_outside
from sparsekin.data.frame import list_names, to_pandas
from sparsekin.data.labels import find_labels
from sparsekin.data.outcomes import outcomes_of
from sparsekin.data.reader import common_index, index_of, read_array, read_labels
from sparsekin.data.recipe import Recipe, learn_recipe
from sparsekin.data.rows import Codes, encode_tasks
from sparsekin.data.spare import check_group_name, spare_of
from sparsekin.data.swaps import check_formula
from sparsekin.data.text import warn_of_text
from sparsekin.errors import DataError, FormulaError


def forms_from_frame(formula: str, data: Any, task: str | None, random: str, groups: str | None = None) -> FormsData:
    """Read ``"y1 + y2 ~ x1 + x2 | z1 + z2"`` on a frame; without ``|``, Z is `random` crossed with the tasks.

    Raises
    ------
    FormulaError
        The formula cannot be read, or says nothing about X.
    DataError
        A column has no observed value, or is infinite or of a type that cannot be used.
    """
    check_formula(formula, data)
    frame = to_pandas(data)
    task = column_name("task", task)
    left, right = _cut(formula)
    columns, groups = list(frame.columns), check_group_name(groups)
    own = right is not None
    if not own and task is None:
        random_parts = None
    else:
        random_parts = read_formula(f"{_left(formula)} ~ {right if own else random}", columns, task, None, (), groups)
    known = [] if random_parts is None else sorted(columns_of(random_parts.terms, set(columns)))
    others = [name for name in columns if name not in known or name == groups] if own and _has_dot(left) else columns
    parts = read_formula(left, others, task, None, (), groups)
    if not parts.terms:
        raise FormulaError(f"The formula '{formula}' names no column of X; write 'y1 + y2 ~ x1 + x2 | z1 + z2'.")
    if own and random_parts is not None and not random_parts.terms:
        raise FormulaError(f"The formula '{formula}' names no column of Z after the '|'.")
    outcomes, responses = outcomes_of(frame, parts.outcomes)
    refuse_truth({name: frame[name] for name in responses if name in frame.columns})
    outcome_parts = FormulaParts(parts.text, parts.outcomes, parts.outcomes, frozenset(), (), False)
    recipe_y, recipe_x = (_learn(frame, what) for what in (outcome_parts, parts))
    recipe_z = None if random_parts is None or not random_parts.terms else _learn(frame, random_parts)
    labels: tuple[object, ...] = ()
    silent: tuple[bool, ...] = ()
    if task is not None:
        task_codes, labels = encode_tasks(frame[task])
        silent = silent_tasks(outcomes, task_codes, len(labels))
    crossed = random_parts is not None and not own
    design = FormsDesign(
        formula, (recipe_y.names, recipe_x.names, ()), task, labels, random if crossed else None,
        (recipe_y, recipe_x, recipe_z), bool(crossed and random_parts is not None and random_parts.intercept), silent,
    )  # fmt: skip
    design = replace(design, names=(recipe_y.names, recipe_x.names, _random_names(design)))
    made, seen = checked(forms_again(design, frame, ("y", "x", "z"))), set(columns)
    read = columns_of([*parts.outcomes, *parts.terms, *(random_parts.terms if random_parts else ())], seen)
    return replace(made, labelled=index_of(data) is not None, spare=spare_of(frame, read, groups))


def forms_again(design: FormsDesign, data: Any, wanted: Sequence[str]) -> FormsData:
    """The tables of new rows by the same steps; tables not in `wanted` are all NaN, a task not seen in the fit too."""
    frame = to_pandas(data)
    n = len(frame)
    codes = _codes(design, frame)
    made: list[Matrix] = []
    for place, letter in enumerate("yxz"):
        recipe, width = design.recipes[place], len(design.names[place])
        if letter not in wanted or width == 0:
            made.append(np.full((n, width), np.nan))
        elif letter == "z" and design.random is not None:
            made.append(_crossed(design, None if recipe is None else make_table(recipe, frame), codes))
        else:
            made.append(make_table(_there(recipe), frame))
    return FormsData((made[0], made[1], made[2]), codes, frame.index, design)


def forms_from_arrays(Y: Any, X: Any, Z: Any, task: Any) -> FormsData:
    """Tables from arrays, frames of numbers or sparse matrices; without Z, Z is the indicators of the tasks."""
    index = common_index({"Y": Y, "X": X, "Z": Z, "task": task})
    refuse_truth(dict(to_pandas(Y)) if is_frame(Y) else {"Y": Y})
    y, names_y = _table(Y, "Y", "y")
    x, names_x = _table(X, "X", "x")
    n = y.shape[0]
    codes: Codes = np.full(n, -1, np.intp)
    labels: tuple[object, ...] = ()
    silent: tuple[bool, ...] = ()
    if task is not None:
        if isinstance(task, str):
            raise DataError(f"task = {task!r} is a name; names of columns are for from_formula, here give the labels.")
        if np.ndim(task) != 1 or len(task) != n:
            raise DataError(f"task must have one label for each of the {n} rows of Y; it has shape {np.shape(task)}.")
        codes, labels = encode_tasks(task)
        silent = silent_tasks(y, codes, len(labels))
    crossed = Z is None and task is not None
    design = FormsDesign(
        None, (names_y, names_x, ()), None if task is None else "task", labels, "1" if crossed else None,
        (None, None, None), crossed, silent,
    )  # fmt: skip
    if Z is None:
        z, names_z = (_crossed(design, None, codes), _random_names(design)) if crossed else (np.empty((n, 0)), ())
    else:
        z, names_z = _table(Z, "Z", "z")
    for what, part in (("X", x), ("Z", z)):
        if part.shape[0] != n:
            raise DataError(f"{what} has {part.shape[0]} rows, Y has {n}.")
    design = replace(design, names=(names_y, names_x, names_z))
    return checked(FormsData((y, x, z), codes, pd.RangeIndex(n) if index is None else index, design, index is not None))


def array_again(design: FormsDesign, data: Any, place: int) -> Matrix:
    """A table of new rows given as an array."""
    what, names = "YXZ"[place], design.names[place]
    table = _table(match_columns(data, names), what, what.lower())[0]
    if table.shape[1] != len(names):
        raise DataError(f"{what} has {table.shape[1]} columns; the model was fitted with {len(names)}.")
    return table


def tasks_again(design: FormsDesign, task: Any, n: int) -> tuple[Codes, Matrix]:
    """Codes and indicator columns of new rows from their labels."""
    labels = read_labels(task)
    if len(labels) != n:
        raise DataError(f"task has {len(labels)} labels for {n} rows.")
    codes = _codes(design, pd.DataFrame({design.task: labels.to_numpy()}))
    return codes, _crossed(design, None, codes)


def make_table(recipe: Recipe, frame: pd.DataFrame) -> Floats:
    """(n, m) the columns of a recipe, NaN where missing.

    A row that lacks a value a factor or transformed term needs is missing in all such columns of the table.
    """
    gaps = recipe.gaps(frame)
    bad: Bools = np.zeros(len(frame), bool)
    for name in recipe.kinds:
        bad |= gaps.get(name, False)
    out = np.full((len(frame), len(recipe.names)), np.nan)
    plain = as_floats(frame, recipe.plain)
    if recipe.coded_names:
        rows = np.flatnonzero(~bad)
        filled = frame.assign(**{name: 0.0 for name in recipe.plain if name not in recipe.kinds})
        out[rows] = recipe.make(filled, rows)
    out[:, list(recipe.plain_at)] = plain
    return out


def checked(data: FormsData) -> FormsData:
    """The data of a fit, if they can be used."""
    check_tables(data.tables, data.design.names)
    return data


def _learn(frame: pd.DataFrame, parts: FormulaParts) -> Recipe:
    coded = [term for term in parts.terms if not _is_number_column(frame, term)]
    needed = sorted(columns_of(coded, set(frame.columns)))
    rows = np.flatnonzero(frame[needed].notna().all(axis=1).to_numpy())
    if not len(rows):
        raise DataError(f"No row has a value in all of {list_names(needed)}, which the formula transforms.")
    recipe = learn_recipe(frame, parts, rows)
    warn_of_text(frame, recipe, parts.terms, rows)
    return recipe


def _is_number_column(frame: pd.DataFrame, term: Term) -> bool:
    factor = term.factors[0]
    return (
        len(term.factors) == 1 and factor.eval_method is Factor.EvalMethod.LOOKUP and is_plain(frame[factor.expr].dtype)
    )


def _cut(formula: str) -> tuple[str, str | None]:
    """The formula without what follows its '|', and that; a '|' in brackets or quotes does not count."""
    if not isinstance(formula, str):
        raise FormulaError(f"The formula must be text such as 'y ~ x | z', not {type(formula).__name__}.")
    first, *rest = split_outside(formula, "|")
    return first, "|".join(rest) if rest else None


def _left(formula: str) -> str:
    return split_outside(formula, "~")[0]


def _has_dot(formula: str) -> bool:
    """Whether a formula has the "." that stands for all other columns."""
    return re.search(r"(?<![\w.])\.(?![\w.])", without_quoted(formula)) is not None


def _there(recipe: Recipe | None) -> Recipe:
    if recipe is None:
        raise DataError("The model was fitted to arrays; give arrays.")
    return recipe


def _table(data: Any, what: str, letter: str) -> tuple[Matrix, tuple[str, ...]]:
    if not is_frame(data) and not sparse.issparse(data) and np.ndim(data) == 1:
        name = getattr(data, "name", None)
        return as_matrix(read_array(data)[:, None], what, fortran=False), (letter if name is None else str(name),)
    matrix = as_matrix(data, what, fortran=False)
    if 0 in matrix.shape:
        raise DataError(f"{what} has no {'rows' if matrix.shape[0] == 0 else 'columns'}.")
    names = to_pandas(data).columns if is_frame(data) else default_names(letter, matrix.shape[1])
    return matrix, as_names(list(names), matrix.shape[1], f"columns of {what}")


def _codes(design: FormsDesign, frame: pd.DataFrame) -> Codes:
    if design.task is None or design.task not in frame.columns:
        return np.full(len(frame), -1, np.intp)
    gone = frame[design.task].isna()
    labels = zip(frame[design.task].tolist(), gone, strict=True)
    return find_labels([None if gap else label for label, gap in labels], design.task_names)


def _crossed(design: FormsDesign, slopes: Floats | None, codes: Codes) -> Floats:
    """(n, K r) each of r columns (1 and the slopes) times each task's indicator.

    NaN in a row without a known task, or of a task without responses.
    """
    columns = [np.ones(len(codes))] if design.random_intercept else []
    columns += [] if slopes is None else list(slopes.T)
    hot = (codes[:, None] == np.arange(len(design.task_names))).astype(float)
    hot[(codes < 0) | np.array([*design.silent, False])[codes]] = np.nan
    return np.hstack([np.where(hot == 0, 0.0, hot * column[:, None]) for column in columns])


def _random_names(design: FormsDesign) -> tuple[str, ...]:
    recipe = design.recipes[2]
    if design.random is None:
        return () if recipe is None else recipe.names
    stems = ([""] if design.random_intercept else []) + ([f"{name}:" for name in recipe.names] if recipe else [])
    return tuple(f"{stem}{design.task}[{label}]" for stem in stems for label in design.task_names)
