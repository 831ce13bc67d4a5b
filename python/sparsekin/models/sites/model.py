"""Yes/no outcomes and counts of several sites: the fit of the pooled rows, one exchange of sums per Newton step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import numpy as np

from sparsekin.data.blocks import Ints
from sparsekin.errors import DataError, OptionError
from sparsekin.models.sites.answering import check_family
from sparsekin.models.sites.coordinator import Coordinator
from sparsekin.models.sites.exchange import Answer, Question
from sparsekin.models.sites.newton import Penalties
from sparsekin.models.sites.results import FederatedResults
from sparsekin.models.sites.site import Site
from sparsekin.options import Missing, SupportMode, check_option, check_penalty


class FederatedMTL:
    """Best-subset regression of yes/no outcomes or counts of several sites, whose rows stay where they are.

    The objective is that of `SparseMTL`. Each step of Newton's method asks every site once for the gradient by all
    columns and weighted sums of products of some; the search for supports is that of squared errors on the quadratic
    model these make, and what it finds is taken if the objective itself falls. Then the 20 moves that promise most are
    refitted, all in the same rounds.

    Parameters
    ----------
    formula : str
        As for `SparseMTL.from_formula`.
    sites : dict of name to Site or callable
        Each takes a `Question` and returns an `Answer`: a `Site` in the same process, `by_files`, or your transport.
    task : str, optional
        Column that says which task a row belongs to. A task may have rows at several sites.
    family : {"binomial", "poisson"}
    keep, levels, missing
        As for `sparsekin.moments.from_frame`; levels of factors must be agreed on.
    weights, offset, exposure : str, optional
        Columns, as for `SparseMTL.from_formula`.

    Raises
    ------
    DataError
        Sites do not make the same columns, or a policy does not let something out.
    OptionError
        The family cannot be fitted in rounds.
    WaitingError
        A site is asked by files, and its answer is not there yet.

    See Also
    --------
    Site.release : for gaussian outcomes, one file per site is enough.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sparsekin import federation
    >>> rng = np.random.default_rng(0)
    >>> def patients(hospital, n):
    ...     data = pd.DataFrame(rng.standard_normal((n, 6)), columns=["age", "bmi", "crp", "ldl", "hdl", "tsh"])
    ...     ill = rng.random(n) < 1 / (1 + np.exp(-1.5 * data["crp"]))
    ...     return data.assign(ill=ill.astype(int), hospital=hospital, patient=range(n))
    >>> sites = {
    ...     name: federation.Site(patients(name, n), federation.Policy(), id="patient")
    ...     for name, n in [("north", 200), ("south", 150)]
    ... }
    >>> model = federation.FederatedMTL("ill ~ age + bmi + crp + ldl + hdl + tsh", sites, "hospital", family="binomial")
    >>> model.fit(s=1, lambda_z=0.01).selected
    ['crp']
    """

    def __init__(
        self,
        formula: str,
        sites: Mapping[str, Site | Callable[[Question], Answer]],
        task: str | None = None,
        *,
        family: str,
        keep: Sequence[str] = (),
        levels: Mapping[str, Sequence[Any]] | None = None,
        missing: Missing = "raise",
        weights: str | None = None,
        offset: str | None = None,
        exposure: str | None = None,
    ) -> None:
        check_family(family)
        if not sites:
            raise OptionError("sites is empty; give at least one.")
        study = {
            "formula": formula, "task": task, "family": family, "keep": [keep] if isinstance(keep, str) else list(keep),
            "levels": None if levels is None else {name: list(values) for name, values in levels.items()},
            "missing": missing, "weights": weights, "offset": offset, "exposure": exposure,
        }  # fmt: skip
        asking = {name: site.answer if isinstance(site, Site) else site for name, site in sites.items()}
        self._coordinator = Coordinator.open(study, asking)

    def fit(
        self,
        s: int | Mapping[object, int] | Sequence[int],
        lambda_1: float | str = "auto",
        lambda_2: float = 0.0,
        lambda_z: float = 0.0,
        support: SupportMode = "heterogeneous",
        effort: int = 1,
    ) -> FederatedResults:
        """Select at most s features per task.

        Parameters
        ----------
        s, lambda_1, lambda_2, lambda_z, support, effort
            As for `SparseMTL.fit`; lambda_2 is finite.

        Returns
        -------
        FederatedResults

        Raises
        ------
        OptionError
            An option has a value it cannot take.
        DataError
            A policy does not let an answer out.
        SolverError
            ``lambda_1=0``, and the features selected separate the outcome of a task.
        WaitingError
            A site is asked by files, and its answer is not there yet.
        """
        known = self._coordinator
        check_option("support", support, get_args(SupportMode))
        check_option("effort", effort, (0, 1, 2))
        ridge = 1 / float(np.mean(known.rows)) if lambda_1 == "auto" else check_penalty("lambda_1", lambda_1)
        link, pull = check_penalty("lambda_2", lambda_2), check_penalty("lambda_z", lambda_z)
        if not np.isfinite(link):
            raise OptionError("lambda_2=inf is not there for sites; leave task out for one model of all rows.")
        if support == "independent" and (link or pull):
            raise OptionError("support='independent' shares nothing; lambda_2 and lambda_z must be 0.")
        sizes = self._sizes(s)
        if support == "common" and len(set(sizes.tolist())) > 1:
            raise OptionError("support='common' means one size for all tasks; give one number for s.")
        if (most := int(sizes.max(initial=0))) > known.most:
            raise DataError(
                f"s = {most}, but the policies of the sites let out products of {known.most} columns; ask for fewer "
                "features."
            )
        penalties = Penalties(known.q, ridge, link, pull)
        before = known.asked
        best, null, values = known.search(sizes, penalties, support, effort)
        return FederatedResults.of(known, best, null, values, sizes, penalties, support, known.asked - before)

    def _sizes(self, s: Any) -> Ints:
        tasks, p = self._coordinator.tasks, len(self._coordinator.design.feature_names)
        if isinstance(s, Mapping):
            if set(s) != set(tasks):
                raise OptionError(f"s names {', '.join(map(repr, s))}; the tasks are {', '.join(map(repr, tasks))}.")
            values = [s[task] for task in tasks]
        else:
            values = [s] * len(tasks) if np.ndim(s) == 0 else list(s)
        if len(values) != len(tasks):
            raise OptionError(f"s has {len(values)} values for {len(tasks)} tasks; give one number, or one per task.")
        for one in values:
            if isinstance(one, bool) or not isinstance(one, int | np.integer) or one < 0:
                raise OptionError(f"s = {one!r} is not a whole number >= 0.")
        return np.minimum(values, p).astype(np.int64)
