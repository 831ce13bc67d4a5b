"""Formulas with h() terms: which columns make a section of a HAL basis, and which are plain terms."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from formulaic.parser.types import Factor, Term

from sparsekin.data.expressions import unquote, without_quoted
from sparsekin.data.formula import FormulaParts, columns_of, read_formula, split_outside
from sparsekin.data.frame import suggest
from sparsekin.errors import FormulaError

_OPTIONS = ("k", "order", "pf", "monotone")


@dataclass(frozen=True, slots=True)
class HCall:
    """One h(): its arguments, None for any column; options k (knots), order, pf (penalty factor), monotone."""

    text: str
    names: tuple[str | None, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HalParts:
    """A formula with h() terms taken apart.

    ======== ================================ ========================================================
    field    shape                            meaning
    ======== ================================ ========================================================
    parts    FormulaParts                     the columns in h() as terms, and the terms outside, which are kept
    sections of (names, HCall)                sets of columns, in the order written, each once per call
    ======== ================================ ========================================================
    """

    parts: FormulaParts
    sections: tuple[tuple[tuple[str, ...], HCall], ...]


def read_hal_formula(
    text: str, columns: Sequence[str], task: str | None, weights: str | None, groups: str | None = None
) -> HalParts:
    """Take ``"y ~ h(age, bmi) + h(.) + sex"`` apart.

    ``h(a, b)`` is the section of those columns and nothing of lower degree; ``.`` stands for every column but the
    outcomes, the task, the weights, the groups and those in plain terms, so ``h(., .)`` is all pairs.

    Raises
    ------
    FormulaError
        No h(), unknown columns or options, or a column both in h() and in a plain term.
    """
    sides = [side.strip() for side in split_outside(str(text), "~")]
    if len(sides) != 2:
        raise FormulaError(f"The formula {text!r} must be text such as 'y ~ h(age, bmi) + h(.) + sex'.")
    left, right = sides
    calls, plain = [], []
    for piece in _split(right, "+"):
        bare = without_quoted(piece)
        if re.fullmatch(r"h\s*\(.*\)", bare, re.DOTALL) and _closes_at_end(bare):
            calls.append(_read_call(piece))
        elif re.search(r"\bh\s*\(", bare):
            raise FormulaError(f"'{piece}' in the formula: h() stands alone between plus signs.")
        elif piece == ".":
            raise FormulaError(
                "'.' stands inside h() only: h(.) for main effects, h(., .) for pairs; name plain terms."
            )
        else:
            plain.append(piece)
    if not calls:
        raise FormulaError(f"The formula '{text}' has no h() term; write h(.) for main effects and h(., .) for pairs.")
    parts = read_formula(f"{left} ~ {' + '.join(plain) or '1'}", columns, task, weights, (), groups, calls=True)
    taken = columns_of(parts.outcomes, set(columns))
    unpenalised = columns_of([*parts.terms, *parts.offsets, *parts.strata], set(columns))
    free = [name for name in columns if name not in {task, weights, groups} | taken | unpenalised]
    sections = []
    for call in calls:
        _check_names(call, columns, taken | ({task} if task else set()), unpenalised)
        sections += [(names, call) for names in _expand(call, free)]
    if not sections:
        raise FormulaError(f"The terms {', '.join(call.text for call in calls)} stand for no set of columns.")
    used = dict.fromkeys(name for names, _ in sections for name in names)
    smooth = [Term([Factor(name, eval_method="lookup")]) for name in used]
    terms = tuple(sorted([*smooth, *parts.terms], key=lambda term: term.degree))
    return HalParts(replace(parts, text=text, terms=terms, kept=frozenset(parts.terms)), tuple(sections))


def _split(text: str, mark: str) -> list[str]:
    """Pieces that are not blank between marks outside brackets, backticks and quotes."""
    return [piece.strip() for piece in split_outside(text, mark) if piece.strip()]


def _closes_at_end(piece: str) -> bool:
    depth = 0
    for i, letter in enumerate(piece):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and letter == ")":
            return i == len(piece) - 1
    return False


def _read_call(piece: str) -> HCall:
    names: list[str | None] = []
    options: dict[str, Any] = {}
    for argument in _split(piece[piece.index("(") + 1 : -1], ","):
        option = re.fullmatch(r"(\w+)\s*=\s*(.+)", argument, re.DOTALL)
        if option is None:
            names.append(_name(argument))
            continue
        name, value = option.groups()
        if name not in _OPTIONS:
            raise FormulaError(f"'{name}' in '{piece}' is not one of {', '.join(_OPTIONS)}.")
        options[name] = _value(piece, name, value)
    if not names:
        raise FormulaError(f"'{piece}' names no column; write h(age), h(age, bmi) or h(.).")
    return HCall(piece, tuple(names), options)


def _name(argument: str) -> str | None:
    if len(argument) > 1 and argument[0] == argument[-1] == "`":
        return unquote(argument[1:-1])
    return None if argument == "." else argument


def _value(piece: str, name: str, text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "pf" and number and 0 < value < float("inf"):
        return float(value)
    if name == "k" and (value == "full" or (isinstance(value, int) and number and value >= 1)):
        return value
    if name == "order" and number and value in (0, 1, 2):
        return int(value)
    if name == "monotone" and value in ("i", "d", "none"):
        return value
    expected = {
        "k": "a number of knots >= 1, or 'full'", "order": "0, 1 or 2", "pf": "a number > 0",
        "monotone": "'i' (increasing), 'd' (decreasing) or 'none'",
    }[name]  # fmt: skip
    more = "; a term without a penalty is written without h()" if name == "pf" else ""
    raise FormulaError(f"{name} = {text} in '{piece}' must be {expected}{more}.")


def _check_names(call: HCall, columns: Sequence[str], roles: set[str], plain: set[str]) -> None:
    named = [name for name in call.names if name is not None]
    for name in named:
        if name not in columns:
            raise FormulaError(f"'{name}' in '{call.text}' is not a column of the data. {suggest(name, columns)}")
        if name in roles:
            raise FormulaError(f"'{name}' in '{call.text}' is an outcome or the task column; remove it.")
        if name in plain:
            raise FormulaError(f"'{name}' is in '{call.text}' and in a plain term; write it in one of them.")
        if named.count(name) > 1:
            raise FormulaError(f"'{call.text}' names '{name}' twice.")


def _expand(call: HCall, free: list[str]) -> list[tuple[str, ...]]:
    """Sets of columns, each once, in the order of the data."""
    named = [name for name in call.names if name is not None]
    others = [name for name in free if name not in named]
    order = {name: i for i, name in enumerate([*named, *others])}
    wild = product(others, repeat=len(call.names) - len(named))
    sets = (frozenset((*named, *chosen)) for chosen in wild if len(set(chosen)) == len(chosen))
    return [tuple(sorted(one, key=order.__getitem__)) for one in dict.fromkeys(sets)]
