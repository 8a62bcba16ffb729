"""Every problem that a caller can be told of, once: its code, its HTTP status, and what it means.

`api/problems.py` is the only translator to HTTP (RFC 9457); the reference page `docs/reference/problems.md` is checked
against this file.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one place of the input.

    Attributes:
        pointer: JSON Pointer into the body (RFC 6901), such as `/keys/p256dh`, or `query/limit`.
        detail: one sentence that says what to change.
    """

    pointer: str
    detail: str


class Problem(Exception):  # noqa: N818 - the standard's word (RFC 9457)
    """Something that the caller can change. `detail` is one sentence for a person."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request cannot be carried out."

    def __init__(self, detail: str = "", errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors


class InvalidRequest(Problem):
    """The body, a parameter or a header is not of the documented form."""

    code = "invalid_request"
    title = "The request is not of the documented form."


class Unauthorized(Problem):
    """No key, or one that is unknown, expired or revoked."""

    code = "unauthorized"
    status = 401
    title = "A valid key is needed."


class ScopeMissing(Problem):
    """The key is valid but may not do this."""

    code = "scope_missing"
    status = 403
    title = "This key may not do that."


class OriginRefused(Problem):
    """The page's origin is not on the project's list."""

    code = "origin_refused"
    status = 403
    title = "This origin is not allowed for the project."


class IdentityRefused(Problem):
    """The signed identity does not verify."""

    code = "identity_refused"
    status = 403
    title = "The signed identity does not verify."


class NotFound(Problem):
    """There is no such thing in this project."""

    code = "not_found"
    status = 404
    title = "There is no such thing in this project."


class MethodNotAllowed(Problem):
    """There is such an address, but not with this method."""

    code = "method_not_allowed"
    status = 405
    title = "This address does not take this method."


class NotAcceptable(Problem):
    """The caller accepts neither JSON nor anything else that is here."""

    code = "not_acceptable"
    status = 406
    title = "Answers are JSON."


class Conflict(Problem):
    """The thing exists already, or is in a state that forbids this."""

    code = "conflict"
    status = 409
    title = "The state of the thing forbids this."


class SubscriptionConflict(Conflict):
    """The endpoint is registered with other keys."""

    code = "subscription_conflict"
    title = "This endpoint is registered with other keys."


class IdempotencyInProgress(Problem):
    """A call with the same idempotency key is still running."""

    code = "idempotency_in_progress"
    status = 409
    title = "A call with this idempotency key is still running."


class VapidKeyInUse(Conflict):
    """Active subscriptions were made with this key."""

    code = "vapid_key_in_use"
    title = "Active subscriptions still use this key."


class TooLarge(Problem):
    """The body is larger than this endpoint takes."""

    code = "too_large"
    status = 413
    title = "The body is too large."


class UnsupportedMediaType(Problem):
    """The body is not of a type that is read here."""

    code = "unsupported_media_type"
    status = 415
    title = "The body must be JSON."


class EndpointRefused(Problem):
    """The endpoint is not an address of a known push service."""

    code = "endpoint_refused"
    status = 422
    title = "This endpoint cannot be used."


class ReceiverRefused(Problem):
    """A webhook's address is not one that may be called."""

    code = "receiver_refused"
    status = 422
    title = "This address cannot be called."


class ReceiverKeysRefused(Problem):
    """p256dh or auth are not keys of RFC 8291."""

    code = "receiver_keys_refused"
    status = 422
    title = "The subscription's keys cannot be used."


class ApplicationServerKeyUnknown(Problem):
    """The subscription was made with a key that is not the project's."""

    code = "application_server_key_unknown"
    status = 422
    title = "The subscription was made with a key that is not this project's."


class ContactRefused(Problem):
    """The VAPID contact is one that push services refuse."""

    code = "contact_refused"
    status = 422
    title = "This VAPID contact would be refused by push services."


class ContentTooLarge(Problem):
    """The notification does not fit into a push message."""

    code = "content_too_large"
    status = 422
    title = "The notification is too large for a push message."


class ContentRefused(Problem):
    """The notification's content contradicts itself or the standards."""

    code = "content_refused"
    status = 422
    title = "This content cannot be sent."


class IdempotencyKeyReused(Problem):
    """The idempotency key was used with another request."""

    code = "idempotency_key_reused"
    status = 422
    title = "This idempotency key was used with another request."


class ImportFileRefused(Problem):
    """The file is none that can be read as subscriptions."""

    code = "import_file_refused"
    status = 422
    title = "This file cannot be imported."


class ImportKeyMissing(Problem):
    """Nobody said with which application server key the subscriptions of a file were made."""

    code = "import_key_missing"
    status = 422
    title = "The application server key of the subscriptions is needed."


class TooManyRequests(Problem):
    """The caller is faster than the installation allows."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests."

    def __init__(
        self, detail: str = "", errors: tuple[FieldError, ...] = (), *, retry_after: timedelta = timedelta(seconds=1)
    ) -> None:
        super().__init__(detail, errors)
        self.retry_after = retry_after


class InternalError(Problem):
    """A fault of this installation; its log has a line with the request id that the answer names."""

    code = "internal_error"
    status = 500
    title = "Something went wrong on this side."


class Unavailable(Problem):
    """The installation cannot answer now."""

    code = "unavailable"
    status = 503
    title = "The installation cannot answer now."
