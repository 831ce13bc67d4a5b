"""Survival curves of rows of the tasks of a fit, by the baseline hazard of their task and stratum."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.strata import codes_known, strata_of_new
from sparsekin.errors import OptionError
from sparsekin.losses.cox import Cox
from sparsekin.losses.survival import survival
from sparsekin.losses.tasks import loss_of
from sparsekin.results.base import TaskFit
from sparsekin.results.scale import read_times


def check_baseline(kind: str, how: str, strata: object) -> None:
    """Refuse survival without a task, and strata without survival.

    Raises
    ------
    OptionError
    """
    if kind == "survival" and how != "task":
        raise OptionError('type="survival" needs the baseline hazard of a task; use how="task", or type="risk".')
    if kind != "survival" and strata is not None:
        raise OptionError('strata= goes with type="survival": the strata whose baseline hazards new rows have.')


def survival_table(
    fit: TaskFit, fitted: list[Floats], eta: Floats, tasks: Ints, strata: Ints | None, times: object, index: pd.Index
) -> pd.DataFrame:
    """(n, m) probabilities of n rows to be free of the event at m times.

    Parameters
    ----------
    fit : TaskFit
        All of whose tasks are cox.
    fitted : K of (n_k,)
        Linear predictors of the rows of the fit, offsets included.
    eta : (n,)
        Those of the rows asked for.
    tasks, strata : (n,)
        Codes; -1 for none, whose rows are NaN. Strata are those of `strata_codes`.
    times : number or m of them
    index : n labels
    """
    at = read_times(times)
    out = np.full((len(eta), len(at)), np.nan)
    for k, own in enumerate(fitted):
        mine, loss = tasks == k, loss_of(fit.blocks, k)
        assert isinstance(loss, Cox)
        out[mine] = survival(loss, own, eta[mine], at, None if strata is None else strata[mine])
    return pd.DataFrame(out, index=index, columns=pd.Index(at, name="time"))


def strata_codes(fit: TaskFit, new: object, given: object, tasks: Ints, eta: Floats) -> Ints | None:
    """(n,) strata, as the fit counts them, of new rows in tasks (n,), or of its own; None where it has none.

    Raises
    ------
    DataError
        A stratum is not known, or a column of strata() is not there.
    OptionError
        `given` is missing, or not asked for.
    """
    known = None if fit.blocks.responses is None else fit.blocks.responses.called
    if given is not None and (new is None or known is None):
        whose = "the rows of the fit have theirs" if new is None else "the fit has none"
        raise OptionError(f"strata= is of new rows of fits that were given strata= as an array; {whose}.")
    if new is None or known is None:
        return fit.strata_of_rows() if new is None else None
    strata = strata_of_new(known, new, given, len(eta))
    return codes_known(known, strata, tasks, fit.blocks.task_names, np.isfinite(eta))
