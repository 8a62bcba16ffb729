"""How often passwords may be guessed."""

from datetime import UTC, datetime, timedelta

from heliograph.kit.guesses import IN_ALL, Guesses

NOW = datetime(2026, 3, 14, tzinfo=UTC)
HOME, OFFICE = "203.0.113.7", "198.51.100.9"


def _tries(guesses: Guesses, name: str, address: str | None, times: int) -> int:
    """Return how many of so many wrong passwords are let through."""
    return [guesses.begin(name, address, NOW) for _ in range(times)].count(None)


def test_one_address_may_guess_a_name_slowly():
    """Three a minute: three now, the next in twenty seconds; another name and another address go on."""
    guesses = Guesses(3)
    assert _tries(guesses, "ada", HOME, 10) == 3
    assert guesses.begin("ada", HOME, NOW) == timedelta(seconds=20)
    assert guesses.begin("ada", HOME, NOW + timedelta(seconds=20)) is None
    assert _tries(guesses, "grace", HOME, 1) == 1
    assert _tries(guesses, "ada", OFFICE, 1) == 1


def test_one_address_may_not_try_all_names():
    """Many names from one address share one limit."""
    guesses = Guesses(3)
    assert sum(_tries(guesses, f"name {number}", HOME, 3) for number in range(20)) == 3 * IN_ALL


def test_many_addresses_share_the_guesses_of_one_name():
    """Whoever has a thousand addresses has not a thousand times the guesses."""
    guesses = Guesses(3)
    assert sum(_tries(guesses, "ada", f"192.0.2.{number}", 3) for number in range(200)) == 3 * IN_ALL


def test_strangers_do_not_lock_the_owner_out():
    """An address where the name was right does not share the strangers' limit, though it has its own."""
    guesses = Guesses(3)
    guesses.remember("ada", HOME)
    for number in range(200):
        _tries(guesses, "ada", f"192.0.2.{number}", 3)
    assert guesses.begin("ada", OFFICE, NOW) is not None
    assert guesses.knows("ada", HOME)
    assert _tries(guesses, "ada", HOME, 10) == 3


def test_what_is_undone_was_never_counted():
    """A right password costs nothing, however often it is shown."""
    guesses = Guesses(3)
    for _ in range(100):
        assert guesses.begin("ada", HOME, NOW) is None
        guesses.undo("ada", HOME, NOW)
    assert _tries(guesses, "ada", HOME, 10) == 3


def test_what_is_refused_counts_nowhere():
    """Trying on while one has to wait makes nothing worse, for the name or for the address."""
    guesses = Guesses(3)
    _tries(guesses, "ada", HOME, 100)
    assert sum(_tries(guesses, f"name {number}", HOME, 3) for number in range(20)) == 3 * IN_ALL - 3
    assert _tries(guesses, "ada", OFFICE, 3) == 3


def test_who_is_not_limited_is_not_counted():
    """This machine itself, and everybody where the settings say 0."""
    assert _tries(Guesses(3), "ada", None, 100) == 100
    assert _tries(Guesses(0), "ada", HOME, 100) == 100


def test_memory_is_bounded():
    """Of more owners than there is room for, those longest unseen are forgotten."""
    guesses = Guesses(1, capacity=2)
    for name in ("a", "b", "a", "c"):
        guesses.remember(name, HOME)
    assert [guesses.knows(name, HOME) for name in "abc"] == [True, False, True]
