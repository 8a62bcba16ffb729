"""Archives that tell whether they are whole."""

import hashlib
import io
import json
import random
import shutil
import stat
import tarfile
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
    path, place = tmp_path / "made.tar", tmp_path / "place"
    place.mkdir()
    assert write(path, files, form=FORM, about={"at": "now"}, within=place) == path.stat().st_size
    shutil.rmtree(place)
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
        write(made, {}, form=FORM, about={}, within=tmp_path / "out")


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


def _forged(path: Path, files: dict[str, object], *members: tarfile.TarInfo) -> Path:
    """An archive with a manifest that is whole and says whatever the forger wants."""
    manifest = json.dumps({"format": FORM, "about": {}, "files": files}).encode()
    with tarfile.open(path, "w") as tar:
        for name, content in (
            ("manifest.json", manifest),
            ("manifest.sha256", hashlib.sha256(manifest).hexdigest().encode()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for member in members:
            tar.addfile(member, io.BytesIO(b"\0" * 512))
    return path


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", **pax: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.pax_headers = kind, link, pax
    return info


_EMPTY = {"size": 0, "sha256": hashlib.sha256().hexdigest()}
_TERABYTE = {"size": 1 << 40, "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("named", "entry", "member"),
    [
        ("../out", _EMPTY, _member("../out")),
        ("/tmp/hg-escaped", _EMPTY, _member("/tmp/hg-escaped")),
        ("..", _EMPTY, _member("..")),
        ("", _EMPTY, _member("")),
        ("a", _EMPTY, _member("../a")),
        ("a", _EMPTY, _member("a", tarfile.SYMTYPE, "/etc/passwd")),
        ("a", _EMPTY, _member("a", tarfile.LNKTYPE, "/etc/passwd")),
        ("a", _EMPTY, _member("a", tarfile.FIFOTYPE)),
        ("a", _EMPTY, _member("a", tarfile.CHRTYPE)),
        ("a", _EMPTY, _member("a", tarfile.DIRTYPE)),
        (
            "a",
            _TERABYTE,
            _member("a", **{"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 40), "GNU.sparse.name": "a"}),
        ),
    ],
)
def test_what_leads_elsewhere_or_swells_is_refused(
    tmp_path: Path, named: str, entry: dict[str, object], member: tarfile.TarInfo
):
    """Paths, links, devices, and members that are terabytes of nothing: refused before anything is written."""
    forged = _forged(tmp_path / "forged.tar", {named: entry}, member)
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(ArchiveError):
        unpack(forged, into, form=FORM)
    assert list(into.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forged.tar", "into"]


def test_a_file_system_without_links_will_do(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """FAT and many network shares have none; still nothing is replaced."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    place = tmp_path / "place"
    place.mkdir()
    write(tmp_path / "second.tar", {"a": tmp_path / "a"}, form=FORM, about={}, within=place)
    assert _unpacked(tmp_path / "second.tar", tmp_path / "out") == {"a": (tmp_path / "a").read_bytes()}
    with pytest.raises(FileExistsError):
        write(made, {}, form=FORM, about={}, within=place)
