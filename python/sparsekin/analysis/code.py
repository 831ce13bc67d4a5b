"""The lines that do a study again, verb by verb, in Python and in R."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sparsekin.analysis.plan import Plan

_R_NAME = re.compile(r"[A-Za-z.][A-Za-z0-9._]*")


def python_code(plan: Plan, states: Mapping[str, str]) -> str:
    """Python; `data` is the frame the study was given. What was left out is, what was given by hand is named."""
    model = _python({"task": plan.task, **plan.model})
    tuning = _python({"folds": plan.folds, "metric": plan.metric, "rng": plan.rng})
    judged = _python({"metric": plan.metric})
    groups = "" if "groups" not in plan.model else f", groups=data[{plan.model['groups']!r}]"
    best = _best(states)
    lines = {
        "model": f"SparseMTL.from_formula({plan.formula!r}, data{_after(model)})",
        "cv": f"model.cross_validate({tuning})",
        "comparison": f"model.compare(folds=cv.folds{_after(judged)})",
        "fit": f"cv.refit({plan.which!r}).hold_out(cv.folds)",
        "certified": f"fit.certify(time_limit={plan.time_limit!r})",
        "sure": f"{best}.stability({plan.pairs}, rng={plan.rng}{groups})",
        "alternatives": f"{best}.alternatives(time_limit={plan.time_limit!r})",
        "validation": f"model.validate({plan.which!r}, {tuning})",
    }
    return _script("# data: the frame that was analysed\nfrom sparsekin import SparseMTL", lines, states, "=")


def _best(states: Mapping[str, str]) -> str:
    """The name of the fit that half-samples and alternatives are asked of."""
    return "fit" if states["certified"] == "not run" else "certified"


def _script(opening: str, lines: Mapping[str, str], states: Mapping[str, str], sign: str) -> str:
    """After the opening a line per step that was run, or of which a value was given."""
    told = [
        f"{name} {sign} {text}" if states[name] != "given" else f"# {name}: given by hand, not by {text}"
        for name, text in lines.items() if states[name] != "not run"
    ]  # fmt: skip
    return "\n".join([opening, "", *told, ""])


def r_code(plan: Plan, states: Mapping[str, str]) -> str:
    """R; `data` is the data frame. Of a study asked for in R the arguments are those that were typed."""
    written = plan.source == "r"
    given = plan.model if written else {name: _r_value(value) for name, value in plan.model.items()}
    task = {} if plan.task is None else {"task": _r_value(plan.task)}
    model = "".join(f", {name} = {text}" for name, text in {**task, **given}.items())
    formula = plan.formula if written else " ".join(plan.formula.replace("**", "^").split())
    metric = "" if plan.metric is None else f", metric = {_r_value(plan.metric)}"
    groups = f", groups = {given['groups']}" if "groups" in given else ""
    start, folds = f"{formula}, data = data{model}", f"folds = {plan.folds}{metric}, rng = {plan.rng}"
    best = _best(states)
    lines = {
        "cv": f"cv_sparse_mtl({start}, {folds})",
        "comparison": f"compare_models({start}, folds = cv$folds{metric})",
        "fit": f'refit(cv, "{plan.which}")',
        "certified": f"certify(fit, time_limit = {plan.time_limit:g})",
        "sure": f"stability({best}, pairs = {plan.pairs}, rng = {plan.rng}{groups})",
        "alternatives": f"alternatives({best}, time_limit = {plan.time_limit:g})",
        "validation": f'validate({start}, which = "{plan.which}", {folds})',
    }
    return _script("# data: the data frame that was analysed\nlibrary(sparsekin)", lines, states, "<-")


def _after(arguments: str) -> str:
    return f", {arguments}" if arguments else ""


def _python(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items() if value is not None)


def _r_value(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dict):
        return f"c({', '.join(f'{_r_name(str(name))} = {_r_value(one)}' for name, one in value.items())})"
    if isinstance(value, list | tuple):
        return f"c({', '.join(map(_r_value, value))})"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _r_name(name: str) -> str:
    return name if _R_NAME.fullmatch(name) else f"`{name}`"
