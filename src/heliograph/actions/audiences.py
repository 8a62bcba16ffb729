"""Whom a sender may name as an audience."""

from dataclasses import replace

from heliograph import conditions
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.errors import FieldError, NotFound
from heliograph.storage import segments
from heliograph.storage.store import Tx


async def known(tx: Tx, project_id: str, audience: Audience, at: str = "/audience") -> Audience:
    """Return an audience with the rule of its segment, if it is one; others as they are.

    A segment may be given by its name, too. `at` is the JSON Pointer of the audience, for problems.

    Raises:
        NotFound: there is no such segment.
        InvalidRequest: the rule is none.
    """
    if audience.kind is not AudienceKind.SEGMENT:
        return audience
    if audience.segment_id is None:
        conditions.parse(audience.rule, f"{at}/rule")
        return audience
    segment = await segments.get(tx, project_id, audience.segment_id) or await segments.named(
        tx, project_id, audience.segment_id
    )
    if segment is None:
        sentence = "There is no such segment in this project."
        raise NotFound(sentence, (FieldError(f"{at}/segment", sentence),))
    return replace(audience, segment_id=segment.id, rule=segment.rule)
