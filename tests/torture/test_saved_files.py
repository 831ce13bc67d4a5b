"""Saved files: whole or not at all, and only what was saved is ever loaded."""

import uuid

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, FormsResults, HALResults, MixedForms, SparseMTL, SparseResults, moments
from sparsekin.data import files
from sparsekin.errors import DataError


def rows(n=30):
    rng = np.random.default_rng(0)
    frame = {"y": rng.normal(size=n), "x": rng.uniform(1, 2, n), "u": rng.normal(size=n), "g": list("abc") * (n // 3)}
    return pd.DataFrame(frame | {"site": ["n", "s"] * (n // 2)})


MADE = {
    "sparse": (lambda f: SparseMTL.from_formula("y ~ center(x) + u + g", f, "site").fit(2), SparseResults.load),
    "hal": (lambda f: MTHAL.from_formula("y ~ h(x, k=3) + u", f, "site").fit(lambda_=0.1), HALResults.load),
    "forms": (lambda f: MixedForms.from_formula("y ~ x + u", f, "site").fit(1), FormsResults.load),
    "moments": (lambda f: moments.from_frame("y ~ x + u", f, "site"), moments.load),
}


def answer(loaded):
    fit = SparseMTL.from_moments(loaded).fit(1) if isinstance(loaded, moments.Moments) else loaded
    return np.asarray(fit.predict(rows()))


@pytest.fixture(scope="module", params=list(MADE))
def saved(request, tmp_path_factory):
    make, load = MADE[request.param]
    path = tmp_path_factory.mktemp("saved") / "whole"
    make(rows()).save(path)
    return path.read_bytes(), load, answer(load(path))


def check(data, path, load, expected):
    path.write_bytes(data)
    try:
        found = answer(load(path))
    except DataError:
        return
    np.testing.assert_array_equal(found, expected)


def changed(data, count, seed):
    rng = np.random.default_rng(seed)
    for at, bit in zip(rng.integers(0, len(data), count), rng.integers(0, 8, count), strict=True):
        out = bytearray(data)
        out[at] ^= 1 << int(bit)
        yield bytes(out)
    for at in rng.integers(0, len(data), count // 4):
        yield data[:at]
        yield data[:at] + b"\0" * 7 + data[at:]


@pytest.mark.parametrize(("count", "seed"), [(80, 0), pytest.param(3000, 1, marks=pytest.mark.slow)])
def test_a_changed_file_is_refused_or_gives_the_same_answer(saved, tmp_path, count, seed):
    data, load, expected = saved
    for other in changed(data, count, seed):
        check(other, tmp_path / "changed", load, expected)


def test_an_edit_that_keeps_the_archive_whole_is_refused(saved, tmp_path):
    data, load, _ = saved
    (tmp_path / "edited").write_bytes(data)
    with np.load(tmp_path / "edited") as file:
        arrays = dict(file)
    name = next(name for name in arrays if arrays[name].dtype == float and arrays[name].size)
    arrays[name].flat[0] += 1
    np.savez(tmp_path / "edited.npz", **arrays)
    with pytest.raises(DataError, match="was changed after it was saved"):
        load(tmp_path / "edited.npz")


def test_contents_of_another_shape_are_refused(saved, tmp_path):
    data, load, _ = saved
    (tmp_path / "edited").write_bytes(data)
    document, arrays = files.read_npz(tmp_path / "edited", "")
    for name in (name for name, values in arrays.items() if values.size):
        files.write_npz(tmp_path / "without", document, {k: v for k, v in arrays.items() if k != name})
        with pytest.raises(DataError):
            load(tmp_path / "without")
    for name in document:
        files.write_npz(tmp_path / "without", {k: v for k, v in document.items() if k != name}, arrays)
        with pytest.raises(DataError, match=r"The contents of .* are not those of a file sparsekin saves"):
            load(tmp_path / "without")


@pytest.mark.parametrize("kind", list(MADE))
def test_a_save_that_fails_leaves_the_good_file(kind, tmp_path, monkeypatch):
    make, load = MADE[kind]
    made = make(rows())
    made.save(tmp_path / "fit")
    good = (tmp_path / "fit").read_bytes()

    def full(file, **_):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        made.save(tmp_path / "fit")
    assert [file.name for file in tmp_path.iterdir()] == ["fit"]
    assert (tmp_path / "fit").read_bytes() == good
    assert len(answer(load(tmp_path / "fit"))) == 30


@pytest.mark.parametrize("kind", list(MADE))
@pytest.mark.parametrize("label", [pd.Period("2020-01", "M"), uuid.UUID(int=3), 1j])
def test_labels_that_cannot_be_saved_are_refused_before_anything_is_written(kind, label, tmp_path):
    make, _ = MADE[kind]
    (tmp_path / "fit").write_bytes(b"good")
    made = make(rows().assign(site=pd.Series([label, "s"] * 15, dtype=object)))
    with pytest.raises(DataError, match=rf"{type(label).__name__}.*cannot (be saved|hold)|cannot be saved"):
        made.save(tmp_path / "fit")
    assert [file.name for file in tmp_path.iterdir()] == ["fit"]
    assert (tmp_path / "fit").read_bytes() == b"good"


def test_a_link_and_rights_are_kept(tmp_path):
    made = MADE["moments"][0](rows())
    (tmp_path / "there").write_bytes(b"")
    (tmp_path / "there").chmod(0o640)
    (tmp_path / "link").symlink_to(tmp_path / "there")
    made.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").stat().st_mode & 0o777 == 0o640
    with pytest.raises(DataError, match="is no file"):
        made.save(tmp_path)
