import numpy as np
import pytest

from sparsekin.errors import SparsekinError
from sparsekin.results.unavailable import AFTER_SELECTION, Unavailable

NOTHING = Unavailable("no replicate was drawn")


def test_it_prints_the_reason():
    assert str(NOTHING) == repr(NOTHING) == "Not available: no replicate was drawn"
    assert "selected on the same rows" in AFTER_SELECTION


@pytest.mark.parametrize(
    "use",
    [
        lambda: NOTHING < 0.05, lambda: 1 - NOTHING, lambda: NOTHING * 2, lambda: NOTHING["age"], lambda: list(NOTHING),
        lambda: float(NOTHING), lambda: np.asarray(NOTHING), lambda: np.ones(3) + NOTHING,
    ],
)  # fmt: skip
def test_computing_with_it_raises_the_reason(use):
    with pytest.raises(SparsekinError, match="Not available: no replicate was drawn"):
        use()
