"""Expressions in formulas, such as ``log(x.1)``: what they may say, which columns they read, what they make.

An expression is never Python at large: it calls the functions of `functions` on columns and constants, joined by
arithmetic and comparisons. Names of columns travel as lookups, whatever they look like.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np
from formulaic.transforms import TRANSFORMS

from sparsekin.errors import FormulaError

_STAND_IN = "column_x"
_TEXT, _NAME = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", r"(?:\\.|[^`\\])*"
_PIECES = re.compile(rf"(?P<text>{_TEXT})|`(?P<name>{_NAME})`|(?P<word>[\w.]+)", re.S)
_QUOTED = re.compile(f"{_TEXT}|`{_NAME}`", re.S)
_IS_STAND_IN = re.compile(rf"\b{_STAND_IN}((?:[0-9a-f]{{2}})*)\b")
_CALLED = re.compile(r"\s*(\(|=(?!=))")
_ESCAPED = re.compile(r"\\([`\\])")
_LONGEST = 10_000  # characters of an expression
_UFUNCS = {name: f for name in dir(np) if isinstance(f := getattr(np, name), np.ufunc) and f.nout == 1}
_NUMPY: dict[str, int] = {name: f.nin for name, f in _UFUNCS.items()} | {"where": 3, "clip": 3, "round": 2}
_CONSTANTS = ("pi", "e")
_NOT_CALLED = ("np", "contr", "Q")
NOT_COLUMNS = ("Surv", "cbind", "offset", "strata")  # called by the formula itself, see `sparsekin.data.calls`
_CODINGS = ("Treatment", "Poly", "Sum", "Helmert", "Diff")
_NODES = (
    ast.Expression, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant, ast.Attribute, ast.List, ast.Tuple,
    ast.Dict, ast.BinOp, ast.UnaryOp, ast.Compare, ast.operator, ast.unaryop, ast.cmpop,
)  # fmt: skip
_FORBIDDEN = (ast.MatMult, ast.LShift, ast.RShift, ast.In, ast.NotIn, ast.Is, ast.IsNot)
ALLOWED = (
    "the transforms of formulaic (C, I, center, scale, poly, bs, cr, cc, hashed, ...), the elementwise functions of "
    "NumPy (log, sqrt, abs, where, clip, ..., also as np.log), arithmetic, comparisons, and & and |"
)


def functions() -> dict[str, Callable[..., Any]]:
    """What an expression may call: NumPy's elementwise functions and formulaic's transforms, registered ones too."""
    found: dict[str, Callable[..., Any]] = {name: getattr(np, name) for name in _NUMPY}
    found |= {name: f for name, f in TRANSFORMS.items() if callable(f) and name not in _NOT_CALLED}
    return found | {"exp10": _exp10}


def quote(name: str) -> str:
    r"""A name of a column as a formula takes it: between backticks, with ``\`` before each backtick or ``\`` in it."""
    return "`" + re.sub(r"([`\\])", r"\\\1", name) + "`"


def unquote(text: str) -> str:
    """The name that stands between two backticks."""
    return _ESCAPED.sub(r"\1", text)


def stand_in(name: str) -> str:
    """A word that is a name in Python and in formulas, and nothing else: the name itself where it is one."""
    plain = name.isidentifier() and name.isascii() and not keyword.iskeyword(name)
    taken = name in _NUMPY or name in TRANSFORMS or name.startswith(("_", _STAND_IN))
    return name if plain and not taken else _STAND_IN + name.encode("utf-8", "surrogatepass").hex()


def real_name(word: str) -> str:
    """The name a stand-in is for."""
    found = _IS_STAND_IN.fullmatch(word)
    return word if found is None else bytes.fromhex(found[1]).decode("utf-8", "surrogatepass")


def with_stand_ins(text: str, columns: Collection[str]) -> str:
    """A formula with stand-ins for quoted names and for columns."""

    def replaced(found: re.Match[str]) -> str:
        if found["name"] is not None:
            return f" {stand_in(unquote(found['name']))} "
        return stand_in(found["word"]) if _names_column(found, columns) else found[0]

    return _PIECES.sub(replaced, text)


def with_real_names(text: str) -> str:
    """An expression with the real names in the place of stand-ins, quoted where they must be."""

    def replaced(found: re.Match[str]) -> str:
        name = real_name(found[0])
        readable = name.isidentifier() and unicodedata.normalize("NFKC", name) == name and not keyword.iskeyword(name)
        return name if readable and not name.startswith(_STAND_IN) else quote(name)

    return _IS_STAND_IN.sub(replaced, text)


def without_quoted(text: str) -> str:
    """The text with blanks for whatever is quoted, so that marks in names and strings do not count."""
    return _QUOTED.sub(lambda found: found[0][0] + "_" * (len(found[0]) - 2) + found[0][0], text)


def names_in(text: str, columns: Collection[str]) -> set[str]:
    """Every name an expression reads, columns or not; functions it calls are none.

    Raises
    ------
    FormulaError
        The expression is no Python, or says more than is allowed.
    """
    tree, names = _read(text, columns)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in inner | called]
    return {names.get(node.id, node.id) for node in read if node.id in names or node.id not in _CODINGS}


def first_argument(text: str, columns: Collection[str]) -> str | None:
    """The column that is the first argument of a call."""
    tree, names = _read(text, columns)
    given = tree.body.args[0] if isinstance(tree.body, ast.Call) and tree.body.args else None
    return names.get(given.id) if isinstance(given, ast.Name) else None


def call_in(text: str, columns: Collection[str], named: Collection[str]) -> tuple[str, tuple[str, ...]] | None:
    """Name and arguments, as text, of an expression that is a call of one of these names."""
    tree, _ = _read(text, columns)
    if not isinstance(tree.body, ast.Call) or _called(tree.body) not in named:
        return None
    if tree.body.keywords:
        raise _refusal(text, f"the argument {tree.body.keywords[0].arg} of {_called(tree.body)}(), which has no names")
    return _called(tree.body), tuple(with_real_names(ast.unparse(given)) for given in tree.body.args)


def evaluate(text: str, data: Mapping[str, Any], state: MutableMapping[str, Any], spec: Any) -> Any:
    """Value of an expression on columns; what its stateful transforms learn is put into `state`, or taken from it."""
    tree, names = _read(text, data.keys())
    known: dict[str, Any] = {**functions(), "np": np, "contr": TRANSFORMS["contr"]}
    known |= {word: data[name] for word, name in names.items()}
    learners = [node for node in _calls(tree) if getattr(known.get(_called(node)), "__is_stateful_transform__", False)]
    kept = [(node, ast.unparse(node).replace("\n", " ")) for node in learners]
    for place, (node, key) in enumerate(kept):
        known |= {f"state {place}": state.setdefault(key, {}), "the spec": spec}
        node.keywords += [_keyword("_state", f"state {place}"), _keyword("_spec", "the spec")]
    code = compile(ast.fix_missing_locations(tree), "<formula>", "eval")
    return eval(code, {"__builtins__": {}}, known)  # what `_check` let through


def _names_column(found: re.Match[str], columns: Collection[str]) -> bool:
    """Whether an unquoted word is a column: no number, not called, and no argument's name."""
    word = found["word"]
    if word is None or word not in columns or word[0].isdigit() or word == ".":
        return False
    return _CALLED.match(found.string, found.end()) is None


