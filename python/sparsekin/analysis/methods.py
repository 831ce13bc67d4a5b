"""A paragraph for the methods section, with the numbers of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import sparsekin
from sparsekin.analysis.words import proof, selection
from sparsekin.report.numbers import number
from sparsekin.report.sparse.cv import METRICS
from sparsekin.report.sparse.families import word
from sparsekin.results.naming import counted, shorten

if TYPE_CHECKING:
    from sparsekin.analysis.study import Study

REFERENCES = {
    "sparse": "Loewinger G, Behdin K, Kishida KT, Parmigiani G, Mazumder R. Multi-task learning for sparsity pattern "
    "heterogeneity: statistical and computational perspectives. arXiv:2212.08697 (2022).",
    "halves": "Shah RD, Samworth RJ. Variable selection with error control: another look at stability selection. J R "
    "Stat Soc B 75 (2013), 55-80.",
    "corrected": "Nadeau C, Bengio Y. Inference for the generalization error. Machine Learning 52 (2003), 239-281.",
    "external": "Debray TPA, Collins GS, Riley RD, et al. Transparent reporting of multivariable prediction models "
    "developed or validated using clustered data: TRIPOD-Cluster checklist. BMJ 380 (2023), e071018.",
    "solver": "Bestuzheva K, Chmiela A, Müller B, et al. Global optimization of mixed-integer nonlinear programs with "
    "SCIP 8. J Glob Optim 91 (2025), 287-310.",
}
_RULE = (
    " Between one model for all data sets, models that share, and separate models, the rule moves to the less simple "
    "one only for a gain of more than half a corrected standard error [Nadeau and Bengio 2003]; it chose {chosen}."
)
_OUTCOMES = {
    "gaussian": "squared errors", "binomial": "the binomial deviance", "poisson": "the Poisson deviance",
    "cox": "the Cox partial likelihood",
}  # fmt: skip


def methods_text(study: Study) -> str:
    """The paragraph, a blank line, and the works to cite, one a line."""
    return "\n\n".join([_paragraph(study), "\n".join(references(study))])


def references(study: Study) -> list[str]:
    """The works that what was done rests on."""
    done = study.there
    needed = {
        "sparse": True, "halves": "sure" in done, "corrected": bool(done & {"cv", "comparison"}),
        "external": "validation" in done, "solver": "certified" in done,
    }  # fmt: skip
    return [text for name, text in REFERENCES.items() if needed[name]]


def _metric(name: str) -> str:
    """As it stands inside a sentence: names keep their capitals."""
    return name if name[:2].isupper() else f"{name[0].lower()}{name[1:]}"


def _paragraph(study: Study) -> str:
    return " ".join(
        filter(None, [data_text(study), tuning_text(study), fit_text(study), sure_text(study), validation_text(study)])
    )


def data_text(study: Study) -> str:
    """Which rows and columns, and what is minimised."""
    model, blocks = study.model, study.model.blocks
    tasks = (
        ""
        if blocks.n_tasks == 1
        else f" in {blocks.n_tasks} data sets ({study.plan.task}: {shorten(blocks.task_names)})"
    )
    kept = (
        f"; {shorten(blocks.keep_names)} {'was' if len(blocks.keep_names) == 1 else 'were'} always in"
        if blocks.keep_names
        else ""
    )
    losses = " and ".join(_OUTCOMES[one] for one in dict.fromkeys(blocks.families_said))
    gone = model.ledger.n_dropped
    dropped = f" ({counted(gone, 'row')} with missing values left out)" if gone else ""
    return (
        f"We analysed {counted(blocks.nobs, 'row')}{dropped}{tasks} with "
        f"{counted(blocks.n_features, 'candidate column')}{kept}. "
        f"Sparse regressions of all data sets were fitted jointly, minimising {losses} with at most s features in each "
        f"and penalties on the size of coefficients (lambda_1), on their differences between data sets (lambda_2) and "
        f"on different supports (lambda_z) [Loewinger et al. 2022], with sparsekin {sparsekin.__version__}."
    )


def tuning_text(study: Study) -> str:
    """How the settings were chosen; empty where they were not."""
    if "cv" not in study.there or study.done["fit"].state == "given":
        return ""
    cv, plan = study.cv, study.plan
    judged = getattr(cv, "judged", None)
    verdict = "" if judged is None else _RULE.format(chosen=word(judged.chosen))
    grouped = f", rows of one group ({plan.model['groups']}) together" if "groups" in plan.model else ""
    seed = "" if study.done["cv"].state == "given" else f"seed {plan.rng}; "
    which = "the sparsest within one standard error of the best mean"
    if plan.which == "best":
        near = "of those with errors within 1 % of the least, that nearest to the mean of the best"
        which = "the best mean" if judged is None else near
    return (
        f"Settings were chosen by {cv.errors.folds.n_folds}-fold cross-validation within data sets{grouped} ({seed}"
        f"{_metric(METRICS[cv.score])}; {cv.n_settings} settings; {which}).{verdict}"
    )


def fit_text(study: Study) -> str:
    """The settings, and what is proven; empty where there is no fit."""
    if "fit" not in study.there:
        return ""
    fit = study.result
    values = f"lambda_1 = {number(fit.lambda_1)}, lambda_2 = {number(fit.lambda_2)}, lambda_z = {number(fit.lambda_z)}"
    chosen = "given" if study.done["fit"].state == "given" else "chosen"
    text = f"The model {chosen} has s = {int(fit.s.max())}, {values}."
    if "certified" not in study.there:
        return text
    return f"{text} {proof(fit)[:-1]} (branch and bound driven by SCIP [Bestuzheva et al. 2025])."


def sure_text(study: Study) -> str:
    """The half-samples; empty where there are none."""
    if "sure" not in study.there:
        return ""
    halves = study.sure.halves
    assert halves is not None
    told = selection(study)
    stable = (
        f"features were called stable at a false discovery rate of {study.plan.fdr:g}"
        if told is not None and np.isfinite(told.cutoff)
        else f"which features are stable at a false discovery rate of {study.plan.fdr:g} could not be judged, for too "
        "many of the candidates are chosen"
    )
    return (
        f"The selection was repeated on {2 * halves.pairs} complementary half-samples [Shah and Samworth 2013]; "
        f"{stable}; effects with 95 % intervals were estimated on the halves that had no part in choosing them."
    )


def validation_text(study: Study) -> str:
    """Studies left out; empty where there were none."""
    if "validation" not in study.there:
        return ""
    return (
        "Each data set was left out in turn, the whole tuning was repeated on the others, and the model predicted the "
        "one left out (internal-external validation); measures of performance were summarised by random effects (REML, "
        "Hartung-Knapp) [Debray et al. 2023]."
    )
