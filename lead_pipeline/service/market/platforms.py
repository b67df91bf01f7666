"""A seller's accounts at sales platforms over HTTP: who may, what is sent, what is answered. Never a credential.

The connection is the owner's, because the API's role sees no credentials: each statement names the caller's workspace.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from lead_pipeline.contracts.platform_accounts import AccountSent, NewAccountSent, read_account
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerCaller, acting, market_pool
from lead_pipeline.service.market.messages import READ_PROBLEMS, WRITE_PROBLEMS, Done, Told, When, describes
from lead_pipeline.steps.save_platform_account import change_account, create_account, remove_account, shown_account
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.platform_accounts import ShownAccount, shown_accounts
from lead_pipeline.store.sealed import credential_seal

router = APIRouter(prefix="/api/platforms", tags=["platforms"])


class AccountTold(Told):
    """An account. Its credentials are told to nobody."""

    platform: str
    provider: str
    url: str
    options: dict[str, str]
    mapping: dict[str, Any]
    version: int
    updated_by: str
    updated_at: When

    @classmethod
    def of(cls, row: ShownAccount) -> "AccountTold":
        """The answer about a row."""
        return cls(
            platform=row.platform,
            provider=row.provider,
            url=row.url,
            options=dict(row.options),
            mapping=dict(row.mapping),
            version=row.version,
            updated_by=row.updated_by,
            updated_at=row.updated_at,
        )


class AccountAnswer(Done):
    """One account."""

    account: AccountTold


class AccountsAnswer(Done):
    """Accounts, by platform: there are six."""

    accounts: list[AccountTold]


async def _new(request: Request) -> NewAccountSent:
    sent = read_account(await request.body(), NewAccountSent)
    assert isinstance(sent, NewAccountSent)
    return sent


async def _sent(request: Request) -> AccountSent:
    return read_account(await request.body())


_New = Annotated[NewAccountSent, Depends(_new)]
_Sent = Annotated[AccountSent, Depends(_sent)]


@router.post(
    "",
    summary="Make an account at a platform",
    status_code=201,
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(NewAccountSent),
)
def make(request: Request, caller: SellerCaller, sent: _New) -> AccountAnswer:
    """Where the leads of its industry are uploaded from now on. Every field at fault is named."""
    seal, now = credential_seal(intake_of(request).settings), intake_of(request).clock()
    with market_pool(request).connection() as conn, conn.transaction():
        made = create_account(conn, seal, caller.workspace_id, sent.platform, sent, by=_by(caller), now=now)
    return AccountAnswer(account=AccountTold.of(made))


@router.get("", summary="List accounts at platforms", responses=READ_PROBLEMS)
def list_(request: Request, caller: SellerCaller) -> AccountsAnswer:
    """Those of the seller."""
    with acting(request, caller) as conn:
        rows = shown_accounts(conn, caller.workspace_id)
    return AccountsAnswer(accounts=[AccountTold.of(row) for row in rows])


@router.get("/{platform}", summary="An account at a platform", responses=READ_PROBLEMS)
def get(request: Request, caller: SellerCaller, platform: str) -> AccountAnswer:
    """By the platform's name, such as tech-platform."""
    with acting(request, caller) as conn:
        return AccountAnswer(account=AccountTold.of(shown_account(conn, caller.workspace_id, platform)))


@router.put(
    "/{platform}",
    summary="Replace an account at a platform",
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(AccountSent),
)
def replace(request: Request, caller: SellerCaller, platform: str, sent: _Sent) -> AccountAnswer:
    """Without credentials the kept ones stay, as long as the provider and the host do."""
    seal, now = credential_seal(intake_of(request).settings), intake_of(request).clock()
    with market_pool(request).connection() as conn, conn.transaction():
        changed = change_account(conn, seal, caller.workspace_id, platform, sent, by=_by(caller), now=now)
    return AccountAnswer(account=AccountTold.of(changed))


@router.delete("/{platform}", summary="Remove an account at a platform", responses=WRITE_PROBLEMS)
def remove(request: Request, caller: SellerCaller, platform: str) -> Done:
    """With its credentials. Leads of its industry wait until there is another one."""
    with market_pool(request).connection() as conn, conn.transaction():
        remove_account(conn, caller.workspace_id, platform)
    return Done()


def _by(caller: Caller) -> str:
    return f"user {caller.user_id}"
