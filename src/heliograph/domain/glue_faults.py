"""The errors of the Glue API, as Spryker numbers and words them; what is said beyond that is in `detail`."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Fault:
    """One error: Spryker's code, HTTP status and English text; None for what Spryker gives no code."""

    code: str | None
    status: int
    message: str
    detail: str | None = None

    def because(self, detail: str) -> "Fault":
        """Return the same error with a sentence that says what to change."""
        return replace(self, detail=detail)


INVALID_TOKEN = Fault("001", 401, "Invalid access token.")
MISSING_TOKEN = Fault("002", 401, "Missing access token.")
FORBIDDEN = Fault(None, 403, "Unauthorized request.")
NOT_FOUND = Fault("007", 404, "Not found")
NO_METHOD = Fault("008", 404, "Method does not exist")
FILTER_FORMAT = Fault("011", 400, "Unsupported `Filter` format is used. Please use `filter[resource.property]`")
PROVIDER_NOT_FOUND = Fault("5001", 404, "The push notification provider was not found.")
WRONG_GROUP = Fault("5002", 400, "Wrong group name.")
SUBSCRIBED_ALREADY = Fault("5003", 400, "Push notification subscription already exists.")
HAS_SUBSCRIPTIONS = Fault(
    "5004", 400, "Unable to delete push notification provider while push notification subscription exists."
)
HAS_NOTIFICATIONS = Fault("5005", 400, "Unable to delete push notification provider while push notification exists.")
NAME_TWICE = Fault("5006", 400, "A push notification provider with the same name already exists in request.")
NAME_LENGTH = Fault("5007", 400, "A push notification provider name must have length from 1 to 255 characters.")
NAME_EXISTS = Fault("5008", 400, "A push notification provider with the same name already exists.")
NO_LOCALE = Fault("5009", 400, "Provided locale not found.")
WRONG_BODY = Fault("5400", 400, "Wrong request body.")
WRONG_PAYLOAD = Fault("5400", 400, "Invalid payload structure.")
NO_WAREHOUSE = Fault("5400", 400, "Warehouse not found.")
NO_GROUP = Fault("5400", 400, "Group not found.")
LAST_PROVIDER = Fault("5400", 400, "Unable to delete the last push notification provider.")
INVALID_GRANT = Fault("invalid_grant", 400, "The user credentials were incorrect.")
UNSUPPORTED_GRANT = Fault(
    "unsupported_grant_type", 400, "The authorization grant type is not supported by the authorization server."
)
INVALID_TOKEN_REQUEST = Fault("invalid_request", 400, "The request is missing a required parameter or malformed.")


class GlueRefused(Exception):  # noqa: N818 - as the problems in `errors`
    """What a caller of the Glue API is told: one error or several."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*(fault.message for fault in faults))
        self.faults = faults
