"""Accounts at sales platforms: what a workspace sends about one, checked field by field when it is saved.

Holds what each product requires. Keeps nothing and calls nobody: whether the credentials work is `platforms check`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints

from lead_pipeline.contracts.catalogue import Sent, read_sent
from lead_pipeline.domain.field_mapping import source_fault
from lead_pipeline.domain.platforms import LIMITS
from lead_pipeline.domain.provider_limits import is_protected
from lead_pipeline.errors import FieldsRefused

Provider = Literal["http", "salesforce", "hubspot"]
Fault = dict[str, str]
HEALTHCARE = "healthcare-platform"
CREDENTIALS: Mapping[Provider, tuple[str, ...]] = MappingProxyType(
    {"http": ("api_key",), "salesforce": ("client_id", "client_secret"), "hubspot": ("access_token",)}
)
_FIELDS = 200
_Text = Annotated[str, StringConstraints(max_length=4000)]
_OPTIONS: Mapping[str, Mapping[str, tuple[str | None, str]]] = MappingProxyType(
    {
        "http": {},
        "salesforce": {
            "object": ("Lead", r"[A-Za-z]\w{0,79}"),
            "external_id_field": (None, r"[A-Za-z]\w{0,79}"),
            "api_version": ("62.0", r"(?:4[6-9]|[5-9]\d|1\d\d)\.0"),
        },
        "hubspot": {
            "object": ("companies", r"[a-z][a-z0-9_]{0,79}|\d-\d{1,12}"),
            "id_property": (None, r"[a-z]\w{0,99}"),
        },
    }
)
"""Of each option its default, None where it must be named, and its shape."""
_NAMES: Mapping[str, str] = MappingProxyType(
    {"http": r"[\w.-]{1,100}", "salesforce": r"[A-Za-z]\w{0,79}(?:\.\w{1,80})?", "hubspot": r"[a-z]\w{0,99}"}
)
# Groups of which one field at least must be mapped.
_REQUIRED: Mapping[tuple[str, str], tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        ("salesforce", "Lead"): (("LastName",), ("Company",)),
        ("salesforce", "Contact"): (("LastName",),),
        ("salesforce", "Account"): (("Name",),),
        ("hubspot", "companies"): (("name", "domain"),),
        ("hubspot", "contacts"): (("email", "firstname", "lastname"),),
    }
)


class AccountSent(Sent):
    """An account. Without `credentials` those that are kept stay, as long as `provider` and the host of `url` do."""

    provider: Provider
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        examples=["https://acme.my.salesforce.com"]
    )
    credentials: dict[str, _Text] | None = Field(
        default=None, description="http: api_key. salesforce: client_id, client_secret. hubspot: access_token."
    )
    options: dict[str, _Text] = Field(
        default_factory=dict,
        description="salesforce: external_id_field, object, api_version. hubspot: id_property, object.",
    )
    mapping: dict[str, Any] = Field(
        default_factory=dict,
        max_length=_FIELDS,
        description='Field of the platform to a path of the upload body, {"path": ..., "default": ...} or '
        '{"const": ...}.',
        examples=[{"Company": "company_name", "City": "location.city"}],
    )


class NewAccountSent(AccountSent):
    """A new account, and at which of the platforms it is."""

    platform: str = Field(json_schema_extra={"enum": list(LIMITS)})


@dataclass(frozen=True)
class PlatformAccount:
    """A workspace's account at a platform, its credentials open. Options are complete."""

    workspace_id: str
    platform: str
    provider: Provider
    url: str
    credentials: Mapping[str, str] = field(repr=False)
    options: Mapping[str, str]
    mapping: Mapping[str, Any]
    version: int = 1


def read_account(body: bytes, model: type[AccountSent] = AccountSent) -> AccountSent:
    """The body as an account. Raises FieldsRefused, also for a field that the mapping names twice."""
    sent = read_sent(model, body)
    twice: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend({name for name in names if names.count(name) > 1})
        return dict(pairs)

    json.loads(body, object_pairs_hook=note)
    if twice:
        raise FieldsRefused([_fault(name, "is named twice: name it once") for name in sorted(twice)])
    return sent


