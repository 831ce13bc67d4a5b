"""Files that are written whole or not at all; one kind, arrays and a JSON text, is read only as it was written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from sparsekin._version import __version__
from sparsekin.errors import DataError, SparsekinError

Arrays = dict[str, Any]
FORMAT = 1  # raised with a release whose files the release before could not read; all earlier ones are read


def headed(kind: str, document: dict[str, Any]) -> dict[str, Any]:
    """A document with what every file says first: its format, the version that wrote it, and what it holds."""
    return {"format": FORMAT, "version": __version__, "kind": kind, **document}


def check_head(path: str | os.PathLike[str], document: Any, kind: str) -> None:
    """Raise `DataError` unless the document of a file is of a known format and holds what is asked for."""
    name = path_text(path)
    found, version, saved = document["format"], document["version"], document["kind"]
    if found > FORMAT:
        raise DataError(
            f"'{name}' was saved by a later version of sparsekin ({version}, format {found}; version {__version__} "
            f"reads formats up to {FORMAT}); update sparsekin to load it."
        )
    if saved != kind:
        if saved == "Moments":
            raise DataError(f"'{name}' holds moments; read it with sparsekin.moments.load.")
        raise DataError(f"'{name}' is a fit of another kind; read it with {saved}.load.")


def path_text(path: object) -> str:
    """The name of a file, as the user gave it.

    Raises
    ------
    DataError
        It is no path: a number would be one of the files that the process has open.
    """
    if not isinstance(path, str | bytes | os.PathLike):
        raise DataError(f"path = {path!r} is no path; give the name of a file, as text or a pathlib.Path.")
    return os.fsdecode(path)


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A file beside `path` to write to, which takes its place when all is written; else what was there stays.

    Raises
    ------
    DataError
        What was given is no path, or there is something of that name that is no file.
    OSError
        Nothing can be written there; it names `path`.
    """
    name = path_text(path)
    target = Path(os.path.realpath(name))
    if target.exists() and not target.is_file():
        raise DataError(f"'{name}' is no file; give the name of one.")
    beside = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex}")
    try:
        with _opened(beside, name) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        os.replace(beside, target)
    finally:
        with suppress(NotADirectoryError):
            beside.unlink(missing_ok=True)


def _opened(beside: Path, name: str) -> IO[bytes]:
    """A new file to write to; what goes wrong is said of `name`, in whose place it will be."""
    try:
        return open(beside, "xb")
    except FileNotFoundError:
        folder = os.path.dirname(name) or os.curdir
        raise FileNotFoundError(errno.ENOENT, f"There is no folder '{folder}' to write to", name) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from None


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write text (as UTF-8) or bytes, whole or not at all."""
    with written_whole(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def write_each(folder: Path, contents: Mapping[str, Any]) -> list[Path]:
    """Write files by their names in `folder`: text, bytes, or what writes to a path; each whole or not at all.

    Raises
    ------
    KeyboardInterrupt
        It says how many are written.
    """
    paths = [folder / name for name in contents]
    for done, (path, content) in enumerate(zip(paths, contents.values(), strict=True)):
        try:
            if callable(content):
                content(path)
            else:
                write_whole(path, content)
        except KeyboardInterrupt:
            said = f"Interrupted: {done} of {len(paths)} files are written to '{folder}', each of them whole."
            raise KeyboardInterrupt(said) from None
    return paths


def write_npz(path: str | os.PathLike[str], document: Any, arrays: Mapping[str, Any]) -> None:
    """Write one file named exactly `path`; a file that was there is replaced once the new one is complete.

    Raises
    ------
    DataError
        An array holds objects, which a file without pickle cannot keep.
    """
    found: Arrays = {name: np.asarray(value) for name, value in arrays.items()}
    for name, value in found.items():
        if value.dtype.hasobject:
            raise DataError(f"'{name}' holds values of type {value.dtype}, which cannot be saved.")
    found["json"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    with written_whole(path) as file:
        np.savez(file, sha256=_digest(found), **found)


def read_npz(path: str | os.PathLike[str], what: str) -> tuple[Any, Arrays]:
    """The JSON text and the arrays of a file that `write_npz` wrote.

    Raises
    ------
    DataError
        What was given is no path to a file, or the file is of another kind, incomplete or was changed; `what` says
        what was expected.
    FileNotFoundError
        There is none of that name.
    """
    name = path_text(path)
    if not name or os.path.isdir(name):
        raise DataError(f"'{name}' is no file; give the name of one.")
    if not os.path.exists(name):
        folder = os.path.dirname(os.path.abspath(name))
        raise FileNotFoundError(errno.ENOENT, f"There is no file of that name in '{folder}'", name)
    with open(name, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as stored:
                arrays = dict(stored)
            digest = arrays.pop("sha256")
            document = json.loads(arrays["json"].tobytes())
        except Exception as error:  # whatever zipfile, NumPy and json make of bytes that are not theirs
            raise DataError(f"'{name}' {what}.") from error
    if not np.array_equal(digest, _digest(arrays)):
        raise DataError(f"'{name}' was changed after it was saved; save the original again.")
    del arrays["json"]
    return document, arrays


@contextmanager
def as_saved(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever goes wrong with the contents of a file becomes a `DataError` that names it."""
    try:
        yield
    except SparsekinError:
        raise
    except Exception as error:
        raise DataError(f"The contents of '{path_text(path)}' are not those of a file sparsekin saves.") from error


def _digest(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """(32,) bytes: SHA-256 of names, types, shapes and values."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        value = arrays[name]
        columns_first = value.flags.f_contiguous and not value.flags.c_contiguous
        found.update(repr((name, value.dtype.str, value.shape, columns_first)).encode())
        found.update(np.ascontiguousarray(value.T if columns_first else value).reshape(-1).view(np.uint8).data)
    return np.frombuffer(found.digest(), np.uint8)
