"""Values of given supports at many ridges and links, whatever the losses: from products of columns, or by Newton."""

from __future__ import annotations

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.l0.glm.values import Columns, read_columns, values_of
from sparsekin.l0.problem import Problem
from sparsekin.l0.values import Batch, Products, products, values

MOST = 2e8  # bytes read at once; above, each support reads its own columns


def read(problem: Problem, columns: Ints) -> Products | Columns:
    """Read some columns once, for `refits`."""
    return products(problem, columns) if problem.losses is None else read_columns(problem, columns)


def is_much(problem: Problem, columns: Ints) -> bool:
    """Whether so many columns are too many to be read at once."""
    width = len(columns) + problem.blocks.keep.shape[1]
    rows = problem.n_tasks * width if problem.losses is None else sum(len(y) for y in problem.blocks.y)
    return 8.0 * rows * width > MOST


def refits(read: Products | Columns, support: Bools, ridges: Floats, links: Floats) -> Batch:
    """The models of one support at every ridge and link, links running fastest."""
    if isinstance(read, Columns):
        return values_of(read, support, ridges, links)
    return values(read, support, ridges, links)
