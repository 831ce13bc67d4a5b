"""One tree over all tasks, whatever the losses are."""

from __future__ import annotations

from sparsekin.l0.exact.relaxator import Piece
from sparsekin.l0.exact.standing import Standing
from sparsekin.l0.exact.subproblem import R, Root, search, solve_root
from sparsekin.l0.search import Supports

# Nodes of the tree over all tasks, and the share of the root's gap that may be left then: else the tasks are taken
# apart. Trees of single tasks close their last two places by listing, so they do better the fewer places there are.
FEW_PLACES, CHECKPOINTS, MANY_PLACES = 6, ((60, 0.4), (240, 0.2)), ((120, 0.85), (480, 0.6))
WIDE, HASTY = 0.22, ((15, 0.4),)  # gap of a root that one tree seldom closes, and what it has to show

HOPELESS = 0.4  # gap of the tasks' own relaxations from which one tree over all tasks is not tried first

Checkpoints = tuple[tuple[int, float], ...]


def checkpoints_of(proof: Standing) -> Checkpoints:
    """What a tree over all tasks has to show, unless nothing but it is possible."""
    if proof.problem.s.mean() > FEW_PLACES:
        return MANY_PLACES
    return (HASTY if proof.relative_gap > WIDE else ()) + CHECKPOINTS


def hopeless_together(proof: Standing, apart: float) -> bool:
    """Whether trees of tasks are to be tried first: `apart` is the sum of the tasks' own relaxations."""
    few = proof.problem.s.mean() <= FEW_PLACES
    return few and proof.objective - apart > HOPELESS * proof.objective


def joint_tree(proof: Standing, joint: Piece[R], root: Root[R], checkpoints: Checkpoints = ()) -> None:
    """Search it; what it finds and proves is kept."""
    proof.route = "joint tree"
    heard = lambda bound, value: proof.hear(min(bound, root.excluded), value)  # noqa: E731
    found, supports = search(joint, root, proof.tolerance, proof.left, checkpoints=checkpoints, on_node=heard)
    proof.nodes += found.nodes
    if found.columns is not None:
        proof.offer(supports[found.columns])
    proof.raise_bound(min(found.bound, root.excluded))
    proof.status = found.status


def list_jointly(proof: Standing, target: float) -> list[tuple[float, Supports]] | None:
    """All supports with F below `target`, from one tree; None where a limit came first."""
    leaves = leaves_below(proof, proof.joint(), target)
    return None if leaves is None else sorted(leaves, key=lambda leaf: leaf[0])


def leaves_below(proof: Standing, piece: Piece[R], target: float) -> list[tuple[float, Supports]] | None:
    """All supports of one piece with its part of F below `target`, and that part; None where a limit came first."""
    root = solve_root(piece, target, 0.0, target, proof.limits.deadline)
    tree, supports = search(piece, root, 0.0, proof.left, keep=target)
    proof.nodes += tree.nodes
    if tree.status != "solved":
        proof.status = tree.status
        return None
    return [(value, supports[columns]) for columns, value in tree.leaves.items()]
