"""How each push service words its answers: statuses, headers and error bodies, as observed and documented.

FCM writes a sentence, Mozilla a JSON with an errno, Apple a JSON with a reason, WNS only headers; RFC 8030 leaves it
open, so our own service answers with a problem document (RFC 9457).
"""

from http import HTTPStatus

from heliograph.devpush.checks import Rule
from heliograph.devpush.model import Service
from heliograph.devpush.wire import Answer, Headers, json_answer, text_answer

_MOZILLA_HELP = "http://autopush.readthedocs.io/en/latest/http.html#error-codes"

_FCM_UNKNOWN = (
    "A valid push subscription endpoint should be specified in the URL as such: https://fcm.googleapis.com/wp/"
)
_FCM_BINDING = (
    "the VAPID credentials in the authorization header do not correspond to the credentials used to create the "
    "subscriptions.\n"
)

_FCM: dict[Rule, tuple[int, str]] = {
    Rule.METHOD: (405, "HTTP method not allowed.\n"),
    Rule.UNKNOWN: (404, _FCM_UNKNOWN),
    Rule.GONE: (410, "push subscription has unsubscribed or expired.\n"),
    Rule.AUTH_MISSING: (401, "Authorization header must be specified.\n"),
    Rule.AUTH_MALFORMED: (403, "invalid JWT provided\n"),
    Rule.AUTH_KEY: (403, "invalid JWT provided\n"),
    Rule.AUTH_TOKEN: (403, "invalid JWT provided\n"),
    Rule.AUTH_BINDING: (403, _FCM_BINDING),
    Rule.TOO_LARGE: (400, "binary data passed in the request must be less than 4096 bytes.\n"),
}

_MOZILLA: dict[Rule, tuple[int, int]] = {
    Rule.METHOD: (405, 999),
    Rule.UNKNOWN: (404, 102),
    Rule.GONE: (410, 106),
    Rule.AUTH_MISSING: (401, 109),
    Rule.AUTH_MALFORMED: (401, 109),
    Rule.AUTH_KEY: (401, 109),
    Rule.AUTH_TOKEN: (401, 109),
    Rule.AUTH_BINDING: (401, 109),
    Rule.TTL_MISSING: (400, 111),
    Rule.TTL_INVALID: (400, 112),
    Rule.TTL_NEGATIVE: (400, 114),
    Rule.TOPIC: (400, 113),
    Rule.TOO_LARGE: (413, 104),
    Rule.ENCODING: (400, 110),
    Rule.ENCRYPTION: (400, 110),
    Rule.KEY_REUSED: (400, 110),
}

_APPLE: dict[Rule, tuple[int, str]] = {
    Rule.METHOD: (405, "MethodNotAllowed"),
    Rule.UNKNOWN: (404, "BadPath"),
    Rule.PATH: (404, "BadPath"),
    Rule.GONE: (410, "Unregistered"),
    Rule.AUTH_MISSING: (403, "BadAuthorizationHeader"),
    Rule.AUTH_MALFORMED: (403, "BadAuthorizationHeader"),
    Rule.AUTH_KEY: (400, "BadVapidPublicKey"),
    Rule.AUTH_TOKEN: (403, "BadJwtToken"),
    Rule.AUTH_BINDING: (400, "VapidPkHashMismatch"),
    Rule.TTL_MISSING: (400, "BadTtl"),
    Rule.TTL_INVALID: (400, "BadTtl"),
    Rule.TTL_NEGATIVE: (400, "BadTtl"),
    Rule.URGENCY: (400, "BadUrgency"),
    Rule.TOPIC: (400, "BadWebPushTopic"),
    Rule.TOO_LARGE: (413, "PayloadTooLarge"),
}

_STANDARD: dict[Rule, int] = {
    Rule.METHOD: 405,
    Rule.UNKNOWN: 404,
    Rule.GONE: 410,
    Rule.AUTH_MISSING: 401,
    Rule.AUTH_MALFORMED: 403,
    Rule.AUTH_KEY: 403,
    Rule.AUTH_TOKEN: 403,
    Rule.AUTH_BINDING: 403,
    Rule.TOO_LARGE: 413,
}
"""RFC 8292 section 4.2 and RFC 8030; WNS uses the same statuses."""

_MOZILLA_BY_STATUS = {401: 109, 403: 109, 404: 102, 410: 103, 413: 104, 500: 999, 502: 901, 503: 201}
_APPLE_BY_STATUS = {
    400: "BadWebPushRequest",
    401: "BadAuthorizationHeader",
    403: "BadJwtToken",
    404: "BadPath",
    405: "MethodNotAllowed",
    410: "ExpiredToken",
    413: "PayloadTooLarge",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}
