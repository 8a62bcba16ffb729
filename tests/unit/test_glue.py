"""Small rules of the Glue API: locales, identifiers as UUIDs, passwords."""

import asyncio
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.glue import GlueSettings, written
from heliograph.domain.subscription import Group
from heliograph.kit import passwords
from heliograph.kit.clock import FrozenClock
from heliograph.kit.ids import Ids, from_uuid, is_id, to_uuid


@given(random=st.binary(min_size=10, max_size=10), at=st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1)))  # noqa: DTZ001
def test_identifiers_and_uuids_are_the_same_bits(random: bytes, at: datetime):
    """What one writes the other reads, in either case of letters."""
    identifier = Ids(FrozenClock(at.replace(tzinfo=UTC)), lambda _: random).new("prv")
    text = to_uuid(identifier)
    assert str(uuid.UUID(text)) == text
    assert from_uuid("prv", text) == from_uuid("prv", text.upper()) == identifier
    assert is_id("sub", from_uuid("sub", text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2a304ddfd51b514fbd116e818a27fe23",
        "{2a304ddf-d51b-514f-bd11-6e818a27fe23}",
        "2a304ddf-d51b-514f-bd11-6e818a27fe2",
        "2a304ddf-d51b-514f-bd11-6e818a27fe23\n",
        "\uff12a304ddf-d51b-514f-bd11-6e818a27fe2",
        "\u00e9" * 36,
        "-" * 36,
    ],
)
def test_what_is_no_uuid_is_no_identifier(text: str):
    """Other spellings are nobody's."""
    assert from_uuid("prv", text) is None


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("en_US", True),
        ("de", True),
        ("sr_Latn_RS", True),
        ("es-419", True),
        ("EN_us", False),
        ("en_", False),
        ("", False),
        ("english", False),
        ("en_US\n", False),
        ("en_USA", False),
    ],
)
def test_locales(name: str, is_known: bool):
    """Locales are written as Spryker writes them, or with a hyphen."""
    assert GlueSettings().knows_locale(name) is is_known


def test_a_shops_own_locales():
    """A list is exact, in either spelling."""
    settings = GlueSettings(locales=("en_US",))
    assert settings.knows_locale("en_US")
    assert settings.knows_locale("en-US")
    assert not settings.knows_locale("de_DE")


def test_groups_as_claims_name_them():
    """With a slash before the identifier."""
    assert [written(Group("warehouse", "42")), written(Group("warehouse"))] == ["warehouse/42", "warehouse"]


def test_passwords():
    """Only the password itself fits; the stored text shows how it was made, and not what it was."""
    stored = passwords.hash_password("correct horse", bytes(16))
    assert stored.startswith("scrypt$16384$8$5$")
    assert "horse" not in stored
    assert passwords.fits("correct horse", stored)
    assert not passwords.fits("correct horsf", stored)
    assert not passwords.fits("", stored)
    assert not passwords.fits("x", "md5$x")
    assert not passwords.fits("x" * 2000, stored)


async def test_few_passwords_at_once():
    """A crowd is sent away instead of filling the memory."""
    stored = passwords.hash_password("x", bytes(16))
    asked = [passwords.fits_aside("x", stored) for _ in range(25)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, passwords.BusyError) for one in answers) == 5
    assert answers.count(True) == 20
