"""Rows out of a stream of bytes: CSV (RFC 4180) and JSON Lines, gzipped or not, in memory that does not grow.

Bytes are fed as they come. What is wrong with one row is told with that row, and the next one is read; only a file that
cannot be read at all is refused as a whole.
"""

import codecs
import contextlib
import csv
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

MAX_LINE = 64 * 1024
"""Bytes of one row, quoted line breaks included. A longer one is refused, and no more than this is kept of it."""
HEAD = 16 * 1024
"""Bytes that are looked at to find out what a file is."""
_INFLATED = 256 * 1024
_NUL_SHARE = 20
_DELIMITERS = (",", ";", "\t", "|")
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NO_TEXT = "This is no text file; UTF-16 needs a byte order mark. Save it as UTF-8."
_OTHERS = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet: unpack it, or save the sheet as CSV",
    b"%PDF": "a PDF",
    b"BZh": "compressed with bzip2: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd: unpack it first",
    b"\xfd7zXZ": "compressed with xz: unpack it first",
    b"SQLite format 3": "a database: export the table as CSV",
    b"\xd0\xcf\x11\xe0": "a spreadsheet: save it as CSV",
}


class FileRefused(ValueError):  # noqa: N818 - not an error of ours
    """This file cannot be read at all; the sentence says why."""


class RowFault(StrEnum):
    """Why a row could not be read."""

    MALFORMED = "malformed_row"
    TOO_LONG = "too_long"
    NOT_UTF8 = "not_utf8"
    NUL = "nul_character"


@dataclass(frozen=True, slots=True)
class Record:
    """One row: `number` counts rows, `line` is where it begins in the file; both from 1. A fault, or values by column.

    Values of CSV are texts, those of JSON Lines any JSON.
    """

    number: int
    line: int
    values: dict[str, Any] = field(repr=False)
    fault: RowFault | None = None
    sentence: str = ""


