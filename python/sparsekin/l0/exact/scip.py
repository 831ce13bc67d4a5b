"""SCIP drives our tree, by plugins."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from pyscipopt import SCIP_PARAMSETTING, SCIP_RESULT, Branchrule, Conshdlr, Model
from pyscipopt.scip import Relax

from sparsekin.l0.exact.tree import Search, Task, TreeResult, complete

SETTINGS = {
    "lp/solvefreq": -1,
    "lp/disablecutoff": 1,
    "misc/usesymmetry": 0,
    "misc/allowstrongdualreds": False,
    "misc/allowweakdualreds": False,
    "misc/catchctrlc": False,
    "conflict/enable": False,
    "propagating/maxrounds": 0,
    "propagating/maxroundsroot": 0,
    "nodeselection/bfs/stdpriority": 1_000_000,
    "display/verblevel": 0,
}


def search_tree(task: Task) -> TreeResult:
    """Search a tree to the end, or to one of its limits; Ctrl-C keeps what is proven."""
    search = Search(task)
    if not (task.marks == -1).any():
        search.close_leaf(complete(task.marks, task.relaxation.sizes), -np.inf)
        return TreeResult(search.best, search.columns, search.pruned, 0, "solved", search.leaves)
    open_bound, status = run_scip(search)
    bound = min(search.pruned, search.best, open_bound)
    return TreeResult(search.best, search.columns, bound, search.nodes, status, search.leaves)


class NodeBound(Relax):
    """Bounds of nodes."""

    def __init__(self, search: Search) -> None:
        self.search = search

    def relaxexec(self) -> dict[str, Any]:
        try:
            return self.solve()
        except BaseException as error:  # SCIP's C code must not see it: carried over to run_scip
            self.search.error = error
            self.model.interruptSolve()
            return {"result": SCIP_RESULT.DIDNOTRUN}

    def solve(self) -> dict[str, Any]:
        """Bound of the node SCIP looks at."""
        search, node = self.search, self.model.getCurrentNode()
        number, root = node.getNumber(), node.getParent() is None
        if search.current is not None and search.number == number:
            return {"result": SCIP_RESULT.SUCCESS, "lowerbound": search.current[2]}
        bound = search.solve_node(number, root)
        search.number = number
        search.stopped = search.stopped or search.reached_limit(self.model.getMemUsed() / 2**20)
        if search.stopped:
            self.model.interruptSolve()
        if bound is None:
            search.current = None
            return {"result": SCIP_RESULT.CUTOFF}
        return {"result": SCIP_RESULT.SUCCESS, "lowerbound": bound}


class Branch(Branchrule):
    """Two children: a column in, a column out."""

    def __init__(self, search: Search, variables: dict[int, Any]) -> None:
        self.search, self.variables = search, variables

    def branchexecps(self, allowaddcons: bool) -> dict[str, Any]:
        return self.branch()

    def branchexecext(self, allowaddcons: bool) -> dict[str, Any]:
        return self.branch()

    def branchexeclp(self, allowaddcons: bool) -> dict[str, Any]:
        return self.branch()

    def branch(self) -> dict[str, Any]:
        """Create them and hand over marks and warm start."""
        search = self.search
        if search.current is None:
            return {"result": SCIP_RESULT.DIDNOTRUN}
        _, _, bound, flat = search.current
        variable = self.model.getTransformedVar(self.variables[flat])
        for value in (1, 0):
            child = self.model.createChild(float(value), bound)
            (self.model.chgVarLbNode if value else self.model.chgVarUbNode)(child, variable, value)
            search.hand_over(child.getNumber(), flat, value)
        search.current = None
        return {"result": SCIP_RESULT.BRANCHED}


class TrueValue(Conshdlr):
    """The objective variable is at least the true value of the supports: only leaves of ours have one."""

    def conscheck(self, constraints: Any, solution: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {"result": SCIP_RESULT.INFEASIBLE}

    def consenfolp(self, constraints: Any, nusefulconss: Any, solinfeasible: Any) -> dict[str, Any]:
        return {"result": SCIP_RESULT.INFEASIBLE}

    def consenfops(self, *args: Any) -> dict[str, Any]:
        return {"result": SCIP_RESULT.INFEASIBLE}

    def consenforelax(self, *args: Any) -> dict[str, Any]:
        return {"result": SCIP_RESULT.INFEASIBLE}

    def conslock(self, constraint: Any, locktype: Any, nlockspos: int, nlocksneg: int) -> None:
        """No locks: every reduction that would ask for them is switched off."""


@contextmanager
def catching_ctrl_c(search: Any) -> Iterator[None]:
    """Ctrl-C sets `search.stopped`, heard between two nodes, never inside SCIP. Other threads never hear it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        search.stopped = "interrupted"

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run_scip(search: Search) -> tuple[float, str]:
    """Search the tree; the smallest bound of a node left open (infinite when none is) and how it ended."""
    model = Model()
    model.hideOutput()
    for name, value in SETTINGS.items():
        model.setParam(name, value)
    model.setPresolve(SCIP_PARAMSETTING.OFF)
    model.setHeuristics(SCIP_PARAMSETTING.OFF)
    model.setSeparating(SCIP_PARAMSETTING.OFF)
    marks = search.task.marks
    variables: dict[int, Any] = {}
    for flat in np.flatnonzero(marks.ravel() == -1).tolist():
        if search.task.limits.late:
            return -np.inf, "time limit"
        variables[flat] = model.addVar(vtype="B", name=f"z{flat}")
    eta = model.addVar(lb=None, name="eta")
    model.setObjective(eta)
    relax, branch, handler = NodeBound(search), Branch(search, variables), TrueValue()
    model.includeRelax(relax, "bound", "safe bound of the relaxation", priority=1, freq=1)
    model.includeBranchrule(branch, "supports", "columns in or out", priority=10**6, maxdepth=-1, maxbounddist=1.0)
    model.includeConshdlr(handler, "value", "true value of supports", enfopriority=-1, chckpriority=-1, needscons=False)
    with catching_ctrl_c(search):
        model.optimize()
    if search.error is not None:
        raise search.error
    if search.stopped:
        return search.open_bound(), search.stopped
    return np.inf, "solved"
