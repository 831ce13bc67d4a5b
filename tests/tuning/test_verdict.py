"""The rule that chooses between models, by hand."""

import numpy as np
import pytest

from sparsekin.tuning.verdict import corrected_error, paired, verdict

POOL, SHARE, APART = "pool", "share", "apart"
ORDER = (POOL, SHARE, APART)


def losses(gains, se=1.0, level=10.0, F=5):
    """Losses whose paired differences to `level` have mean `gains` and corrected standard error `se` between any two.

    (1, -1, 0, 0, 0) has mean 0 and squares 2, so sd = sqrt(2 / 4) and sd sqrt(1/5 + 1/4) = 0.4743.
    """
    wave = np.array([1.0, -1.0, 0.0, 0.0, 0.0]) / (np.sqrt(0.5) * np.sqrt(0.45))
    base = level + np.arange(F)
    return {name: base - gain + i * se * wave for i, (name, gain) in enumerate(gains.items())}


def test_the_corrected_error_by_hand():
    d = np.array([[0.1, 0.3, 0.2, 0.4]])  # mean .25, squares .0225 + .0025 + .0025 + .0225 = .05, sd^2 = .05 / 3
    assert corrected_error(d)[0] == pytest.approx(np.sqrt(0.05 / 3 * (1 / 4 + 1 / 3)))
    assert corrected_error(d)[0] > d.std(ddof=1) / 2  # larger than that of independent folds
    assert np.isnan(corrected_error(np.array([[1.0]]))[0])
    assert corrected_error(np.array([[0.1, 0.3, np.nan, 0.2, 0.4]]))[0] == pytest.approx(corrected_error(d)[0])


def test_losses_have_the_errors_they_say():
    made = losses({POOL: 0.0, SHARE: 0.7})
    assert paired(made[POOL], made[SHARE]) == pytest.approx((0.7, 1.0))


@pytest.mark.parametrize(
    ("gains", "chosen", "best"),
    [
        ({POOL: 0.0, SHARE: 0.49, APART: 0.0}, POOL, SHARE),
        ({POOL: 0.0, SHARE: 0.51, APART: 0.0}, SHARE, SHARE),
        ({POOL: 0.0, SHARE: 0.6, APART: 1.0}, SHARE, APART),  # .4 more than sharing
        ({POOL: 0.0, SHARE: 0.6, APART: 1.2}, APART, APART),
        ({POOL: 0.0, SHARE: 0.4, APART: 0.9}, POOL, APART),  # against pooling: 2 is the error of pool and apart
        ({POOL: 0.0, SHARE: 0.4, APART: 1.1}, APART, APART),
        ({POOL: 1.0, SHARE: 0.0, APART: -3.0}, POOL, POOL),
    ],
)
def test_moves_on_for_more_than_half_an_error(gains, chosen, best):
    found = verdict(losses(gains), ORDER)
    assert (found.chosen, found.best) == (chosen, best)
    assert found.differences[best] == found.ses[best] == 0.0
    assert found.differences[POOL] == pytest.approx(gains[best] - gains[POOL])


def test_what_cannot_be_told_apart_is_within_one_error():
    found = verdict(losses({POOL: 0.0, SHARE: 0.99}), ORDER)
    assert found.indistinct == (POOL, SHARE)
    assert found.chosen == SHARE
    found = verdict(losses({POOL: 0.0, SHARE: 1.01}), ORDER)
    assert found.indistinct == (SHARE,)
    assert found.ses == {POOL: pytest.approx(1.0), SHARE: 0.0}
    assert list(found.differences) == [POOL, SHARE]


def test_the_order_decides_between_equals():
    same = np.array([1.0, 2.0, 3.0])
    found = verdict({SHARE: same, POOL: same}, ORDER)
    assert found.chosen == found.best == POOL
    assert found.indistinct == (POOL, SHARE)
    rounding = same * (1 - 1e-14)  # every fold better, by nothing
    found = verdict({POOL: same, SHARE: rounding}, ORDER)
    assert found.chosen == found.best == POOL
    assert found.indistinct == (POOL, SHARE)
    assert found.differences == found.ses == {POOL: 0.0, SHARE: 0.0}


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_units_do_not_decide(unit):
    made = {name: unit * values for name, values in losses({POOL: 0.0, SHARE: 0.51, APART: 0.3}).items()}
    found = verdict(made, ORDER)
    assert found.chosen == SHARE
    assert found.differences[POOL] == pytest.approx(0.51 * unit)


def test_folds_that_are_missing():
    made = losses({POOL: 0.0, SHARE: 2.0})
    made[SHARE][4] = np.nan
    assert verdict(made, ORDER).chosen == SHARE
    made[SHARE][:] = np.nan
    found = verdict(made, ORDER)
    assert list(found.differences) == [POOL]
    with pytest.raises(ValueError, match="no fold was finished"):
        verdict({POOL: np.full(3, np.nan)}, ORDER)
    one = {POOL: np.array([2.0]), SHARE: np.array([1.0])}
    assert verdict(one, ORDER).chosen == POOL  # one fold says nothing of errors
