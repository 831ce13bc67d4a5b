"""The whole analysis of the shipped data in one call, printed and written as a page."""

from pathlib import Path

import pandas as pd

import sparsekin
from sparsekin import datasets

OUT = Path("demo-output")
LEAST_PEOPLE = 30


def large_groups(people: pd.DataFrame) -> pd.DataFrame:
    """Keep the genotype groups that are large enough to fit, and say which are not."""
    size = people["genotype"].value_counts()
    small = size[size < LEAST_PEOPLE]
    left_out = ", ".join(f"{group} ({n})" for group, n in small.items())
    print(f"Left out, fewer than {LEAST_PEOPLE} people: {left_out}.\n")
    return people[~people["genotype"].isin(small.index)]


def main() -> None:
    people = datasets.load_ad_biomarkers().drop(columns=["p_tau", "Ab_42", "diagnosis"])
    print("Which plasma proteins go with tau in cerebrospinal fluid, by APOE genotype, and how alike are the answers?")
    study = sparsekin.study("tau ~ .", large_groups(people), task="genotype", keep=["age", "male"], n_jobs=-1)
    print(study.summary())
    page, *_ = study.save(OUT)
    print(f"\nThe page, with pictures, proofs, validation and the code: {page.resolve()}")


if __name__ == "__main__":
    main()
