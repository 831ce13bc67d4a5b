import numpy as np
import pandas as pd
import pytest

from forms.planted import plant
from sparsekin import MixedForms


def frame_of(seed=0, n=120, missing=0.05, d=2, sites=4):
    """y1..y3, x1..x8, z1..z5 from the model, site, and a factor."""
    planted = plant(seed, n=n, widths=(3, 8, 5), d=d, missing=missing)
    columns = {}
    for letter, table in zip("yxz", planted.tables, strict=True):
        columns |= {f"{letter}{j + 1}": table[:, j] for j in range(table.shape[1])}
    frame = pd.DataFrame(columns, index=[f"row{i}" for i in range(n)])
    frame["site"] = [f"site{i % sites}" for i in range(n)]
    frame["sex"] = pd.Categorical(np.where(np.arange(n) % 3 == 0, "f", "m"))
    return frame


@pytest.fixture(scope="module")
def frame():
    return frame_of()


@pytest.fixture(scope="module")
def fit(frame):
    return MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3 + x4 + x5 + x6 | z1 + z2 + z3 + z4", frame).fit(d=2)


@pytest.fixture(scope="module")
def by_site(frame):
    shifted = frame.copy()
    for j, shift in ((1, 3.0), (2, -2.0)):
        shifted[f"y{j}"] += np.where(shifted["site"] == "site1", shift, 0.0)
    return MixedForms.from_formula("y1 + y2 + y3 ~ x1 + x2 + x3 + x4 + x5 + x6", shifted, task="site").fit(d=2)
