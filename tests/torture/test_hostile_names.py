"""Names are data, never code: whatever a column is called, the answer is that of the same data under plain names."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, MixedForms, SparseMTL, moments
from sparsekin.cli.main import main
from sparsekin.data.expressions import quote
from sparsekin.data.prepare import prepare_frame
from torture.hostile_names import HOSTILE

PLAIN = tuple(f"v{j}" for j in range(len(HOSTILE)))


@pytest.fixture(autouse=True)
def _nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "OWNED").exists()


def twins(n=160, names=HOSTILE):
    """The same numbers under hostile and under plain names, and the way from plain to hostile."""
    rng = np.random.default_rng(3)
    plain = tuple(f"v{j}" for j in range(len(names)))
    frame = pd.DataFrame(rng.uniform(1, 2, (n, len(names))), columns=plain)
    frame["y"] = frame @ rng.choice([-1.0, 0, 0, 2.0], len(names)) + 0.1 * rng.standard_normal(n)
    frame["site"] = rng.choice(["a", "b"], n)
    to = dict(zip(plain, names, strict=True))
    return frame.rename(columns=to), frame, to


def test_sparse_mtl_dot_keep_save_and_predict(tmp_path):
    hostile, plain, to = twins()
    for kept in ("v0", "v11", "v23", "v29"):
        found = SparseMTL.from_formula("y ~ .", hostile, "site", keep=[to[kept]]).fit(4, lambda_z=0.01)
        expected = SparseMTL.from_formula("y ~ .", plain, "site", keep=[kept]).fit(4, lambda_z=0.01)
        assert found.selected == [to[name] for name in expected.selected]
        np.testing.assert_array_equal(found.params.to_numpy(), expected.params.to_numpy())
        np.testing.assert_array_equal(found.predict(hostile), expected.predict(plain))
        found.save(tmp_path / "fit.npz")
        np.testing.assert_array_equal(type(found).load(tmp_path / "fit.npz").predict(hostile), expected.predict(plain))
        assert found.summary().as_text()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_column_in_every_part_of_a_formula(name):
    rng = np.random.default_rng(4)
    numbers = {"y": rng.normal(size=30), "v": rng.uniform(1, 2, 30), "u": rng.normal(size=30)}
    plain = pd.DataFrame(numbers | {"g": list("abc") * 10, "w": rng.uniform(1, 2, 30)})
    renamed = plain.rename(columns={"v": name})
    for text in ("y ~ log({}) + u", "y ~ u + {}", "log({}) ~ u", "{} ~ u", "y ~ u + center({})", "y ~ . - {}"):
        found = prepare_frame(text.format(quote(name)), renamed)
        expected = prepare_frame(text.format("v"), plain)
        np.testing.assert_array_equal(found.blocks.X, expected.blocks.X)
        np.testing.assert_array_equal(found.blocks.y, expected.blocks.y)
        np.testing.assert_array_equal(found.design.apply(renamed.head(5)).X, expected.design.apply(plain.head(5)).X)
    for role in ("task", "weights"):
        column = {"task": "g", "weights": "w"}[role]
        found = prepare_frame("y ~ u", plain.rename(columns={column: name}), **{role: name}).blocks
        expected = prepare_frame("y ~ u", plain, **{role: column}).blocks
        assert found.task_names == expected.task_names
        np.testing.assert_array_equal(np.concatenate(found.y), np.concatenate(expected.y))


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in (".", "1", "2.5")])
def test_a_text_column_and_its_interaction(name):
    rng = np.random.default_rng(5)
    plain = pd.DataFrame({"y": rng.normal(size=30), "u": rng.normal(size=30), "g": list("abc") * 10})
    renamed = plain.rename(columns={"g": name})
    found = prepare_frame("y ~ .", renamed).design
    assert found.feature_names == ("u", f"{name}[T.b]", f"{name}[T.c]")
    for text in ("y ~ u:{}", "y ~ C({}) + u", "y ~ C({}, contr.sum)"):
        found = prepare_frame(text.format(quote(name)), renamed)
        expected = prepare_frame(text.format("g"), plain)
        np.testing.assert_array_equal(found.blocks.X, expected.blocks.X)
        one = renamed.iloc[[4]]
        np.testing.assert_array_equal(found.design.apply(one).X, expected.blocks.X[[4]])


def test_mthal_dot_and_by_name(tmp_path):
    hostile, plain, to = twins(60, HOSTILE[:14])
    for terms in ("h(., order=0, k=2)", "h({0}, k=3) + h({1}, {2}, k=2) + {3} + log({4})"):
        names = [quote(to[f"v{j}"]) for j in (0, 11, 12, 6, 8)]
        found = MTHAL.from_formula(f"y ~ {terms.format(*names)}", hostile, "site").fit(lambda_=0.05)
        expected = MTHAL.from_formula(f"y ~ {terms.format('v0', 'v11', 'v12', 'v6', 'v8')}", plain, "site")
        expected = expected.fit(lambda_=0.05)
        np.testing.assert_array_equal(found.predict(hostile), expected.predict(plain))
        found.save(tmp_path / "hal.npz")
        np.testing.assert_array_equal(type(found).load(tmp_path / "hal.npz").predict(hostile), expected.predict(plain))


def test_every_name_in_h():
    hostile, plain, to = twins(40)
    for name in PLAIN:
        found = MTHAL.from_formula(f"y ~ h({quote(to[name])}, k=2)", hostile)
        expected = MTHAL.from_formula(f"y ~ h({name}, k=2)", plain)
        np.testing.assert_array_equal(found.blocks.X, expected.blocks.X)


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_mixed_forms(tmp_path):
    hostile, plain, to = twins()
    left, right = PLAIN[:20], [name for name in PLAIN[20:] if name != "v35"]
    texts = []
    for names in (to, {name: name for name in PLAIN}):
        sides = (" + ".join(quote(names[name]) for name in part) for part in (left, right))
        texts.append("{} + y ~ {} | {}".format(quote(names["v35"]), *sides))
    found = MixedForms.from_formula(texts[0], hostile, "site").fit(2)
    expected = MixedForms.from_formula(texts[1], plain, "site").fit(2)
    np.testing.assert_array_equal(found.predict(hostile), expected.predict(plain))
    found.save(tmp_path / "forms.npz")
    np.testing.assert_array_equal(type(found).load(tmp_path / "forms.npz").predict(hostile), expected.predict(plain))


def test_moments(tmp_path):
    hostile, plain, to = twins()
    from_rows = moments.from_frame("y ~ .", hostile, "site", keep=[to["v5"]])
    from_rows.save(tmp_path / "m.npz")
    hostile.to_parquet(tmp_path / "rows.parquet")
    from_file = moments.from_parquet("y ~ .", tmp_path / "rows.parquet", "site", keep=[to["v5"]], chunk_rows=50)
    expected = SparseMTL.from_formula("y ~ .", plain, "site", keep=["v5"]).fit(4)
    for found in (from_rows, moments.load(tmp_path / "m.npz"), from_file):
        fit = SparseMTL.from_moments(found).fit(4)
        assert fit.selected == [to[name] for name in expected.selected]
        np.testing.assert_allclose(fit.params.to_numpy(), expected.params.to_numpy(), rtol=1e-7)
        np.testing.assert_allclose(fit.predict(hostile), expected.predict(plain), rtol=1e-9)


def test_command_line(tmp_path):
    hostile, plain, _ = twins()
    hostile.to_csv("hostile.csv", index=False)
    plain.to_csv("plain.csv", index=False)
    for file in ("hostile", "plain"):
        assert main(["fit", f"{file}.csv", "y ~ .", "--task", "site", "-s", "3", "--out", file]) == 0
    found, expected = (pd.read_csv(f"{file}/coefficients.csv", index_col=0) for file in ("hostile", "plain"))
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy())
