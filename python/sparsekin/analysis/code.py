"""The lines that do a study again, verb by verb, in Python and in R."""

from __future__ import annotations

import json
import re
from typing import Any

from sparsekin.analysis.plan import Plan

_R_NAME = re.compile(r"[A-Za-z.][A-Za-z0-9._]*")


def python_code(plan: Plan) -> str:
    """Python; `data` is the frame the study was given."""
    model = _python({"task": plan.task, **plan.model})
    tuning = _python({"folds": plan.folds, "metric": plan.metric, "rng": plan.rng})
    judged = _python({"metric": plan.metric})
    groups = "" if "groups" not in plan.model else f", groups=data[{plan.model['groups']!r}]"
    return f"""from sparsekin import SparseMTL

model = SparseMTL.from_formula({plan.formula!r}, data{_after(model)})
cv = model.cross_validate({tuning})
comparison = model.compare(folds=cv.folds{_after(judged)})
fit = cv.refit({plan.which!r}).hold_out(cv.folds)
certified = fit.certify(time_limit={plan.time_limit!r})
sure = certified.stability({plan.pairs}, rng={plan.rng}{groups})
alternatives = certified.alternatives(time_limit={plan.time_limit!r})
validation = model.validate({plan.which!r}, {tuning})
print(cv.summary(), comparison.summary(), sure.summary(), validation.summary(), sep="\\n\\n")
"""


def r_code(plan: Plan) -> str:
    """R; `data` is the data frame. Of a study asked for in R the arguments are those that were typed."""
    written = plan.source == "r"
    given = plan.model if written else {name: _r_value(value) for name, value in plan.model.items()}
    task = {} if plan.task is None else {"task": _r_value(plan.task)}
    model = "".join(f", {name} = {text}" for name, text in {**task, **given}.items())
    formula = plan.formula if written else " ".join(plan.formula.replace("**", "^").split())
    metric = "" if plan.metric is None else f", metric = {_r_value(plan.metric)}"
    groups = f", groups = {given['groups']}" if "groups" in given else ""
    return f"""library(sparsekin)

cv <- cv_sparse_mtl({formula}, data = data{model}, folds = {plan.folds}{metric}, rng = {plan.rng})
comparison <- compare_models({formula}, data = data{model}, folds = cv$folds{metric})
fit <- refit(cv, "{plan.which}")
certified <- certify(fit, time_limit = {plan.time_limit:g})
sure <- stability(certified, pairs = {plan.pairs}, rng = {plan.rng}{groups})
summary(cv)
summary(comparison)
summary(sure)
"""


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
