"""What half-samples say, in the summary and in tidy tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.data.blocks import Ints
from sparsekin.inference.estimates import Estimates
from sparsekin.report.document import table
from sparsekin.report.numbers import number
from sparsekin.report.sparse.parts import MANY_TASKS, by_task
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.ranking import rank_features
from sparsekin.results.sparse.stability import FDR, statuses
from sparsekin.results.unavailable import Unavailable

MOST = 20  # features
_LEVEL = 0.95


def stability_parts(fit: SparseFit) -> list[SimpleTable | str]:
    """Frequencies and held-out slopes of the features that the fit selects or that are stable."""
    made = fit.discoveries(FDR)
    if isinstance(made, Unavailable):
        return []
    found, chosen = made
    stable = found.features[chosen.stable]
    mine = rank_features(fit.solution.support, fit.solution.coef_standardized)
    order = np.concatenate([mine, np.setdiff1d(stable, mine)])
    order = order[np.argsort(-found.frequency_any[order], kind="stable")]
    shown = order[:MOST]
    stubs = {
        "In half-samples": [fit.blocks.feature_names[j] for j in shown],
        "share": [f"{found.frequency_any[j]:.2f}{'' if j in stable else ' !'}" for j in shown],
    }
    parts: list[SimpleTable | str] = []
    if fit.blocks.n_tasks > MANY_TASKS:
        parts.append(table([list(row) for row in zip(*stubs.values(), strict=True)], list(stubs)))
    elif len(shown):
        parts += by_task(fit, stubs, _cells(found, statuses(found, chosen, fit.solution.support), shown))
    if len(order) > len(shown):
        parts.append(f"{len(order) - len(shown)} features more: .frequency, .conf_int()")
    return [*parts, *_words(fit, chosen.cutoff, chosen.bound), *fit.rows_needed(found).values()]


def _cells(found: Estimates, status: np.ndarray, shown: Ints) -> list[list[str]]:
    low, high = found.interval(_LEVEL)
    rows = []
    for j in shown:
        at = np.flatnonzero(found.features == j)
        if not len(at):
            rows.append([""] * found.slope.shape[1])
            continue
        i = int(at[0])
        ends = zip(found.slope[i], low[i], high[i], status[j], strict=True)
        rows.append(
            [
                ""
                if np.isnan(a)
                else f"{number(b, 2)} [{number(a, 2)}, {number(c, 2)}]{'°' if said == 'borrowed' else ''}"
                for b, a, c, said in ends
            ]
        )
    return rows


def _words(fit: SparseFit, cutoff: float, bound: float) -> list[str]:
    assert fit.halves is not None
    n = len(fit.halves.found)
    cut = (
        f"share: of {n} half-samples that chose the feature in any task; ! below {cutoff:.2f}, from which on at most "
        f"{number(bound, 2)} false features are expected."
        if np.isfinite(cutoff)
        else f"share: of {n} half-samples that chose the feature in any task; ! for all: no cut keeps the expected "
        f"share of false features below {FDR:g}."
    )
    read = (
        "[ ]: 95 % intervals from rows that did not choose the feature, beside what was chosen in the task. "
        "°: borrowed, selected because other tasks have it; its own rows do not show it."
        + (" Rows of a group may go together: standard errors are of groups." if fit.halves.groups is not None else "")
    )
    return [cut, read]


def with_stability(fit: SparseFit, rows: pd.DataFrame) -> pd.DataFrame:
    """A tidy table with what halves say added to the candidates."""
    made = fit.discoveries(FDR)
    if isinstance(made, Unavailable):
        return rows
    found, chosen = made
    low, high = found.interval(_LEVEL)
    p, K = found.frequency.shape
    status = statuses(found, chosen, fit.solution.support)

    def spread(values: Any) -> Any:
        out = np.full((p, K), np.nan)
        out[found.features] = values
        return out

    tables: dict[str, Any] = {
        "frequency": found.frequency, "frequency_any": np.repeat(found.frequency_any[:, None], K, axis=1),
        "estimate_heldout": spread(found.slope), "std_error": spread(found.se), "conf_low": spread(low),
        "conf_high": spread(high), "p_value": spread(found.pvalue), "p_adjusted": spread(chosen.adjusted),
        "status": status,
    }  # fmt: skip
    candidate = (rows["kind"] == "candidate").to_numpy()
    place = {name: j for j, name in enumerate(fit.blocks.feature_names)}
    at = np.array([place[name] for name in rows["term"][candidate]][::K], int)
    out = rows.copy()
    for name, values in tables.items():
        column = np.full(len(rows), "" if name == "status" else np.nan, dtype=object if name == "status" else float)
        column[candidate] = values[at].ravel()
        out[name] = column
    out["se_kind"] = np.where(candidate, fit.se_kind, "none")
    return out
