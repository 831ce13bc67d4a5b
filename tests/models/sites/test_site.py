"""A site lets out sums under its policy and remembers, so that no difference of releases tells of few rows."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sparsekin import SparseMTL, federation, moments
from sparsekin.errors import DataError, OptionError

POLICY = federation.Policy(least_rows=20, least_cell=5)


def patients(n=100, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((n, 3)), columns=["bmi", "crp", "ldl"])
    frame["glucose"] = 5 + frame["bmi"] + rng.normal(0, 0.5, n)
    return frame.assign(patient=np.arange(n) + 1000, ward=np.resize(["a", "b"], n))


def site_of(frame, ledger=None, policy=POLICY):
    return federation.Site(frame, policy, id="patient", ledger=ledger)


def test_a_release_is_the_moments_of_the_rows(tmp_path):
    frame = patients()
    made = site_of(frame).release("glucose ~ bmi + crp", task="ward", path=tmp_path / "m.npz")
    plain = moments.from_frame("glucose ~ bmi + crp", frame, task="ward")
    assert made.policy == POLICY
    for part, other in zip(moments.load(tmp_path / "m.npz").parts, plain.parts, strict=True):
        assert_allclose(part.cross, other.cross)
    assert SparseMTL.from_moments(made).fit(s=1).selected == ["bmi"]
    assert "patient" not in site_of(frame).release("glucose ~ .", task="ward").feature_names


def test_a_ledger_outlives_the_session(tmp_path):
    frame = patients()
    site_of(frame, tmp_path / "ledger.npz").release("glucose ~ bmi")
    again = site_of(frame.sample(frac=1, random_state=0), tmp_path / "ledger.npz")
    again.release("glucose ~ crp")  # other columns of the same rows
    again.release("glucose ~ bmi")
    assert again.released[["what", "rows", "columns"]].to_numpy().tolist() == [
        ["glucose ~ bmi", 100, 2], ["glucose ~ crp", 100, 2], ["glucose ~ bmi", 100, 2]]  # fmt: skip
    text = (tmp_path / "ledger.npz").read_bytes()
    assert b"1042" not in text


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (slice(1, None), 1),  # one patient less
        (slice(0, 90), 10),
        ([*range(1, 101)], 1),  # one left, another came: as many rows as before
        (slice(95, 125), 5),  # two releases that overlap
    ],
)
def test_differences_of_few_rows_are_refused(tmp_path, rows, told):
    everybody = patients(125)
    site_of(everybody.iloc[:100], tmp_path / "ledger.npz").release("glucose ~ bmi")
    before = (tmp_path / "ledger.npz").read_bytes()
    said = (
        rf"^Task 'glucose': together with 'glucose ~ bmi', released on \S+, the sums would tell of {told} rows? alone; "
    )
    with pytest.raises(DataError, match=said):
        site_of(everybody.iloc[rows], tmp_path / "ledger.npz").release("glucose ~ bmi", path=tmp_path / "m.npz")
    assert not (tmp_path / "m.npz").exists()
    assert (tmp_path / "ledger.npz").read_bytes() == before


def test_enough_new_rows_go_through(tmp_path):
    everybody = patients(125)
    site_of(everybody.iloc[:100], tmp_path / "ledger.npz").release("glucose ~ bmi")
    site_of(everybody.iloc[:120], tmp_path / "ledger.npz").release("glucose ~ bmi")
    site_of(everybody.iloc[60:100], tmp_path / "ledger.npz").release("glucose ~ bmi")


def test_a_sum_of_parts_minus_the_whole(tmp_path):
    """Four parts of which the last lacks one patient; then everybody: whole - a - b - c - d would be that patient."""
    everybody = patients(100)
    for rows in (slice(0, 25), slice(25, 50), slice(50, 75), slice(75, 99)):
        site_of(everybody.iloc[rows], tmp_path / "ledger.npz").release("glucose ~ bmi")
    with pytest.raises(DataError, match=r"the sums would tell of 1 row alone"):
        site_of(everybody, tmp_path / "ledger.npz").release("glucose ~ bmi")


def test_a_corrected_value_is_a_difference(tmp_path):
    frame = patients()
    site_of(frame, tmp_path / "ledger.npz").release("glucose ~ bmi")
    frame.loc[7, "bmi"] += 1
    said = r"^Task 'glucose': 1 row has other values than when 'glucose ~ bmi' was released on .* of 20 or"
    with pytest.raises(DataError, match=said):
        site_of(frame, tmp_path / "ledger.npz").release("glucose ~ bmi")
    frame.loc[:30, "bmi"] += 1
    site_of(frame, tmp_path / "ledger.npz").release("glucose ~ bmi")


def test_tasks_of_one_release_are_apart():
    frame = patients()
    frame["clinic"] = np.where(np.arange(100) < 97, "main", "annex")
    with pytest.raises(DataError, match=r"^Task 'annex' has 3 rows"):
        site_of(frame).release("glucose ~ bmi", task="clinic")
    site = site_of(frame.drop(columns="clinic").assign(ward=np.where(np.arange(100) < 45, "a", "b")))
    site.release("glucose ~ bmi", task="ward")
    frame = frame.assign(ward=np.where(np.arange(100) < 50, "a", "b")).drop(columns="clinic")
    other = site_of(frame)
    other.ledger = site.ledger
    with pytest.raises(DataError, match=r"the sums would tell of 5 rows alone"):  # those that changed wards
        other.release("glucose ~ bmi", task="ward")


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("glucose ~ bmi + I(patient2 == 7)", r"fewer than 5 rows where column 'I\(patient2 == 7\)' is 1"),
        ("glucose ~ bmi + I(2.5 * (patient2 == 7))", r"fewer than 5 rows where column"),
        ("glucose ~ bmi + I(3 - 2 * (patient2 < 96))", r"fewer than 5 rows where column"),
        ("glucose ~ bmi + I(exp(2 * patient2))", r"has a row that sums of these columns give away: nearly"),
        ("glucose ~ patient2 + I(patient2 + 1e-8 * exp(2 * (patient2 - 90)))", r"nearly all of a combination of them"),
    ],
)  # fmt: skip
def test_columns_made_to_single_out_rows(formula, message):
    frame = patients().assign(patient2=np.arange(100) + 0.0)
    with pytest.raises(DataError, match=message):
        site_of(frame).release(formula)


def test_columns_of_two_releases_whose_difference_is_one_row(tmp_path):
    frame = patients().assign(over50=np.arange(100) < 40, over51=np.arange(100) < 39, other=np.arange(100) % 3 == 0)
    site_of(frame, tmp_path / "ledger.npz").release("glucose ~ bmi + over50")
    again = site_of(frame, tmp_path / "ledger.npz")
    said = r"^Task 'glucose': column 'over51.*' and 'over50.*' of 'glucose ~ bmi \+ over50', released"
    with pytest.raises(DataError, match=said):
        again.release("glucose ~ bmi + over51")
    again.release("glucose ~ bmi + other")
    again.release("glucose ~ crp + over50")
    more = pd.concat([frame, patients(30, seed=1).assign(patient=lambda d: d["patient"] + 500, over51=False)])
    with pytest.raises(DataError, match="together single out fewer than 5 rows"):  # others' zeros change nothing
        site_of(more.fillna(False).infer_objects(), tmp_path / "ledger.npz").release("glucose ~ bmi + over51")


def test_noise_is_stated_and_needs_bounds():
    frame = patients(2000)
    bounds = {"bmi": (-4, 4), "glucose": (0, 10)}
    policy = federation.Policy(epsilon=2.0, delta=1e-6, bounds=bounds)
    site = site_of(frame, policy=policy)
    made = site.release("glucose ~ bmi", rng=0)
    exact = moments.from_frame("glucose ~ bmi", frame).parts[0]
    assert made.policy.epsilon == 2.0
    assert made.parts[0].rows == 2000
    assert not np.allclose(made.parts[0].cross, exact.cross, rtol=1e-6)
    assert_allclose(made.parts[0].mean, exact.mean, atol=0.2)
    assert SparseMTL.from_moments(made).fit(s=1).params.loc["bmi"].item() == pytest.approx(1.0, abs=0.15)
    site.release("glucose ~ bmi + ward", rng=1)
    assert site.released["epsilon"].sum() == 4.0
    with pytest.raises(
        OptionError, match=r"^Noise needs bounds of column 'crp': Policy\(bounds=\{'crp': \(low, high\)\}\)\."
    ):
        site.release("glucose ~ crp")
    with pytest.raises(OptionError, match=r"^Noise is for rows that count alike; leave weights out\."):
        site_of(frame.assign(w=2.0), policy=policy).release("glucose ~ bmi", weights="w")
    assert len(site.released) == 2


def test_outcomes_of_one_design():
    frame = patients().assign(tau=lambda d: d["crp"] + 1)
    made = site_of(frame).release("glucose + tau ~ bmi + ldl")
    assert made.outcomes == ("glucose", "tau")


def test_ids_must_name_every_row(tmp_path):
    frame = patients()
    with pytest.raises(DataError, match=r"^There is no column 'name'\."):
        federation.Site(frame, POLICY, id="name")
    with pytest.raises(DataError, match=r"^Column 'ward' is the same in some rows; it must name every row\."):
        federation.Site(frame, POLICY, id="ward")
    with pytest.raises(DataError, match=r"^Column 'patient' is missing in some rows"):
        federation.Site(frame.assign(patient=frame["patient"].where(frame["patient"] > 1000)), POLICY, id="patient")
    moments.from_frame("glucose ~ bmi", frame).save(tmp_path / "m.npz")
    with pytest.raises(DataError, match=r"holds moments; read it with"):
        site_of(frame, tmp_path / "m.npz")
    (tmp_path / "no.npz").write_text("no")
    with pytest.raises(DataError, match=r"no.npz' is no ledger of a site\."):
        site_of(frame, tmp_path / "no.npz")
