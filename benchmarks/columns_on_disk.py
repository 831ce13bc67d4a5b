"""X on disk: genotypes with LD as int8, p = 200,000 x n = 20,000 (4 GB), four cohorts; a path of 20 sizes.

Writes benchmarks/results/columns_on_disk.md. Files are made under /tmp and removed. Every fit runs in a process of its
own, whose peak memory is that of the process.

    python benchmarks/columns_on_disk.py            # all of it: 4 GB of disk, tens of minutes
    python benchmarks/columns_on_disk.py --quick    # the growth curves alone
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np

from commit import commit

ROOT = Path(__file__).resolve().parents[1]
K, CAUSAL, BLOCK = 4, 10, 50
SIZES = list(range(1, 21))
GROWTH_P = [(20_000, 25_000), (20_000, 50_000)]
GROWTH_N = [(5_000, 25_000), (10_000, 25_000)]
BOTH = [(20_000, 8_000)]  # where X in memory runs beside
FULL = (20_000, 200_000)


def write(path: Path, n: int, p: int) -> None:
    """Genotypes (n, p) int8, Fortran-ordered .npy: two of 8 founders' haplotypes in every block of 50 variants."""
    X = np.lib.format.open_memmap(path, "w+", np.int8, (n, p), fortran_order=True)
    rng = np.random.default_rng(0)
    for first in range(0, p, BLOCK):
        width = min(BLOCK, p - first)
        frequency = rng.uniform(0.05, 0.5, width)
        founders = (rng.random((8, width)) < frequency).astype(np.int8)
        drawn = rng.integers(0, 8, (2, n))
        block = founders[drawn[0]] + founders[drawn[1]]
        errors = rng.random(block.shape, np.float32) < 0.02
        block[errors] = rng.integers(0, 3, int(errors.sum()))
        X[:, first : first + width] = block
    X.flush()


def outcomes(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Four cohorts: 8 causal variants of all, 2 of each alone; a tenth of a standard deviation or more each."""
    n, p = X.shape
    rng = np.random.default_rng(1)
    places = rng.choice(p // BLOCK, CAUSAL + 2 * (K - 1), replace=False) * BLOCK + 7
    task = np.repeat(np.arange(K), n // K)
    y = rng.standard_normal(n)
    for k in range(K):
        own = [*places[:8], *places[8 + 2 * k : 10 + 2 * k]]
        rows = task == k
        for j, at in enumerate(own):
            x = X[rows, at].astype(float)
            y[rows] += 0.25 * (1 + j % 3 / 2) * (x - x.mean()) / max(x.std(), 1e-9)
    return y, task


def run(path: Path, how: str) -> dict[str, object]:
    """A path of 20 sizes, with X on disk or in memory."""
    from sparsekin import SparseMTL, columns

    stored = np.load(path, mmap_mode="r")
    y, task = outcomes(stored)
    wall, cpu = time.perf_counter(), time.process_time()
    model = SparseMTL(y, columns.open(path) if how == "disk" else np.asfortranarray(stored, float), task)
    found = model.path(s=SIZES, lambda_1=0.001, lambda_z=0.005)
    seconds = (time.perf_counter() - wall, time.process_time() - cpu)
    return {
        "F": found.table["objective"].tolist(), "passes": found.passes, "wall": seconds[0], "cpu": seconds[1],
        "peak": peak(), "status": list(found.grid.status),
        "supports": [[S.tolist() for S in one] for one in found.grid.supports],
        "at10": found.at(s=10).selected,
    }  # fmt: skip


def peak() -> float:
    """GB that this process had in memory at most; getrusage would count those of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024 / 1e9


def measured(path: Path, how: str) -> dict[str, object]:
    """`run` in a process of its own."""
    asked = [sys.executable, __file__, "--run", str(path), how]
    done = subprocess.run(asked, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def line(n: int, p: int, how: str, found: dict[str, object], disk: float) -> str:
    settled = sum(one == "swap-optimal" for one in found["status"])
    told = f"{settled} of 20" if how == "disk" else "not looked at"
    passes = found["passes"] if how == "disk" else ""
    numbers = f"{found['peak']:.2f} | {found['cpu']:.0f} | {found['wall']:.0f}"
    return f"| {n:,} | {p:,} | {disk:.2f} | {how} | {passes} | {numbers} | {told} |"


def alike(disk: dict[str, object], memory: dict[str, object]) -> str:
    """How many of the 20 settings have the same supports, and how far F is apart there and elsewhere."""
    F, G = np.array(disk["F"]), np.array(memory["F"])
    same = np.array([a == b for a, b in zip(disk["supports"], memory["supports"], strict=True)])
    apart = np.abs(F[same] / G[same] - 1).max() if same.any() else np.nan
    rest = F[~same] / G[~same] - 1
    more = f"; elsewhere F on disk is {100 * rest.min():+.3f} to {100 * rest.max():+.3f} %" if len(rest) else ""
    return f"the same supports at {same.sum()} of 20 sizes, F apart by at most {apart:.0e} there{more}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--run", nargs=2)
    parser.add_argument("--shapes", nargs="*", help="of these alone, as 20000x8000; nothing is written")
    given = parser.parse_args()
    if given.run:
        print(json.dumps(run(Path(given.run[0]), given.run[1])))
        return
    rows, notes = [], []
    shapes = list(dict.fromkeys([*BOTH, *GROWTH_P, *GROWTH_N, *([] if given.quick else [FULL])]))
    if given.shapes:
        shapes = [tuple(map(int, one.split("x"))) for one in given.shapes]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for n, p in shapes:
            path = Path(folder) / "G.npy"
            write(path, n, p)
            disk = measured(path, "disk")
            size = path.stat().st_size / 1e9
            rows.append(line(n, p, "disk", disk, size))
            if (n, p) in BOTH:
                memory = measured(path, "memory")
                rows.append(line(n, p, "memory", memory, size))
                notes.append(f"n = {n:,}, p = {p:,}, against X in memory: {alike(disk, memory)}.")
            path.unlink()
            print(*rows[-1 - ((n, p) in BOTH) :], sep="\n", flush=True)
    if given.shapes:
        print(*notes, sep="\n")
        return
    text = f"""# X on disk

`python benchmarks/columns_on_disk.py{" --quick" if given.quick else ""}`, commit {commit()}, {date.today()}.
Simulated genotypes with LD as int8 (.npy, columns side by side), four cohorts, 8 causal variants of all and 2 of each
alone. A path of 20 sizes (s = 1 to 20, lambda_1 = .001, lambda_z = .005), moments included. Two cores that others used
as well. Peak memory is that of the process (Python and its libraries are .2 GB of it). swap-optimal: single moves with
every column were looked at, and none helps.

<!-- table -->

| n | p | GB on disk | X | passes | peak GB | CPU s | wall s | swap-optimal |
|---|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}

{chr(10).join(notes)}

<!-- end of table -->
"""
    (ROOT / "benchmarks" / "results" / "columns_on_disk.md").write_text(text)


if __name__ == "__main__":
    main()
