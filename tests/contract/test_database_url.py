"""What an operator may write as a database URL, and is told when it does not work."""

from pathlib import Path

import pytest
from sqlalchemy import text

from heliograph.storage.store import Store, StoreError


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not of the form"),
        ("mysql://ada:hunter2@db/x", "'mysql' is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///x.db?mode=ro", "only option"),
        ("sqlite:///x.db?synchronous=off", "only option"),
        ("sqlite:////nowhere/at/all/x.db", "does not exist"),
        ("postgresql://ada:hunter2@127.0.0.1:1/x", "does not answer"),
        ("postgresql://ada:hunter2@db:port/x", "not of the form"),
    ],
)
async def test_an_unusable_url_is_explained(url: str, said: str) -> None:
    """The operator is told in one sentence what is wrong, without the password."""
    with pytest.raises(StoreError, match=said) as caught:
        await Store.open(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_file_that_is_no_database_is_explained(tmp_path: Path) -> None:
    """Pointing at some other file is said, and the file is not touched."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ada,\n" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        await Store.open(f"sqlite:///{path}")
    assert path.read_text() == "Dear Ada,\n" * 1000


async def test_waiting_for_the_disk_can_be_asked_for(tmp_path: Path) -> None:
    """`?synchronous=full` makes every commit wait for the disk; otherwise only checkpoints do."""
    for query, level in (("", 1), ("?synchronous=full", 2)):
        store = await Store.open(f"sqlite:///{tmp_path}/x.db{query}")
        async with store.begin() as tx:
            assert await tx.scalar(text("PRAGMA synchronous")) == level
            assert await tx.scalar(text("PRAGMA journal_mode")) == "wal"
            assert await tx.scalar(text("PRAGMA foreign_keys")) == 1
        await store.close()
