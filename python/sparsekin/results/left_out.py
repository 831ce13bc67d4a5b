"""Internal-external validation: each study predicted by what the others alone would have led to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit, logit

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.errors import OptionError
from sparsekin.inference.meta import RandomEffects, random_effects, usable
from sparsekin.losses.families import inverse_link
from sparsekin.results.naming import counted
from sparsekin.results.performance import Performing, reasons_text
from sparsekin.tuning.accuracy import standard_errors
from sparsekin.tuning.held_out import HeldOut
from sparsekin.tuning.judge import judge

LEVEL = 0.95
RULE = "the mean of the slopes of its tasks, and in the middle of their rows the mean of their predictions by rows"
_SAME: tuple[Callable[[Floats], Floats], Callable[[Floats], Floats], Callable[[Floats], Floats]] = (
    lambda x: x, lambda x: x, np.ones_like,
)  # fmt: skip
_SCALES = {  # there, back, and the derivative of the way there
    "identity": _SAME,
    "log": (np.log, np.exp, lambda x: 1 / x),
    "logit": (logit, expit, lambda x: 1 / (x * (1 - x))),
    "-log(1 - x)": (lambda x: -np.log1p(-x), lambda z: -np.expm1(-z), lambda x: 1 / (1 - x)),
}
_SCALE_OF = {"auc": "logit", "concordance": "logit", "rmse": "log", "brier": "log", "dispersion": "log",
             "explained": "-log(1 - x)", "brier_scaled": "-log(1 - x)"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the tuning chose without one study.

    ========== =============== ==========================================================================
    field      shape           meaning
    ========== =============== ==========================================================================
    rows       int             rows it saw
    family     str             "pool", "share" or "separate", what the verdict speaks for; "" of a grid
    s          float           support size; NaN, as the penalties, of an average
    lambda_1   float
    lambda_2   float
    lambda_z   float
    features   tuple of str    those of any task
    note       str             why there is no model, or what the tuning warned of
    tuned      bool            whether there is a model
    n_settings int             settings that were tried
    ========== =============== ==========================================================================
    """

    rows: int
    family: str = ""
    s: float = np.nan
    lambda_1: float = np.nan
    lambda_2: float = np.nan
    lambda_z: float = np.nan
    features: tuple[str, ...] = ()
    note: str = ""
    tuned: bool = True
    n_settings: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Measures of K studies.

    ======= ================= ==================================================
    field   shape             meaning
    ======= ================= ==================================================
    names   m of str          as in `Performing.performance`
    n       (K,)              rows judged
    events  (K,)              of them; NaN of gaussian outcomes
    values  (K, m)            NaN where not defined
    ses     (K, m)            standard errors
    reasons K of dict         of each measure that is not defined, why
    ======= ================= ==================================================
    """

    names: tuple[str, ...]
    n: Floats
    events: Floats
    values: Floats
    ses: Floats
    reasons: tuple[dict[str, str], ...]

    def interval(self, name: str, level: float = LEVEL) -> tuple[Floats, Floats]:
        """(K,) and (K,) ends, normal on the scale on which the measure is pooled."""
        back = _SCALES[scale_of(name)][1]
        value, se = self.on_scale(name)
        half = float(stats.norm.ppf((1 + level) / 2)) * se
        return back(value - half), back(value + half)

    def on_scale(self, name: str) -> tuple[Floats, Floats]:
        """(K,) values and (K,) standard errors where the measure is pooled; NaN at an end of it, or known exactly."""
        there, _, slope = _SCALES[scale_of(name)]
        j = self.names.index(name)
        with np.errstate(divide="ignore", invalid="ignore"):
            value, se = there(self.values[:, j]), self.ses[:, j] * slope(self.values[:, j])
        fine = usable(value, se)
        return np.where(fine, value, np.nan), np.where(fine, se, np.nan)

    def together(self, name: str, level: float = LEVEL) -> tuple[RandomEffects | None, int]:
        """Random effects where the measure is pooled, and of how many studies; None of fewer than 2."""
        value, se = self.on_scale(name)
        there = np.isfinite(se)
        n = int(there.sum())
        return (random_effects(value[there], se[there], level), n) if n > 1 else (None, n)


def scale_of(name: str) -> str:
    """Where a measure is pooled: "logit", "log", "-log(1 - x)" or "identity".

    The first two by Snell, Ensor, Debray, Moons and Riley (2018); the third is the log of the ratio whose complement to
    1 the measure is, so that no interval passes 1.
    """
    return _SCALE_OF.get(name, "identity")


def back_from(name: str, value: float) -> float:
    """A number from the scale on which the measure is pooled."""
    return float(_SCALES[scale_of(name)][1](np.float64(value)))


def measured(blocks: TaskBlocks, held_out: HeldOut) -> Measured:
    """Judge predictors of held-out rows, each study by itself."""
    judged = [judge(blocks, k, eta) for k, eta in enumerate(held_out.eta)]
    errors = [standard_errors(blocks, k, eta) for k, eta in enumerate(held_out.eta)]
    names = tuple(name for name in judged[0].values if name not in ("n", "events"))
    return Measured(
        names,
        np.array([one.values["n"] for one in judged]),
        np.array([one.values["events"] for one in judged]),
        np.array([[one.values[name] for name in names] for one in judged]),
        np.array([[one.get(name, np.nan) for name in names] for one in errors]),
        tuple(one.reasons for one in judged),
    )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LeftOutFit(Performing):
    """K studies, each predicted by a model that was tuned and fitted on the others.

    The fields of `Performing`, where `held_out` is always there, and:

    ======== =============== ============================================================
    field    shape           meaning
    ======== =============== ============================================================
    measures Measured
    chosen   K of Chosen     what the tuning did without each study
    which    str             "best", "1se" or "average": which fit of the tuning predicts
    n_folds  int             folds of each tuning; 0 where they were no number
    ======== =============== ============================================================
    """

    measures: Measured
    chosen: tuple[Chosen, ...]
    which: str
    n_folds: int

    def __repr__(self) -> str:
        done, K = sum(one.tuned for one in self.chosen), self.blocks.n_tasks
        studies = counted(K, "study").replace("studys", "studies")
        return f"<{type(self).__name__}: {done} of {studies} left out, {self.nobs} rows, which={self.which!r}>"

    @property
    def eta(self) -> tuple[Floats, ...]:
        """K of (n_k,) linear predictors, offsets included; NaN of studies that were not left out."""
        assert self.held_out is not None
        return self.held_out.eta

    @property
    def predictors(self) -> list[Floats]:
        """K of (n_k,) linear predictors, offsets included."""
        return list(self.eta)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the rows are called."""
        assert self.held_out is not None
        return (self.held_out.kind,)

    def survival_of(self, k: int, kind: str, times: Floats) -> Floats:
        """Not known.

        Raises
        ------
        OptionError
        """
        raise OptionError(
            "A study that was left out has no baseline hazard, so that its risks are relative only: plot_survival() "
            "shows whether they are told apart, and cal_slope of `performance` whether they are too far apart."
        )

    @property
    def performance(self) -> pd.DataFrame:
        """One row per study: n, events, each measure beside its standard error (``auc``, ``auc_se``), undefined.

        Measures as `SparseResults.performance` has them. Standard errors are of the rows judged: that the model is
        estimated too is not in them, nor is it in those of any external validation.
        """
        found = self.measures
        columns: dict[str, Floats] = {}
        for j, name in enumerate(found.names):
            columns |= {name: found.values[:, j], f"{name}_se": found.ses[:, j]}
        sizes = {"n": found.n.astype(int)} | ({} if np.isnan(found.events).all() else {"events": found.events})
        said = [
            reasons_text(reasons) if one.tuned else one.note
            for reasons, one in zip(found.reasons, self.chosen, strict=True)
        ]
        return pd.DataFrame(sizes | columns | {"undefined": said}, index=self.study_index)

    @property
    def pooled(self) -> pd.DataFrame:
        """One row per measure: what the studies say together, and what to expect of another one.

        Random effects (REML, Hartung and Knapp) of the studies where the measure and its standard error are defined:
        estimate, lower, upper (95 %), pred_lower, pred_upper (95 % prediction interval for the measure in a study that
        is not among these; NaN of fewer than 3 studies), tau2 (variance between studies) and I2, both on the `scale` on
        which the measure was pooled: AUC and concordance as logits, RMSE, Brier score and dispersion as logs, explained
        and scaled Brier score, which are at most 1, as -log(1 - x), others as they are; studies, how many: one whose
        standard error is 0 is left out. Equal to ``predict(rma(yi, vi, method = "REML", test = "knha"))`` of metafor.
        """
        return pd.DataFrame(
            [self._pooled(name) for name in self.measures.names], index=pd.Index(self.measures.names, name="measure")
        )

    def _pooled(self, name: str) -> dict[str, object]:
        found, n = self.measures.together(name)
        ends = ("estimate", "lower", "upper", "pred_lower", "pred_upper")
        said = {end: np.nan if found is None else back_from(name, getattr(found, end)) for end in ends}
        spread = {end: np.nan if found is None else getattr(found, end) for end in ("tau2", "I2")}
        return {**said, **spread, "studies": n, "scale": scale_of(name)}

    @property
    def settings(self) -> pd.DataFrame:
        """One row per study: what the tuning chose without it.

        rows (it saw), family ("pool", "share" or "separate"; empty where a grid was given), s, lambda_1, lambda_2,
        lambda_z (NaN of an average), selected (features in any task), features, tuned (whether there was a model) and
        note: why not, or what the tuning warned of.
        """
        columns = ("rows", "family", "s", "lambda_1", "lambda_2", "lambda_z")
        found: dict[str, list[object]] = {name: [getattr(one, name) for one in self.chosen] for name in columns}
        found["selected"] = [len(one.features) for one in self.chosen]
        found["features"] = [", ".join(one.features) for one in self.chosen]
        found |= {name: [getattr(one, name) for one in self.chosen] for name in ("tuned", "note")}
        return pd.DataFrame(found, index=self.study_index)

    @property
    def study_index(self) -> pd.Index:
        """(K,) the studies."""
        return self.task_index if self.design.task is not None else self.task_index.rename("study")

    def expected(self) -> list[Floats]:
        """K of (n_k,) what the predictors stand for: means, probabilities, of cox relative risks."""
        return [inverse_link(family, eta) for family, eta in zip(self.blocks.families_said, self.eta, strict=True)]

    def _parameters_of(self, k: int) -> float:
        return 0.0
