"""Why nothing good came of a person's templates: they are filled in once more, with what is known now."""

from collections.abc import Sequence

from heliograph.actions.story import Fact, Seen
from heliograph.actions.story_words import StoryCode
from heliograph.domain.notification import Notification
from heliograph.domain.template import TemplateError
from heliograph.domain.texts import TEMPLATE_ERROR
from heliograph.storage import template_values
from heliograph.storage.store import Tx


async def of_templates(tx: Tx, notification: Notification, seen: Sequence[Seen]) -> dict[str, Fact]:
    """Return, by subscription, what the templates come to now for those whose delivery failed because of them."""
    failed = [one for one in seen if one.delivery is not None and one.delivery.reason == TEMPLATE_ERROR]
    if not failed:
        return {}
    of = {one.id: None if one.delivery is None else one.delivery.profile_id for one in failed}
    texts = await template_values.texts(tx, notification, of.values())
    told = {}
    for one in failed:
        language = None if one.subscription is None else one.subscription.language
        try:
            texts.checked(of[one.id], language)
            sentence = "With what is known now, the templates would come to something that can be shown."
        except TemplateError as error:
            sentence = f"With what is known now, it is still so: {error.detail}"
        told[one.id] = Fact(StoryCode.TEMPLATE_NOW, sentence)
    return told
