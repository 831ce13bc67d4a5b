"""Small tasks of every family: with weights (some 0), offsets, ties, strata and entry."""

from dataclasses import dataclass, field

import numpy as np

from sparsekin.losses.families import make_loss


@dataclass(frozen=True)
class Case:
    family: str
    y: np.ndarray
    X: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    options: dict = field(default_factory=dict)

    @property
    def U(self):
        return np.ones((len(self.X), 0 if self.family == "cox" else 1))

    def loss(self, **changes):
        given = {"weights": self.weights, "offset": self.offset, **self.options, **changes}
        return make_loss(self.family, self.y, **given)


NAMES = (
    "gaussian", "binomial", "trials", "poisson", "cox", "breslow", "untied", "strata", "entry", "entry strata breslow",
)  # fmt: skip


def case(name, n=60, seed=0):
    rng = np.random.default_rng([seed, NAMES.index(name)])
    X = rng.normal(size=(n, 3))
    weights, offset = rng.uniform(0.2, 2.0, n), 0.3 * rng.normal(size=n)
    weights[[3, 17]] = 0.0
    eta = X @ [0.7, -0.4, 0.0] + offset
    if name == "gaussian":
        return Case("gaussian", eta + rng.normal(size=n), X, weights, offset)
    if name == "binomial":
        return Case("binomial", (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float), X, weights, offset)
    if name == "trials":
        trials = rng.integers(0, 6, n)
        y = rng.binomial(trials, 1 / (1 + np.exp(-eta)))
        return Case("binomial", np.column_stack([y, trials - y]).astype(float), X, weights, offset)
    if name == "poisson":
        return Case("poisson", rng.poisson(np.exp(0.5 + eta)).astype(float), X, weights, offset)
    time, status = rng.exponential(np.exp(-eta)), (rng.random(n) < 0.7).astype(float)
    time = 4.0 + (time if name == "untied" else np.floor(4 * time))
    options = {"ties": "breslow"} if "breslow" in name else {}
    if "strata" in name:
        options["strata"] = rng.integers(0, 3, n)
    columns = [time - rng.choice([0.25, 1.25, 3.25], n)] if "entry" in name else []
    return Case("cox", np.column_stack([*columns, time, status]), X, weights, offset, options)
