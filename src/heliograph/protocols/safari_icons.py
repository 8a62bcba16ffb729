"""The six icons of a Safari push package, made from one picture. A stranger's picture is looked at before decoding."""

from collections.abc import Mapping
from io import BytesIO

from PIL import Image, UnidentifiedImageError

MAX_BYTES = 2 * 1024 * 1024
MAX_SIDE = 4_096
"""Pixels; decoded, the largest picture takes 64 MiB."""
MIN_SIDE = 256
SIDES: Mapping[str, int] = {
    "icon.iconset/icon_16x16.png": 16,
    "icon.iconset/icon_16x16@2x.png": 32,
    "icon.iconset/icon_32x32.png": 32,
    "icon.iconset/icon_32x32@2x.png": 64,
    "icon.iconset/icon_128x128.png": 128,
    "icon.iconset/icon_128x128@2x.png": 256,
}
"""Name in the package, and pixels."""
_FORMATS = ("PNG", "JPEG", "WEBP")


def make(picture: bytes) -> dict[str, bytes]:
    """Return the icons by name, as PNG; what is not square is put on a transparent square.

    Raises:
        ValueError: one sentence: too large, too small, or no picture.
    """
    square = _square(picture)
    made = {}
    for name, side in SIDES.items():
        out = BytesIO()
        square.resize((side, side), Image.Resampling.LANCZOS).save(out, "PNG")
        made[name] = out.getvalue()
    return made


def _square(picture: bytes) -> Image.Image:
    if len(picture) > MAX_BYTES:
        raise ValueError(f"An icon has at most {MAX_BYTES // 1024} KiB.")
    try:
        # Only the header is read here: the size is known before anything is unpacked.
        with Image.open(BytesIO(picture), formats=_FORMATS) as found:
            _check(*found.size)
            image = found.convert("RGBA")
    except _WrongSizeError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError):
        raise ValueError("This is no PNG, JPEG or WebP picture that can be read.") from None
    side = max(image.size)
    square = Image.new("RGBA", (side, side))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


class _WrongSizeError(ValueError):
    """Told apart from what the library raises."""


def _check(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        raise _WrongSizeError(f"An icon has at most {MAX_SIDE} pixels a side.")
    if min(width, height) < MIN_SIDE:
        raise _WrongSizeError(f"An icon has at least {MIN_SIDE} pixels a side.")
