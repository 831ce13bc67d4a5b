"""Asks the sites, adds what they say, and searches: the objective is that of the pooled rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.data.design import Design
from sparsekin.data.task_moments import CONSTANT
from sparsekin.errors import DataError
from sparsekin.l0.solve import solve
from sparsekin.models.sites.exchange import Answer, Question
from sparsekin.models.sites.files import WaitingError
from sparsekin.models.sites.newton import Penalties, Point, Sums, refit
from sparsekin.models.sites.quadratic import moves, quadratic_problem
from sparsekin.options import SupportMode

Sites: TypeAlias = Mapping[str, Callable[[Question], Answer]]
WIDTH, PER_FEATURE = 60, 6  # columns whose products are asked, at least, and so many for each feature of a support
ROWS = 6  # but only one for so many rows: in more columns some combination is one row, nearly
SHORTLIST = 20
ROUNDS = 30
TIE = 1e-9  # of F without columns


@dataclass(slots=True, eq=False)
class Coordinator:
    """What is known of the sites, and how often they were asked.

    ======== ============ =================================================================
    field    shape        meaning
    ======== ============ =================================================================
    study    dict         as in `Question`
    sites    by name
    design   Design       how columns are made, the same everywhere
    tasks    K            labels, in the order in which sites named them
    rows     (K,)
    weight   (K, 2)       sums of weights, and of these times trials
    center   (K, d)       means of [keep, X]
    scale    (K, d)       standard deviations; 1 where a column is constant
    usable   (d, K)       columns that vary
    most     int          columns of which products may be asked
    asked    int          rounds so far
    ======== ============ =================================================================
    """

    study: Mapping[str, Any]
    sites: Sites
    design: Design
    tasks: tuple[object, ...]
    rows: Ints
    weight: Floats
    center: Floats
    scale: Floats
    usable: Bools
    most: int
    asked: int = field(default=1)

    @classmethod
    def open(cls, study: Mapping[str, Any], sites: Sites) -> Coordinator:
        """Ask every site what its columns are."""
        answers = _ask_all(sites, Question(study))
        designs = {name: Design.from_dict(dict(one.about["design"])) for name, one in answers.items()}
        _check_alike(designs)
        tasks = tuple(dict.fromkeys(task for one in answers.values() for task in one.tasks))
        _check_levels(answers)
        d = next(iter(answers.values())).first.shape[1]
        K = len(tasks)
        rows, weight = np.zeros(K, np.int64), np.zeros((K, 2))
        mean, square = np.zeros((K, d)), np.zeros((K, d))
        for one in answers.values():
            for i, task in enumerate(one.tasks):
                k = tasks.index(task)
                n, m = one.weight[i, 0], weight[k, 0]
                step = one.first[i] - mean[k]
                square[k] += one.second[i] + step**2 * (n * m / (n + m))
                mean[k] += step * (n / (n + m))
                rows[k] += one.rows[i]
                weight[k] += one.weight[i]
        sd = np.sqrt(square / weight[:, :1])
        varies = sd > CONSTANT * np.abs(mean)
        most = min(int(limit) for one in answers.values() for limit in one.about["most"])
        first = replace(next(iter(designs.values())), task_names=tasks)
        return cls(
            study, sites, first, tasks, rows, weight, mean, np.where(varies, sd, 1.0), varies.T, most,
        )  # fmt: skip

    @property
    def q(self) -> int:
        """Always-in columns."""
        return len(self.design.keep_names)

    def ask(self, models: Sequence[tuple[Floats, Ints]]) -> list[Sums]:
        """One round: models are coefficients (K, 1 + d) and the columns whose products are asked."""
        theta = np.array([theta for theta, _ in models])
        columns = tuple(np.asarray(own, np.int64) for _, own in models)
        answers = _ask_all(self.sites, Question(self.study, self.tasks, self.center, self.scale, theta, columns))
        self.asked += 1
        K, d, share = len(self.tasks), self.center.shape[1], 1 / self.weight[:, 1]
        out = []
        for m, own in enumerate(columns):
            value, gradient = np.zeros(K), np.zeros((K, 1 + d))
            gram = np.zeros((K, 1 + len(own), 1 + len(own)))
            for one in answers.values():
                for i, task in enumerate(one.tasks):
                    k = self.tasks.index(task)
                    value[k] += share[k] * one.value[m, i]
                    gradient[k] += share[k] * one.gradient[m, i]
                    gram[k] += share[k] * one.gram[m][i]
            out.append(Sums(value, gradient, gram, own))
        return out

    def search(self, s: Ints, penalties: Penalties, support: SupportMode, effort: int) -> tuple[Point, Point, Floats]:
        """The best fit found, that without features, and half mean deviances (K,) of each as rows.

        With more effort, also from where tasks share nothing, and from where they share all.
        """
        q, K, p = self.q, len(self.tasks), self.center.shape[1] - self.q
        free, usable = self.usable[:q], self.usable[q:]
        if support == "common":
            usable = np.repeat(usable.all(axis=1, keepdims=True), K, axis=1)
        (null,) = refit(self.ask, [np.zeros((p, K), bool)], np.zeros((K, 1 + q + p)), free, penalties, 1.0)
        (at_null,) = self.ask([(null.theta, np.arange(q))])
        problem = _Asked(self, s, penalties, support, effort, free, usable, max(null.F, 1e-300))
        best, values = problem.descend(null, at_null.gradient)
        if effort == 2 and K > 1 and support == "heterogeneous":
            others: tuple[tuple[float, SupportMode], ...] = ((0.0, "independent"), (0.0, "common"))
            for lambda_z, mode in others:
                apart = replace(penalties, lambda_z=lambda_z, lambda_2=0.0)
                start, _ = replace(problem, penalties=apart, support=mode).descend(null, at_null.gradient)
                found, its = problem.descend(problem.again(start), at_null.gradient)
                if problem.F(found) < problem.F(best):
                    best, values = found, its
        return best, null, np.array([values, at_null.value])


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What is searched for."""

    known: Coordinator
    s: Ints
    penalties: Penalties
    support: SupportMode
    effort: int
    free: Bools
    usable: Bools
    F_null: float

    def F(self, point: Point) -> float:
        """With Zbar."""
        return point.F + self.penalties.supports(point.support)

    def again(self, point: Point) -> Point:
        """The same support with these penalties."""
        (found,) = self._refit([point.support], point.theta)
        return found

    def descend(self, best: Point, gradient: Floats) -> tuple[Point, Floats]:
        """From a fit to one that neither the quadratic model nor the moves that promise most improve; its losses."""
        values = np.zeros(len(self.s))
        for _ in range(ROUNDS):
            q = self.known.q
            columns = np.concatenate([np.arange(q), q + self._likely(gradient, best.support)])
            (sums,) = self.known.ask([(best.theta, columns)])
            values, gradient = sums.value, sums.gradient
            candidates = self._candidates(sums, best)
            if not candidates:
                break
            found = min(self._refit(candidates, best.theta), key=self.F)
            if self.F(best) - self.F(found) <= TIE * self.F_null:
                break
            best = found
        return best, values

    def _refit(self, supports: Sequence[Bools], theta: Floats) -> list[Point]:
        return refit(self.known.ask, supports, theta, self.free, self.penalties, self.F_null)

    def _likely(self, gradient: Floats, support: Bools) -> Ints:
        """Columns held, and those of largest slope of the loss, as many as sites let out."""
        p, K = support.shape
        known, most = self.known, int(self.s.max())
        slope = np.abs(gradient[:, 1 + known.q :].T) * self.usable
        held = np.flatnonzero(support.any(axis=1))
        few = max(int(known.rows.min()) // ROWS, 2 * most)
        width = max(min(max(WIDTH, PER_FEATURE * most), few, known.most, p), len(held))
        order = [np.argsort(-slope[:, k], kind="stable") for k in range(K)]
        queue = [order[i % K][i // K] for i in range(K * p)]
        found = list(dict.fromkeys([*held.tolist(), *(int(j) for j in queue)]))
        return np.sort(np.array(found[:width], np.int64))

    def _candidates(self, sums: Sums, best: Point) -> list[Bools]:
        """What the quadratic model is lowest at, and the moves after which it is; not where we are."""
        given = (self.usable, self.s, self.penalties)
        problem = quadratic_problem(sums, best.theta, self.known.rows, *given, self.support)
        searched = np.zeros_like(best.support)
        searched[sums.columns[self.known.q :] - self.known.q] = solve(problem, effort=self.effort).support
        near = moves(sums, best.theta, best.support, *given, self.support == "common", SHORTLIST)
        out = {one.tobytes(): one for one in [searched, *near]}
        out.pop(best.support.tobytes(), None)
        return list(out.values())


def _ask_all(sites: Sites, question: Question) -> dict[str, Answer]:
    """Every site's answer; where some are not there yet, all are asked first."""
    answers, waiting = {}, []
    for name, ask in sites.items():
        try:
            answers[name] = ask(question)
        except WaitingError as error:
            waiting.append((name, error))
    if waiting:
        names = ", ".join(f"'{name}'" for name, _ in waiting)
        raise WaitingError(
            f"{waiting[0][1]} Answers of {names} are not there yet; run the same lines again when they are."
        )
    return answers


def _check_levels(answers: Mapping[str, Answer]) -> None:
    """Refuse yes/no outcomes that sites write in different words."""
    said = [
        (name, task, level)
        for name, one in answers.items() for task, level in zip(one.tasks, one.about["levels"], strict=True)
    ]  # fmt: skip
    for name, task, level in said:
        if level != said[0][2]:
            raise DataError(
                f"Site '{name}' reads the outcome of task {task!r} as {level}, another as {said[0][2]}; code it as 0 "
                "and 1."
            )


def _check_alike(designs: Mapping[str, Design]) -> None:
    first, *others = designs
    mine = designs[first]
    for name in others:
        its = designs[name]
        a, b = (*mine.keep_names, *mine.feature_names), (*its.keep_names, *its.feature_names)
        recipes = [one.recipe and one.recipe.to_dict() for one in (mine, its)]
        if a != b or str(recipes[0]) != str(recipes[1]):
            differ = sorted(set(a) ^ set(b)) or ["one of the same name"]
            raise DataError(
                f"Sites '{first}' and '{name}' do not make the same columns: {differ[0]}. Agree on the levels of "
                "factors (levels=), and on terms that do not learn from the rows of one site."
            )
