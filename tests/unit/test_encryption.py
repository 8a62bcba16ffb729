"""RFC 8291 and RFC 8188, by their vectors, by a foreign implementation, and by damage."""

import base64
import json
import os
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from heliograph.protocols import base64url, vapid
from heliograph.protocols.encryption import (
    MAX_BODY,
    MAX_PLAINTEXT,
    DecryptionError,
    Plaintext,
    ReceiverKeys,
    content_keys,
    decrypt,
    encrypt,
    encrypt_many,
    open_record,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "webpush.json").read_text())
RFC8291 = {name: base64url.decode(value) for name, value in VECTORS["rfc8291_appendix_a"].items() if name != "rs"}
RECEIVER = vapid.load_private_key(RFC8291["ua_private"])
P256DH, AUTH = RFC8291["ua_public"], RFC8291["auth_secret"]


def sealed(plaintext: bytes, padding: int = 0) -> bytes:
    return encrypt(
        plaintext, P256DH, AUTH, sender=ec.generate_private_key(ec.SECP256R1()), salt=os.urandom(16), padding=padding
    )


def test_rfc8291_appendix_a_byte_for_byte():
    """The example of RFC 8291 comes out as printed there."""
    body = encrypt(
        RFC8291["plaintext"], P256DH, AUTH, sender=vapid.load_private_key(RFC8291["as_private"]), salt=RFC8291["salt"]
    )

    assert body == RFC8291["body"]
    assert len(body) == 144


def test_rfc8291_appendix_a_decrypts():
    """A receiver reads the RFC's own body."""
    assert decrypt(RFC8291["body"], RECEIVER, AUTH) == b"When I grow up, I want to be a watermelon"


def test_rfc8188_section_3_1():
    """Key and nonce follow RFC 8188, and the record opens."""
    vector = VECTORS["rfc8188_3_1"]
    body = base64url.decode(vector["body"])

    key, nonce = content_keys(base64url.decode(vector["ikm"]), base64url.decode(vector["salt"]))

    assert (key, nonce) == (base64url.decode(vector["cek"]), base64url.decode(vector["nonce"]))
    assert open_record(body[21:], key, nonce) == b"I am the walrus"


@given(st.binary(max_size=MAX_PLAINTEXT), st.integers(0, 64))
def test_a_foreign_implementation_reads_us(plaintext: bytes, padding: int):
    """What we encrypt, http-ece decrypts."""
    padding = min(padding, MAX_PLAINTEXT - len(plaintext))
    body = sealed(plaintext, padding)

    assert http_ece.decrypt(body, private_key=RECEIVER, auth_secret=AUTH, version="aes128gcm") == plaintext
    assert len(body) == len(plaintext) + padding + 103


@given(st.binary(min_size=1, max_size=MAX_PLAINTEXT))
def test_we_read_a_foreign_implementation(plaintext: bytes):
    """What http-ece encrypts, we decrypt."""
    sender = ec.generate_private_key(ec.SECP256R1())
    body = http_ece.encrypt(plaintext, private_key=sender, dh=P256DH, auth_secret=AUTH, version="aes128gcm")

    assert decrypt(body, RECEIVER, AUTH) == plaintext


@given(st.data())
def test_any_flipped_bit_is_noticed(data: st.DataObject):
    """No damage to a body goes unseen."""
    body = bytearray(RFC8291["body"])
    # The record size is not authenticated by RFC 8188 and may change as long as it covers the record.
    position = data.draw(st.sampled_from([i for i in range(len(body)) if not 16 <= i < 20]))
    body[position] ^= data.draw(st.integers(1, 255))

    with pytest.raises(DecryptionError):
        decrypt(bytes(body), RECEIVER, AUTH)


@given(st.binary(max_size=300))
def test_garbage_is_refused_not_crashed_on(body: bytes):
    """Any bytes at all end in DecryptionError."""
    with pytest.raises(DecryptionError):
        decrypt(body, RECEIVER, AUTH)


def test_the_largest_message_fills_the_largest_body():
    """3,993 bytes of plaintext make 4,096 bytes of body, and one more is refused."""
    assert len(sealed(bytes(MAX_PLAINTEXT))) == MAX_BODY
    with pytest.raises(ValueError, match="at most 3993"):
        sealed(bytes(MAX_PLAINTEXT + 1))


@pytest.mark.parametrize(
    ("tail", "why"),
    [(b"\x01", "delimiter of a record that is not the last"), (b"", "no delimiter"), (b"\x00\x00", "only padding")],
)
def test_wrong_delimiters_are_refused(tail: bytes, why: str):
    """Only a record that says it is the last one is a push message."""
    key, nonce = os.urandom(16), os.urandom(12)
    record = AESGCM(key).encrypt(nonce, b"text" + tail, None)

    with pytest.raises(DecryptionError, match="delimiter"):
        open_record(record, key, nonce)


def test_two_records_are_refused():
    """RFC 8291 section 4: a push message has one record."""
    body = bytearray(RFC8291["body"])
    body[16:20] = (40).to_bytes(4, "big")

    with pytest.raises(DecryptionError, match="one record"):
        decrypt(bytes(body), RECEIVER, AUTH)


def test_every_message_has_a_key_and_a_salt_of_its_own():
    """RFC 8291 section 3.1: nothing repeats between messages, even to one receiver."""
    bodies = encrypt_many([Plaintext(P256DH, AUTH, b"same")] * 20)

    assert len({body[:16] for body in bodies}) == 20
    assert len({body[21:86] for body in bodies}) == 20
    assert {decrypt(body, RECEIVER, AUTH) for body in bodies} == {b"same"}


OFF_CURVE = b"\x04" + b"\x01" * 64


@pytest.mark.parametrize(
    ("p256dh", "auth", "sentence"),
    [
        (OFF_CURVE, AUTH, "not a point"),
        (P256DH[:-1], AUTH, "65 bytes"),
        (b"\x02" + P256DH[1:33], AUTH, "65 bytes"),
        (b"\x05" + P256DH[1:], AUTH, "65 bytes"),
        (bytes(65), AUTH, "65 bytes"),
        (P256DH, AUTH[:-1], "16 bytes"),
        (P256DH, AUTH + b"\0", "16 bytes"),
    ],
)
def test_bad_receiver_keys_are_refused_with_the_reason(p256dh: bytes, auth: bytes, sentence: str):
    """A registration with unusable keys says what is wrong with them."""
    with pytest.raises(ValueError, match=sentence):
        ReceiverKeys(p256dh, auth)


@given(st.binary(max_size=100))
def test_base64_is_read_in_every_spelling(data: bytes):
    """Browsers and vendors write base64url and base64, padded and not."""
    spellings = {
        base64url.encode(data),
        base64.urlsafe_b64encode(data).decode(),
        base64.b64encode(data).decode(),
        base64.b64encode(data).decode().rstrip("="),
    }

    assert {base64url.decode(text) for text in spellings} == {data}


@pytest.mark.parametrize("text", ["a", "ab c", "é", "a\n", "ab$d", "abcde"])
def test_what_is_not_base64_is_refused(text: str):
    """Nothing is silently dropped from a key."""
    with pytest.raises(ValueError, match="not base64url"):
        base64url.decode(text)
