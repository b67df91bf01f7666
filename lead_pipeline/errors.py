"""The one error family. Permanent and transient differ by class; every message says what to do next.

LeadPipelineError
├── PermanentError            trying again without a change gives the same answer
│   ├── SettingsError         the environment names something that cannot be used
│   ├── DataFolderError       the embedded server's folder is not what it should be
│   ├── FileRefused           a file cannot be imported; nothing of it was
│   │   └── PlanExceeded      a file has more rows than the workspace's plan takes
│   ├── RulesRefused          a rules file breaks its contract; none of it was loaded
│   ├── KeyRefused            an API key that is unknown, revoked or not made for this
│   ├── RepairRefused         a repair that cannot be applied; no row was changed
│   ├── NotFound              an id or name that the store does not know
│   ├── Conflict              it clashes with what is there already; nothing was changed
│   ├── FieldsRefused         fields at fault, each named; nothing was changed
│   ├── SignInRefused         nobody known: a wrong password, an ended or forged session
│   ├── NotAllowed            known, and not allowed to do this
│   ├── PaymentRefused        a card was declined, or money may not be moved so
│   ├── LedgerBroken          the books do not add up, or were altered
│   ├── ContractBroken        a frame between two stages is not what its contract says (a defect)
│   ├── TargetRefused         an address that nothing may be sent to: private, or no address
│   └── VendorRefused         the other side understood and said no (4xx)
│       └── EndpointGone      410: it wants no more of it, ever
└── TransientError            the same call may succeed later
    ├── DatabaseUnavailable   Postgres does not answer
    ├── LimitReached          asked too often; carries retry_after in seconds
    ├── InProgress            another process is at this very piece of work
    ├── VendorUnavailable     timeout, reset, 5xx or an answer that cannot be parsed
    │   ├── RateLimited       429; carries retry_after in seconds
    │   └── CircuitOpen       nobody was asked: the vendor has failed for a while; carries retry_after in seconds
    └── OutcomeUnknown        a call that may have had its effect; ask before repeating it
"""


class LeadPipelineError(Exception):
    """Anything this project raises on purpose."""


class PermanentError(LeadPipelineError):
    """Trying again without a change gives the same answer."""


class SettingsError(PermanentError):
    """The environment names something that cannot be used."""


class DataFolderError(PermanentError):
    """The embedded server's data folder is not what it should be. It is never destroyed."""


class FileRefused(PermanentError):
    """A file cannot be imported. Nothing of it was."""


class PlanExceeded(FileRefused):
    """A file has more rows than the workspace's plan takes. None of it was imported."""


class RulesRefused(PermanentError):
    """A rules file breaks its contract. None of it was loaded."""


class KeyRefused(PermanentError):
    """An API key that is missing, unknown, revoked or not made for what was asked.

    `is_known` is False where the caller has not proved who it is (401), True where it may not do this (403).
    """

    def __init__(self, message: str, *, is_known: bool = False) -> None:
        super().__init__(message)
        self.is_known = is_known


class RepairRefused(PermanentError):
    """A repair that cannot be applied. No row was changed."""


class NotFound(PermanentError):
    """An id or a name that the store does not know."""


class Conflict(PermanentError):
    """It clashes with what is there already. Nothing was changed."""


class FieldsRefused(PermanentError):
    """Fields at fault. Nothing was changed. `errors` are `{"field": ..., "message": ...}` each."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{one['field']}: {one['message']}" for one in errors))
        self.errors = errors


class SignInRefused(PermanentError):
    """Nobody known: a wrong password, an ended or forged session. Sign in again."""


class NotAllowed(PermanentError):
    """Known, and not allowed to do this."""


class PaymentRefused(PermanentError):
    """A card was declined, or money may not be moved so. Nothing was moved."""


class LedgerBroken(PermanentError):
    """The books do not add up, or were altered. The message names the day and the entry."""


class ContractBroken(PermanentError):
    """A frame between two stages is not what its contract says: a defect, not bad input."""


class VendorRefused(PermanentError):
    """The other side understood the request and said no.

    `status` is the HTTP status.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class EndpointGone(VendorRefused):
    """The receiver says that it is gone for good (410)."""


class TargetRefused(PermanentError):
    """An address that nothing may be sent to. Nothing was."""


class TransientError(LeadPipelineError):
    """The same call may succeed later."""


class DatabaseUnavailable(TransientError):
    """Postgres does not answer."""


class LimitReached(TransientError):
    """Asked too often. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InProgress(TransientError):
    """Another process is at this very piece of work. Let it finish."""


class VendorUnavailable(TransientError):
    """A timeout, a reset connection, a 5xx, or an answer that cannot be parsed."""


class RateLimited(VendorUnavailable):
    """The other side asks for patience. `retry_after` is in seconds, None where it named none."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CircuitOpen(VendorUnavailable):
    """Nobody was asked: the vendor has failed for a while. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(TransientError):
    """The call may have had its effect. Ask the receiver before repeating it."""
