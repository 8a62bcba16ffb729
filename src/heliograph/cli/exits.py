"""What the exit status of a command means, and the error with which a command ends itself."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses, the same for every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOTHING_SENT = 3
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot go on; the sentence says what to change."""

    def __init__(self, sentence: str, status: Exit = Exit.FAILED) -> None:
        super().__init__(sentence)
        self.status = status