class RecordReader:
    """Reads one file. Feed it, then finish it; `columns` is known once the first row is.

    Attributes:
        is_cut: whether the compressed file ends in its middle; known when finished.
    """

    def __init__(self) -> None:
        self.columns: tuple[str, ...] | None = None
        self.is_json = False
        self.is_cut = False
        self._first = b""
        self._inflater: Any = None
        self._is_open = False
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._end = b"\n"
        self._rest = b""
        self._is_dropping = False
        self._line = 0
        self._number = 0
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._quoted: list[tuple[int, bytes]] = []
        self._quoted_size = 0
        self._delimiter = ","

    def feed(self, block: bytes) -> Iterator[Record]:
        """Read on; yield the rows that are complete.

        Raises:
            FileRefused: this is no file of rows.
        """
        for part in self._inflated(block):
            yield from self._text(part)

    def finish(self) -> Iterator[Record]:
        """Yield what is left at the end of the file."""
        if self._inflater is None and self._first:
            yield from self._text(self._first)
        elif self._inflater is not None and not self._inflater.eof:
            # The row that it was cut in comes whole with the whole file.
            self.is_cut = True
            return
        if not self._is_open:
            yield from self._open()
        if self._decoder is not None:
            with contextlib.suppress(UnicodeDecodeError):  # half a character: the row that it cut tells of itself
                yield from self._lines(_utf8(self._decoder.decode(b"", final=True)))
        if self._is_dropping:
            yield from self._too_long()
        elif self._rest:
            self._line += 1
            yield from self._row(self._line, self._rest)
        while self._quoted:
            yield from self._recover()
        if self.columns is None:
            raise FileRefused("The file has no rows.")

    def _inflated(self, block: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            self._first += block
            if len(self._first) < 2:  # noqa: PLR2004 - the length of gzip's magic number
                return
            block, self._first = self._first, b""
            if not self._is_open and not self._head and block.startswith(b"\x1f\x8b"):
                self._inflater = zlib.decompressobj(31)
            else:
                self._first = b""
                yield block
                return
        yield from self._gunzip(block)

    def _gunzip(self, block: bytes) -> Iterator[bytes]:
        """Inflate in bounded pieces: a small file may hold a very large one."""
        try:
            while block:
                if self._inflater.eof:  # another member (RFC 1952 section 2.2); what else follows is padding
                    if not block.startswith(b"\x1f\x8b"):
                        return
                    self._inflater = zlib.decompressobj(31)
                yield self._inflater.decompress(block, _INFLATED)
                block = self._inflater.unconsumed_tail or self._inflater.unused_data
        except zlib.error:
            raise FileRefused("The compressed file is damaged.") from None

    def _text(self, part: bytes) -> Iterator[Record]:
        if self._is_open:
            yield from self._decoded(part)
            return
        self._head += part
        if len(self._head) >= HEAD:
            yield from self._open()

    def _open(self) -> Iterator[Record]:
        """Find out from its beginning what the file is."""
        head, self._head, self._is_open = self._head, b"", True
        self._check_kind(head)
        bom = next((bom for bom in _UTF16 if head.startswith(bom)), None)
        if bom is not None:
            self._decoder = codecs.getincrementaldecoder(_UTF16[bom])("surrogatepass")
            shown = head[len(bom) :].decode(_UTF16[bom], "ignore").encode("utf-8", "ignore")
            head = head[len(bom) :]
        else:
            shown = head = head.removeprefix(codecs.BOM_UTF8)
            if head.count(0) * _NUL_SHARE > len(head):
                raise FileRefused(_NO_TEXT)
        bare = shown.lstrip()
        if bare.startswith(b"["):
            raise FileRefused("This is one JSON list: write one object per line (JSON Lines), as `jq -c '.[]'` does.")
        self.is_json = bare.startswith(b"{")
        self._end = b"\r" if b"\r" in shown and b"\n" not in shown and not self.is_json else b"\n"
        yield from self._decoded(head)

    def _check_kind(self, head: bytes) -> None:
        if not head.strip():
            raise FileRefused("The file is empty.")
        if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise FileRefused("The file is UTF-32: save it as UTF-8.")
        for magic, what in _OTHERS.items():
            if head.startswith(magic):
                raise FileRefused(f"This is no CSV but {what}.")

    def _decoded(self, part: bytes) -> Iterator[Record]:
        if self._decoder is not None:
            part = _utf8(self._decoder.decode(part))
        yield from self._lines(part)

    def _lines(self, part: bytes) -> Iterator[Record]:
        if self._is_dropping:
            _, found, part = part.partition(self._end)
            if not found:
                return
            yield from self._too_long()
        *lines, self._rest = (self._rest + part).split(self._end)
        for line in lines:
            self._line += 1
            yield from self._row(self._line, line)
        if len(self._rest) > MAX_LINE:
            self._rest, self._is_dropping = b"", True

    def _too_long(self) -> Iterator[Record]:
        self._is_dropping = False
        self._line += 1
        if self.columns is None and not self.is_json:
            raise FileRefused("The first line is too long to be a list of columns.")
        while self._quoted:
            yield from self._recover()
        yield self._refuse(self._line, RowFault.TOO_LONG, f"A row has at most {MAX_LINE} bytes.")

    def _row(self, number: int, line: bytes) -> Iterator[Record]:
        self._waiting.append((number, line))
        while self._waiting:
            at, text = self._waiting.popleft()
            if self.is_json:
                yield from self._object(at, text)
            else:
                yield from self._assemble(at, text)

    def _assemble(self, at: int, text: bytes) -> Iterator[Record]:
        """Put lines together until every quote is closed: a quoted field may hold line breaks."""
        is_odd = text.count(b'"') % 2 == 1
        if not self._quoted and not is_odd:
            yield from self._fields(at, text)
            return
        self._quoted.append((at, text))
        self._quoted_size += len(text) + 1
        if len(self._quoted) > 1 and is_odd:
            lines, self._quoted, self._quoted_size = self._quoted, [], 0
            record = list(self._fields(lines[0][0], self._end.join(part for _, part in lines)))
            if record and record[0].fault is not None and self.columns is not None:
                # A stray quote must not take the rows behind it along.
                self._number -= 1
                self._quoted = lines
                yield from self._recover()
            else:
                yield from record
        elif self._quoted_size > MAX_LINE:
            yield from self._recover()

    def _recover(self) -> Iterator[Record]:
        """Refuse the line whose quote does not end, and look at those behind it by themselves."""
        (at, _), *others = self._quoted
        self._quoted, self._quoted_size = [], 0
        if self.columns is None:
            raise FileRefused("A quoted name in the first line does not end.")
        yield self._refuse(at, RowFault.MALFORMED, "A quoted field does not end.")
        self._waiting.extendleft(reversed(others))
        while self._waiting:
            number, text = self._waiting.popleft()
            yield from self._assemble(number, text)

    def _fields(self, at: int, raw: bytes) -> Iterator[Record]:
        if self._end == b"\n":
            raw = raw.removesuffix(b"\r")
        if not raw:
            return
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            if self.columns is None:
                raise FileRefused("The file is not UTF-8 (and no UTF-16 with a byte order mark).") from None
            yield self._refuse(at, RowFault.NOT_UTF8, "The row is not UTF-8: save the file as UTF-8.")
            return
        if self.columns is None:
            self._read_header(text)
            return
        if "\0" in text:
            yield self._refuse(at, RowFault.NUL, "The character U+0000 must not be in a row.")
            return
        try:
            values = next(csv.reader((text,), delimiter=self._delimiter, strict=True))
        except (csv.Error, StopIteration):
            yield self._refuse(at, RowFault.MALFORMED, "The row is no CSV: a quote is in a wrong place.")
            return
        if len(values) != len(self.columns):
            sentence = f"The row has {len(values)} fields and the first line has {len(self.columns)}."
            yield self._refuse(at, RowFault.MALFORMED, sentence)
            return
        self._number += 1
        yield Record(self._number, at, dict(zip(self.columns, values, strict=True)))

    def _read_header(self, text: str) -> None:
        best: list[str] = []
        for delimiter in _DELIMITERS:
            try:
                names = next(csv.reader((text,), delimiter=delimiter, strict=True))
            except (csv.Error, StopIteration):
                continue
            if len(names) > len(best):
                best, self._delimiter = names, delimiter
        columns = tuple(name.strip().lower() for name in best)
        twice = next((name for name in columns if name and columns.count(name) > 1), None)
        if twice is not None:
            raise FileRefused(f"The first line names the column {twice[:60]} twice.")
        if "\0" in text:
            raise FileRefused(_NO_TEXT)
        if not any(columns):
            raise FileRefused("The first line must name the columns.")
        self.columns = columns

    def _object(self, at: int, raw: bytes) -> Iterator[Record]:
        if not raw.strip():
            return
        if b"\0" in raw or b"\\u0000" in raw:
            yield self._refuse(at, RowFault.NUL, "The character U+0000 must not be in a row.")
            return
        try:
            value = msgspec.json.decode(raw)
        except UnicodeDecodeError:
            yield self._refuse(at, RowFault.NOT_UTF8, "The row is not UTF-8: save the file as UTF-8.")
            return
        except (msgspec.DecodeError, RecursionError):
            yield self._refuse(at, RowFault.MALFORMED, "The row is not one JSON object.")
            return
        if not isinstance(value, dict):
            yield self._refuse(at, RowFault.MALFORMED, "The row is not one JSON object.")
            return
        values = {str(name).strip().lower(): inner for name, inner in value.items()}
        if self.columns is None:
            self.columns = tuple(values)
        self._number += 1
        yield Record(self._number, at, values)

    def _refuse(self, at: int, fault: RowFault, sentence: str) -> Record:
        self._number += 1
        return Record(self._number, at, {}, fault, sentence)


def _utf8(text: str) -> bytes:
    # A lone surrogate becomes bytes that are no UTF-8, and so is refused with its row.
    return text.encode("utf-8", "surrogatepass")
