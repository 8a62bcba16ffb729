"""Archives that tell whether they are whole: a tar (POSIX) of some files behind a manifest with their SHA-256.

The manifest is covered by a digest of its own, so that any changed bit that matters is found.
"""

import errno
import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

_MANIFEST = "manifest.json"
_DIGEST = "manifest.sha256"
_MOST = 64 * 1024
_PIECE = 1024 * 1024
_NOT_SUPPORTED = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
"""What file systems say that lack hard links, or synchronised directories: FAT, many network shares."""


class ArchiveError(Exception):
    """The file is no archive of ours, or it is damaged; one sentence."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of an archive."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an archive holds. `format` tells archives of different programs apart; `about` is the maker's."""

    format: str
    about: dict[str, Any]
    files: dict[str, Entry]


def write(path: Path, files: Mapping[str, Path], *, form: str, about: Mapping[str, Any], within: Path) -> int:
    """Write an archive that only its owner may read; return its size. A file of that name must not exist.

    What is half written is `within` a directory on the same file system, so that nobody takes it for whole.

    Raises:
        FileExistsError: there is a file of that name.
    """
    entries = {name: Entry(source.stat().st_size, _sha256(source)) for name, source in files.items()}
    manifest = msgspec.json.encode(Manifest(form, dict(about), entries))
    draft = within / "draft.tar"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, _MANIFEST, io.BytesIO(manifest), len(manifest))
            digest = hashlib.sha256(manifest).hexdigest().encode()
            _add(tar, _DIGEST, io.BytesIO(digest), len(digest))
            for name, source in files.items():
                with source.open("rb") as content:
                    _add(tar, name, content, entries[name].size)
        file.flush()
        os.fsync(file.fileno())
    _publish(draft, path)
    return path.stat().st_size


def _publish(draft: Path, path: Path) -> None:
    """Give a finished file its name, and replace none."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        # The name is taken first: renaming alone would replace what is there.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        draft.replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make new names last through a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:  # a file system that knows no such thing
            raise
    finally:
        os.close(descriptor)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, content)


def unpack(path: Path, into: Path, *, form: str) -> Manifest:
    """Check an archive and write its files into a directory; return what it says of itself.

    Raises:
        ArchiveError: it is foreign or damaged. What was written until then is to be thrown away.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            manifest = _manifest(tar, form)
            left = dict(manifest.files)
            while (member := tar.next()) is not None:
                entry = left.pop(member.name, None)
                # A sparse member claims terabytes and is a few bytes.
                is_plain = member.isreg() and not member.issparse()
                if entry is None or not is_plain or member.size != entry.size:
                    raise ArchiveError(f"The backup is damaged: {member.name[:50]!r} is not what its manifest says.")
                _unpack_one(tar, member, entry, into / member.name)
    except (tarfile.TarError, EOFError, UnicodeError, ValueError, RecursionError) as error:
        raise ArchiveError(
            f"The file is no backup, or it is damaged: {str(error)[:100] or 'it cannot be read'}."
        ) from None
    if left:
        raise ArchiveError(f"The backup is damaged: {', '.join(sorted(left))} is missing. It was cut off.")
    return manifest


def _manifest(tar: tarfile.TarFile, form: str) -> Manifest:
    raw, digest = _small(tar, _MANIFEST), _small(tar, _DIGEST)
    if hashlib.sha256(raw).hexdigest().encode() != digest:
        raise ArchiveError("The backup is damaged: its manifest was changed.")
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError:
        raise ArchiveError("The backup was made by another version: its manifest cannot be read.") from None
    if manifest.format != form:
        raise ArchiveError(f"The backup is of the kind {manifest.format[:50]!r}, not {form!r}.")
    if any("/" in name or name in ("", ".", "..") for name in manifest.files):
        raise ArchiveError("The backup is damaged: its manifest names files that lead elsewhere.")
    return manifest


def _small(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.next()
    content = None if member is None or member.name != name or member.size > _MOST else tar.extractfile(member)
    if content is None:
        raise ArchiveError("The file is no backup of Heliograph.")
    return content.read()


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, entry: Entry, to: Path) -> None:
    content = tar.extractfile(member)
    assert content is not None
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    digest = hashlib.sha256()
    with os.fdopen(descriptor, "wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    if size != entry.size or digest.hexdigest() != entry.sha256:
        raise ArchiveError(f"The backup is damaged: the checksum of {member.name} is not right.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
