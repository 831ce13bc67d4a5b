"""The shipped data are complete and exact."""

import pandas as pd
import pytest

from sparsekin.data.datasets import load_ad_biomarkers
from sparsekin.data.prepare import prepare_frame

OTHERS = ["age", "tau", "p_tau", "Ab_42", "male", "genotype", "diagnosis"]


def test_ad_biomarkers():
    people = load_ad_biomarkers()
    assert people.shape == (333, 131)
    proteins = people.drop(columns=OTHERS)
    assert proteins.shape[1] == 124
    assert all(pd.api.types.is_numeric_dtype(dtype) for dtype in proteins.dtypes)
    assert not people.isna().any(axis=None)
    assert people["genotype"].value_counts().to_dict() == {
        "E3E3": 167, "E3E4": 106, "E2E3": 37, "E4E4": 13, "E2E4": 8, "E2E2": 2,
    }  # fmt: skip
    assert people["diagnosis"].value_counts().to_dict() == {"Control": 242, "Impaired": 91}
    assert set(people["male"]) == {0, 1}
    assert people.columns[[0, 123]].tolist() == ["ACE_CD143_Angiotensin_Converti", "von_Willebrand_Factor"]
    assert people["tau"].mean() == pytest.approx(5.777907, abs=1e-6)
    assert people["ACE_CD143_Angiotensin_Converti"].iloc[0] == pytest.approx(2.0031, abs=1e-6)


def test_every_call_gives_a_frame_of_its_own():
    people = load_ad_biomarkers()
    people["tau"] = 0
    assert load_ad_biomarkers()["tau"].mean() > 1


def test_ad_biomarkers_by_genotype():
    people = load_ad_biomarkers()
    found = prepare_frame("tau ~ . - p_tau - Ab_42 - diagnosis", people, task="genotype", keep=["age", "male"])
    assert found.blocks.n_features == 124
    assert found.blocks.n_obs.tolist() == [2, 37, 8, 167, 106, 13]
    markers = prepare_frame("tau + p_tau + Ab_42 ~ . - diagnosis", people, keep=["genotype"])
    assert markers.blocks.shared
    assert markers.blocks.keep.shape == (333, 5)
    assert markers.blocks.n_features == 126
