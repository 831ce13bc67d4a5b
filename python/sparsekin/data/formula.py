"""What a formula says: outcomes, terms, intercept, the columns it reads; checked against the user's columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from formulaic import Formula
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor, Term
from formulaic.utils.structured import Structured

from sparsekin.data.calls import ASIDE, call_of, split_aside
from sparsekin.data.expressions import (
    first_argument,
    names_in,
    real_name,
    stand_in,
    with_real_names,
    with_stand_ins,
    without_quoted,
)
from sparsekin.data.frame import suggest
from sparsekin.errors import FormulaError

_LOOKUP, _PYTHON, _LITERAL = Factor.EvalMethod.LOOKUP, Factor.EvalMethod.PYTHON, Factor.EvalMethod.LITERAL
_NUMBER = re.compile(r"[0-9.]+")
_ONE_COLUMN = re.compile(r"\](:|$)")
_COMPARISON = re.compile(r"Unknown operator '[<>=!]")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m|[⧛⧚]")


@dataclass(frozen=True, slots=True)
class FormulaParts:
    """A formula taken apart.

    ========= ================= ====================================================================
    field     shape             meaning
    ========= ================= ====================================================================
    text      str               as the user wrote it
    outcomes  of Term           left side, one term per outcome
    terms     of Term           right side without the intercept, in formulaic's order, keep included
    kept      of Term           those of `terms` that are always in
    loose     of str            keep entries that are no terms: they may name single columns
    intercept bool
    offsets   of Term           each an offset() on the right side
    strata    of Term           each a strata() there
    ========= ================= ====================================================================
    """

    text: str
    outcomes: tuple[Term, ...]
    terms: tuple[Term, ...]
    kept: frozenset[Term]
    loose: tuple[str, ...]
    intercept: bool
    offsets: tuple[Term, ...] = ()
    strata: tuple[Term, ...] = ()


def read_formula(
    text: str,
    columns: Sequence[str],
    task: str | None,
    weights: str | None,
    keep: Sequence[str],
    groups: str | None = None,
    calls: bool = False,
) -> FormulaParts:
    """Parse `text`; `.` stands for every column but the outcomes, the task, the weights and the groups.

    With `calls`, outcomes may be Surv() and cbind(), and there may be offset() and strata(), whose columns `.` leaves
    out too.

    Raises
    ------
    FormulaError
        If the text is no two-sided formula, or names what is neither a column nor a known function.
    """
    known = set(columns)
    for role, name in (("task", task), ("weights", weights), ("groups", groups)):
        if name is not None and name not in known:
            raise FormulaError(f"{role} = {name!r} is not a column of the data. {suggest(name, columns)}")
    left, written = _parse(text, [], known)
    outcomes = tuple(left)
    _check_outcomes(outcomes, known, calls)
    outcome_columns = columns_of(outcomes, known)
    written, aside = split_aside(written, known)
    if not calls and any(aside.values()):
        raise FormulaError(
            "offset() and strata() are not for this model; subtract an offset from the outcome, as in 'I(y - z) ~ x'."
        )
    apart = columns_of([term for terms in aside.values() for term in terms], known)
    available = [name for name in columns if name not in {task, weights, groups} | outcome_columns | apart]
    terms = split_aside(_parse(text, available, known)[1], known)[0]
    intercept = any(_is_one(term) for term in terms)
    terms = [term for term in terms if not _is_one(term)]
    kept, loose = _keep_terms(keep, terms, known)
    _check_told_apart([*outcomes, *written, *kept], known)
    terms = sorted([*terms, *(term for term in kept if term not in terms)], key=lambda term: term.degree)
    _check_terms(terms, known, outcome_columns, task)
    for term in (*aside["offset"], *aside["strata"]):
        _check_factor(term.factors[0], known)
    return FormulaParts(
        text, outcomes, tuple(terms), frozenset(kept), tuple(loose), intercept, aside["offset"], aside["strata"]
    )


def column_name(role: str, name: object) -> str | None:
    """The name of a column as text.

    Raises
    ------
    FormulaError
        It is no name but the column itself.
    """
    if hasattr(name, "__len__") and not isinstance(name, str):
        raise FormulaError(f"{role} must be the name of a column, not data of type {type(name).__name__}.")
    return None if name is None else str(name)


def columns_of(terms: Iterable[Term], known: set[str]) -> set[str]:
    """Find the columns the terms read."""
    return {name for term in terms for factor in term.factors for name in factor_names(factor, known) if name in known}


def factor_names(factor: Factor, columns: Collection[str]) -> set[str]:
    """Every name a factor reads: its column, or the names in its expression (not the functions called)."""
    if factor.eval_method is _LOOKUP:
        return {factor.expr}
    return set() if factor.eval_method is _LITERAL else names_in(factor.expr, columns)


def _parse(text: str, available: list[str], known: Collection[str]) -> tuple[Iterable[Term], Iterable[Term]]:
    if not isinstance(text, str):
        raise FormulaError(f"The formula must be text such as 'y ~ x1 + x2', not {type(text).__name__}.")
    if "%in%" in without_quoted(text):  # a:b in R, b / a in formulaic
        raise FormulaError(f"The formula '{text}' has %in%, which is read in two ways; write a:b or b / a.")
    names = [stand_in(name) for name in available]
    try:
        formula = Formula.from_spec(with_stand_ins(text, known), context={"__formulaic_variables_available__": names})
    except FormulaicError as error:
        reason = " ".join(_COLOUR.sub("", str(error)).split())
        advice = " A comparison stands in I(), as in I(x > 0)." if _COMPARISON.search(reason) else ""
        raise FormulaError(f"The formula '{text}' cannot be read: {reason}{advice}") from None
    except Exception:  # formulaic lets errors of its own tokens and of Python's parser through
        raise FormulaError(f"The formula '{text}' cannot be read; check its brackets, quotes and operators.") from None
    sides = formula._to_dict(recurse=False) if isinstance(formula, Structured) else {}
    if "lhs" not in sides or "rhs" not in sides:
        raise FormulaError(f"The formula '{text}' has no outcome; write 'outcome ~ terms'.")
    if isinstance(sides["rhs"], tuple) or isinstance(sides["lhs"], tuple):
        raise FormulaError(f"The formula '{text}' has a '|'; name the task column as task=... instead.")
    return [_named(term) for term in sides["lhs"]], [_named(term) for term in sides["rhs"]]


def _named(term: Term) -> Term:
    """The term with the real names of its columns."""
    real = [_real(factor) for factor in term.factors]
    if real == [factor.expr for factor in term.factors]:
        return term
    return Term([Factor(text, eval_method=factor.eval_method) for text, factor in zip(real, term.factors, strict=True)])


def _real(factor: Factor) -> str:
    return real_name(factor.expr) if factor.eval_method is _LOOKUP else with_real_names(factor.expr)


def _is_one(term: Term) -> bool:
    return len(term.factors) == 1 and term.factors[0].eval_method is _LITERAL


def _check_told_apart(terms: Iterable[Term], known: set[str]) -> None:
    """Columns and expressions are told apart by their text alone."""
    for factor in (factor for term in terms for factor in term.factors):
        if factor.eval_method is _PYTHON and factor.expr in known:
            raise FormulaError(
                f"'{factor.expr}' is an expression in the formula, but a column of that name exists too; rename the "
                "column."
            )


def _check_outcomes(outcomes: Sequence[Term], known: set[str], calls: bool) -> None:
    if not outcomes or any(_is_one(term) for term in outcomes):
        raise FormulaError("The left side of the formula names no outcome; write 'outcome ~ terms'.")
    for term in outcomes:
        if len(term.factors) > 1:
            raise FormulaError(f"'{term}' on the left side is a product; write several outcomes as 'y1 + y2 ~ x'.")
        if not calls and term.factors[0].expr.startswith("cbind("):
            raise FormulaError("Write several outcomes as 'y1 + y2 ~ x', not cbind(y1, y2).")
        called = call_of(term.factors[0], known)
        if called is not None and called[0] in ASIDE:
            raise FormulaError(f"'{term}' is no outcome: it stands on the right side of the formula.")
        if called is not None and not calls:
            raise FormulaError("Surv() is for models that take family='cox'; here outcomes are numbers.")
        _check_factor(term.factors[0], known)


def _check_terms(terms: Sequence[Term], known: set[str], outcomes: set[str], task: str | None) -> None:
    free = known - outcomes - {task}
    for term in terms:
        for factor in term.factors:
            if factor.eval_method is _LOOKUP and factor.expr in free:
                continue
            _check_factor(factor, known)
            names = factor_names(factor, known)
            if names & outcomes:
                raise FormulaError(f"'{min(names & outcomes)}' is an outcome and cannot be in the term '{term}' too.")
            if task in names:
                raise FormulaError(
                    f"'{task}' is the task column: it is constant within a task, and every task has coefficients "
                    f"of its own already. Remove the term '{term}'."
                )


def _check_factor(factor: Factor, known: set[str]) -> None:
    for name in sorted(factor_names(factor, known) - known):
        raise FormulaError(f"'{name}' in the formula is not a column of the data. {suggest(name, sorted(known))}")


def _keep_terms(keep: Sequence[str], terms: Sequence[Term], known: set[str]) -> tuple[list[Term], list[str]]:
    """Terms among the keep entries, and the entries that can only be names of single columns."""
    kept: list[Term] = []
    loose: list[str] = []
    for entry in map(str, keep):
        found = _column_terms(entry, terms, known) if entry in known else _terms_of(entry, known)
        kept.extend(term for term in found if term not in kept)
        if not found:
            loose.append(entry)
    return kept, loose


def _column_terms(name: str, terms: Sequence[Term], known: set[str]) -> list[Term]:
    """The term that is the column itself; C(column) where the formula has that instead."""
    column = Term([Factor(name, eval_method="lookup")])
    if column not in terms:
        calls = [term for term in terms if is_factor_call(term.factors[0])]
        coded = [term for term in calls if factor_names(term.factors[0], known) == {name}]
        return [term for term in coded if len(term.factors) == 1] or [column]
    return [column]


def is_number(name: str) -> bool:
    """Whether formulaic could take a column's name for a number."""
    return _NUMBER.fullmatch(name) is not None


def is_factor_call(factor: Factor) -> bool:
    """Whether a factor is C(...)."""
    return factor.eval_method is _PYTHON and factor.expr.startswith("C(")


def factor_column(factor: Factor, columns: Collection[str]) -> str | None:
    """The column that is a factor as it is, or through C(column)."""
    return first_argument(factor.expr, columns) if is_factor_call(factor) else factor.expr


def _terms_of(entry: str, known: set[str]) -> list[Term]:
    """Terms in the text of a keep entry; none for the name of a single column, such as 'site[T.b]:age'."""
    if _ONE_COLUMN.search(entry):
        return []
    try:
        terms = [_named(term) for term in Formula.from_spec([with_stand_ins(entry, known)]) if not _is_one(term)]
        for term in terms:
            for factor in term.factors:
                _check_factor(factor, known)
    except Exception:  # as in `_parse`
        return []
    return terms


def split_outside(text: str, mark: str) -> list[str]:
    """The pieces of a formula between marks that are outside brackets, backticks and quotes."""
    pieces, depth, start = [], 0, 0
    for at, letter in enumerate(without_quoted(text)):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == mark and depth == 0:
            pieces.append(text[start:at])
            start = at + 1
    return [*pieces, text[start:]]
