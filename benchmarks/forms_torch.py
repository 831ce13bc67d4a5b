"""The orthogonal encode-decode head on handwritten digits; writes `results/forms-torch.md`.

The same convolutional network (two layers, 64 features) on scikit-learn's digits (1797 images of 8 x 8) with three
heads: one linear layer to the ten classes, trained by cross entropy; `sparsekin.forms.torch.OrthogonalHead` with the
coupled loss; and the same head by cross entropy alone ("orthonormal start"). Same split, same initial convolutions,
same batches within a replicate, same optimiser; one thread. "Given back": 1 - ||F - F B B'||^2 / ||F||^2, how much of
the features F of test images B' makes of their codes.

    python benchmarks/forms_torch.py [--quick]
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

from sparsekin.forms.torch import OrthogonalHead, coupled_loss

REPORT = Path(__file__).parent / "results" / "forms-torch.md"
FEATURES, CLASSES, BATCH = 64, 10, 64
KINDS = ("linear", "orthonormal start", "orthogonal")


def network() -> nn.Sequential:
    """f: images (n, 1, 8, 8) to (n, 64)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(128, FEATURES), nn.ReLU(),
    )  # fmt: skip


def train(kind: str, seed: int, X, y, epochs: int) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(seed)
    body = network()
    head = nn.Linear(FEATURES, CLASSES) if kind == "linear" else OrthogonalHead(FEATURES, CLASSES)
    optimiser = torch.optim.Adam([*body.parameters(), *head.parameters()], lr=1e-3)
    batches = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(X), generator=batches).split(BATCH):
            optimiser.zero_grad()
            features = body(X[rows])
            if kind != "orthogonal":
                loss = nn.functional.cross_entropy(head(features), y[rows])
            else:
                loss = coupled_loss(head, features, y[rows])
            loss.backward()
            optimiser.step()
    return body, head


def replicate(seed: int, epochs: int) -> dict[str, tuple[float, float, float, float]]:
    """Test accuracy, CPU seconds of training, the largest entry of |B'B - I|, and how much is given back, per head."""
    images, labels = load_digits(return_X_y=True)
    split = train_test_split(images / 16.0, labels, test_size=0.25, random_state=seed, stratify=labels)
    X, X_test = (torch.tensor(part, dtype=torch.float32).reshape(-1, 1, 8, 8) for part in split[:2])
    y, y_test = (torch.tensor(part) for part in split[2:])
    out = {}
    for kind in KINDS:
        start = time.process_time()
        body, head = train(kind, seed, X, y, epochs)
        seconds = time.process_time() - start
        with torch.no_grad():
            right = (head(body(X_test)).argmax(1) == y_test).float().mean().item()
            B = head.weight.T if kind == "linear" else head.B
            far = (B.T @ B - torch.eye(CLASSES)).abs().max().item()
            F = body(X_test)
            back = 1 - ((F - F @ B @ B.T).square().sum() / F.square().sum()).item()
        out[kind] = (right, seconds, far, back)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two replicates of two epochs; writes nothing")
    quick = parser.parse_args().quick
    replicates, epochs = (2, 2) if quick else (10, 30)
    torch.set_num_threads(1)
    found = [replicate(seed, epochs) for seed in range(replicates)]
    root = np.sqrt(replicates)
    lines = [
        "# The orthogonal head on digits", "",
        f"torch {torch.__version__}, Python {platform.python_version()}, {platform.machine()}, one thread; "
        f"{replicates} replicates of {epochs} epochs. `benchmarks/forms_torch.py` says how.", "",
        "| head | test accuracy | s.e. | CPU seconds | largest entry of B'B - I | given back |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for kind in KINDS:
        accuracy, seconds, far, back = np.array([one[kind] for one in found]).T
        error, rest = accuracy.std(ddof=1) / root, f"{far.mean():.3f} | {back.mean():.3f}"
        lines.append(f"| {kind} | {accuracy.mean():.4f} | {error:.4f} | {seconds.mean():.1f} | {rest} |")
    lines.append("")
    for other in KINDS[:2]:
        gap = np.array([one["orthogonal"][0] - one[other][0] for one in found])
        lines.append(f"Paired difference orthogonal - {other}: {gap.mean():+.4f} (s.e. {gap.std(ddof=1) / root:.4f}).")
    lines.append("")
    print("\n".join(lines))
    if not quick:
        REPORT.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
