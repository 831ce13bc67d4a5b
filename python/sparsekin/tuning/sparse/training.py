"""The problem of training rows, made as the problem of all rows was."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.l0.problem import Problem, make_problem


def like(problem: Problem, training: TaskBlocks) -> Problem:
    """`problem` on other rows or on some of its tasks, standardised on those.

    Weights of tasks keep their proportions, and their mean when tasks are left out.
    """
    place = {task: k for k, task in enumerate(problem.blocks.task_names)}
    at = [place[task] for task in training.task_names]
    weights = problem.task_weights[at]
    if len(at) < problem.n_tasks:
        weights = weights * (problem.task_weights.mean() / weights.mean())
    return make_problem(
        training,
        problem.standard.anew(training, at),
        np.minimum(problem.s[at], training.n_features),
        lambda_1=problem.lambda_1,
        lambda_2=problem.lambda_2,
        lambda_z=problem.lambda_z,
        task_weights=weights,
        support=problem.support,
    )
