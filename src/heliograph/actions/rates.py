"""What a caller says of rates, read: messages per second or minute, of all together and by push service."""

from collections.abc import Mapping

from heliograph.domain.endpoint import PushService
from heliograph.domain.rate import ALL, Rate
from heliograph.errors import FieldError, InvalidRequest


def read_rate(text: str | None, pointer: str) -> Rate | None:
    """Read a rate; None stays None.

    Raises:
        InvalidRequest: this is no rate.
    """
    if text is None:
        return None
    try:
        return Rate.parse(text)
    except ValueError as error:
        raise InvalidRequest(str(error), (FieldError(pointer, str(error)),)) from error


def changed_rates(
    old: Mapping[str, str], *, rate: str | None, by_service: Mapping[str, str] | None, clear_rate: bool
) -> dict[str, str]:
    """Return a project's rates with other ones; None leaves what there is.

    Raises:
        InvalidRequest: one is no rate, or is for no push service.
    """
    new = dict(old)
    wanted = read_rate(rate, "/rate")
    if wanted is not None:
        new[ALL] = str(wanted)
    elif clear_rate:
        new.pop(ALL, None)
    if by_service is not None:
        new = {name: kept for name, kept in new.items() if name == ALL}
        for name, text in sorted(by_service.items()):
            pointer = f"/push_service_rates/{name}"
            if name not in set(PushService):
                sentence = f"There is no push service {name!r}: it is one of {', '.join(PushService)}."
                raise InvalidRequest(sentence, (FieldError(pointer, sentence),))
            new[str(name)] = str(read_rate(text, pointer))
    return new
