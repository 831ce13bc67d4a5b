"""Whether what is best stands at an end of what was tried, and what to say of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias

import numpy as np

from sparsekin.data.blocks import Bools, Floats
from sparsekin.l0.grid import Settings
from sparsekin.l0.problem import Problem
from sparsekin.tuning.sparse.grid import auto_sizes

End: TypeAlias = Literal["largest", "smallest"]
FURTHER = (4.0, 16.0)  # multiples of the largest ridge that are tried next
ROUNDING = 1e-9  # of the loss: smaller differences are none


def at_end(settings: Settings, losses: Floats, best: int, name: str, end: End, among: Bools | None = None) -> bool:
    """Whether the largest or smallest value of a parameter is better than all others, among some of the settings.

    Parameters
    ----------
    settings : Settings
    losses : (m,) mean losses
    best : int
    name : "s", "lambda_1", "lambda_2" or "lambda_z"
    end : {"largest", "smallest"}
    among : (m,) bool, optional
    """
    own = np.ones(len(settings), bool) if among is None else among
    values = getattr(settings, name)
    last = own & (values == (values[own].max() if end == "largest" else values[own].min()))
    rest = own & ~last & ~np.isnan(losses)
    return bool(last[best] and rest.any() and losses[best] < losses[rest].min() - ROUNDING * abs(losses[best]))


def edges(
    problem: Problem, settings: Settings, losses: Floats, best: int, given: Collection[str], *, alike: bool,
    zero: bool, among: Bools | None = None,
) -> list[str]:  # fmt: skip
    """A sentence for each parameter given whose best value is the last one tried, where more could be tried.

    Nothing is beyond penalties of 0 and infinity, one feature, all features or as many as the rows allow, nor beyond
    the lambda_z at which all tasks select the same features.

    Parameters
    ----------
    problem : Problem
        All rows.
    settings, losses, best, among
        As for `at_end`.
    given : collection of str
        Names of the parameters whose values the user gave.
    alike : bool
        Whether all tasks select the same features at the best setting.
    zero : bool
        Whether the model without features was tried too.
    """
    cap = min(int(auto_sizes(problem).max()), problem.n_features)
    natural = {
        ("s", "largest"): settings.s[best] >= cap,
        ("s", "smallest"): zero or settings.s[best] <= 1,
        ("lambda_z", "largest"): alike,
    }
    out, ends = [], (("largest", "larger"), ("smallest", "smaller"))
    for name in given:
        value = getattr(settings, name)[best]
        for end, further in ends:
            if natural.get((name, end)) or value in (0.0, np.inf) or not at_end(
                settings, losses, best, name, end, among  # type: ignore[arg-type]
            ):  # fmt: skip
                continue
            out.append(f"The best {name} is the {end} that was tried, {value:g}; try {further} ones, or {name}='auto'.")
    return out


def extended(ridges: Floats) -> Floats:
    """The ridges, and larger ones."""
    return np.concatenate([ridges, ridges.max() * np.array(FURTHER)])
