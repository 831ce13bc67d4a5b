"""The first screen: the question, the verdict, what is selected and how sure, the proof, what to be wary of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from statsmodels.iolib.table import SimpleTable

from sparsekin.analysis.pictures import pictures
from sparsekin.analysis.words import (
    advice,
    error_text,
    proof,
    question,
    selected_text,
    selection,
    unseen_text,
)
from sparsekin.report.document import table
from sparsekin.report.numbers import number
from sparsekin.report.page.parts import Figures, Part, Picture, Warned
from sparsekin.report.sparse.cv import METRICS
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.ranking import rank_features
from sparsekin.results.sparse.stability import statuses
from sparsekin.results.unavailable import Unavailable

if TYPE_CHECKING:
    from sparsekin.analysis.study import Study
    from sparsekin.inference.discoveries import Discoveries
    from sparsekin.inference.estimates import Estimates
    from sparsekin.models.sparse.results import SparseResults

    Told = tuple[Estimates, Discoveries]

MANY_TASKS = 6  # more than this: how many and their range, instead of a column each
MANY_FEATURES = 20
DISPERSED = 1.5  # Pearson dispersion of counts that is told
_EFFECTS = (
    "Effects with 95 % intervals in the units of the data, estimated on halves of the rows that had no part in the "
    "choice; in brackets: not selected there. °: borrowed, selected because other data sets have it, and not shown by "
    "its own rows."
)
_TIED = "\u00a0"  # a space at which no line is broken


def first_screen(study: Study) -> tuple[Part, ...]:
    """Its parts, in order; of an interrupted study those that there are."""
    parts: list[Part] = []
    if "cv" in study.there:
        told = advice(study)
        parts += [f"{told}.", str(getattr(study.cv, "verdict", ""))] if told else []
    parts.append(question(study))
    if "fit" in study.there:
        parts += [_figures(study), *selection_table(study), *forests(study, 0, 1), proof(study.result)]
    return (*parts, *map(Warned, warnings_of(study)))


def warnings_of(study: Study) -> list[str]:
    """What the steps warned of, once each, and steps that have no value."""
    said = [text for one in study.done.values() for text in one.warnings]
    lost = [
        f"{name}: {one.why}" for name, one in study.done.items()
        if one.value is None and not one.why.startswith("left out") and one.why
    ]  # fmt: skip
    return [*dict.fromkeys(said), *_overdispersed(study), *lost]


def _overdispersed(study: Study) -> list[str]:
    """Tasks whose counts vary more than those of Poisson."""
    if "fit" not in study.there or "dispersion" not in study.fit.task_fit:
        return []
    found = study.fit.task_fit["dispersion"]
    told = [f"{task} {value:.1f}" for task, value in found[found > DISPERSED].items()]
    if not told:
        return []
    return [
        f"Counts vary more than a Poisson model says (dispersion {shorten(told, 6)}): intervals allow for it, "
        "deviances and the choice of features do not."
    ]


def _figures(study: Study) -> Figures:
    fit, cells = study.result, []
    if (errors := error_text(study)) is not None:
        metric = METRICS[study.cv.score]
        cells.append(
            (errors[0], f"{metric} on held-out rows, at the setting chosen by it; {errors[1]} without features")
        )
    cells.append((str(len(fit.homogeneity.union)), selected_text(fit).replace(f"{len(fit.homogeneity.union)} ", "", 1)))
    stable = selection(study)
    if stable is not None and not np.isfinite(stable.cutoff):
        cells.append(("–", f"stable: not to be judged, {stable.note}"))
    elif stable is not None:
        cells.append(
            (str(len(stable.features)), f"stable on half-samples at a false discovery rate of {study.plan.fdr:g}")
        )
    if (unseen := unseen_text(study)) is not None:
        cells.append(unseen)
    if fit.certificate is not None:
        proven = fit.certificate.status == "optimal", f"{100 * fit.certificate.gap:.2g} %"
        cells.append(("proven", "optimal choice of features") if proven[0] else (proven[1], "from the optimum at most"))
    return Figures(tuple(cells))


def selection_table(study: Study) -> list[SimpleTable | str]:
    """Features that the fit selects or that are stable: how often half-samples choose them, and the effects.

    Effects are those of the halves that had no part in the choice where there are half-samples, else coefficients.
    """
    fit = study.result
    told = fit.discoveries(study.plan.fdr)
    halves, picked = None if isinstance(told, Unavailable) else told, selection(study)
    order = _order(fit, halves)
    if not len(order):
        return ["No feature is selected in any data set."]
    shown = order[:MANY_FEATURES]
    columns = {"Feature": [fit.blocks.feature_names[j] for j in shown]}
    if halves is not None:
        found, chosen = halves
        stable = set(found.features[chosen.stable].tolist())
        judged = np.isfinite(chosen.cutoff)
        columns["of half-samples"] = [
            f"{100 * found.frequency_any[j]:.0f} %{' !' if judged and j not in stable else ''}" for j in shown
        ]
    counts = fit.solution.support[shown].sum(axis=1)
    columns["in data sets"] = [f"{m}/{fit.blocks.n_tasks}" for m in counts]
    if fit.blocks.n_tasks <= MANY_TASKS:
        effects = _coefficients(fit, shown) if halves is None else _heldout(fit, shown, *halves)
        columns |= {head: list(of) for head, of in zip(_heads(fit), zip(*effects, strict=True), strict=True)}
    parts: list[SimpleTable | str] = [table([list(row) for row in zip(*columns.values(), strict=True)], list(columns))]
    left = len(order) - len(shown)
    return [
        *parts,
        *([f"{left} further features are in the table of coefficients below."] if left else []),
        _read(halves, fit.blocks.n_tasks > MANY_TASKS, "" if picked is None else picked.note),
    ]


def _heads(fit: SparseResults) -> list[str]:
    """Names of tasks that say what they are: "1" of the column "cohort" is "cohort 1"."""
    names, column = fit.blocks.task_names, fit.design.task
    plain = column is not None and all(not isinstance(name, str) or name.strip().isdigit() for name in names)
    return [f"{column} {name}" if plain else str(name) for name in names]


def _order(fit: SparseResults, halves: Told | None) -> np.ndarray:
    """The features shown, the most frequent in half-samples first."""
    mine = rank_features(fit.solution.support, fit.solution.coef_standardized)
    if halves is None:
        return mine
    found, chosen = halves
    every = np.concatenate([mine, np.setdiff1d(found.features[chosen.stable], mine)])
    return np.asarray(every[np.argsort(-found.frequency_any[every], kind="stable")])


def _read(halves: Told | None, many: bool, note: str) -> str:
    effects = "" if many else f" {_EFFECTS}"
    if halves is None:
        return "Coefficients of the fit, in the units of the data; there are no honest intervals without half-samples."
    cutoff = halves[1].cutoff
    if not np.isfinite(cutoff):
        return f"Which of them are stable cannot be judged: {note}.{effects}"
    return f"!: below {100 * cutoff:.0f} %, from which on features are stable.{effects}"


def _coefficients(fit: SparseResults, shown: np.ndarray) -> list[list[str]]:
    there, coef = fit.solution.support[shown], fit.estimates.coef[shown]
    return [[number(b, 3) if z else "" for b, z in zip(*line, strict=True)] for line in zip(coef, there, strict=True)]


def _heldout(fit: SparseResults, shown: np.ndarray, found: Estimates, chosen: Discoveries) -> list[list[str]]:
    """A text per feature and task."""
    low, high = found.interval(0.95)
    status = statuses(found, chosen, fit.solution.support)
    place = {int(j): i for i, j in enumerate(found.features)}
    out = []
    for j in shown:
        i, own = place.get(int(j)), fit.solution.support[j]
        if i is None:
            out.append(["too few" if z else "" for z in own])
            continue
        out.append([_effect(*line) for line in zip(found.slope[i], low[i], high[i], status[j], own, strict=True)])
    return out


def _effect(estimate: float, low: float, high: float, status: str, selected: bool) -> str:
    if np.isnan(estimate):
        return "too few rows" if selected else ""
    ends = f" [{number(low, 2)},{_TIED}{number(high, 2)}]" if np.isfinite(low) else ""
    text = f"{number(estimate, 2)}{ends}{'°' if status == 'borrowed' else ''}"
    return text if selected else f"({text})"


def forests(study: Study, first: int, last: int) -> list[Picture]:
    """Forest plots of the first to the last of the stable features; where none is, of the most frequent ones chosen."""
    fit = study.result
    told = fit.discoveries(study.plan.fdr)
    if isinstance(told, Unavailable) or fit.blocks.n_tasks == 1:
        return []
    chosen = selection(study)
    names = (chosen.features if chosen else []) or [fit.blocks.feature_names[j] for j in _order(fit, told)]
    out = []
    for at, name in enumerate(names[first:last], first):
        caption = f"{name} in each data set, estimated on halves that had no part in choosing it, with 95 % intervals."
        out += pictures(f"forest-{at + 1}", caption, lambda name=name: fit.plot_forest(name))  # type: ignore[misc]
    return out
