"""What the C2S chain is handed: whom it asks, what it seals with, how long it waits. Decides nothing."""

from dataclasses import dataclass
from datetime import timedelta

from lead_pipeline.store.sealed import Seal
from lead_pipeline.vendors.contact2sale import Contact2Sale
from lead_pipeline.vendors.diretrix import Diretrix
from lead_pipeline.vendors.work_api import WorkApi

KEY_REFUSED = (401, 403)


@dataclass(frozen=True)
class Chain:
    """The vendors of the chain and its patience.

    `off`: checks of contacts that are switched off. `backoff`: the waits after each attempt that failed.
    `settles_after`: how long a send whose outcome is not known may still arrive; longer than the vendor's timeout.
    """

    diretrix: Diretrix
    work_api: WorkApi
    crm: Contact2Sale
    seal: Seal
    off: frozenset[str] = frozenset()
    backoff: tuple[timedelta, ...] = (timedelta(seconds=30), timedelta(minutes=2))
    settles_after: timedelta = timedelta(minutes=1)
