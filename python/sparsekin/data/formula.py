"""What a formula says: outcomes, terms, intercept, the columns it reads; checked against the user's columns."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from formulaic import Formula
from formulaic.errors import FormulaicError
from formulaic.parser.types import Factor, Term
from formulaic.transforms import TRANSFORMS
from formulaic.utils.code import sanitize_variable_names
from formulaic.utils.structured import Structured

from sparsekin.data.frame import suggest
from sparsekin.errors import FormulaError

_LOOKUP, _PYTHON, _LITERAL = Factor.EvalMethod.LOOKUP, Factor.EvalMethod.PYTHON, Factor.EvalMethod.LITERAL
_ALIAS = "column "
_NUMBER = re.compile(r"[0-9.]+")
_QUOTED_NUMBER = re.compile(r"`([0-9.]+)`")
_ONE_COLUMN = re.compile(r"\](:|$)")
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
    ========= ================= ====================================================================
    """

    text: str
    outcomes: tuple[Term, ...]
    terms: tuple[Term, ...]
    kept: frozenset[Term]
    loose: tuple[str, ...]
    intercept: bool


def read_formula(
    text: str, columns: Sequence[str], task: str | None, weights: str | None, keep: Sequence[str]
) -> FormulaParts:
    """Parse `text`; `.` stands for every column but the outcomes, the task and the weights.

    Raises
    ------
    FormulaError
        If the text is no two-sided formula, or names what is neither a column nor a known function.
    """
    known = set(columns)
    for role, name in (("task", task), ("weights", weights)):
        if name is not None and name not in known:
            raise FormulaError(f"{role} = {name!r} is not a column of the data. {suggest(name, columns)}")
    outcomes = tuple(_parse(text, [])[0])
    _check_outcomes(outcomes, known)
    outcome_columns = columns_of(outcomes, known)
    available = [name for name in columns if name not in {task, weights} | outcome_columns]
    terms = list(_parse(text, available)[1])
    intercept = any(_is_one(term) for term in terms)
    terms = [term for term in terms if not _is_one(term)]
    kept, loose = _keep_terms(keep, terms, known)
    terms = sorted([*terms, *(term for term in kept if term not in terms)], key=lambda term: term.degree)
    _check_terms(terms, known, outcome_columns, task)
    return FormulaParts(text, outcomes, tuple(terms), frozenset(kept), tuple(loose), intercept)


def columns_of(terms: Iterable[Term], known: set[str]) -> set[str]:
    """Find the columns the terms read."""
    return {name for term in terms for factor in term.factors for name in factor_names(factor) if name in known}


def factor_names(factor: Factor) -> set[str]:
    """Every name a factor reads: its column, or the names in its Python expression (not the functions called)."""
    if factor.eval_method is _LOOKUP:
        return {factor.expr}
    if factor.eval_method is _LITERAL:
        return set()
    aliases: dict[str, str] = {}
    try:
        tree = ast.parse(sanitize_variable_names(factor.expr, {}, aliases), mode="eval")
    except SyntaxError:
        raise FormulaError(f"The term '{factor.expr}' is not a valid expression.") from None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    return {aliases.get(name, name) for name in names}


def _parse(text: str, available: list[str]) -> tuple[Iterable[Term], Iterable[Term]]:
    if not isinstance(text, str):
        raise FormulaError(f"The formula must be text such as 'y ~ x1 + x2', not {type(text).__name__}.")
    for name in _QUOTED_NUMBER.findall(text):
        raise FormulaError(f"The formula cannot tell a column named '{name}' from the number; rename the column.")
    names = {_ALIAS + name if is_number(name) else name: name for name in available}
    try:
        formula = Formula.from_spec(text, context={"__formulaic_variables_available__": list(names)})
    except FormulaicError as error:
        reason = " ".join(_COLOUR.sub("", str(error)).split())
        raise FormulaError(f"The formula '{text}' cannot be read: {reason}") from None
    except Exception:  # formulaic lets errors of its own tokens and of Python's parser through
        raise FormulaError(f"The formula '{text}' cannot be read; check its brackets, quotes and operators.") from None
    sides = formula._to_dict(recurse=False) if isinstance(formula, Structured) else {}
    if "lhs" not in sides or "rhs" not in sides:
        raise FormulaError(f"The formula '{text}' has no outcome; write 'outcome ~ terms'.")
    if isinstance(sides["rhs"], tuple) or isinstance(sides["lhs"], tuple):
        raise FormulaError(f"The formula '{text}' has a '|'; name the task column as task=... instead.")
    return sides["lhs"], [_without_alias(term) for term in sides["rhs"]]


