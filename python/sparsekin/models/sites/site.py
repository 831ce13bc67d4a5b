"""The side of a hospital: rows, a policy, and a ledger of what has left."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.chunks import moments_of
from sparsekin.data.frame import suggest, to_pandas
from sparsekin.data.moments import Moments
from sparsekin.data.noise import noisy_moments
from sparsekin.data.policy import Policy
from sparsekin.data.prepare import Prepared, prepare_frame
from sparsekin.data.random import make_generator
from sparsekin.errors import DataError, OptionError
from sparsekin.models.sites.answering import Rows, check_enough, read_rows
from sparsekin.models.sites.exchange import Answer, Question
from sparsekin.models.sites.ledger import Entry, Ledger
from sparsekin.models.sites.rows import check_values, columns_of
from sparsekin.options import Missing


class Site:
    """The rows of a hospital, and what may leave them.

    Everything that `release` and `answer` let out obeys the policy; the ledger remembers, under keyed digests, which
    rows were in it, so that no sum or difference of releases tells of a few rows.

    Parameters
    ----------
    data : frame
        pandas, polars, pyarrow, or a dict of arrays. Never changed.
    policy : Policy
    id : str
        Column that names the rows, the same from one extract of the data to the next; no part of any formula.
    ledger : path, optional
        File that remembers what was released; it is made where there is none. It stays at the site: the key of its
        digests is in it. Without one only this object remembers.

    Raises
    ------
    DataError
        There is no such column, or it names a row twice.

    References
    ----------
    Dwork and Roth (2014), The Algorithmic Foundations of Differential Privacy. Balle and Wang (2018), Improving the
    Gaussian Mechanism for Differential Privacy, ICML (the noise of `Policy`'s epsilon and delta).

    Examples
    --------
    >>> import numpy as np
    >>> from sparsekin import errors, federation
    >>> rng = np.random.default_rng(0)
    >>> data = {"patient": np.arange(60), "y": rng.standard_normal(60), "age": rng.normal(60, 8, 60)}
    >>> site = federation.Site(data, federation.Policy(), id="patient")
    >>> site.release("y ~ age")
    <Moments of y: 1 task, 60 rows, 1 feature>
    >>> later = federation.Site({name: values[:59] for name, values in data.items()}, federation.Policy(), id="patient")
    >>> later.ledger = site.ledger
    >>> try:
    ...     later.release("y ~ age")
    ... except errors.DataError as error:
    ...     print(str(error).rsplit(", ", 2)[1].split("; ")[0])
    the sums would tell of 1 row alone
    """

    def __init__(self, data: Any, policy: Policy, *, id: str, ledger: str | os.PathLike[str] | None = None) -> None:
        frame = to_pandas(data)
        if id not in frame.columns:
            raise DataError(f"There is no column '{id}'. {suggest(id, tuple(map(str, frame.columns)))}")
        names = frame[id]
        if names.isna().any() or names.duplicated().any():
            what = "missing" if names.isna().any() else "the same"
            raise DataError(f"Column '{id}' is {what} in some rows; it must name every row.")
        self.policy = policy
        self.ledger = Ledger.open(ledger)
        self._ids = names.to_numpy()
        self._frame = frame.drop(columns=id)
        self._studies: dict[str, Rows] = {}
        self._answered: Counter[str] = Counter()

    @property
    def released(self) -> pd.DataFrame:
        """What has left: when, formula, task, rows, columns, and epsilon of the noise; these add up."""
        return self.ledger.table()

    def release(
        self,
        formula: str,
        task: str | None = None,
        *,
        keep: Sequence[str] = (),
        weights: str | None = None,
        missing: Missing = "raise",
        levels: Mapping[str, Sequence[Any]] | None = None,
        path: str | os.PathLike[str] | None = None,
        rng: Any = None,
    ) -> Moments:
        """Moments that may leave: those of `sparsekin.moments.from_frame`, under the policy, and in the ledger.

        Parameters
        ----------
        formula, task, keep, weights, missing, levels
            As for `sparsekin.moments.from_frame`.
        path : path, optional
            File to write them to.
        rng : int or numpy.random.Generator, optional
            Of the noise, where the policy asks for it. Leave it out: who knows a seed can take the noise away.

        Returns
        -------
        Moments
            With the policy, which what is made of them obeys.

        Raises
        ------
        DataError
            The policy does not let them out; it names the task and what is wrong. Nothing is written then.
        OptionError
            Noise is asked for, and a column has no bounds or rows have weights.
        FormulaError
            As for `sparsekin.moments.from_frame`.
        """
        found = prepare_frame(
            formula, self._frame, task=task, keep=keep, weights=weights, missing=missing, levels=levels
        )
        made = moments_of(found, missing)
        made.check(self.policy)
        tables = tables_of(found.blocks, made.multi_label)
        entries = self.entries(formula, made.tasks, tables, found, made.columns)
        if self.policy.epsilon is not None:
            made = self._with_noise(made, [values for values, _ in tables], rng)
        made = replace(made, policy=self.policy)
        self.ledger.write(entries, self.policy.epsilon)
        if path is not None:
            made.save(path)
        return made

    def answer(self, question: Question | str | os.PathLike[str], path: str | os.PathLike[str] | None = None) -> Answer:
        """Sums that a step of Newton's method needs, under the policy.

        Rows, cells, differences to what was released, and columns are held to the policy as in `release`. At the
        coefficients asked, residuals and weights must be spread over `least_rows` rows (sum squared over sum of
        squares), and no row may have nearly all of a combination of the columns asked. `Policy.questions` is how many
        questions of a study this object answers.

        Parameters
        ----------
        question : Question or path
            Of `FederatedMTL`, or the file it is in.
        path : path, optional
            File to write the answer to.

        Returns
        -------
        Answer

        Raises
        ------
        DataError
            The policy does not let the sums out; it names the task and what is wrong.
        OptionError
            The family cannot be fitted in rounds, or the policy asks for noise.
        """
        asked = question if isinstance(question, Question) else Question.load(question)
        name = json.dumps(dict(asked.study), sort_keys=True)
        rows = self._rows_of(name, asked.study)
        if self._answered[name] >= self.policy.questions:
            raise DataError(
                f"{self._answered[name]} questions of '{asked.study['formula']}' were answered; the policy has no more."
            )
        found = rows.answer(asked) if asked.columns else rows.first_answer()
        self._answered[name] += 1
        if path is not None:
            found.save(path)
        return found

    def _rows_of(self, name: str, study: Mapping[str, Any]) -> Rows:
        """The rows of a study, held to the policy and in the ledger since its first question."""
        if name not in self._studies:
            if self.policy.epsilon is not None:
                raise OptionError("The policy asks for noise, which answers in rounds do not have; use release().")
            found = read_rows(study, self._frame)
            check_enough(self.policy, found.blocks)
            blocks = found.blocks
            columns = (*blocks.keep_names, *blocks.feature_names, *found.design.outcomes)
            tables = tables_of(blocks, multi_label=False)
            entries = self.entries(study["formula"], blocks.task_names, tables, found, columns)
            self.ledger.write(entries)
            self._studies[name] = Rows(found, self.policy)
        return self._studies[name]

    def entries(
        self, formula: str, tasks: Sequence[object], tables: Sequence[tuple[Floats, Any]], found: Prepared,
        columns: Sequence[str],
    ) -> list[Entry]:  # fmt: skip
        """What the ledger will hold of a release; `DataError` where the policy does not let it out."""
        new = []
        for task, (values, at) in zip(tasks, tables, strict=True):
            check_values(self.policy, values, columns, task)
            label = columns[-1] if task is None else task
            new.append(self.ledger.entry(formula, label, columns, self._ids[found.row_positions[at]], values))
        self.ledger.check(new, self.policy)
        return new

    def _with_noise(self, made: Moments, tables: Sequence[Floats], rng: Any) -> Moments:
        policy = self.policy
        if any(part.weight != part.rows for part in made.parts):
            raise OptionError("Noise is for rows that count alike; leave weights out.")
        bounds = dict(policy.bounds or {})
        for name in made.columns:
            if name.endswith("]") and "[T." in name and ":" not in name:
                bounds.setdefault(name, (0.0, 1.0))
            if name not in bounds:
                raise OptionError(f"Noise needs bounds of column '{name}': Policy(bounds={{'{name}': (low, high)}}).")
        low, high = (np.array([bounds[name][side] for name in made.columns], float) for side in range(2))
        generator = make_generator(rng)
        parts = tuple(
            noisy_moments(values, low, high, policy.epsilon, policy.delta, generator)  # type: ignore[arg-type]
            for values in tables
        )
        return replace(made, parts=parts)


def tables_of(blocks: TaskBlocks, multi_label: bool) -> list[tuple[Floats, Any]]:
    """Values (n, d) of the columns [keep, X, y] of each task, rows that count, and their places in the blocks."""
    out = []
    for k in range(1 if multi_label else blocks.n_tasks):
        w, ys = blocks.weights[k], range(blocks.n_tasks) if multi_label else [k]
        values = np.column_stack([columns_of(blocks, k), *(blocks.y[j] for j in ys)])
        counts = np.ones(len(values), bool) if w is None else w > 0
        start = blocks.rows[k].start or 0
        out.append((values[counts], start + np.flatnonzero(counts)))
    return out
