"""Every picture of every estimator, for so many tasks and kinds of names."""

import warnings

import numpy as np
import pandas as pd

from contract.made import average
from sparsekin import MTHAL, MixedForms, SparseMTL

KINDS = {
    "short": lambda what, j: f"{what}{j}",
    "long": lambda what, j: f"{what}_measured_in_blood_plasma_of_centre_{j:03d}",
    "middle": lambda what, j: f"{what}_measured_in_{j:03d}_plasma_at_first_visit_of_the_study",
    "signs": lambda what, j: f"_{what}_$x^{{{j}}}$ \\alpha_{j} & 5% #{j}",
    "foreign": lambda what, j: f"蛋白{what}\n\u0639\U0001f642 µ{j}",
}


def table(n_tasks, kind, n=8, p=6, seed=0):
    """Rows of tasks with p features, and two outcomes."""
    rng = np.random.default_rng(seed)
    names, tasks = [KINDS[kind]("protein", j) for j in range(p)], [KINDS[kind]("site", k) for k in range(n_tasks)]
    frame = pd.DataFrame(rng.normal(size=(n * n_tasks, p)), columns=names)
    frame["ward"] = np.repeat(tasks, n)
    slope = np.repeat(rng.normal(1, 0.5, n_tasks), n)
    pair = frame[names[0]] * frame[names[1]]
    frame["y"] = 3 * slope * np.maximum(frame[names[0]], 0) + 0.5 * pair + 0.2 * rng.normal(size=len(frame))
    frame["other"] = frame[names[1]] + rng.normal(size=len(frame))
    return frame, names


def sparse_pictures(n_tasks, kind):
    """A function of `ax` per picture."""
    frame, names = table(n_tasks, kind)
    model = SparseMTL(frame["y"], frame[names], task=frame["ward"])
    path = model.path(s=[1, 2], lambda_1=0.1, lambda_z=[0, 0.1, 1])
    cv = model.cross_validate(s=[1, 2], lambda_1=0.1, lambda_z=[0, 0.1], folds=2, rng=0, lambda_2=0.0)
    more, _ = table(n_tasks, kind, n=24)
    sure = SparseMTL(more["y"], more[names], task=more["ward"]).fit(s=1, lambda_1=0.1).stability(10, rng=0)
    return {
        "frequency": sure.plot_frequency,
        "forest": lambda ax: sure.plot_forest(names[0], ax),
        "support": model.fit(s=3, lambda_1=0.1).plot_support,
        "average": average(model, [{"s": 3, "lambda_1": 0.1}, {"s": 1, "lambda_1": 0.1}]).plot_support,
        "path": path.plot_path,
        "path of tasks": lambda ax: path.plot_path(ax, kind="tasks"),
        "cv": cv.plot_cv,
        "cv of one line": model.cross_validate(
            s=[1, 2, 3], lambda_1=0.1, lambda_z=0, folds=2, rng=0, lambda_2=0.0
        ).plot_cv,
    }


def hal_pictures(n_tasks, kind):
    frame, names = table(n_tasks, kind, p=2)
    model = MTHAL(frame["y"], frame[names], task=frame["ward"], max_degree=2, knots=4)
    lambdas = model.lambda_max * np.array([1, 0.5, 0.1, 0.02])
    mains = MTHAL(frame["y"], frame[names], task=frame["ward"], max_degree=1, knots=9).fit(0.02, 1e-2)
    fit, path = model.fit(lambdas[-1], 1e-2), model.path(lambdas, tolerance=1e-2)
    cv = model.cross_validate(n_lambda=3, folds=2, l1_ratio=(0.0, 1.0), rng=0)
    drawn = min(n_tasks, 20)
    return {
        "curves": lambda ax: mains.plot_curves(names if ax is None else names[0], ax=ax),
        "pair": lambda ax: fit.plot_pair(*names, ax=None if ax is None else _split(ax, drawn)),
        "hal path": path.plot_path,
        "hal cv": cv.plot_cv,
    }


def judged_pictures(n_tasks, kind):
    """Of survival times that are half explained."""
    frame, names = table(n_tasks, kind)
    rng = np.random.default_rng(1)
    time = rng.exponential(np.exp(-0.5 * frame["y"].to_numpy())) + 0.01
    seen = np.column_stack([time, rng.random(len(time)) < 0.7]).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few events
        fit = SparseMTL(seen, frame[names], task=frame["ward"], family="cox").fit(s=1, lambda_1=0.1, lambda_z=0.1)
    drawn = min(n_tasks, 20)
    return {
        "calibration": lambda ax: fit.plot_calibration(time=0.5, ax=None if ax is None else _split(ax, drawn)),
        "survival": lambda ax: fit.plot_survival(ax=None if ax is None else _split(ax, drawn)),
    }


def forms_pictures(n_tasks, kind):
    frame, names = table(n_tasks, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # noise, and stopped early
        fit = MixedForms(frame[["y", "other"]], frame[names], task=frame["ward"]).fit(d=2, max_sweeps=5)
    return {name: getattr(fit, f"plot_{name}") for name in ("loadings", "codes", "variance", "trace")}


def _split(ax, n):
    """As many axes as there are panels in the figure of one."""
    figure = ax.figure
    ax.remove()
    return figure.subplots(-(-n // 5), min(n, 5), squeeze=False).ravel()[:n]