def _read(text: str, columns: Collection[str]) -> tuple[ast.Expression, dict[str, str]]:
    """The checked tree, and the column each stand-in is for."""
    names: dict[str, str] = {}

    def replaced(found: re.Match[str]) -> str:
        if found["name"] is None and not _names_column(found, columns):
            return found[0]
        name = found["word"] if found["name"] is None else unquote(found["name"])
        names[stand_in(name)] = name
        return f" {stand_in(name)} "

    if len(text) > _LONGEST:
        raise FormulaError(f"A term of the formula has {len(text)} characters; {_LONGEST} can be read.")
    try:
        tree = ast.parse(_PIECES.sub(replaced, text).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FormulaError(f"The term '{text}' is not a valid expression.") from None
    _check(tree, text, names)
    return tree, names


def _check(tree: ast.Expression, text: str, names: Mapping[str, str]) -> None:
    """Refuse whatever is not allowed."""
    callable_ = functions()
    whole = tree.body if isinstance(tree.body, ast.Call) and _called(tree.body) in NOT_COLUMNS else None
    functions_at = {id(node.func) for node in _calls(tree)}
    modules_at = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if not isinstance(node, _NODES) or isinstance(node, _FORBIDDEN):
            raise _refusal(text, _shown(node))
        if isinstance(node, ast.Attribute):
            _check_attribute(node, text, id(node) in functions_at)
        elif isinstance(node, ast.Call):
            if node is not whole:
                _check_call(node, text, callable_)
        elif isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | None):
            raise _refusal(text, ast.unparse(node))
        elif isinstance(node, ast.BinOp):
            _check_arithmetic(node, text)
        elif isinstance(node, ast.Compare) and len(node.ops) > 1:  # as Python reads x > 0 & z > 0 too
            raise FormulaError(f"The term '{text}' has comparisons that are not apart; write (x > 0) & (z < 1).")
        elif (
            isinstance(node, ast.Name)
            and id(node) not in functions_at | modules_at
            and node.id in callable_.keys() - names.keys() - set(_CODINGS)
        ):
            raise _refusal(text, f"the function {node.id} without a call")


