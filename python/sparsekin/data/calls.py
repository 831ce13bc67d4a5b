"""Calls in formulas that are no columns of X: Surv() and cbind() on the left, offset() and strata() on the right."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from formulaic.parser.types import Factor, Term

from sparsekin.data.expressions import NOT_COLUMNS, call_in
from sparsekin.errors import FormulaError

_PYTHON = Factor.EvalMethod.PYTHON
OUTCOMES, ASIDE = ("Surv", "cbind"), ("offset", "strata")
_ARGUMENTS = {
    "Surv": ((2, 3), "write Surv(time, status) or Surv(start, stop, status)"),
    "cbind": ((2,), "write cbind(successes, failures); several outcomes are 'y1 + y2 ~ x'"),
    "offset": ((1,), "write offset(log(days))"),
    "strata": (range(1, 100), "write strata(site)"),
}


def call_of(factor: Factor, columns: Collection[str]) -> tuple[str, tuple[str, ...]] | None:
    """Name and arguments of a factor that is one of these calls.

    Raises
    ------
    FormulaError
        It has another number of arguments than it can have.
    """
    if factor.eval_method is not _PYTHON:
        return None
    found = call_in(factor.expr, columns, NOT_COLUMNS)
    if found is not None:
        name, arguments = found
        allowed, instead = _ARGUMENTS[name]
        if len(arguments) not in allowed:
            raise FormulaError(f"'{factor.expr}' has {len(arguments)} arguments; {instead}.")
    return found


def split_aside(terms: Iterable[Term], columns: Collection[str]) -> tuple[list[Term], dict[str, tuple[Term, ...]]]:
    """The terms that make columns, and those that are offset() or strata(), by name.

    Raises
    ------
    FormulaError
        One of these is in a product, or Surv() or cbind() is on the right.
    """
    rest: list[Term] = []
    aside: dict[str, list[Term]] = {name: [] for name in ASIDE}
    for term in terms:
        calls = [found[0] for factor in term.factors if (found := call_of(factor, columns))]
        if not calls:
            rest.append(term)
            continue
        if calls[0] in OUTCOMES:
            raise FormulaError(f"'{term}' is an outcome: it stands on the left side of the formula.")
        if len(term.factors) > 1:
            raise FormulaError(
                f"'{term}' is a product with {calls[0]}(), which is no column; write it as its own term."
            )
        aside[calls[0]].append(term)
    return rest, {name: tuple(found) for name, found in aside.items()}
