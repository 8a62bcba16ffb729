"""Base64 as Web Push writes it: URL alphabet, no padding (RFC 4648 section 5, RFC 7515 appendix C)."""

import base64
import binascii

_TO_URL = str.maketrans("+/", "-_")


def encode(data: bytes) -> str:
    """Return `data` as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read base64url or base64, with or without padding: browsers and vendors write all four.

    Raises:
        ValueError: a character outside both alphabets, or a length that no bytes have.
    """
    bare = text.rstrip("=").translate(_TO_URL)
    try:
        return base64.b64decode((bare + "=" * (-len(bare) % 4)).encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("This is not base64url.") from error