def _check_attribute(node: ast.Attribute, text: str, called: bool) -> None:
    module = node.value.id if isinstance(node.value, ast.Name) else ""
    registered = not node.attr.startswith("_") and hasattr(TRANSFORMS["contr"], node.attr) and node.attr != "mro"
    if not ((module == "np" and node.attr in (_NUMPY if called else _CONSTANTS)) or (module == "contr" and registered)):
        raise _refusal(text, ast.unparse(node))


def _check_call(node: ast.Call, text: str, callable_: Mapping[str, Any]) -> None:
    """Refuse unknown functions, arguments that reach into formulaic, and `out` of NumPy's."""
    name = _called(node)
    dotted = isinstance(node.func, ast.Attribute)  # checked on its own
    if not dotted and name not in callable_:
        raise _refusal(text, f"{name}()" if name else ast.unparse(node.func))
    elementwise = name in _NUMPY and (callable_.get(name) is getattr(np, name))
    if elementwise and (node.keywords or len(node.args) > _NUMPY[name]):
        raise _refusal(text, f"other arguments of {name}() than {_NUMPY[name]} values")
    for given in node.keywords:
        if given.arg is None or given.arg.startswith("_"):
            raise _refusal(text, f"the argument {given.arg or '**'} of {name}()")


def _check_arithmetic(node: ast.BinOp, text: str) -> None:
    for side in (node.left, node.right):
        if isinstance(side, ast.List | ast.Tuple | ast.Dict) or (
            isinstance(side, ast.Constant) and not isinstance(side.value, int | float)
        ):
            raise _refusal(text, f"arithmetic with {ast.unparse(side)}")
    if isinstance(node.op, ast.Pow) and not any(isinstance(part, ast.Name) for part in ast.walk(node)):
        base, power = (_number(side) for side in (node.left, node.right))
        if base is None or power is None or abs(base) > 1e6 or abs(power) > 64:
            raise _refusal(text, ast.unparse(node))


def _number(node: ast.expr) -> float | None:
    node = node.operand if isinstance(node, ast.UnaryOp) else node
    return float(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, int | float) else None


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _called(node: ast.Call) -> str:
    """Name of the function without the module it is in."""
    return node.func.id if isinstance(node.func, ast.Name) else str(getattr(node.func, "attr", ""))


def _keyword(name: str, variable: str) -> ast.keyword:
    return ast.keyword(name, ast.Name(variable, ast.Load()))


def _shown(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__


def _refusal(text: str, what: str) -> FormulaError:
    names = " Names that are no words stand between backticks, without Q()." if what == "Q()" else ""
    return FormulaError(
        f"The term '{text}' has {what}, which a formula cannot say.{names} A formula can use {ALLOWED}."
    )


def _exp10(x: Any) -> Any:  # formulaic's is x ** 10
    return np.power(10.0, x)
