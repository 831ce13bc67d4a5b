"""How the columns of X are made from a frame, learned once and repeated exactly: levels, knots, centres."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
from formulaic import ModelSpec, SimpleFormula
from formulaic.parser.types import Factor, Term

from sparsekin.data.blocks import Bools, Floats
from sparsekin.data.columns import Kind, as_floats, as_read, column_kind, is_plain, missing_in
from sparsekin.data.formula import FormulaParts, columns_of, factor_column, factor_names, is_number
from sparsekin.data.frame import list_names, suggest
from sparsekin.data.materialize import materialize
from sparsekin.data.rows import Codes
from sparsekin.errors import DataError, FormulaError

_CHUNK = 1024
_TRIED = 200  # rows on which terms are tried in parts
_ONE = (("1", "literal"),)
TermText = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """From a frame to the columns [X | keep]; the same steps for fitting, predicting and after loading.

    =============== ==================== ============================================================
    field           shape                meaning
    =============== ==================== ============================================================
    names           p + q                names of the columns, candidates first
    n_features      int                  p, how many of them are candidates
    plain           of str               number columns copied as they are
    plain_at        of int               where each goes in [X | keep]
    coded           of TermText          the other terms, made by formulaic: (expression, how it is read)
    coded_names     of str               columns formulaic makes, in its order
    coded_at        of int               where each goes; -1 is the intercept, left out
    kinds           column -> Kind       what the columns read by `coded` hold
    levels          column -> levels     levels of the columns that are factors
    transform_state, encoder_state       what formulaic's stateful transforms and factors have learned
    =============== ==================== ============================================================
    """

    names: tuple[str, ...]
    n_features: int
    plain: tuple[str, ...]
    plain_at: tuple[int, ...]
    coded: tuple[TermText, ...]
    coded_names: tuple[str, ...]
    coded_at: tuple[int, ...]
    kinds: Mapping[str, Kind]
    levels: Mapping[str, tuple[Any, ...]]
    transform_state: Mapping[str, Any]
    encoder_state: Mapping[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return tuple(dict.fromkeys((*self.plain, *self.kinds)))

    @property
    def single_level(self) -> tuple[str, ...]:
        """Factors that make no column, because they have one level."""
        made = [re.sub(r"^C\(([^,)]*).*\)", r"\1", part) for name in self.coded_names for part in name.split(":")]
        stems = {part.split("[")[0].strip(" `") for part in made}
        return tuple(name for name, levels in self.levels.items() if len(levels) == 1 and name not in stems)

    @property
    def level_columns(self) -> dict[str, dict[str, str]]:
        """For each column of text the columns made of its levels, by level; the first level may have none."""
        coded = set(self.coded_names)
        found = {}
        for variable, levels in self.levels.items():
            forms = ({str(level): f"{variable}[{mark}{level}]" for level in levels} for mark in ("T.", ""))
            made = ({level: name for level, name in form.items() if name in coded} for form in forms)
            found[variable] = next((one for one in made if one), {})
        return found

    def gaps(self, frame: pd.DataFrame) -> dict[str, Bools]:
        """(n,) masks of the missing cells of each column read that has any."""
        absent = [name for name in self.columns if name not in frame.columns]
        if absent:
            more = suggest(absent[0], frame.columns) if len(absent) == 1 else ""
            raise DataError(f"The data lack columns the model was fitted with: {list_names(absent)}. {more}".rstrip())
        return missing_in(frame, self.columns)

    def make(self, frame: pd.DataFrame, rows: Codes) -> Floats:
        """(len(rows), p + q) Fortran-ordered columns of the given rows, which must have no missing cell."""
        ordered = np.sort(rows)
        coded = self.make_coded(frame, ordered)
        back = None if np.array_equal(ordered, rows) else np.searchsorted(ordered, rows)
        return self._fill(frame, rows, coded if back is None else coded[back])

    def make_coded(self, frame: pd.DataFrame, rows: Codes) -> Floats:
        """(len(rows), m) the columns formulaic makes, in its order."""
        if not self.coded_names:
            return np.empty((len(rows), 0))
        read = read_columns(frame, rows, self.kinds, self.levels)
        spec = ModelSpec(
            formula=_formula(self.coded),
            output="numpy",
            transform_state=copy.deepcopy(dict(self.transform_state)),
            encoder_state={
                expr: (Factor.Kind(kind), copy.deepcopy(state)) for expr, (kind, state) in self.encoder_state.items()
            },
        )
        matrix, made = materialize(spec, read)
        if made.transform_state.keys() - self.transform_state.keys():
            unknown = list_names(made.transform_state.keys() - self.transform_state.keys())
            raise DataError(f"What {unknown} learned from the rows of the fit is not there; fit the model again.")
        if tuple(made.column_names) != self.coded_names:
            raise DataError(
                f"The formula makes other columns from these data ({list_names(made.column_names)}) than when fitting "
                f"({list_names(self.coded_names)}); check the types of the columns."
            )
        return matrix

    def _fill(self, frame: pd.DataFrame, rows: Codes, coded: Floats) -> Floats:
        out = np.empty((len(rows), len(self.names)), order="F")
        whole = len(rows) == len(frame) and bool(np.all(rows == np.arange(len(rows))))
        for first in range(0, len(self.plain), _CHUNK):
            block = as_floats(frame, self.plain[first : first + _CHUNK])
            out[:, list(self.plain_at[first : first + _CHUNK])] = block if whole else block[rows]
        for j, at in enumerate(self.coded_at):
            if at >= 0:
                out[:, at] = coded[:, j]
        self._check_finite(out, rows)
        return out

    def _check_finite(self, out: Floats, rows: Codes) -> None:
        for first in range(0, out.shape[1], _CHUNK):
            bad = ~np.isfinite(out[:, first : first + _CHUNK])
            if bad.any():
                j = int(np.flatnonzero(bad.any(axis=0))[0])
                i = np.flatnonzero(bad[:, j])
                raise DataError(
                    f"Column '{self.names[first + j]}' is not finite in {len(i)} rows "
                    f"(first at position {int(rows[i].min())}); only finite numbers can be used."
                )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def learn_recipe(
    frame: pd.DataFrame, parts: FormulaParts, rows: Codes, levels: Mapping[str, Sequence[Any]] | None = None
) -> Recipe:
    """Learn how to make the columns from the given rows of the frame, which must have no missing cell.

    `levels` are those of factors, in order, where the rows need not have them all.
    """
    known = set(frame.columns)
    plain = _plain_terms(frame, parts.terms)
    coded_terms = [term for term in parts.terms if term not in plain]
    coded = ((_ONE,) if parts.intercept else ()) + tuple(_text(term) for term in coded_terms)
    kinds = {name: column_kind(frame[name]) for name in sorted(columns_of(coded_terms, known))}
    _check_lookups(coded_terms, kinds)
    given = {name: tuple(found) for name, found in (levels or {}).items() if kinds.get(name) == "text"}
    read = read_columns(frame, rows, kinds, given)
    made: dict[Term, Sequence[str]] = {}
    names: tuple[str, ...] = ()
    transform_state: dict[str, Any] = {}
    encoder_state: dict[str, Any] = {}
    if coded_terms:
        _, spec = materialize(ModelSpec(formula=_formula(coded), output="numpy"), read)
        made = {row.term: row.columns for row in spec.structure}
        names, transform_state = tuple(spec.column_names), dict(spec.transform_state)
        encoder_state = {expr: (kind.value, _learned(state)) for expr, (kind, state) in spec.encoder_state.items()}
    order = [(term, name) for term in parts.terms for name in ((plain[term],) if term in plain else made[term])]
    candidates, kept = _divide(order, parts)
    at = {name: j for j, name in enumerate([*candidates, *kept])}
    if len(at) < len(candidates) + len(kept):
        raise FormulaError(f"The formula '{parts.text}' makes two columns of the same name; rename a column.")
    recipe = Recipe(
        names=(*candidates, *kept),
        n_features=len(candidates),
        plain=tuple(plain.values()),
        plain_at=tuple(at[name] for name in plain.values()),
        coded=coded if coded_terms else (),
        coded_names=names,
        coded_at=tuple(-1 if parts.intercept and j == 0 else at[name] for j, name in enumerate(names)),
        kinds=kinds,
        levels=_levels(coded_terms, encoder_state, kinds),
        transform_state=transform_state,
        encoder_state=encoder_state,
    )
    _check_repeatable(recipe, frame, rows)
    return recipe


def _check_repeatable(recipe: Recipe, frame: pd.DataFrame, rows: Codes) -> None:
    """Refuse terms whose value in a row depends on which other rows there are."""
    if all(method != "python" for text in recipe.coded for _, method in text):
        return
    some = rows[np.unique(np.linspace(0, len(rows) - 1, _TRIED).astype(int))]
    whole = recipe.make_coded(frame, some)
    for part in (slice(0, len(some) // 2), slice(len(some) // 2, None), slice(0, 1)):
        if not len(some[part]):
            continue
        differs = ~np.isclose(whole[part], recipe.make_coded(frame, some[part]), rtol=1e-9, atol=0, equal_nan=True)
        if differs.any():
            name = recipe.coded_names[int(np.flatnonzero(differs.any(axis=0))[0])]
            raise FormulaError(
                f"'{name}' in a row depends on the other rows, so it could not be made for new rows; make it a column "
                "before the fit, or use what remembers the rows of the fit, such as center(), scale(), poly() or bs()."
            )


def _divide(order: Sequence[tuple[Term, str]], parts: FormulaParts) -> tuple[list[str], list[str]]:
    """Names of the candidate columns and of the always-in columns."""
    names = [name for _, name in order]
    for entry in parts.loose:
        if entry not in names:
            raise FormulaError(f"keep names '{entry}', which is no column or term. {suggest(entry, names)}")
    candidates = [name for term, name in order if term not in parts.kept and name not in parts.loose]
    if not candidates:
        raise FormulaError(f"The formula '{parts.text}' leaves no candidate column to select from.")
    chosen = set(candidates)
    return candidates, [name for name in names if name not in chosen]


def _plain_terms(frame: pd.DataFrame, terms: Iterable[Term]) -> dict[Term, str]:
    """Terms that are one number column, which no other term reads: copied without formulaic, which is slow for many.

    A column that also stands in an interaction stays with formulaic, whose coding of factors depends on it.
    """
    terms = list(terms)
    single = {term: term.factors[0].expr for term in terms if len(term.factors) == 1 and _is_lookup(term.factors[0])}
    shared = {factor.expr for term in terms if term not in single for factor in term.factors}
    numbers = {name: is_plain(dtype) for name, dtype in frame.dtypes.items()}
    return {term: name for term, name in single.items() if numbers[name] and name not in shared}


def _is_lookup(factor: Factor) -> bool:
    return factor.eval_method is Factor.EvalMethod.LOOKUP


def _check_lookups(terms: Iterable[Term], kinds: Mapping[str, Kind]) -> None:
    for term in terms:
        for factor in term.factors:
            if _is_lookup(factor) and is_number(factor.expr):
                raise FormulaError(f"Column '{factor.expr}' has a number as its name; rename it to use it as '{term}'.")
            if _is_lookup(factor) and kinds[factor.expr] == "other":
                raise DataError(
                    f"Column '{factor.expr}' holds neither numbers, text nor categories and cannot be a covariate; "
                    "make numbers of it first."
                )


def read_columns(
    frame: pd.DataFrame, rows: Codes, kinds: Mapping[str, Kind], levels: Mapping[str, tuple[Any, ...]]
) -> pd.DataFrame:
    """Select the columns formulaic needs, complete rows only, in types it treats the same way every time."""
    data = {name: as_read(frame[name].iloc[rows], kind, levels.get(name)) for name, kind in kinds.items()}
    return pd.DataFrame(data, index=pd.RangeIndex(len(rows)))


def _levels(
    terms: Iterable[Term], encoder_state: Mapping[str, Any], kinds: Mapping[str, Kind]
) -> dict[str, tuple[Any, ...]]:
    """Levels seen of every column that is a factor as it is, or through C(column)."""
    levels: dict[str, tuple[Any, ...]] = {}
    for factor in {factor for term in terms for factor in term.factors}:
        state = encoder_state.get(factor.expr, ("", {}))[1]
        names = factor_names(factor, kinds) & set(kinds)
        column = factor_column(factor, kinds)
        if column in names and "categories" in state:
            levels[column] = tuple(state["categories"])
    return levels


def _learned(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the encoder's state without the contrast objects, which it keeps for show only."""
    return {
        key: _learned(value) if isinstance(value, dict) else value for key, value in state.items() if key != "contrasts"
    }


def _text(term: Term) -> TermText:
    return tuple((factor.expr, factor.eval_method.value) for factor in term.factors)


def _formula(texts: Iterable[TermText]) -> SimpleFormula:
    terms = [Term([Factor(expr, eval_method=method) for expr, method in text]) for text in texts]
    return SimpleFormula(terms, _ordering="none")
