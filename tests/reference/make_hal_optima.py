"""Optima of the problems in hal_instances.py by CVXPY (Clarabel), to hal_optima.json. Needs cvxpy; run by hand.

`PYTHONPATH=python:tests python tests/reference/make_hal_optima.py`
"""

import json
from pathlib import Path

import cvxpy as cp
import numpy as np

from reference.hal_instances import SETTINGS, problem_of
from sparsekin.hal.path import lambda_max

TIGHT = {"tol_gap_abs": 1e-11, "tol_gap_rel": 1e-11, "tol_feas": 1e-11, "max_iter": 500}


def optimum(problem, lambda_):
    """The problem as it is written down in estimators.md, with nothing of the solver's."""
    blocks = problem.blocks
    basis = problem.design.basis
    Phi = problem.design.columns(np.arange(basis.size))
    scale = np.abs(Phi).max(axis=0)  # only for the conic solver: columns of size 1
    scale[scale == 0] = 1.0
    K = blocks.n_tasks
    W, c, g = cp.Variable((basis.size, K)), cp.Variable(K), cp.Variable((blocks.keep.shape[1], K))
    mixed = len(set(problem.families)) > 1
    loss = 0
    for k, rows in enumerate(blocks.rows):
        w = np.ones(len(blocks.y[k])) if blocks.weights[k] is None else blocks.weights[k]
        w = w / w.sum()
        eta = c[k] + (Phi[rows] / scale) @ W[:, k]
        if len(blocks.keep_names):
            eta = eta + blocks.keep[rows] @ g[:, k]
        if problem.families[k] == "gaussian":
            loss += cp.sum_squares(cp.multiply(np.sqrt(w), blocks.y[k] - eta)) / 2
        else:
            one = w @ (cp.logistic(eta) - cp.multiply(blocks.y[k], eta))
            loss += 2 * one if mixed else one
    ratio, v = problem.penalty.ratio, basis.factors / scale
    penalty = (1 - ratio) * (v @ cp.norm(W, 2, axis=1)) + ratio * (v @ cp.sum(cp.abs(W), axis=1))
    held = np.flatnonzero(basis.signs)
    limits = [cp.multiply(basis.signs[held][:, None] * np.ones((1, K)), W[held]) >= 0] if len(held) else []
    program = cp.Problem(cp.Minimize(loss + lambda_ * penalty), limits)
    value = program.solve(solver=cp.CLARABEL, **TIGHT)
    return float(value), program.status


if __name__ == "__main__":
    made = []
    for seed, setting in enumerate(SETTINGS):
        problem = problem_of(setting, seed)
        lambda_ = setting["share"] * lambda_max(problem)
        value, status = optimum(problem, lambda_)
        print(seed, setting, status, value, flush=True)
        made.append({"setting": setting, "seed": seed, "lambda": lambda_, "objective": value, "status": status})
    Path(__file__).with_name("hal_optima.json").write_text(json.dumps(made, indent=0) + "\n")
