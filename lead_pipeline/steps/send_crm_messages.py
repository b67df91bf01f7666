"""The message of an enrichment to the CRM: written down, begun, sent; asked about before it is ever sent again.

The CRM does not tell one message from its repetition, so who does not know whether it has one asks for the lead and
looks for our reference. One that is not there may still be on its way: a send that broke off is believed lost only
after `settles_after`.
"""

import psycopg

from lead_pipeline.errors import (
    ContractBroken,
    OutcomeUnknown,
    PermanentError,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.steps.crm_chain import KEY_REFUSED, Chain
from lead_pipeline.steps.run import Run
from lead_pipeline.store import crm_messages
from lead_pipeline.store.crm_messages import Message
from lead_pipeline.store.party_enrichments import Due, settle


def deliver(conn: psycopg.Connection, chain: Chain, due: Due, run: Run) -> str | None:
    """See to it that the CRM has the message, and settle its enrichment. Returns why the CRM will not have it.

    `conn` commits by itself. Raises OutcomeUnknown while it cannot be known whether the CRM has it, VendorUnavailable
    where it surely has not, VendorRefused where it refuses the key.
    """
    message = crm_messages.message_of(conn, due.enrichment_id)
    assert message is not None, "it is written down with the persons"
    if message.state == "sent":
        return _settle(conn, due, run, message, None)
    if message.state == "unknown":
        if _has(chain, message):
            return _settle(conn, due, run, message, None)
        _give_up_or_wait(conn, chain, message, run)
    return _send(conn, chain, due, run, message)


def _send(conn: psycopg.Connection, chain: Chain, due: Due, run: Run, message: Message) -> str | None:
    text = chain.seal.open(message.body_sealed).decode()
    crm_messages.begin_send(conn, message.message_id, run.clock())
    try:
        chain.crm.send_message(message.crm_lead_id, text, message.reference)
    except OutcomeUnknown as unknown:
        crm_messages.note_doubt(conn, message.message_id, str(unknown))
        if not _has(chain, message):
            raise
    except (VendorUnavailable, SettingsError, ContractBroken) as failure:
        crm_messages.was_not_sent(conn, message.message_id, str(failure))
        raise
    except PermanentError as refusal:
        if isinstance(refusal, VendorRefused) and refusal.status in KEY_REFUSED:
            crm_messages.was_not_sent(conn, message.message_id, str(refusal))
            raise
        return _settle(conn, due, run, message, str(refusal))
    return _settle(conn, due, run, message, None)


def _has(chain: Chain, message: Message) -> bool:
    return any(one.reference == message.reference for one in chain.crm.lead(message.crm_lead_id).messages)


def _give_up_or_wait(conn: psycopg.Connection, chain: Chain, message: Message, run: Run) -> None:
    """Believe that a send was lost, once it can no longer arrive."""
    assert message.attempted_at is not None
    if run.clock() < message.attempted_at + chain.settles_after:
        raise OutcomeUnknown("Contact2Sale does not have the message yet; it is asked again before it is sent again.")
    lost = "Contact2Sale never got the message. It is sent again."
    crm_messages.was_not_sent(conn, message.message_id, lost)
    raise VendorUnavailable(lost)


def _settle(conn: psycopg.Connection, due: Due, run: Run, message: Message, refused: str | None) -> str | None:
    with conn.transaction():
        if refused is not None:
            crm_messages.was_refused(conn, message.message_id, refused)
        elif message.state != "sent":
            crm_messages.was_sent(conn, message.message_id, run.clock())
        settle(conn, due.enrichment_id, refused, now=run.clock(), run_id=run.run_id)
    return refused
