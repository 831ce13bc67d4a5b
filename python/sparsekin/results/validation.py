"""How well a fit predicts rows it has not seen, whose outcomes are known."""

from __future__ import annotations

from dataclasses import dataclass

from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import OptionError
from sparsekin.losses.cox import Cox
from sparsekin.losses.survival import survival
from sparsekin.results.naming import counted
from sparsekin.results.performance import Performing

NEW = "new rows"


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What the survival of the new rows of a task is predicted by.

    ====== ============ ================================================
    field  shape        meaning
    ====== ============ ================================================
    loss   Cox          of the task in the fit
    fitted (m,)         linear predictors of its rows, offsets included
    strata (n_k,), None strata of the new rows, as the loss counts them
    ====== ============ ================================================
    """

    loss: Cox
    fitted: Floats
    strata: Ints | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ValidationFit(Performing):
    """New rows in tasks, and what a fit says of them.

    The fields of `Performing`, of the new rows, and:

    ========= ========================== ==========================================================================
    field     shape                      meaning
    ========= ========================== ==========================================================================
    eta       K of (n_k,)                linear predictors of the fit, offsets of the new rows included
    baselines K of Baseline or None      of cox tasks that the fit knows, with all strata of these rows
    n_given   int                        new rows, those without outcome, columns or task included
    how       str                        which model predicts: "task", or one for all
    ========= ========================== ==========================================================================
    """

    eta: tuple[Floats, ...]
    baselines: tuple[Baseline | None, ...]
    n_given: int
    how: str

    def __repr__(self) -> str:
        tasks = counted(self.blocks.n_tasks, "task")
        return f"<{type(self).__name__}: {self.nobs} of {self.n_given} new rows, {tasks}, how={self.how!r}>"

    @property
    def predictors(self) -> list[Floats]:
        """K of (n_k,) linear predictors, offsets included."""
        return list(self.eta)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What the rows are called."""
        return (NEW,)

    def knows_baseline(self, kind: str) -> bool:
        """Whether all cox tasks have a baseline hazard, that of their own task in the fit."""
        cox = [one for one, family in zip(self.baselines, self.blocks.families_said, strict=True) if family == "cox"]
        return all(one is not None for one in cox)

    def survival_of(self, k: int, kind: str, times: Floats) -> Floats:
        """(m, t) probabilities that rows of cox task k are free of the event at t times.

        Raises
        ------
        OptionError
            The fit has no baseline hazard for these rows.
        """
        known = self.baselines[k]
        if known is None:
            raise OptionError(
                "These rows have no baseline hazard in the fit (another model than that of their task predicts them, "
                "or the fit does not know a stratum), so that risks are relative only; plot_survival() shows these."
            )
        return survival(known.loss, known.fitted, self.rows_of(kind)[1][k].eta, times, known.strata)

    def _parameters_of(self, k: int) -> float:
        return 0.0
