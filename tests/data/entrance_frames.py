"""One frame with columns of every kind, for the tests of the entrance."""

import numpy as np
import pandas as pd


def mixed_frame(n: int = 60, seed: int = 0) -> pd.DataFrame:
    """Outcomes y, y2; numbers age, my col, w > 0; counts k; bool flag; text geno; categories stage; task site."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "y2": rng.normal(size=n),
            "age": rng.normal(60, 5, n),
            "my col": rng.random(n),
            "w": rng.uniform(0.5, 2, n),
            "k": rng.integers(0, 3, n),
            "flag": rng.random(n) > 0.5,
            "geno": rng.choice(["E2", "E3", "E4"], n),
            "stage": pd.Categorical(rng.choice(["low", "high"], n), categories=["low", "high", "unused"]),
            "site": rng.choice(["b", "a"], n),
        }
    )
    return frame.set_axis([f"row{i}" for i in range(n)], axis=0)
