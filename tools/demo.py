"""Fit the shipped data twice and say what was found: one outcome by genotype, then three outcomes at once."""

from pathlib import Path

import pandas as pd

from sparsekin import SparseMTL, SparseResults, datasets

OUT = Path("demo-output")
MARKERS = ["tau", "p_tau", "Ab_42"]
ALWAYS_IN = ["age", "male"]
LEAST_PEOPLE = 30
S, LAMBDA_1 = 5, 0.01


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


def compare(model: SparseMTL, values: list[float]) -> pd.DataFrame:
    """How alike the supports are, and how well the tasks fit, as the pull towards a shared support grows."""
    rows = {}
    for lambda_z in values:
        result = model.fit(s=S, lambda_1=LAMBDA_1, lambda_z=lambda_z)
        alike = result.homogeneity
        rows[lambda_z] = [len(alike.core), len(alike.union), alike.mean_jaccard, result.rmse.mean()]
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["in every task", "in any", "mean Jaccard", "mean RMSE"]
    )


def main() -> None:
    people = datasets.load_ad_biomarkers()
    heading("Which plasma proteins track CSF tau within each APOE genotype, and how alike are the answers?")
    one_outcome = large_groups(people).drop(columns=["p_tau", "Ab_42", "diagnosis"])
    model = SparseMTL.from_formula("tau ~ .", data=one_outcome, task="genotype", keep=ALWAYS_IN, missing="drop")
    show(model.fit(s=S, lambda_1=LAMBDA_1, lambda_z=0.005), "tau-by-genotype")
    print("\nThe same with other lambda_z (0: each group by itself; large: one support for all):\n")
    print(compare(model, [0.0, 0.002, 0.005, 0.2]).rename_axis("lambda_z").round(3).to_string())

    heading("The same people, three CSF markers as outcomes: which proteins track which?")
    three_outcomes = people.drop(columns=["genotype", "diagnosis"])
    formula = f"{' + '.join(MARKERS)} ~ ."
    model = SparseMTL.from_formula(formula, data=three_outcomes, keep=ALWAYS_IN, missing="drop", scale_outcome=True)
    show(model.fit(s=S, lambda_1=LAMBDA_1, lambda_z=0.01), "three-markers")


if __name__ == "__main__":
    main()
