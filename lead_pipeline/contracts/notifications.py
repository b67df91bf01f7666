"""What people send about being told: preferences, endpoints and replays, field by field.

Whether a kind is offered, a number valid or a host public is decided in the steps.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from lead_pipeline.contracts.bodies import Body
from lead_pipeline.contracts.catalogue import Amount
from lead_pipeline.contracts.ids import Id
from lead_pipeline.domain.deliveries import KINDS

Channel = Literal["email", "sms", "slack", "webhook"]
Settled = Literal["failed", "dead", "skipped"]
Clock = Annotated[
    str,
    StringConstraints(pattern="^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"),
    Field(description="HH:MM on the clock of the time zone.", examples=["22:00"]),
]
Kind = Annotated[str, StringConstraints(max_length=40), Field(json_schema_extra={"enum": list(KINDS)})]
Kinds = Annotated[list[Kind], Field(max_length=len(KINDS), description="What to be told of; none: of nothing.")]
TimeZone = Annotated[
    Annotated[str, StringConstraints(max_length=64)] | None, Field(description="IANA; null: the seller's.")
]
Hour = Annotated[int, Field(ge=0, le=23, description="Local hour at which a daily summary is sent.")]
Url = Annotated[str, StringConstraints(min_length=1, max_length=2000), Field(examples=["https://crm.example/leads"])]


class QuietHours(Body):
    """Hours of every day in which nothing is sent; over midnight where `until` is before `from`."""

    begin: Clock = Field(alias="from")
    until: Clock


class EmailSent(Body):
    """What somebody is told by e-mail, at the address of their account."""

    kinds: Kinds


class SmsSent(Body):
    """What somebody is told by SMS. Without `phone` the number stays. `optIn` false: nothing any more."""

    opt_in: bool = Field(description="That its owner wants SMS to this number.")
    phone: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, description="With the code of its country.", examples=["+12025550123"]
    )
    kinds: Kinds = Field(default_factory=list)


class PreferencesSent(Body):
    """All preferences of one person in one team. What is left out is as if it had never been set."""

    email: EmailSent
    sms: SmsSent | None = None
    quiet_hours: QuietHours | None = None
    time_zone: TimeZone = None
    summary_hour: Hour = 8


class EndpointChanges(Body):
    """Any fields of an endpoint but its channel; those that are absent stay as they are."""

    url: Url | None = None
    kinds: Kinds | None = None
    quiet_hours: QuietHours | None = None
    time_zone: TimeZone = None
    summary_hour: Hour = 8


class EndpointSent(EndpointChanges):
    """A new endpoint: a webhook, which is signed, or an incoming webhook of Slack."""

    channel: Literal["webhook", "slack"]
    url: Url
    kinds: Kinds


class DeliveryFilter(Body):
    """Which messages: all that fit every part that is given. `since` is part of it, `until` is not."""

    states: list[Settled] = Field(default_factory=lambda: list[Settled](["dead"]), min_length=1, max_length=3)
    channel: Channel | None = None
    kind: Kind | None = None
    lead_id: Id | None = None
    endpoint_id: Id | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class ReplaySent(Body):
    """A replay of many messages. `dryRun` counts and changes nothing."""

    filter: DeliveryFilter
    dry_run: bool = True


class MarkupSent(Body):
    """A seller's markups, in percent of what a message costs it: 0 to 500, two decimals at most."""

    sms: Amount
    email: Amount
