"""Running steps: what is refused or interrupted is told, and what is finished is kept."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from sparsekin.analysis.plan import Plan
from sparsekin.analysis.steps import STEPS, Step
from sparsekin.errors import InterruptedWarning, OptionError, SparsekinError, SparsekinWarning, warn
from sparsekin.tuning.parallel import make_bar

State = Literal["done", "interrupted", "not possible", "not run", "given"]


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """What became of a step.

    ======== ============ =====================================================================================
    field    type         meaning
    ======== ============ =====================================================================================
    value    object       what the verb gave; None where it gave nothing
    state    str          "done"; "interrupted", with a value where the verb had part of one; "not possible"; "not
                          run", because it rests on what is not there or an earlier step was interrupted; "given"
    why      str          the reason, where it is not done
    warnings tuple of str what the verb warned of
    seconds  float
    ======== ============ =====================================================================================
    """

    value: Any = None
    state: State = "not run"
    why: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


def run_steps(
    plan: Plan, data: Any, known: Mapping[str, Done], skip: Collection[str], progress: bool
) -> dict[str, Done]:
    """Every step that is not `known`, in order; a later step is not run after Ctrl-C.

    The first step is the data's own: what it raises is raised. So are options that cross-validation cannot take.
    """
    found: dict[str, Done] = dict(known)
    stopped = False
    todo = [step for step in STEPS if step.name not in known]
    with make_bar(progress, len(todo), "study") as bar:
        for step in todo:
            if progress:
                bar.set_description(step.what)
            missing = [name for name in step.rests_on if found[name].value is None]
            if step.name in skip:
                found[step.name] = Done(why="left out by skip=")
            elif missing or stopped:
                found[step.name] = Done(
                    why="an earlier step was interrupted" if stopped else f"there is no {missing[0]}"
                )
            else:
                found[step.name] = _run(step, plan, data, {name: found[name].value for name in step.takes})
            stopped = stopped or found[step.name].state == "interrupted"
            bar.update(1)
    return {step.name: found[step.name] for step in STEPS}


def _run(step: Step, plan: Plan, data: Any, values: Mapping[str, Any]) -> Done:
    start = time.perf_counter()
    value, state, why = None, "done", ""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SparsekinWarning)
        try:
            value = step.run(plan, data, values)
        except KeyboardInterrupt:
            if not step.rests_on:
                raise
            state, why = "interrupted", "interrupted before there was a result"
        except SparsekinError as error:
            if not step.rests_on or (isinstance(error, OptionError) and step.name == "cv"):
                raise
            state, why = "not possible", str(error)
    told = [one.message for one in caught]
    for message in told:
        _tell(message)
    if any(isinstance(one, InterruptedWarning) for one in told):
        state, why = "interrupted", "; ".join(str(one) for one in told if isinstance(one, InterruptedWarning))
    said = tuple(dict.fromkeys(str(one) for one in told if isinstance(one, SparsekinWarning)))
    return Done(value, state, why, said, time.perf_counter() - start)  # type: ignore[arg-type]


def _tell(message: Warning | str) -> None:
    """Warn again; an interruption that a filter makes an error must not cost the steps that are finished."""
    with suppress(InterruptedWarning):
        warn(message)
