"""LD in every form, alleles of either strand, and what is said where they do not fit."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.linalg import block_diag

from data.summary.genotypes import genotypes, simple_regressions
from sparsekin import moments
from sparsekin.data.summary.alleles import Alleles, compare, signs
from sparsekin.data.summary.numbers import joint
from sparsekin.errors import DataError, DataWarning

G = genotypes(400, 8, seed=1)
R = block_diag(np.corrcoef(G[:, :5].T), np.corrcoef(G[:, 5:].T))
Z = np.array([1.0, 5.0, 3.0, 0.5, -1.0, 0.0, 2.0, -2.0])
IDS = [f"rs{j}" for j in range(8)]


def crossed(ld, **given):
    return moments.from_summary(pd.Series(Z, index=IDS), ld, 400, **given).parts[0].cross / 400


def test_every_form_of_ld_is_the_same(tmp_path):
    expected = crossed(R)
    np.save(tmp_path / "all.npy", R)
    np.savez(tmp_path / "a.npz", ld=R[:5, :5], ids=np.array(IDS[:5]))
    np.savez(tmp_path / "b.npz", ld=R[5:, 5:], ids=np.array(IDS[5:]))
    sparse.save_npz(tmp_path / "sparse.npz", sparse.csr_array(R))
    shuffled = [7, 2, 0, 1, 3, 6, 5, 4]
    frame = pd.DataFrame(R, IDS, IDS).iloc[shuffled, shuffled]
    more = pd.DataFrame(block_diag(R, 1.0), [*IDS, "rs99"], [*IDS, "rs99"])
    for ld in (
        sparse.csc_array(R), [R[:5, :5], sparse.coo_array(R[5:, 5:])], frame, more, tmp_path / "all.npy",
        [str(tmp_path / "b.npz"), tmp_path / "a.npz"], tmp_path / "sparse.npz", {"y": R},
    ):  # fmt: skip
        assert_allclose(crossed(ld), expected, atol=1e-15)


def test_alleles_of_both_strands():
    reference = Alleles(("A", "A", "A", "A", "A", "C", "AT", "A"), ("G", "G", "G", "G", "T", "G", "A", "G"))
    mine = Alleles(("A", "G", "T", "C", "A", "G", "A", "A"), ("G", "A", "C", "T", "T", "C", "AT", "C"))
    assert_array_equal(compare(mine, reference), [0, 1, 2, 3, 4, 4, 1, 5])
    assert_array_equal(signs(compare(mine, reference)), [1, -1, 1, -1, 1, 1, -1, 1])
    assert compare(Alleles(("A",), ("A",)), Alleles(("A",), ("G",)))[0] == 5


def test_signs_follow_the_alleles_and_the_ledger_says_so():
    table = pd.DataFrame({"effect_allele": list("AACCAGTA"), "other_allele": list("GGTTCTCT")}, index=IDS)
    panel = table.copy()
    panel.loc["rs1"] = ["G", "A"]  # the other allele counts
    panel.loc["rs2"] = ["G", "A"]  # the other strand
    panel.loc["rs3"] = ["A", "C"]  # another variant
    panel = panel.drop("rs6")
    sign = np.array([1, -1, 1, 1, 1, 1, 1, 1.0])
    turned = pd.DataFrame(R * np.outer(sign, sign), IDS, IDS).drop("rs6").drop(columns="rs6")
    given = {"z": pd.Series(Z, index=IDS), "ld": turned, "n": 400, "alleles": table, "ld_alleles": panel}
    with pytest.warns(DataWarning, match=r"^3 variants were dropped \(.*1 other alleles.*\); 5 are left\. sp"):
        found = moments.from_summary(**given)
    kept = [0, 1, 2, 4, 5]
    assert found.feature_names == tuple(IDS[j] for j in kept)
    at = [*kept, 8]
    assert_allclose(found.parts[0].cross / 400, crossed(R)[np.ix_(at, at)], atol=1e-15)
    ledger = moments.check_summary(**given).ledger
    assert ledger.set_index("variant")["what"].to_dict() == {
        "rs6": "dropped: not in the LD", "rs1": "sign flipped", "rs2": "kept, other strand",
        "rs3": "dropped: other alleles", "rs7": "dropped: strand cannot be told",
    }  # fmt: skip
    assert repr(moments.check_summary(**given)) == "<SummaryCheck: 5 statistics, 0 flagged; 6 ledger lines, 3 dropped>"


def test_ancestries_agree_on_the_alleles_of_the_first():
    tables = [pd.DataFrame({"effect_allele": list(a), "other_allele": list(b)}, index=["u", "v"]) for a, b in
              (("AC", "GT"), ("GC", "AT"))]  # fmt: skip
    z = {"EUR": pd.Series([3.0, 1.0], ["u", "v"]), "EAS": pd.Series([1.0, -2.0, 0.3], ["v", "u", "w"])}
    alleles = {"EUR": tables[0], "EAS": pd.concat([tables[1], pd.DataFrame(
        {"effect_allele": ["A"], "other_allele": ["C"]}, index=["w"])])}  # fmt: skip
    ld = {"EUR": np.array([[1, 0.5], [0.5, 1]]), "EAS": np.array([[1, -0.5], [-0.5, 1]])}
    maf = {"EUR": pd.Series([0.3, 0.4], ["u", "v"]), "EAS": pd.Series([0.6, 0.1, 0.2], ["u", "v", "w"])}
    given = {"alleles": alleles, "ld_alleles": {"EUR": tables[0], "EAS": tables[1]}, "n": 500, "maf": maf}
    with pytest.warns(DataWarning, match=r"^1 variants were dropped \(1 not in the LD\); 2 are left"):
        found = moments.from_summary(z, ld, **given)
    for part in found.parts:
        assert (part.cross[0, 1:] > 0).all()
    assert_allclose(found.parts[1].mean[:2], [2 * 0.4, 0.2])


def test_alleles_on_one_side_only_are_refused():
    table = pd.DataFrame({"effect_allele": list("AACCAGTA"), "other_allele": list("GGTTCTCT")}, index=IDS)
    with pytest.raises(DataError, match=r"^Task 'y': alleles of some statistics are known, but not those of its LD;"):
        crossed(R, alleles=table)
    with pytest.raises(DataError, match=r"^Task 'y': alleles of some LD are known, but not those of its statistics"):
        crossed(R, ld_alleles=table)
    with pytest.raises(DataError, match=r"^The alleles of the statistics of task 'y' have no column 'other_allele'\.$"):
        crossed(R, alleles=table[["effect_allele"]], ld_alleles=table)
    with pytest.raises(DataError, match=r"^The alleles of the statistics of task 'y' have no variant 'rs0'\.$"):
        crossed(R, alleles=table.iloc[1:], ld_alleles=table)
    with pytest.raises(DataError, match=r"^The alleles of the statistics of task 'y' are 3 for 8 variants\.$"):
        crossed(R, alleles=table.reset_index(drop=True).head(3), ld_alleles=table)
    other = table.assign(effect_allele=list("CCTTCTCG"), other_allele=list("AAGGATAC"))
    with pytest.raises(DataError, match=r"^The LD has none of the variants of task 'y': .* 'x0', .* 'rs0'; name both"):
        crossed(R, alleles=table, ld_alleles=other.set_axis([f"x{j}" for j in range(8)]))
    mine, its = table.assign(effect_allele="A", other_allele="C"), table.assign(effect_allele="A", other_allele="G")
    with pytest.raises(DataError, match=r"^No variant is left that all statistics and LD have, with alleles that"):
        crossed(R, alleles=mine, ld_alleles=its)


def test_labels_are_names_unless_they_are_the_numbers_of_pandas():
    expected = moments.from_summary(Z, R, 400).parts[0].cross
    for labels in (range(8), range(10, 18), list(range(10, 18)), range(7, -1, -1)):
        series, frame = pd.Series(Z, labels), pd.DataFrame(R, labels, labels)
        mixed = frame.iloc[::-1, ::-1]
        for ld in (frame, mixed) if labels != range(8) else (frame,):
            found = moments.from_summary(series, ld, 400)
            assert_allclose(found.parts[0].cross, expected, atol=1e-12)
            named = map(str, labels) if labels != range(8) else (f"x{j + 1}" for j in range(8))
            assert found.feature_names == tuple(named)
    with pytest.raises(
        DataError, match=r"^The LD has none of the variants .* such as '10', the statistics .* 'x1'; name"
    ):
        moments.from_summary(Z, pd.DataFrame(R, range(10, 18), range(10, 18)), 400)


@pytest.mark.parametrize(
    ("ld", "message"),
    [
        ([], r"^The LD is an empty list; give at least one block\."),
        (np.ones((8, 7)), r"^The LD has shape \(8, 7\); a correlation matrix is square\."),
        (np.eye(7), r"^The LD has 7 variants and no names, but task 'y' has 8 statistics; name the variants of both\."),
        (np.full((8, 8), np.nan), r"^The LD has missing or infinite entries \(a variant that does not vary\?\)"),
        (np.cov(G.T), r"^The LD has an entry of \S+ where a correlation has 1 \(its diagonal\); give correlations r"),
        (R + 2 * np.eye(8)[::-1], r"^The LD has an entry of \S+ where a correlation has at most 1"),
        (np.triu(R), r"^The LD is not symmetric: entries \(i, j\) and \(j, i\) differ by up to"),
        ([["a"]], r"^The LD is no matrix of numbers, nor a list of these"),
        (["nowhere.npz"], r"^There is no LD file 'nowhere.npz'\."),
        (pd.DataFrame(R, IDS, IDS[::-1]), r"^The LD: the rows and columns of the frame do not name the same variants"),
        (pd.DataFrame(R, ["rs1"] * 8, ["rs1"] * 8), r"^The LD has variant 'rs1' twice; keep one\."),
        ([R[:5, :5], pd.DataFrame(R[5:, 5:], IDS[5:], IDS[5:])], r"^The LD: some blocks name their variants and"),
    ],
)  # fmt: skip
def test_what_is_no_ld(ld, message):
    with pytest.raises(DataError, match=message):
        crossed(ld)


def test_files_that_are_no_ld(tmp_path):
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(DataError, match=r"text.npz' cannot be read as an .npy or .npz file of numbers and texts\.$"):
        crossed(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", r=R)
    with pytest.raises(DataError, match=r"other.npz' has no array 'ld' \(it has r\)\.$"):
        crossed(tmp_path / "other.npz")
    np.savez(tmp_path / "few.npz", ld=R, ids=np.array(IDS[:3]))
    with pytest.raises(DataError, match=r"^The LD has 8 variants, but 3 names\.$"):
        crossed(tmp_path / "few.npz")


@pytest.mark.filterwarnings("ignore:.*statistics do not fit")
def test_ld_that_is_no_correlation_matrix():
    bad = np.eye(8)
    bad[:3, :3] = [[1, 0.9, 0], [0.9, 1, 0.9], [0, 0.9, 1]]
    said = r"^The LD of task 'y' is no correlation matrix: .* is -0\.273\..* shrink=0\.22 or more would make"
    with pytest.raises(DataError, match=said):
        crossed(bad)
    assert np.linalg.eigvalsh(crossed(bad, shrink=0.22))[0] > 0
    with pytest.raises(DataError, match="no correlation matrix"):
        crossed(bad, shrink=0.21)


@pytest.mark.filterwarnings("ignore:.*statistics do not fit")
def test_copies_whose_statistics_differ():
    twins = np.eye(8)
    twins[0, 1] = twins[1, 0] = 1.0
    said = r"^The LD does not fit the statistics of task 'y': there are sums of variants .* differ by 0\.1"
    with pytest.raises(DataError, match=said):
        crossed(twins)
    assert moments.check_summary(Z, twins, 400).tasks["explained"].tolist() == [np.inf]


def test_variants_that_explain_more_than_all():
    LD = 0.99 ** np.abs(np.subtract.outer(range(8), range(8)))
    z = np.where(np.arange(8) % 2, 20.0, 0.0)
    with (
        pytest.warns(DataWarning),
        pytest.raises(DataError, match=r"together the 8 variants would explain \d+ %"),
    ):
        moments.from_summary(z, LD, 1000)


def test_groups_of_correlated_columns_are_taken_apart():
    r = np.random.default_rng(0).standard_normal((8, 2)) / 10
    order = np.random.default_rng(1).permutation(8)
    found = joint(R[np.ix_(order, order)], r)
    assert_allclose(found.explained, r.T @ np.linalg.solve(R[np.ix_(order, order)], r))
    assert_allclose(found.least, np.linalg.eigvalsh(R)[0])
    assert found.rank == 8


def test_a_swapped_allele_is_found_and_named():
    data = genotypes(2000, 40, rho=0.95, seed=7)
    y = 0.4 * data[:, 12] - 0.4 * data[:, 30] + np.random.default_rng(3).standard_normal(2000)
    beta, se = simple_regressions(y, data)
    z, LD = beta / se, np.corrcoef(data.T)
    assert not moments.check_summary(z, LD, 2000).table["flagged"].any()
    z[13] *= -1
    said = r"^1 of 40 statistics do not fit .*: 'x14' in task 'y' \(z = -\d.*, predicted \d.*check_summary\(\) has"
    with pytest.warns(DataWarning, match=said):
        moments.from_summary(z, LD, 2000)
    assert moments.check_summary(z, LD, 2000).flagged["variant"].tolist() == ["x14"]


@pytest.mark.parametrize("seed", range(4))
def test_right_ld_is_not_called_wrong(seed):
    """Strong signals, tagged well or badly, in LD of the very rows."""
    rng = np.random.default_rng(seed)
    data = genotypes(5000, 60, rho=rng.choice([0.5, 0.8, 0.95]), seed=seed)
    b = np.zeros(60)
    b[rng.choice(60, 3, replace=False)] = rng.choice([-0.3, 0.3], 3)
    beta, se = simple_regressions(data @ b + rng.standard_normal(5000), data)
    assert not moments.check_summary(beta / se, np.corrcoef(data.T), 5000).table["flagged"].any()
