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
        """The best fit found, that without features, and half mean deviances (K,) of each as rows."""
        q, K, p = self.q, len(self.tasks), self.center.shape[1] - self.q
        free, usable = self.usable[:q], self.usable[q:]
        if support == "common":
            usable = np.repeat(usable.all(axis=1, keepdims=True), K, axis=1)
        start = np.zeros((K, 1 + q + p))
        F_null = 1.0
        (null,) = refit(self.ask, [np.zeros((p, K), bool)], start, free, penalties, F_null)
        (at_null,) = self.ask([(null.theta, np.arange(q))])
        null_values, gradient, best = at_null.value, at_null.gradient, null
        F_null = max(null.F, 1e-300)
        values = null_values
        for _ in range(ROUNDS):
            chosen = self._likely(gradient, best.support, usable, s)
            (sums,) = self.ask([(best.theta, np.concatenate([np.arange(q), q + chosen]))])
            values, gradient = sums.value, sums.gradient
            candidates = self._candidates(sums, best, usable, s, penalties, support, effort)
            if not candidates:
                break
            points = refit(self.ask, candidates, best.theta, free, penalties, F_null)
            found = min(points, key=lambda point: point.F + penalties.supports(point.support))
            gain = best.F + penalties.supports(best.support) - found.F - penalties.supports(found.support)
            if gain <= TIE * F_null:
                break
            best = found
        return best, null, np.array([values, null_values])

    def _likely(self, gradient: Floats, support: Bools, usable: Bools, s: Ints) -> Ints:
        """Columns held, and those of largest slope of the loss, as many as sites let out."""
        p, K = support.shape
        slope = np.abs(gradient[:, 1 + self.q :].T) * usable
        held = np.flatnonzero(support.any(axis=1))
        width = min(max(WIDTH, PER_FEATURE * int(s.max())), self.most, p)
        order = [held, *(np.argsort(-slope[:, k], kind="stable") for k in range(K))]
        queue = [order[1 + i % K][i // K] for i in range(K * p)]
        found = list(dict.fromkeys([*held.tolist(), *(int(j) for j in queue)]))
        return np.sort(np.array(found[:width], np.int64))

    def _candidates(
        self,
        sums: Sums,
        best: Point,
        usable: Bools,
        s: Ints,
        penalties: Penalties,
        support: SupportMode,
        effort: int,
    ) -> list[Bools]:
        """What the quadratic model is lowest at, and the moves after which it is; not where we are."""
        p, K = best.support.shape
        problem = quadratic_problem(sums, best.theta, self.rows, usable, s, penalties, support)
        searched = np.zeros((p, K), bool)
        searched[sums.columns[self.q :] - self.q] = solve(problem, effort=effort).support
        near = moves(sums, best.theta, best.support, usable, s, penalties, support == "common", SHORTLIST)
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
    known: dict[object, Any] = {}
    for name, one in answers.items():
        for task, level in zip(one.tasks, one.about["levels"], strict=True):
            if known.setdefault("all", level) != level:
                raise DataError(
                    f"Site '{name}' reads the outcome of task {task!r} as {level}, another as {known['all']}; code it "
                    "as 0 and 1."
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
