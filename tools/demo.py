"""Fit the shipped data twice and say what was found: one outcome by genotype, then three outcomes at once."""

from pathlib import Path

import pandas as pd

from sparsekin import SparseMTL, SparseResults, datasets

OUT = Path("demo-output")
MARKERS = ["tau", "p_tau", "Ab_42"]
ALWAYS_IN = ["age", "sex"]
LEAST_PEOPLE = 30


def heading(text: str) -> None:
    print(f"\n{text}\n{'=' * len(text)}\n")


def show(result: SparseResults, name: str) -> None:
    """Print the summary; save the picture of the supports and say where."""
    print(result.summary())
    OUT.mkdir(exist_ok=True)
    picture = OUT / f"{name}.png"
    result.plot_support().figure.savefig(picture, dpi=150, bbox_inches="tight")
    print(f"\nSupport picture: {picture.resolve()}")


def large_groups(people: pd.DataFrame) -> pd.DataFrame:
    """Keep the genotype groups that are large enough to fit, and say which are not."""
    size = people["genotype"].value_counts()
    small = size[size < LEAST_PEOPLE]
    left_out = ", ".join(f"{group} ({n})" for group, n in small.items())
    print(f"Left out, fewer than {LEAST_PEOPLE} people: {left_out}.\n")
    return people[~people["genotype"].isin(small.index)]


def main() -> None:
    people = datasets.load_ad_biomarkers()
    heading("Which plasma proteins track CSF tau within each APOE genotype, and how alike are the answers?")
    one_outcome = large_groups(people).drop(columns=["p_tau", "Ab_42", "diagnosis"])
    model = SparseMTL.from_formula("tau ~ .", data=one_outcome, task="genotype", keep=ALWAYS_IN, missing="drop")
    show(model.fit(s=5, lambda_1=0.01, lambda_z=0.2), "tau-by-genotype")

    heading("The same people, three CSF markers: which proteins track which?")
    three_outcomes = people.drop(columns=["genotype", "diagnosis"])
    formula = f"{' + '.join(MARKERS)} ~ ."
    model = SparseMTL.from_formula(formula, data=three_outcomes, keep=ALWAYS_IN, missing="drop", scale_outcome=True)
    show(model.fit(s=5, lambda_1=0.01, lambda_z=0.2), "three-markers")


if __name__ == "__main__":
    main()
