"""The double-entry ledger: accounts, entries, postings and daily seals, with what the database itself refuses."""

from alembic import op

revision = "20260101000016"
down_revision = "20260101000015"

UP = """
CREATE TABLE market.ledger_accounts (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES market.sellers,
    kind text NOT NULL CHECK (kind IN ('wallet', 'reserved', 'revenue', 'card', 'adjustment')),
    buyer_id uuid REFERENCES market.buyers,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    balance_minor bigint NOT NULL DEFAULT 0,
    CONSTRAINT no_negative_wallet CHECK (kind NOT IN ('wallet', 'reserved') OR balance_minor >= 0),
    CHECK ((kind IN ('wallet', 'reserved')) = (buyer_id IS NOT NULL)),
    UNIQUE NULLS NOT DISTINCT (workspace_id, kind, buyer_id)
) WITH (fillfactor = 50);

CREATE SEQUENCE market.ledger_entry_ids;
CREATE TABLE market.ledger_entries (
    entry_id bigint PRIMARY KEY,
    workspace_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('fund', 'charge', 'reserve', 'post', 'void', 'refund', 'adjust')),
    buyer_id uuid,
    lead_id uuid,
    key text,
    reverses bigint,
    reason text NOT NULL,
    run_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    CHECK ((kind = 'charge') <= (lead_id IS NOT NULL AND buyer_id IS NOT NULL)),
    CHECK ((kind IN ('post', 'void', 'refund')) = (reverses IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_entries_charge ON market.ledger_entries (lead_id, buyer_id) WHERE kind = 'charge';
CREATE UNIQUE INDEX ledger_entries_key ON market.ledger_entries (key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX ledger_entries_reverses ON market.ledger_entries (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX ledger_entries_occurred ON market.ledger_entries USING brin (occurred_at);

CREATE TABLE market.ledger_postings (
    entry_id bigint NOT NULL,
    line smallint NOT NULL,
    account_id bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (entry_id, line)
);
CREATE INDEX ledger_postings_account ON market.ledger_postings (account_id, entry_id);

CREATE TABLE market.ledger_seals (
    day date PRIMARY KEY,
    last_entry_id bigint NOT NULL,
    entries bigint NOT NULL,
    previous bytea NOT NULL CHECK (length(previous) = 32),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    sealed_at timestamptz NOT NULL
);

COMMENT ON TABLE market.ledger_accounts IS 'One row per account; its balance is the sum of its postings, kept by the database.';
COMMENT ON TABLE market.ledger_entries IS 'One row per movement of money. Append-only.';
COMMENT ON COLUMN market.ledger_entries.key IS 'What makes it happen once: payment/<id>, refund/<entry>.';
COMMENT ON COLUMN market.ledger_entries.reverses IS 'Of a post, void or refund: the entry that it answers; each is answered once.';
COMMENT ON TABLE market.ledger_postings IS 'One row per account that an entry moves; those of an entry sum to zero.';
COMMENT ON TABLE market.ledger_seals IS 'One row per UTC day: a digest of its entries, chained to the day before.';
"""

DOWN = """
DROP TABLE market.ledger_seals, market.ledger_postings, market.ledger_entries, market.ledger_accounts;
DROP SEQUENCE market.ledger_entry_ids;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