def complete_options(provider: Provider, options: Mapping[str, str]) -> dict[str, str]:
    """The options with the defaults of those that are not named."""
    defaults = {name: default for name, (default, _) in _OPTIONS[provider].items() if default is not None}
    return {**defaults, **options}


def check_account(platform: str, sent: AccountSent) -> None:
    """Raises FieldsRefused with every fault of an account at its field."""
    faults = [
        *_platform_faults(platform, sent),
        *_url_faults(platform, sent),
        *_credential_faults(sent),
        *_option_faults(sent),
        *_mapping_faults(sent),
    ]
    if faults:
        raise FieldsRefused(faults)


def _platform_faults(platform: str, sent: AccountSent) -> Iterable[Fault]:
    if platform not in LIMITS:
        yield _fault("platform", f"is none of {', '.join(LIMITS)}")
    if not sent.mapping and (platform == HEALTHCARE or sent.provider != "http"):
        yield _fault("mapping", "is empty: name every field that may leave, and what fills it")


def _url_faults(platform: str, sent: AccountSent) -> Iterable[Fault]:
    try:
        parts = urlsplit(sent.url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or not sent.url.isascii() or not sent.url.isprintable() or " " in sent.url:
        yield _fault("url", "is no http or https address")
        return
    if parts.username or parts.password or parts.query or parts.fragment:
        yield _fault("url", "has a user, a query or a fragment: send host and path, and keys as credentials")
    if not is_protected(sent.url) and (platform == HEALTHCARE or sent.provider != "http"):
        yield _fault("url", "is not https: what is sent there could be read on the way")


def _credential_faults(sent: AccountSent) -> Iterable[Fault]:
    if sent.credentials is None:
        return
    wanted = CREDENTIALS[sent.provider]
    for name in sorted(set(sent.credentials) - set(wanted)):
        yield _fault(f"credentials.{name[:100]}", f"is not asked for: {sent.provider} has {', '.join(wanted)}")
    for name in wanted:
        value = sent.credentials.get(name, "")
        if not value.strip():
            yield _fault(f"credentials.{name}", "is missing")
        elif not value.isascii() or not value.isprintable() or value != value.strip():
            yield _fault(f"credentials.{name}", "has spaces around it, line breaks or letters outside ASCII")


def _option_faults(sent: AccountSent) -> Iterable[Fault]:
    known = _OPTIONS[sent.provider]
    for name in sorted(set(sent.options) - set(known)):
        yield _fault(f"options.{name[:100]}", f"is no option of {sent.provider}: {', '.join(known) or 'it has none'}")
    for name, (default, shape) in known.items():
        value = sent.options.get(name, default)
        if value is None:
            yield _fault(f"options.{name}", "is missing")
        elif not re.fullmatch(shape, value, re.ASCII):
            yield _fault(f"options.{name}", f"is not of the form {shape}")


def _mapping_faults(sent: AccountSent) -> Iterable[Fault]:
    options = complete_options(sent.provider, sent.options)
    own_id = {"http": "id", "salesforce": options.get("external_id_field"), "hubspot": options.get("id_property")}
    seen: set[str] = set()
    for name, source in sent.mapping.items():
        place, folded = f"mapping.{name[:100]}", name.casefold() if sent.provider == "salesforce" else name
        if not re.fullmatch(_NAMES[sent.provider], name, re.ASCII):
            yield _fault(place, f"is no field name of {sent.provider}")
        if folded in seen:
            yield _fault(place, "is named twice: capitals make no difference there")
        seen.add(folded)
        if name.casefold() == (own_id[sent.provider] or "").casefold():
            yield _fault(place, "is the lead's own id, which is always sent: leave it out")
        fault = source_fault(source, takes_whole=sent.provider == "http")
        if fault is not None:
            yield _fault(place, fault)
    if sent.mapping:
        for group in _REQUIRED.get((sent.provider, options.get("object", "")), ()):
            if not any(name.casefold() in {one.casefold() for one in seen} for name in group):
                which = " or ".join(group)
                yield _fault(f"mapping.{group[0]}", f"is missing: a {options['object']} needs {which}")


def _fault(name: str, message: str) -> Fault:
    return {"field": name, "message": message}
