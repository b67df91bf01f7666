"""Who a lead is: the key that is the same however a party is spelt, its fingerprint, and the lead's own id.

Keys are readable; fingerprints are what the store compares. Normalising the columns happens elsewhere.
"""

from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import ARROW_TEXT, join, only_where, present, put, to_arrow, to_series
from lead_pipeline.domain.folding import caseless_column
from lead_pipeline.domain.names import company_keys
from lead_pipeline.domain.uuid_text import uuid_text
from lead_pipeline.errors import ContractBroken

_OCTETS = 16
_MS_BITS, _DROP_BITS, _ROW_BITS = 48, 44, 30


def fingerprint_keys(leads: pd.DataFrame) -> pd.Series:
    """The readable identity of each lead, NaN where nothing identifies it.

    Reads `type`, `email`, `domain`, `company_name`, `country`, `full_name` and `phone`, all normalised. With
    an e-mail: `email:` and the address, lower case, without its +tag. A COMPANY: `domain:` and the
    registrable domain, else `name:` company key `|` country. An INDIVIDUAL: `person:` full name `|`
    domain, else company key, else phone.
    """
    email, domain = to_arrow(leads["email"]), to_arrow(leads["domain"])
    keys = join("email:", _mailbox(email))
    rest = ~present(email)
    if rest.any():
        some = leads.loc[rest]
        is_company = (some["type"] == "COMPANY").to_numpy(dtype=bool)
        site, company = domain.filter(pa.array(rest)), to_arrow(company_keys(some["company_name"]))
        country = pc.fill_null(to_arrow(some["country"]), "")
        by_name = join("name:", company, "|", country)
        person = join("person:", caseless_column(to_arrow(some["full_name"])), "|")
        of_person = join(person, pc.coalesce(site, company, to_arrow(some["phone"])))
        of_company = pc.coalesce(join("domain:", site), by_name)
        keys = put(keys, rest, pc.if_else(pa.array(is_company), of_company, of_person))
    return to_series(keys, leads.index)


def fingerprints(keys: pd.Series) -> pd.Series:
    """The BLAKE2b-128 of each key in UUID text, NaN for NaN."""
    values = to_arrow(keys)
    known = present(values)
    texts = values.filter(pa.array(known)).cast(pa.large_binary()).to_pylist()
    digests = b"".join([blake2b(text, digest_size=_OCTETS).digest() for text in texts])
    octets = np.frombuffer(digests, dtype=np.uint8).reshape(-1, _OCTETS)
    found = uuid_text(octets)
    if not known.all():
        found = put(pa.nulls(len(values), ARROW_TEXT), known, found)
    return to_series(found, keys.index)


def lead_ids(received_at_ms: Any, drop_id: Any, row_no: Any) -> pd.Series:
    """UUIDv7 text that sorts by (received_at_ms, drop_id, row_no), the same for the same three.

    48 bits of Unix milliseconds, then drop id (44 bits) and row number (30 bits) where version 7 has its
    random bits. Arrays of equal length or scalars. Raises ContractBroken when a value does not fit.
    """
    parts = np.broadcast_arrays(*(np.atleast_1d(np.asarray(part)) for part in (received_at_ms, drop_id, row_no)))
    names = ("received_at_ms", "drop_id", "row_no")
    for part, name, bits in zip(parts, names, (_MS_BITS, _DROP_BITS, _ROW_BITS), strict=True):
        if part.dtype.kind not in "iu" or (part.size and (part.min() < 0 or part.max() >= 1 << bits)):
            raise ContractBroken(f"{name} must be whole numbers from 0 to 2**{bits} - 1: split the file or drop")
    ms, drop, row = (part.astype(np.uint64) for part in parts)
    words = np.empty((len(ms), 2), dtype=">u8")
    words[:, 0] = (ms << np.uint64(16)) | np.uint64(0x7000) | (drop >> np.uint64(32))
    low_drop = (drop & np.uint64(0xFFFF_FFFF)) << np.uint64(30)
    words[:, 1] = np.uint64(1 << 63) | low_drop | row
    index = pd.RangeIndex(len(ms))
    return to_series(uuid_text(words.view(np.uint8).reshape(-1, _OCTETS)), index)


def _mailbox(email: Any) -> Any:
    lowered = pc.utf8_lower(email)
    tagged = pc.fill_null(pc.match_substring(lowered, "+"), False)
    if not pc.any(tagged).as_py():
        return lowered
    return only_where(present(lowered), pc.replace_substring_regex(lowered, r"^([^+@]+)\+[^@]*@", r"\1@"))
