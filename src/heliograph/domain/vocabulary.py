"""The names of events that Heliograph understands, and what their properties mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MAX_ITEM_ID = 128
MAX_LINES = 100
"""Different items in one event, and in a cart."""


class EventName(StrEnum):
    """Names that Heliograph understands."""

    PAGE_VIEW = "page_view"
    CATEGORY_VIEW = "category_view"
    ITEM_VIEW = "item_view"
    CART_ADD = "cart_add"
    CART_REMOVE = "cart_remove"
    CART_UPDATE = "cart_update"
    ORDER = "order"
    ITEM_PRICE_DROPPED = "item_price_dropped"
    ITEM_AVAILABLE = "item_available"


CART_EVENTS = frozenset({EventName.CART_ADD, EventName.CART_REMOVE, EventName.CART_UPDATE, EventName.ORDER})
WHOLE_CART_EVENTS = frozenset({EventName.CART_UPDATE, EventName.ORDER})
"""They say what is in the cart, whatever was in it before: what `cart_update` names, and nothing after an `order`."""
ITEM_EVENTS = frozenset({EventName.ITEM_PRICE_DROPPED, EventName.ITEM_AVAILABLE})
"""Of an item and not of a person; only the shop's server can tell them."""


class Kind(StrEnum):
    """What a property is."""

    TEXT = "text"
    ID = f"text or whole number, 1 to {MAX_ITEM_ID} characters"
    PRICE = "number, or text with a dot or comma; neither currency nor sign"
    COUNT = "number from 0"
    FLAG = "true or false"
    ITEMS = f"list of items, {MAX_LINES} at most"


@dataclass(frozen=True, slots=True)
class Property:
    """One property that Heliograph reads. `path` is `item.id` for the `id` in `item`."""

    path: str
    kind: Kind
    meaning: str
    is_needed: bool = False


_ITEM_TEXTS = tuple(
    Property(f"item.{name}", Kind.TEXT, meaning)
    for name, meaning in (
        ("category_id", "Its category."),
        ("vendor", "Who makes it."),
        ("title", "Its name, for notifications."),
        ("image", "The address of its picture."),
        ("url", "The address of its page."),
    )
)
_ITEM_ID = Property("item.id", Kind.ID, "The shop's own id of the item.", is_needed=True)
_ITEM_PRICE = Property("item.price", Kind.PRICE, "The price of one.")
_MOVED = (
    _ITEM_ID,
    _ITEM_PRICE,
    Property("item.count", Kind.COUNT, "How many more, or fewer; 1 if it is left out."),
    *_ITEM_TEXTS,
    Property(
        "items", Kind.ITEMS, "Several items, each with `id`, `count` and what else an item has, instead of `item`."
    ),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a name. Properties beside these are kept as they are."""

    meaning: str
    properties: tuple[Property, ...]


VOCABULARY: Mapping[EventName, Known] = {
    EventName.PAGE_VIEW: Known(
        "A page was looked at.",
        (
            Property("url", Kind.TEXT, "Its address.", is_needed=True),
            Property("title", Kind.TEXT, "Its title."),
            Property("referrer", Kind.TEXT, "Where the person came from."),
            *(Property(f"utm_{word}", Kind.TEXT, f"`utm_{word}` of the address.") for word in ("source", "campaign")),
            Property("utm_medium", Kind.TEXT, "`utm_medium` of the address."),
        ),
    ),
    EventName.CATEGORY_VIEW: Known(
        "A category was looked at.",
        (Property("category.id", Kind.ID, "The shop's own id of the category.", is_needed=True),),
    ),
    EventName.ITEM_VIEW: Known(
        "An item was looked at.",
        (_ITEM_ID, _ITEM_PRICE, Property("item.available", Kind.FLAG, "Whether it can be bought."), *_ITEM_TEXTS),
    ),
    EventName.CART_ADD: Known("Something came into the cart.", _MOVED),
    EventName.CART_REMOVE: Known("Something was taken out of the cart.", _MOVED),
    EventName.CART_UPDATE: Known(
        "What is in the cart now, whatever was in it before.",
        (Property("items", Kind.ITEMS, "Each with `id`, `count` and what else an item has.", is_needed=True),),
    ),
    EventName.ORDER: Known(
        "Something was bought; the cart is empty now.",
        (
            Property("order.id", Kind.ID, "The shop's own id of the order.", is_needed=True),
            Property("order.price", Kind.PRICE, "What was paid."),
            Property("order.items", Kind.ITEMS, "What was bought: `id`, `title`, `price`, `image`, `count`."),
            Property("order.custom_field", Kind.TEXT, "Anything of the shop's."),
        ),
    ),
    EventName.ITEM_PRICE_DROPPED: Known(
        "An item became cheaper. From the shop's server, and of no person.",
        (_ITEM_ID, _ITEM_PRICE, Property("item.old_price", Kind.PRICE, "What it was before."), *_ITEM_TEXTS),
    ),
    EventName.ITEM_AVAILABLE: Known(
        "An item can be bought again. From the shop's server, and of no person.", (_ITEM_ID, _ITEM_PRICE, *_ITEM_TEXTS)
    ),
}
"""Every known name, once. `docs/reference/events.md` is made from this."""
