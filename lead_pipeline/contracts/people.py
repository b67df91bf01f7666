"""What people send to register, to sign in and to look up an invite code, field by field. Looks nothing up."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from lead_pipeline.contracts.bodies import Body
from lead_pipeline.contracts.catalogue import Name

Role = Literal["SELLER", "BUYER", "SUPPLIER"]
_LONGEST = 320
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=_LONGEST), Field(examples=["ada@shop.example"])
]
# Far above what a password may have: the step says how long that is, and a longer text is not hashed.
Password = Annotated[str, StringConstraints(max_length=1000)]
Code = Annotated[str, StringConstraints(max_length=40), Field(examples=["AB23CD45"])]
_Optional = BeforeValidator(lambda value: value or None)


class RegistrationSent(Body):
    """A registration. `googleTicket` stands for e-mail and password; buyers and suppliers send `inviteCode`."""

    email: Annotated[Email | None, _Optional] = None
    password: Annotated[Password | None, _Optional] = None
    google_ticket: Annotated[Annotated[str, StringConstraints(max_length=4096)] | None, _Optional] = None
    name: Name
    role: Role
    company_name: Annotated[Name | None, _Optional] = None
    invite_code: Annotated[Code | None, _Optional] = None
    currency: Annotated[str, StringConstraints(max_length=3)] = Field(
        "USD", description="Of a seller: ISO 4217. It does not change later."
    )
    time_zone: Annotated[str, StringConstraints(max_length=64)] = Field(
        "UTC", description="Of a seller: IANA; when its days begin."
    )


class SignInSent(Body):
    """A sign-in. Of several memberships it is the oldest, unless `workspace` (slug) or `role` say which."""

    email: Email
    password: Password
    workspace: Annotated[Annotated[str, StringConstraints(max_length=200)] | None, _Optional] = None
    role: Role | None = None


class CodeSent(Body):
    """An invite code to look up."""

    invite_code: Code
