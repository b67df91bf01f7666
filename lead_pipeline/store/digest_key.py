"""`core.digest_key`: by which key digests were made, so that a wrong one is noticed before it makes others.

Holds no key: what is stored is a digest of a fixed word.
"""

import psycopg

from lead_pipeline.errors import SettingsError
from lead_pipeline.store.sealed import Seal

_WORD = "lead_pipeline/which key"


def check_digest_key(conn: psycopg.Connection, seal: Seal) -> None:
    """Note the key on its first use, in the caller's transaction. Raises SettingsError where it is another one."""
    ours = seal.digest(_WORD)
    conn.execute("INSERT INTO core.digest_key (fingerprint) VALUES (%s) ON CONFLICT DO NOTHING", [ours])
    if conn.execute("SELECT fingerprint FROM core.digest_key").fetchone() != (ours,):
        raise SettingsError(
            "the last of PERSONAL_DATA_KEYS is not the key that CPFs and contacts were digested with: nobody would be "
            "known again. Put that key last, and new ones in front of it."
        )
