"""What formulas with h() mean, as a table, and the message for each that means nothing."""

import pytest

from sparsekin.data.hal_formula import read_hal_formula
from sparsekin.errors import FormulaError

COLUMNS = ("y", "site", "age", "bmi", "crp", "sex", "w")


def sections(text):
    return [names for names, _ in read_hal_formula(text, COLUMNS, "site", "w").sections]


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ("h(age)", [("age",)]),
        ("h(age, bmi)", [("age", "bmi")]),
        ("h(`age`, k = 5)", [("age",)]),
        ("h(.)", [("age",), ("bmi",), ("crp",), ("sex",)]),
        ("h(.) + sex", [("age",), ("bmi",), ("crp",)]),
        ("h(., .) + sex", [("age", "bmi"), ("age", "crp"), ("bmi", "crp")]),
        ("h(age, .) + sex", [("age", "bmi"), ("age", "crp")]),
        ("h(., ., .) + sex + crp", []),
        ("h(age) + h(bmi, k='full')", [("age",), ("bmi",)]),
    ],
)
def test_sections(right, expected):
    if expected:
        assert sections(f"y ~ {right}") == expected
    else:
        with pytest.raises(FormulaError, match=r"The terms h\(\., \., \.\) stand for no set of columns"):
            sections(f"y ~ {right}")


def test_options_and_plain_terms():
    found = read_hal_formula("log(y) ~ h(age, k=7, order=0, pf=2) + C(sex) + I(crp**2)", COLUMNS, "site", None)
    assert found.parts.kept == {"C(sex)", "I(crp ** 2)"}
    assert found.parts.outcomes == ("log(y)",)
    assert found.parts.terms == ("age", "C(sex)", "I(crp ** 2)")
    assert found.sections[0][1].options == {"k": 7, "order": 0, "pf": 2.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ age", r"has no h\(\) term; write h\(\.\)"),
        ("y", r"must be text such as"),
        ("y ~ h(agee)", r"'agee' in 'h\(agee\)' is not a column of the data. Did you mean 'age'"),
        ("y ~ h(y)", r"'y' in 'h\(y\)' is an outcome or the task column"),
        ("y ~ h(site)", r"'site' in 'h\(site\)' is an outcome or the task column"),
        ("y ~ h(age) + age", r"'age' is in 'h\(age\)' and in a plain term"),
        ("y ~ h(age, age)", r"names 'age' twice"),
        ("y ~ h(age) * sex", r"'h\(age\) \* sex' in the formula: h\(\) stands alone"),
        ("y ~ h(age) - 1", r"h\(\) stands alone"),
        ("y ~ h(age) + .", r"'\.' stands inside h\(\) only"),
        ("y ~ h()", r"names no column"),
        ("y ~ h(age, knots=3)", r"'knots' in 'h\(age, knots=3\)' is not one of k, order, pf"),
        ("y ~ h(age, k=0)", r"k = 0 in .* must be a number of knots >= 1, or 'full'"),
        ("y ~ h(age, order=3)", r"order = 3 in .* must be 0, 1 or 2"),
        ("y ~ h(age, pf=0)", r"pf = 0 in .* must be a number > 0; a term without a penalty is written without h\(\)"),
    ],
)
def test_messages(text, message):
    with pytest.raises(FormulaError, match=message):
        read_hal_formula(text, COLUMNS, "site", "w")
