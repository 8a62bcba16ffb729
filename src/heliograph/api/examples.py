"""Examples for the OpenAPI document: made from the types, with a likely value for every name that occurs."""

from enum import Enum
from typing import Any

import msgspec

_AT = "2026-03-14T09:26:53Z"
_LATER = "2026-03-15T09:26:53Z"
_BODY = "01k2p7wq8e4vz9x3m5n6r7s8t0"
_PREFIXES = {
    "project": "prj",
    "key": "key",
    "vapid_key": "vap",
    "provider": "prv",
    "subscription": "sub",
    "profile": "pro",
    "group": "grp",
    "segment": "seg",
    "campaign": "cmp",
    "dispatch": "dsp",
    "member": "pro",
    "notification": "ntf",
    "delivery": "dlv",
    "audit": "aud",
    "webhook": "whk",
    "message": "msg",
    "import": "imp",
    "held_device": "dev",
}
_BY_NAME: dict[str, Any] = {
    "name": "Shop",
    "project": f"prj_{_BODY}",
    "refused": [],
    "origins": ["https://shop.example"],
    "origin": "https://shop.example",
    "vapid_subject": "mailto:push@example.com",
    "plaintext_budget": 2600,
    "identity_public_key": None,
    "publishable_key": "hpk_3q2-7wAAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBk",
    "secret_key": "hsk_4t5-8xBBBBFDBxRGChdJDRpMEB1PEyBSFiNVGSZYHCk",
    "token": "hsk_4t5-8xBBBBFDBxRGChdJDRpMEB1PEyBSFiNVGSZYHCk",
    "secret": "hss_5u6-9yCCCCGECySHDieKESrNFB_QFyLTGiXWHSjZICs",
    "identity_secret": "aR8x1dE0c2V0LW9mLTMyLWJ5dGVzLWFzLWJhc2U2NHU",
    "hint": "hsk_4t5-8x",
    "application_server_key": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "public_key": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "external_id": "ada",
    "external_ids": ["ada", "grace"],
    "subscription_ids": [f"sub_{_BODY}"],
    "group": "warehouse",
    "group_name": "warehouse",
    "identifier": "42",
    "title": "Back in stock",
    "body": "The blue lamp that you looked at is here again.",
    "url": "https://shop.example/lamps/blue",
    "icon": "https://shop.example/icon.png",
    "action": "buy",
    "clicked_action": "buy",
    "language": "en",
    "direction": "auto",
    "time_zone": "Europe/Berlin",
    "user_agent": "Firefox 143 on Linux",
    "push_service": "mozilla",
    "total": 3,
    "by_state": {"accepted": 1, "displayed": 1, "gone": 1},
    "by_reason": [
        {"state": "accepted", "reason": None, "count": 1},
        {"state": "displayed", "reason": None, "count": 1},
        {"state": "gone", "reason": "gone", "count": 1},
    ],
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABo…",
    "attempts": 1,
    "refused_in_row": 0,
    "status_code": 201,
    "service_message_id": "0:1773480413123456%7031b2e6f9fd7ecd",
    "ttl_seconds": 86_400,
    "attributes": {"first_name": "Ada"},
    "scopes": ["send"],
    "count": 1,
    "next": None,
    "status": "ready",
    "act": "key_revoked",
    "actor_kind": "key",
    "actor_id": f"key_{_BODY}",
    "subject_id": f"key_{_BODY}",
    "request_id": f"req_{_BODY}",
    "details": {"name": "Order system"},
    "queue": "moving",
    "audience": {"kind": "group", "group": "warehouse", "identifier": "42"},
    "content": {
        "title": "Back in stock",
        "body": "The blue lamp that you looked at is here again.",
        "url": "https://shop.example/lamps/blue",
    },
    "urgency": "normal",
    "limits": {"caps": [{"count": 2, "per_seconds": 604_800}], "quiet_hours": {"from": "22:00", "to": "08:00"}},
    "exclusion_group": "marketing",
    "campaign_id": f"cmp_{_BODY}",
    "rule": {"kind": "attribute", "name": "plan", "is": "eq", "value": "gold"},
    "seen": {"value": "gold", "exists": True},
}
_BY_TYPE: dict[tuple[str, str], Any] = {
    ("DeliveryView", "state"): "clicked",
    ("DeliveryHistoryView", "state"): "clicked",
    ("DeliveryHistoryView", "id"): f"dlv_{'4f' * 16}",
    ("FactView", "code"): "chosen",
    ("FactView", "sentence"): "It was chosen because the notification was for everyone.",
    ("NotificationView", "state"): "done",
    ("KeyView", "kind"): "secret",
    ("KeyView", "name"): "Order system",
    ("KeyView", "token"): None,
    ("ImportView", "state"): "finished",
    ("ImportView", "format"): "onesignal",
    ("ImportView", "source"): "users.csv.gz",
    ("ImportView", "counts"): {"created": 9_870, "held": 120, "refused": 10},
    ("ImportView", "rows_read"): 10_000,
    ("ImportView", "bytes_read"): 2_918_400,
    ("ImportView", "dropped"): {"language": 3},
    ("ImportView", "failure"): None,
    ("RefusedRowView", "line"): 418,
    ("RefusedRowView", "number"): 417,
    ("RefusedRowView", "reason"): "conflict",
    ("RefusedRowView", "detail"): "The endpoint is known here with other keys.",
    ("HeldDeviceView", "channel"): "ios",
    ("HeldDeviceView", "app_id"): None,
    ("NewProvider", "name"): "web-2",
    ("ProviderView", "name"): "web",
    ("GroupView", "name"): "warehouse",
    ("SegmentView", "name"): "Gold",
    ("AnswerView", "of"): [],
    ("CampaignView", "name"): "Friday's ferry",
    ("CampaignView", "state"): "scheduled",
    ("CampaignView", "finished_at"): None,
    ("CampaignView", "message"): {
        "trigger": {
            "kind": "recurring",
            "every": "week",
            "weekdays": ["fri"],
            "times": ["09:00"],
            "time_zone": "Europe/Berlin",
        },
        "audience": {"kind": "everyone"},
        "content": {"title": "Harbour", "body": "The ferry leaves at nine.", "url": "https://shop.example/ferry"},
        "limits": {"exclusion": {"group": "marketing", "window_seconds": 86_400}},
    },
    ("CampaignView", "prompt"): None,
    ("DispatchView", "key"): "2026-03-13T09:00",
    ("DispatchView", "state"): "started",
    ("TriggeredView", "dispatch"): f"dsp_{_BODY}",
    ("TriggeredView", "is_new"): True,
    ("TriggeredView", "unknown"): [],
    ("StatisticsView", "dispatches"): {"started": 4, "missed": 1},
    ("PromptVariantView", "variant"): None,
    ("PromptVariantView", "events"): {
        "show-widget": 5200,
        "test-passed": 4100,
        "push-subscribed": 780,
        "push-denied": 210,
        "push-already-subscribed": 940,
        "push-already-denied": 130,
        "push-unsupported": 60,
        "click-later": 900,
        "click-close": 1700,
    },
    ("PromptVariantView", "subscribed_rate"): 0.15,
    ("VariantView", "variant"): None,
    ("VariantView", "sent"): 1200,
    ("VariantView", "displayed"): 900,
    ("VariantView", "clicked"): 90,
    ("VariantView", "click_rate"): 0.075,
    ("VariantView", "click_rate_between"): [0.0614, 0.0913],
    ("VariantView", "skipped"): {"frequency_cap": 31},
    ("VariantView", "failed"): {"gone": 4},
    ("NotificationView", "campaign_id"): None,
    ("NotificationView", "variant"): None,
    ("OwnGroupView", "name"): "warehouse",
    ("GroupForm", "name"): "warehouse",
    ("SubscriptionView", "state"): "active",
    ("RegisteredView", "state"): "active",
}
_UNKNOWN = object()
_NOT_YET = {
    "revoked_at", "replaced_by_id", "paused_until", "pause_reason", "retiring_at", "retired_at",
    "next_attempt_at", "dismissed_at",
    "reason", "state_reason", "ended_at", "image", "badge", "app_badge", "topic", "variants", "data",
}  # fmt: skip
_TRUE = {
    "is_enabled",
    "active_subscriptions_exact",
    "identified",
    "application_server_key_current",
    "holds",
    "is_exact",
}


