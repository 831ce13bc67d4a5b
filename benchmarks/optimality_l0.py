"""How often each effort finds the exact optimum of the stored small instances; writes `results/optimality_l0.md`.

python benchmarks/optimality_l0.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from reference.hit_rates import excesses, hit_rates  # noqa: E402

REPORT = HERE / "results" / "optimality_l0.md"
HEADER = """# Exact optima found by the L0 search

Percentage of stored instances (tests/reference/l0_optima.json) whose objective is within 1e-8 of the enumerated
optimum; in brackets the largest relative excess.

| instances | effort 0 | effort 1 | effort 2 |
|---|---|---|---|
"""


def rounded(excess: float) -> float:
    """0 for what is rounding only."""
    return excess if excess > 1e-12 else 0.0


def table(kind: str) -> str:
    """One line per group of instances."""
    rates = [hit_rates(kind, effort) for effort in (0, 1, 2)]
    worst = [{group: max(found) for group, found in excesses(kind, effort).items()} for effort in (0, 1, 2)]
    cells = {
        g: [f"{r[g]} % ({w[g] if w[g] > 1e-12 else 0.0:.1e})" for r, w in zip(rates, worst, strict=True)]
        for g in rates[0]
    }
    return "".join(f"| {kind}, {group} | {' | '.join(line)} |\n" for group, line in cells.items())


def main() -> None:
    """Solve every instance at every effort and write the table."""
    start = time.process_time()
    report = HEADER + table("separable") + table("coupled")
    print(report, f"\n{time.process_time() - start:.0f} s of CPU time")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(report)


if __name__ == "__main__":
    main()