_FCM_BY_STATUS = {
    401: _FCM[Rule.AUTH_MISSING][1],
    403: _FCM_BINDING,
    404: _FCM_UNKNOWN,
    410: _FCM[Rule.GONE][1],
    413: _FCM[Rule.TOO_LARGE][1],
}


def accepted(service: Service, message_id: str, location: str, ttl_seconds: int) -> Answer:
    """Answer a message that was taken: 201 with the message resource (RFC 8030 section 5)."""
    headers: Headers = (("location", location), ("ttl", str(ttl_seconds)))
    match service:
        case Service.APPLE:
            headers = (("apns-id", _apns_id(message_id)),)
        case Service.WNS:
            headers = (("location", location), *_wns_headers(message_id, "received"))
        case Service.FCM:
            headers = (("location", location),)
        case Service.MOZILLA | Service.STANDARD:
            pass
    return Answer(201, headers)


def refused(service: Service, rule: Rule, detail: str, message_id: str) -> Answer:
    """Answer a request that breaks a rule."""
    match service:
        case Service.FCM:
            status, text = _FCM.get(rule, (400, f"{detail}\n"))
            return text_answer(status, text)
        case Service.MOZILLA:
            status, errno = _MOZILLA.get(rule, (400, 110 if rule is Rule.URGENCY else 999))
            return _mozilla(status, errno, detail)
        case Service.APPLE:
            status, reason = _APPLE.get(rule, (400, "BadWebPushRequest"))
            return _apple(status, reason, message_id)
        case Service.WNS:
            return _wns(_STANDARD.get(rule, 400), detail, message_id)
        case Service.STANDARD:
            return _problem(_STANDARD.get(rule, 400), detail)


def injected(service: Service, status: int, message_id: str, extra: Headers) -> Answer:
    """Answer with a status that a fault asks for, in the vendor's words."""
    phrase = _phrase(status)
    if status < 300:  # noqa: PLR2004 - 2xx: taken, or so it seems; only WNS tells
        seeming: Headers = _wns_headers(message_id, "dropped") if service is Service.WNS else ()
        return Answer(status, (("location", f"/m/{message_id}"), *seeming, *extra))
    match service:
        case Service.FCM:
            return text_answer(status, _FCM_BY_STATUS.get(status, f"{phrase}\n"), extra)
        case Service.MOZILLA:
            return _mozilla(status, _MOZILLA_BY_STATUS.get(status, 999), phrase, extra)
        case Service.APPLE:
            return _apple(status, _APPLE_BY_STATUS.get(status, "InternalServerError"), message_id, extra)
        case Service.WNS:
            return _wns(status, phrase, message_id, extra)
        case Service.STANDARD:
            return _problem(status, phrase, extra)


def _mozilla(status: int, errno: int, message: str, extra: Headers = ()) -> Answer:
    cache: Headers = (("cache-control", "max-age=86400"),) if status == HTTPStatus.GONE else ()
    body = {"code": status, "errno": errno, "error": _phrase(status), "message": message, "more_info": _MOZILLA_HELP}
    return json_answer(status, body, (*cache, *extra))


def _apple(status: int, reason: str, message_id: str, extra: Headers = ()) -> Answer:
    return json_answer(status, {"reason": reason}, (("apns-id", _apns_id(message_id)), *extra))


def _wns(status: int, detail: str, message_id: str, extra: Headers = ()) -> Answer:
    outcome = "channelthrottled" if status in {406, 429} else "dropped"
    wait: Headers = tuple(
        ("x-wns-continue-after", value) for name, value in extra if name == "retry-after" and value.isdigit()
    )
    headers = (("x-wns-error-description", detail), *_wns_headers(message_id, outcome), *wait, *extra)
    return Answer(status, headers)


def _wns_headers(message_id: str, outcome: str) -> Headers:
    return (
        ("x-wns-status", outcome),
        ("x-wns-notificationstatus", outcome),
        ("x-wns-msg-id", message_id[:16].upper()),
        ("x-wns-debug-trace", f"DEVPUSH-{message_id[:8].upper()}"),
        ("ms-cv", f"{message_id[:16]}.0"),
    )


def _problem(status: int, detail: str, extra: Headers = ()) -> Answer:
    body = {"type": "about:blank", "title": _phrase(status), "status": status, "detail": detail}
    answer = json_answer(status, body, extra)
    return Answer(status, (("content-type", "application/problem+json"), *extra), answer.body)


def _apns_id(message_id: str) -> str:
    h = message_id.upper().ljust(32, "0")
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