def example_of(kind: Any) -> Any:
    """Return an example of a type as plain JSON values."""
    return _example(msgspec.inspect.type_info(kind), name="", within="")


def example_id(name: str) -> str:
    """Return an example of an identifier by the name of a parameter or field: `key_id` gives `key_…`."""
    prefix = _PREFIXES.get(name.removesuffix("_id"), "id")
    return f"{prefix}_{'4f' * 16}" if prefix == "dlv" else f"{prefix}_{_BODY}"


def _example(kind: msgspec.inspect.Type, *, name: str, within: str) -> Any:
    known = _BY_TYPE.get((within, name), _BY_NAME.get(name, _UNKNOWN))
    match kind:
        case msgspec.inspect.Metadata():
            return _example(kind.type, name=name, within=within)
        case msgspec.inspect.UnionType():
            return _of_union(kind, name=name, within=within)
        case msgspec.inspect.StructType() if not isinstance(known, dict):
            return _of_struct(kind)
        case _ if known is not _UNKNOWN:
            return known
        case msgspec.inspect.ListType() | msgspec.inspect.VarTupleType():
            return [_example(kind.item_type, name=name.removesuffix("s"), within=within)]
        case _:
            return _of_scalar(kind, name=name, within=within)


def _of_scalar(kind: msgspec.inspect.Type, *, name: str, within: str) -> Any:
    match kind:
        case msgspec.inspect.BoolType():
            return name in _TRUE
        case msgspec.inspect.DateTimeType():
            return _LATER if name.startswith("expire") else _AT
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            return 1
        case msgspec.inspect.EnumType():
            members: list[Enum] = list(kind.cls)
            return members[0].value
        case msgspec.inspect.StrType():
            return _of_text(name, within)
        case _:
            return {}


def _of_union(kind: msgspec.inspect.UnionType, *, name: str, within: str) -> Any:
    if (within, name) in _BY_TYPE:
        return _BY_TYPE[within, name]
    if name in _NOT_YET and kind.includes_none:
        return None
    some = [one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType)]
    return _example(some[0], name=name, within=within)


def _of_struct(kind: msgspec.inspect.StructType) -> dict[str, Any]:
    within = kind.cls.__name__
    made: dict[str, Any] = {}
    if kind.tag_field is not None:
        made[kind.tag_field] = kind.tag
    for field in kind.fields:
        if not field.required and field.name in _NOT_YET:
            continue
        made[field.encode_name] = _example(field.type, name=field.name, within=within)
    return made


def _owner(type_name: str) -> str:
    """Return what a view is of: `VapidKeyView` gives `vapid_key`."""
    bare = type_name.removesuffix("View").removeprefix("New").removeprefix("Created").removeprefix("Issued")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in bare).lstrip("_")


def _of_text(name: str, within: str) -> str:
    if name == "id":
        return example_id(_owner(within))
    if name.endswith("_id"):
        return example_id(name)
    return "text"
