"""The supplement of a page: what the first screen rests on, section by section."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

import sparsekin
from sparsekin.analysis.first import MANY_TASKS, forests
from sparsekin.analysis.methods import methods_text
from sparsekin.analysis.pictures import pictures
from sparsekin.analysis.tripod import tripod_table
from sparsekin.losses.occurrences import events_of_tasks
from sparsekin.report.document import table
from sparsekin.report.numbers import fixed, number
from sparsekin.report.page.parts import Code, Part, Section
from sparsekin.report.performance import HEADS, performance_parts
from sparsekin.report.sparse.compare import best_text
from sparsekin.report.sparse.cv import METRICS, SCHEMES
from sparsekin.report.sparse.given import family_notes, pooled_note, scale_note
from sparsekin.report.sparse.halves import stability_parts
from sparsekin.report.sparse.parts import alike, constant_notes, kept, new_site, selected, task_fit

if TYPE_CHECKING:
    from sparsekin.analysis.study import Study

MORE_FORESTS = 4
_ROOM = 140  # characters of a table on a page
_VERSIONS = ("numpy", "scipy", "pandas", "statsmodels", "scikit-learn", "pyscipopt", "formulaic")


def supplement(study: Study) -> tuple[Section, ...]:
    """All sections that the study has something for."""
    there = study.there
    made = [Section("The data", tuple(_data(study)))]
    if "cv" in there:
        made.append(Section("Pool, share or separate", tuple(_choice(study))))
    if "fit" in there:
        made.append(Section("The fitted model", tuple(_model(study))))
    if "sure" in there:
        made.append(Section("How sure is the selection", tuple(_sure(study))))
    if "alternatives" in there:
        made.append(Section("Other choices nearly as good", tuple(_alternatives(study))))
    if "fit" in there:
        made.append(Section("Prediction on held-out rows", tuple(_performance(study))))
    if "validation" in there:
        made.append(Section("A data set that was not seen", tuple(_validation(study))))
    made.append(Section("Methods, for a manuscript", tuple(methods_text(study).split("\n"))))
    made.append(Section("TRIPOD-Cluster", tuple(_tripod(study))))
    made.append(Section("To do it again", tuple(_again(study))))
    return tuple(made)


def frame_table(frame: pd.DataFrame, digits: int = 3) -> SimpleTable:
    """A data frame, numbers to some digits; its index first."""
    rows = [
        [str(label), *(number(value, digits) if isinstance(value, float) else str(value) for value in line)]
        for label, line in zip(frame.index, frame.itertuples(index=False, name=None), strict=True)
    ]
    return table(
        rows, ["" if frame.index.name is None else str(frame.index.name), *map(str, frame.columns)], aligns="l"
    )


def _data(study: Study) -> list[Part]:
    model, blocks = study.model, study.model.blocks
    used = {task: (given, kept) for task, given, kept in model.ledger.tasks}
    events = events_of_tasks(blocks)
    head = ["Data set", "rows given", "used", *(["events"] if np.isfinite(events).any() else []), "constant columns"]
    constant = _constant(study)
    rows = []
    for name, n, count in zip(blocks.task_names, blocks.n_obs, events, strict=True):
        given = used.get(name, (int(n), int(n)))
        own = [number(float(count))] if "events" in head else []
        rows.append([str(name), str(given[0]), str(int(n)), *own, str(len(constant.get(name, [])))])
    notes = [f"{model.ledger.describe()}."]
    if "fit" in study.there:
        notes += constant_notes(study.fit)
    if len(rows) > 40:
        counts = blocks.n_obs
        return [f"{len(rows)} data sets of {counts.min()} to {counts.max()} rows.", *notes]
    return [table(rows, head), *notes]


def _constant(study: Study) -> dict[Any, list[str]]:
    if "fit" not in study.there:
        return {}
    return dict(study.fit.constant_columns)


def _choice(study: Study) -> list[Part]:
    cv = study.cv
    parts: list[Part] = []
    if hasattr(cv, "families"):
        found = cv.families
        rows = [
            [str(name), str(row["settings"]), number(row["mean"]), number(row["std_error"], 2),
             number(row["difference"], 3), number(row["difference_se"], 2), "chosen" if row["chosen"] else ""]
            for name, row in found.iterrows()
        ]  # fmt: skip
        parts += [
            table(rows, ["family", "settings", METRICS[cv.score], "s.e.", "difference", "s.e.", ""]),
            "Differences are to the best family, fold by fold, with standard errors corrected for training rows that "
            "overlap.",
        ]
    parts += pictures("cv", f"Cross-validation: {METRICS[cv.score]} over the number of features.", cv.plot_cv)
    if "comparison" not in study.there:
        return parts
    made, whole = study.comparison, study.done["comparison"].state != "interrupted"
    told = best_text(made) if whole else "It was interrupted: some methods are missing, and none is best."
    rows = [
        [str(name), number(row["mean"]), number(row["difference"], 3), number(row["difference_se"], 2),
         fixed(row["selected"], 1), fixed(row["union"], 1)] for name, row in made.table.iterrows()
    ]  # fmt: skip
    return [
        *parts,
        f"Other methods on the same folds ({SCHEMES[made.scheme]}), each fold at the setting that is best on the "
        f"others. {told}",
        table(rows, ["method", METRICS[made.metric], "difference", "s.e.", "per data set", "in any"]),
        "per data set, in any: features. null: means and always-in columns alone.",
        *(f"Not available: {name}: {reason}." for name, reason in made.unavailable.items()),
    ]


def _model(study: Study) -> list[Part]:
    fit = study.result
    settings = [
        ["features per data set, at most (s)", str(int(fit.s.max()))],
        ["size of coefficients (lambda_1)", number(fit.lambda_1)],
        ["differences between data sets (lambda_2)", number(fit.lambda_2)],
        ["different supports (lambda_z)", number(fit.lambda_z)],
    ]
    notes = [*([pooled_note(fit)] if fit.pooled else []), *family_notes(fit), scale_note(fit.standard)]
    return [
        table(settings, ["Setting", ""]),
        *selected(fit, room=_ROOM),
        *pictures(
            "support", "Standardised coefficients: which feature, where, with what sign and size.", fit.plot_support
        ),
        *kept(fit, room=_ROOM),
        *alike(fit),
        *new_site(fit),
        *notes,
        "Coefficients are in the units of the data, and for prediction: the rows that selected the features estimated "
        "them too, which makes them too large, and penalties make them too small.",
    ]


def _sure(study: Study) -> list[Part]:
    fit = study.sure
    told = stability_parts(fit)
    parts: list[Part] = [*told] if fit.blocks.n_tasks > MANY_TASKS else [one for one in told if isinstance(one, str)]
    parts += pictures(
        "frequency", "Share of half-samples that chose each feature.", lambda: fit.plot_frequency(max_features=20)
    )
    parts += forests(study, 1, 1 + MORE_FORESTS)
    compared = fit.heterogeneity(study.plan.fdr) if fit.blocks.n_tasks > 1 else None
    if isinstance(compared, pd.DataFrame) and len(compared):
        columns = ["estimate", "conf_low", "conf_high", "pred_low", "pred_high", "i_squared", "p_adjusted"]
        named = compared[columns].set_axis(
            ["mean effect", "from", "to", "new from", "new to", "I2", "p of equal effects"], axis=1
        )
        parts += [
            frame_table(named.rename_axis("Feature")),
            "Random-effects means of the effects in all data sets with 95 % intervals; new: where the effect in "
            "another data set is expected; p adjusted for the number of features.",
        ]
    return parts


def _alternatives(study: Study) -> list[Part]:
    found = study.alternatives
    said = found.attrs.get("status", "")
    if not len(found):
        return [f"None was found ({said})." if said else "None was found."]
    rows = [
        [str(rank), f"{100 * row['excess']:.2g} %", str(row["enters"]), str(row["leaves"]),
         "yes" if row["proven"] else "no"]
        for rank, row in found.iterrows()
    ]  # fmt: skip
    return [
        table(rows, ["rank", "objective higher by", "enters", "leaves", "proven"], aligns="lrlll"),
        "The next best choices of features. proven: no other comes before it."
        + (f" {said}." if said and not found["proven"].all() else ""),
    ]


def _performance(study: Study) -> list[Part]:
    fit = study.fit
    return [
        task_fit(fit),
        *performance_parts(fit),
        *pictures("calibration", "Observed against predicted outcomes of held-out rows.", fit.plot_calibration),
    ]


def _validation(study: Study) -> list[Part]:
    found = study.validation
    parts: list[Part] = [*found.summary().parts]
    for name in found.pooled.index[:MORE_FORESTS]:
        caption = (
            f"{HEADS[str(name)]} in each data set, predicted by a model of the others, with its random-effects summary."
        )
        parts += pictures(f"left-out-{name.replace('_', '-')}", caption, lambda name=name: found.plot_forest(name))  # type: ignore[misc]
    return parts


def _tripod(study: Study) -> list[Part]:
    found = tripod_table(study)
    rows = [list(map(str, line)) for line in found[["item", "topic", "answer"]].itertuples(index=False, name=None)]
    return [
        "The items of the checklist (Debray et al. 2023), in words of our own; what only a person can answer begins "
        "with authors.",
        table(rows, ["Item", "Topic", "Answer"], aligns="lll"),
    ]


def _again(study: Study) -> list[Part]:
    from importlib.metadata import version

    plan = study.plan
    rows = [
        ["formula", " ".join(plan.formula.split())], ["task", str(plan.task)],
        *([name, str(value)] for name, value in plan.model.items()),
        ["refitted", plan.which], ["folds", str(plan.folds)], ["pairs of half-samples", str(plan.pairs)],
        ["false discovery rate", f"{plan.fdr:g}"], ["seconds for proofs", f"{plan.time_limit:g}"],
        ["seed", str(plan.rng)],
    ]  # fmt: skip
    versions = [["sparsekin", sparsekin.__version__], ["Python", platform.python_version()]]
    versions += [[name, version(name)] for name in _VERSIONS]
    return [
        table(rows, ["Setting", "value"], aligns="ll"),
        *([Code("Python", study.code("python"))] if plan.source == "python" else []),
        Code("R", study.code("r")),
        table(versions, ["Package", "version"], aligns="ll"),
        "Folds follow from the seed. A proof that ends at its time limit may end elsewhere on another machine.",
    ]
