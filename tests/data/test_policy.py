"""A policy refuses sums that give rows away, and travels with what it let out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from sparsekin import federation, moments
from sparsekin.data.moments import Moments
from sparsekin.data.noise import noise_sd, noisy_moments, privacy_loss, sensitivity
from sparsekin.errors import DataError, OptionError

POLICY = federation.Policy(least_rows=20, least_cell=5)


def patients(n=60, seed=0, **columns):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"y": rng.standard_normal(n), "age": rng.normal(60, 8, n), "site": "north"})
    return frame.assign(**columns)


def of(frame, formula="y ~ .", **given):
    return moments.from_frame(formula, frame, task="site", **given)


def test_what_obeys_goes_through_and_carries_the_policy(tmp_path):
    one = of(patients(ill=np.arange(60) < 9))
    one.save(tmp_path / "m.npz", policy=POLICY)
    again = moments.load(tmp_path / "m.npz")
    assert again.policy == POLICY
    assert_allclose(again.parts[0].cross, one.parts[0].cross)
    assert one.policy is None
    one.save(tmp_path / "plain.npz")
    assert moments.load(tmp_path / "plain.npz").policy is None


def test_bounds_survive_a_file(tmp_path):
    policy = federation.Policy(epsilon=1.0, delta=1e-6, bounds={"age": (18, 100)})
    replace(of(patients()), policy=policy).save(tmp_path / "m.npz")
    assert moments.load(tmp_path / "m.npz").policy == policy


def refused(frame, message, policy=POLICY, formula="y ~ .", **given):
    with pytest.raises(DataError, match=message):
        of(frame, formula, **given).check(policy)


def test_one_row_and_few_rows():
    refused(
        patients(1), r"^Task 'north' has 1 row; the policy lets out sums of 20 or more\. Merge it with another task"
    )
    refused(patients(19), r"^Task 'north' has 19 rows; the policy lets out sums of 20 or more")


def test_as_many_columns_as_rows_give_rows_away():
    frame = patients(24, **{f"x{j}": np.random.default_rng(j).standard_normal(24) for j in range(8)})
    refused(frame, r"^Task 'north' has 24 rows and 9 columns; the policy lets out 0\.33 columns for a row at most")
    of(frame).check(replace(POLICY, most_columns=0.5))


@pytest.mark.parametrize(("ones", "value"), [(1, 1), (4, 1), (56, 0), (59, 0)])
def test_cells_of_few_rows(ones, value):
    frame = patients(rare=(np.arange(60) < ones).astype(int))
    refused(
        frame, rf"^Task 'north' has fewer than 5 rows where column 'rare' is {value}, and the policy lets out cells"
    )


@pytest.mark.parametrize("ones", [0, 5, 55, 60])
def test_cells_of_none_or_enough_rows(ones):
    of(patients(fine=(np.arange(60) < ones).astype(int))).check(POLICY)


def test_the_reference_level_is_a_cell():
    levels = np.repeat(["a", "b", "c"], [3, 30, 27])
    refused(patients(group=levels), r"fewer than 5 rows where 'group' has its reference level")
    of(patients(group=np.repeat(["b", "c"], 30)), levels={"group": ["a", "b", "c"]}).check(POLICY)


def test_nested_dummies_whose_difference_is_one_row():
    frame = patients(over50=np.arange(60) < 30, over51=np.arange(60) < 29)
    refused(frame, r"fewer than 5 rows where 'over50.*' and 'over51.*' together single them out")
    frame = patients(a=np.arange(60) < 30, b=(np.arange(60) < 29) | (np.arange(60) == 40))  # neither holds the other
    refused(frame, "together single them out")
    of(patients(a=np.arange(60) < 30, b=np.arange(60) % 3 == 0)).check(POLICY)


def test_weights_do_not_hide_counts():
    frame = patients(rare=(np.arange(60) < 3).astype(int), w=2.0)
    with pytest.raises(DataError, match="fewer than 5 rows where column 'rare' is 1"):
        moments.from_frame("y ~ age + rare", frame, task="site", weights="w").check(POLICY)


def test_differences_obey_too(tmp_path):
    frame = patients(60)
    parts = {"whole": frame, "but_one": frame.iloc[:-1], "most": frame.iloc[:45], "half": frame.iloc[:30]}
    loaded = {}
    for name, rows in parts.items():
        of(rows).save(tmp_path / f"{name}.npz", policy=POLICY)
        loaded[name] = moments.load(tmp_path / f"{name}.npz")
    with pytest.raises(DataError, match=r"^Task 'north' has 1 row; the policy"):
        loaded["whole"] - loaded["but_one"]
    with pytest.raises(DataError, match=r"^Task 'north' has 15 rows; the policy"):
        loaded["whole"] - loaded["most"]
    assert (loaded["whole"] - loaded["half"]).policy == POLICY
    with pytest.raises(DataError, match=r"^Task 'north' has 1 row"):  # one of them is enough
        loaded["whole"] - of(parts["but_one"])


def test_a_sum_minus_all_but_one(tmp_path):
    total = None
    for seed, site in enumerate(["a", "b", "c"]):
        made = replace(of(patients(30, seed).assign(site=site)), policy=POLICY)
        total = made if total is None else total + made
    assert total.policy == POLICY
    lone = of(patients(30, 2).iloc[1:].assign(site="c"))
    others = of(patients(30, 0).assign(site="a")) + of(patients(30, 1).assign(site="b"))
    with pytest.raises(DataError, match=r"^Task 'c' has 1 row"):
        total - (others + lone)
    assert (total - others).tasks == ("c",)


def test_cells_of_a_difference_count():
    rare = np.r_[np.ones(6), np.zeros(54)]
    whole, part = patients(60, rare=rare), patients(60, rare=rare).iloc[2:32]
    with pytest.raises(DataError, match="fewer than 5 rows where column 'rare' is 1"):
        replace(of(whole), policy=POLICY) - of(part)


def test_the_stricter_policy_wins():
    a = federation.Policy(30, 3, most_columns=0.2, questions=10)
    b = federation.Policy(20, 8, differences=15, epsilon=1.0, delta=1e-6, bounds={"age": (0, 99)})
    assert a.stricter(b) == federation.Policy(30, 8, 30, 0.2, 10)
    c = replace(b, epsilon=2.0)
    assert b.stricter(c).epsilon == c.stricter(b).epsilon == 2.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"least_rows": 0}, r"^least_rows = 0 must be a whole number of at least 1\."),
        ({"least_cell": 2.5}, r"^least_cell = 2\.5 must be a whole number"),
        ({"differences": True}, r"^differences = True must be a whole number"),
        (
            {"differences": 21},
            r"^differences = 21 is more than least_rows = 20: a difference of releases tells no more",
        ),
        ({"most_columns": 0}, r"^most_columns = 0 must be a number above 0, such as 0\.33\."),
        ({"epsilon": 1.0}, r"^epsilon and delta belong together"),
        ({"epsilon": -1.0, "delta": 0.1}, r"^epsilon = -1\.0 must be above 0, and delta = 0\.1 between 0 and 1"),
        ({"epsilon": 1.0, "delta": 1e-6}, r"^Noise needs bounds= for every column"),
        ({"epsilon": 1.0, "delta": 1e-6, "bounds": {"a": (1, 1)}}, r"^bounds of 'a' are \(1, 1\); give low < high\."),
    ],
)
def test_limits_that_cannot_be(given, message):
    with pytest.raises(OptionError, match=message):
        federation.Policy(**given)


def test_noise_is_not_for_sums_alone(tmp_path):
    policy = federation.Policy(epsilon=1.0, delta=1e-6, bounds={"age": (18, 100)})
    with pytest.raises(OptionError, match=r"^Noise is added where the rows are: use sparsekin\.federation\.Site"):
        of(patients()).save(tmp_path / "m.npz", policy=policy)


@pytest.mark.parametrize(("epsilon", "delta"), [(0.2, 1e-5), (1.0, 1e-6), (6.0, 1e-3)])
def test_the_noise_keeps_its_promise(epsilon, delta):
    """max over sets of P(set) - e^epsilon Q(set), by quadrature, for two normals at distance 1."""
    sd = noise_sd(epsilon, delta)
    edge = 0.5 - epsilon * sd**2  # where the two densities are e^epsilon apart

    def lost(x):
        return norm.pdf(x, 0, sd) - np.exp(epsilon) * norm.pdf(x, 1, sd)

    assert_allclose(quad(lost, edge - 40 * sd, edge, limit=500)[0], delta, rtol=1e-6)
    assert_allclose(privacy_loss(sd, epsilon), delta, rtol=1e-9)
    if epsilon < 1:
        assert sd < np.sqrt(2 * np.log(1.25 / delta)) / epsilon  # the classical rule


def test_no_row_moves_the_sums_further_than_said():
    rng = np.random.default_rng(0)
    most = 0.0
    for _ in range(2000):
        a, b = rng.choice([-1.0, 0.0, 1.0, rng.uniform(-1, 1)], (2, 4))
        moved = [a - b, (np.outer(a, a) - np.outer(b, b))[np.tril_indices(4)]]
        most = max(most, float(np.linalg.norm(np.concatenate(moved))))
    assert 0.6 * sensitivity(4) < most <= sensitivity(4)


def test_noise_has_the_size_it_should():
    values = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    exact = values.mean(axis=0)
    low, high = np.full(2, -1.0), np.full(2, 1.0)
    rng = np.random.default_rng(1)
    means = np.array([noisy_moments(values, low, high, 1.0, 1e-6, rng).mean for _ in range(800)])
    expected = noise_sd(1.0, 1e-6) * sensitivity(2) / 400
    assert_allclose(means.std(axis=0), expected, rtol=0.1)
    assert_allclose(means.mean(axis=0), exact, atol=4 * expected / np.sqrt(800))
    part = noisy_moments(values, low, high, 0.05, 1e-6, rng)
    assert np.linalg.eigvalsh(part.cross)[0] >= -1e-9
    assert isinstance(Moments(("a",), (part,), ("x",), (), ("y",)), Moments)
