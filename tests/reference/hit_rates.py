"""How often `solve` finds the stored optima."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any

from reference.l0_instances import stored_optima, stored_problem
from sparsekin.l0.solve import solve

HIT = 1e-8  # largest relative excess of an exact optimum


def group_of(entry: dict[str, Any]) -> str:
    """lambda_2, or else the support mode or lambda_z."""
    settings = entry["settings"]
    if entry["kind"] == "coupled":
        return f"lambda_2={settings['lambda_2']}"
    return settings.get("support") or f"lambda_z={settings['lambda_z']}"


@cache
def excesses(kind: str, effort: int) -> dict[str, list[float]]:
    """(F - optimum) / optimum of every stored problem of this kind, by group."""
    found = defaultdict(list)
    for entry in stored_optima():
        if entry["kind"] == kind:
            solution = solve(stored_problem(entry["instance"], entry["settings"]), effort=effort)
            found[group_of(entry)].append((solution.objective - entry["objective"]) / entry["objective"])
    return dict(found)


def hit_rates(kind: str, effort: int) -> dict[str, int]:
    """Percentage of exact optima by group."""
    return {
        group: round(100 * sum(e < HIT for e in found) / len(found)) for group, found in excesses(kind, effort).items()
    }
