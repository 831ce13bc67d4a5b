"""What a model offers to ask how good its whole procedure is in a study it has not seen."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd

from sparsekin.data.prepare import Prepared
from sparsekin.data.random import make_generator
from sparsekin.data.sources.stored import refuse_on_disk
from sparsekin.data.standardize import standardize
from sparsekin.data.without import without_task
from sparsekin.errors import DataError, InterruptedWarning, OptionError, SolverError, warn
from sparsekin.models.judging import Pictures
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.dial import DialResults
from sparsekin.models.sparse.dialling import dials
from sparsekin.models.sparse.events import read_metric
from sparsekin.models.sparse.knockoffs import SecondOpinion
from sparsekin.models.sparse.results import SparseResults
from sparsekin.models.sparse.tuning import Penalties, Sizes
from sparsekin.options import AnyMetric, check_option
from sparsekin.plots.left_out import plot_forest
from sparsekin.report.document import Document
from sparsekin.report.left_out import augment_left_out, glance_left_out, summarize_left_out, tidy_left_out
from sparsekin.report.notebook import Summarized
from sparsekin.results.left_out import Chosen, LeftOutFit, measured
from sparsekin.results.unavailable import FROM_MOMENTS
from sparsekin.tuning.folds import make_folds
from sparsekin.tuning.held_out import collect_held_out
from sparsekin.tuning.parallel import make_bar
from sparsekin.tuning.sparse.held_out import of_left_out
from sparsekin.tuning.sparse.scoring import Models
from sparsekin.tuning.split import Rng, check_labels, read_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Which = Literal["best", "1se", "average"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class InternalExternal(Summarized, Pictures, LeftOutFit):
    """Results of `SparseMTL.validate`: each study predicted by what the others alone would have led to.

    Tables: `performance` (a row per study), `pooled` (over the studies, with prediction intervals), `settings` (what
    was chosen without each). Pictures: `plot_forest`, `plot_calibration`, `plot_survival`. Use: `augment` (predictions
    of all rows), `summary`, `tidy`, `glance`.
    """

    def summary(self) -> Document:
        """Summary tables; ``print`` it, or take ``as_html()``, ``as_latex()``, ``as_csv()``."""
        return summarize_left_out(self)

    def tidy(self) -> pd.DataFrame:
        """One row per measure and study, then means; see `sparsekin.report.left_out.tidy_left_out`."""
        return tidy_left_out(self)

    def glance(self) -> pd.DataFrame:
        """One row for the whole; see `sparsekin.report.left_out.glance_left_out`."""
        return glance_left_out(self)

    def augment(self, data: object = None) -> pd.DataFrame:
        """What was predicted of each row; see `sparsekin.report.left_out.augment_left_out`."""
        return augment_left_out(self, data)

    def plot_forest(self, measure: str | None = None, ax: Axes | None = None) -> Axes:
        """One measure in all studies; see `sparsekin.plots.left_out.plot_forest`."""
        return plot_forest(self, measure, ax)


class LeavingOut(SecondOpinion):
    """The method of `SparseMTL` that leaves out one study after the other."""

    def validate(
        self,
        which: Which = "best",
        *,
        s: Sizes = "auto",
        lambda_1: Penalties = "auto",
        lambda_2: Penalties = "auto",
        lambda_z: Penalties = "auto",
        folds: Any = 10,
        groups: Any = None,
        metric: AnyMetric | None = None,
        effort: int = 1,
        n_jobs: int | None = None,
        rng: Rng = None,
        progress: bool = False,
    ) -> InternalExternal:
        """Internal-external validation: how good the whole procedure is in a study that is not among these.

        Each study is left out in turn. On the others everything is done anew: ``cross_validate(...)``, and
        ``refit(which)``; this model predicts the study left out, as ``predict(new, how="mean")`` does. The study has no
        say in what predicts it, neither in coefficients nor in settings (Steyerberg and Harrell 2016; Debray et al.
        2023, TRIPOD-Cluster). Where one fit is to be judged at its own settings, which were chosen on all studies,
        ``res.hold_out(scheme="leave-one-task-out")`` is faster, and flatters a little.

        Parameters
        ----------
        which : {"best", "1se", "average"}
            Which fit of each cross-validation predicts.
        s, lambda_1, lambda_2, lambda_z, folds, groups, metric, effort, n_jobs
            As for `cross_validate`; its folds are within the tasks.
        rng : int, numpy.random.Generator or None
            Shuffles the rows into folds; each study has a seed of its own.
        progress : bool
            Show a bar of studies (needs tqdm).

        Returns
        -------
        InternalExternal
            With `performance`, `pooled`, `settings`, `plot_forest`, `summary`.

        Raises
        ------
        OptionError
            An option has a value it cannot take; outcomes share one X or are of several families, the model was made
            from moments, or there is one task.
        DataError
            Without no study the others can be tuned; or as for `cross_validate`.

        Warns
        -----
        InterruptedWarning
            Ctrl-C: the studies that were finished are returned.

        Notes
        -----
        A study without which the others cannot be tuned is named in `settings` and has no numbers. Of two tasks one is
        left: its cross-validation chooses s and lambda_1. Levels of text columns, and what transforms of a formula have
        learned (knots, means), are those of all rows.

        Examples
        --------
        >>> import numpy as np
        >>> from sparsekin import SparseMTL
        >>> rng = np.random.default_rng(0)
        >>> X = rng.standard_normal((600, 5))
        >>> ill = rng.random(600) < 1 / (1 + np.exp(-2 * X[:, 1]))
        >>> site = np.repeat(["north", "east", "south", "west"], 150)
        >>> model = SparseMTL(ill, X, site, family="binomial")
        >>> found = model.validate(s=[1, 2], lambda_1=0.01, lambda_2=0.0, lambda_z=0.0, folds=5, rng=0)
        >>> found.performance["auc"].round(2).tolist()
        [0.91, 0.89, 0.84, 0.87]
        >>> found.settings["features"].tolist()
        ['x2', 'x2', 'x2', 'x2']
        >>> found.pooled.loc["auc", ["estimate", "pred_lower", "pred_upper"]].astype(float).round(2).tolist()
        [0.88, 0.83, 0.91]
        """
        self._check_studies(which, s, lambda_2, metric)
        self._check_groups(groups)
        asked: dict[str, Any] = {
            "s": s, "lambda_1": lambda_1, "lambda_2": lambda_2, "lambda_z": lambda_z, "folds": folds,
            "groups": groups, "metric": metric, "effort": effort, "n_jobs": n_jobs,
        }  # fmt: skip
        chosen, models = self._each_left_out(which, asked, rng, progress)
        K = self.blocks.n_tasks
        if len(chosen) < K:
            warn(
                f"Interrupted: {len(chosen)} of {K} studies were left out; tables use those.", InterruptedWarning,
            )  # fmt: skip
            chosen += [Chosen(0, note="interrupted", tuned=False)] * (K - len(chosen))
        blocks, found = self.blocks, self._prepared
        studies = make_folds(blocks, scheme="leave-one-task-out")
        said = [None if one is None else of_left_out(blocks, studies, k, one) for k, one in enumerate(models)]
        held_out = collect_held_out(blocks, studies, said)
        return InternalExternal(
            blocks=blocks, design=found.design, ledger=found.ledger, row_positions=found.row_positions,
            index=found.index, held_out=held_out, measures=measured(blocks, held_out), chosen=tuple(chosen),
            which=which, n_folds=int(folds) if isinstance(folds, int | np.integer) else 0,
        )  # fmt: skip

    def _each_left_out(
        self, which: Which, asked: dict[str, Any], rng: Rng, progress: bool
    ) -> tuple[list[Chosen], list[Models | None]]:
        """Of each study what was chosen without it, and the models; fewer after Ctrl-C.

        Raises
        ------
        DataError, SolverError
            No study could be left out: why not the first.
        KeyboardInterrupt
            Ctrl-C, and no study was finished.
        """
        K = self.blocks.n_tasks
        seeds = make_generator(rng).integers(2**32, size=K)
        chosen: list[Chosen] = []
        models: list[Models | None] = []
        first: DataError | SolverError | None = None
        with make_bar(progress, K, "studies") as bar:
            for k in range(K):
                left = without_task(self._prepared, k)
                model: Models | None = None
                try:
                    one, model = self._without(left, which, asked | {"rng": int(seeds[k])})
                except KeyboardInterrupt:
                    break
                except (DataError, SolverError) as error:
                    first = first or error
                    one = Chosen(left.blocks.nobs, note=str(error), tuned=False)
                chosen.append(one)
                models.append(model)
                bar.update(1)
        if any(model is not None for model in models):
            return chosen, models
        raise KeyboardInterrupt if first is None or len(chosen) < K else first

    def _without(self, left: Prepared, which: Which, asked: dict[str, Any]) -> tuple[Chosen, Models]:
        """What tuning says without a study, and the models it leads to."""
        model = self._of(left)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            cv = model.cross_validate(**asked)
            if any(issubclass(one.category, InterruptedWarning) for one in caught):
                raise KeyboardInterrupt
            fit = cv.refit(which)  # type: ignore[arg-type]
        if fit.status == "interrupted":
            raise KeyboardInterrupt
        found = fit.estimates
        note = " ".join(dict.fromkeys(str(one.message) for one in caught))
        return chosen_of(cv, fit, which, note), Models(found.intercept, found.coef, found.keep_coef)

    def _of(self, prepared: Prepared) -> Self:
        """The same model of other rows."""
        model = type(self).__new__(type(self))
        model._prepared = prepared
        model._standard = standardize(prepared.blocks, self._standard.mode, self._standard.scale_outcome)
        return model

    def _check_groups(self, groups: Any) -> None:
        """Refuse groups that do not fit the rows of all studies, before any is left out."""
        found = self._prepared
        given = found.spare.values("groups", found.spare.groups if groups is None else groups)
        check_labels({"groups": given}, found.index if found.labelled else None)
        if given is not None:
            read_groups(given, found.row_positions, len(found.index))

    def _check_studies(self, which: str, s: Any, lambda_2: Any, metric: AnyMetric | None) -> None:
        check_option("which", which, ("best", "1se", "average"))
        blocks = self.blocks
        refuse_on_disk(blocks, "validate()")
        if blocks.origin is not None:
            raise OptionError(f"No study can be left out: {FROM_MOMENTS}.")
        if blocks.shared:
            raise OptionError(
                "validate() leaves out studies with rows of their own; here the tasks are outcomes of the same rows."
            )
        if blocks.n_tasks < 2:
            raise OptionError("validate() leaves out one task after the other and needs at least 2; the data have 1.")
        if blocks.mixed:
            listed = ", ".join(dict.fromkeys(blocks.families_said))
            raise OptionError(f"validate() predicts one study by the others; their outcomes are of one kind: {listed}.")
        read_metric(metric, blocks)
        others = without_task(self._prepared, 0).blocks
        if which == "average" and not dials(others, "heterogeneous", s, lambda_2, "mean", 1):
            raise OptionError(
                "which='average' is a mean over pooled, shared and separate models of at least 2 tasks besides the "
                "one left out, with lambda_2='auto'; use which='best'."
            )


def chosen_of(cv: CVResults, fit: SparseResults | AverageResults, which: Which, note: str) -> Chosen:
    """What a cross-validation arrived at."""
    family = cv.judged.chosen if isinstance(cv, DialResults) else ""
    rows, features = cv.problem.blocks.nobs, tuple(fit.selected)
    if which == "average":
        return Chosen(rows, family, features=features, note=note, n_settings=cv.n_settings)
    said = cv.best if which == "best" else cv.best_1se
    s, lambda_1, lambda_2, lambda_z = (float(said[name]) for name in ("s", "lambda_1", "lambda_2", "lambda_z"))
    return Chosen(rows, family, s, lambda_1, lambda_2, lambda_z, features, note, n_settings=cv.n_settings)