def _without_alias(term: Term) -> Term:
    """The term with the real names of columns whose names are numbers, which formulaic takes for the intercept."""
    if not any(factor.expr.startswith(_ALIAS) for factor in term.factors):
        return term
    if len(term.factors) > 1:
        raise FormulaError(f"A column whose name is a number cannot stand in '{term}'; rename the column.")
    return Term([Factor(term.factors[0].expr.removeprefix(_ALIAS), eval_method="lookup")])


def _is_one(term: Term) -> bool:
    return len(term.factors) == 1 and term.factors[0].eval_method is _LITERAL


def _check_outcomes(outcomes: Sequence[Term], known: set[str]) -> None:
    if not outcomes or any(_is_one(term) for term in outcomes):
        raise FormulaError("The left side of the formula names no outcome; write 'outcome ~ terms'.")
    for term in outcomes:
        if len(term.factors) > 1:
            raise FormulaError(f"'{term}' on the left side is a product; write several outcomes as 'y1 + y2 ~ x'.")
        if term.factors[0].expr.startswith("cbind("):
            raise FormulaError("Write several outcomes as 'y1 + y2 ~ x', not cbind(y1, y2).")
        _check_factor(term.factors[0], known)


def _check_terms(terms: Sequence[Term], known: set[str], outcomes: set[str], task: str | None) -> None:
    free = known - outcomes - {task}
    for term in terms:
        for factor in term.factors:
            if factor.eval_method is _LOOKUP and factor.expr in free:
                continue
            _check_factor(factor, known)
            names = factor_names(factor)
            if names & outcomes:
                raise FormulaError(f"'{min(names & outcomes)}' is an outcome and cannot be in the term '{term}' too.")
            if task in names:
                raise FormulaError(
                    f"'{task}' is the task column: it is constant within a task, and every task has coefficients "
                    f"of its own already. Remove the term '{term}'."
                )


def _check_factor(factor: Factor, known: set[str]) -> None:
    if factor.expr.startswith("offset("):
        raise FormulaError("offset() is not supported: subtract the offset from the outcome, as in 'I(y - z) ~ x'.")
    for name in sorted(factor_names(factor)):
        if name in known or (factor.eval_method is _PYTHON and (name in TRANSFORMS or hasattr(builtins, name))):
            continue
        raise FormulaError(f"'{name}' in the formula is not a column of the data. {suggest(name, sorted(known))}")


def _keep_terms(keep: Sequence[str], terms: Sequence[Term], known: set[str]) -> tuple[list[Term], list[str]]:
    """Terms among the keep entries, and the entries that can only be names of single columns."""
    kept: list[Term] = []
    loose: list[str] = []
    for entry in map(str, keep):
        found = _column_terms(entry, terms) if entry in known else _terms_of(entry, known)
        kept.extend(term for term in found if term not in kept)
        if not found:
            loose.append(entry)
    return kept, loose


def _column_terms(name: str, terms: Sequence[Term]) -> list[Term]:
    """The term that is the column itself; C(column) where the formula has that instead."""
    column = Term([Factor(name, eval_method="lookup")])
    if column not in terms:
        coded = [term for term in terms if is_factor_call(term.factors[0]) and factor_names(term.factors[0]) == {name}]
        return [term for term in coded if len(term.factors) == 1] or [column]
    return [column]


def is_number(name: str) -> bool:
    """Whether formulaic could take a column's name for a number."""
    return _NUMBER.fullmatch(name) is not None


def is_factor_call(factor: Factor) -> bool:
    """Whether a factor is C(...)."""
    return factor.eval_method is _PYTHON and factor.expr.startswith("C(")


def _terms_of(entry: str, known: set[str]) -> list[Term]:
    """Terms in the text of a keep entry; none for the name of a single column, such as 'site[T.b]:age'."""
    if _ONE_COLUMN.search(entry):
        return []
    try:
        terms = [term for term in Formula.from_spec([entry]) if not _is_one(term)]
        for term in terms:
            for factor in term.factors:
                _check_factor(factor, known)
    except (FormulaicError, FormulaError):
        return []
    return terms


def split_outside(text: str, mark: str) -> list[str]:
    """The pieces of a formula between marks that are outside brackets, backticks and quotes."""
    pieces, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "`'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        if letter == mark and depth == 0 and not quote:
            pieces.append("")
        else:
            pieces[-1] += letter
    return pieces
