"""What sign-in and registration answer. Decides nothing."""

from datetime import datetime, timedelta

from lead_pipeline.service.market.messages import Done, Told, When
from lead_pipeline.settings import Settings
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.steps.sign_in import SignedIn
from lead_pipeline.store.memberships import Membership

REGISTERED = "Sign in now. Where this e-mail was somebody's already, the password is still theirs."


class PersonTold(Told):
    """Who is signed in."""

    id: str
    email: str
    name: str


class MembershipTold(Told):
    """What a person acts as."""

    role: str
    workspace_id: str
    workspace: str
    workspace_name: str
    buyer_id: str | None
    supplier_id: str | None

    @classmethod
    def of(cls, one: Membership) -> "MembershipTold":
        """The answer about a membership."""
        return cls(
            role=one.role,
            workspace_id=one.workspace_id,
            workspace=one.workspace,
            workspace_name=one.workspace_name,
            buyer_id=one.buyer_id,
            supplier_id=one.supplier_id,
        )


class SessionOpened(Done):
    """A session: send its token as `Authorization: Bearer`."""

    token: str
    expires_at: When
    user: PersonTold
    acts_as: MembershipTold
    memberships: list[MembershipTold]
    password_removed: bool = False

    @classmethod
    def of(
        cls, done: SignedIn, settings: Settings, now: datetime, *, password_removed: bool = False
    ) -> "SessionOpened":
        """The answer to a sign-in."""
        return cls(
            token=done.token,
            expires_at=(now + timedelta(hours=settings.session_hours)).replace(microsecond=0),
            user=PersonTold(id=done.user.user_id, email=done.user.email, name=done.user.name),
            acts_as=MembershipTold.of(done.membership),
            memberships=[MembershipTold.of(one) for one in done.memberships],
            password_removed=password_removed,
        )


class Registered(Done):
    """The registration was taken; whether the e-mail was known is not told."""

    message: str = REGISTERED


class SessionTold(Done):
    """Whose session it is."""

    user_id: str
    email: str
    role: str
    workspace_id: str
    workspace: str
    currency: str
    time_zone: str
    buyer_id: str | None
    supplier_id: str | None

    @classmethod
    def of(cls, caller: Caller) -> "SessionTold":
        """The answer about a caller."""
        return cls(
            user_id=caller.user_id,
            email=caller.email,
            role=caller.role,
            workspace_id=caller.workspace_id,
            workspace=caller.workspace,
            currency=caller.currency,
            time_zone=caller.time_zone,
            buyer_id=caller.buyer_id,
            supplier_id=caller.supplier_id,
        )


class CodeTold(Done):
    """Whether an invite code is good, and whose it is."""

    valid: bool
    seller_name: str | None


class TicketTold(Done):
    """Google vouches for somebody who is not registered: register with this ticket instead of a password."""

    registered: bool = False
    google_ticket: str
    expires_at: When
    email: str
    name: str
