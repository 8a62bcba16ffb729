"""Archives that tell whether they are whole."""

import random
import stat
from pathlib import Path

import pytest

from heliograph.kit.archive import ArchiveError, unpack, write

FORM = "test/1"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """An archive of two files."""
    files = {"a": tmp_path / "a", "b": tmp_path / "b"}
    files["a"].write_bytes(random.Random(1).randbytes(5_000))
    files["b"].write_bytes(b"the key")
    path = tmp_path / "made.tar"
    assert write(path, files, form=FORM, about={"at": "now"}) == path.stat().st_size
    return path


def _unpacked(path: Path, into: Path) -> dict[str, bytes]:
    into.mkdir()
    unpack(path, into, form=FORM)
    return {file.name: file.read_bytes() for file in into.iterdir()}


def test_what_goes_in_comes_out(made: Path, tmp_path: Path):
    """The same bytes, readable for the owner alone, and nothing half-written beside."""
    found = _unpacked(made, tmp_path / "out")
    assert found == {name: (tmp_path / name).read_bytes() for name in ("a", "b")}
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "made.tar", "out"]
    with pytest.raises(FileExistsError):
        write(made, {}, form=FORM, about={})


def test_every_cut_is_found(made: Path, tmp_path: Path):
    """Only the padding behind the last byte of the last file may be missing."""
    whole = made.read_bytes()
    last = whole.index(b"the key") + len(b"the key")
    cut = tmp_path / "cut.tar"
    for number, end in enumerate([*range(0, last, 97), last - 1]):
        cut.write_bytes(whole[:end])
        with pytest.raises(ArchiveError):
            _unpacked(cut, tmp_path / f"out{number}")


@pytest.mark.parametrize("seed", range(10))
def test_a_flipped_bit_is_found_or_changes_nothing(made: Path, tmp_path: Path, seed: int):
    """A tar has padding and dates that mean nothing; whatever is unpacked is what was packed."""
    chance = random.Random(seed)
    whole = made.read_bytes()
    before = _unpacked(made, tmp_path / "before")
    refused = 0
    for number in range(100):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        made.write_bytes(flipped)
        try:
            assert _unpacked(made, tmp_path / f"out{number}") == before
        except ArchiveError:
            refused += 1
    assert refused > 40


def test_another_kind_is_refused(made: Path, tmp_path: Path):
    """The form says which program an archive is for."""
    with pytest.raises(ArchiveError, match="of the kind"):
        unpack(made, tmp_path, form="test/2")
