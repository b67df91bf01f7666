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
CREATE INDEX ledger_entries_moved ON market.ledger_entries (workspace_id, occurred_at) WHERE kind <> 'charge';
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

CREATE TABLE market.ledger_seal_marks (
    day date NOT NULL,
    block int NOT NULL CHECK (block >= 0),
    marks bytea NOT NULL CHECK (length(marks) > 0 AND length(marks) % 12 = 0),
    PRIMARY KEY (day, block)
);

-- What was written stays: entries, postings and seals are only ever added, and balances follow from postings alone.
CREATE FUNCTION market.refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% of market.% is refused: the ledger only grows. Write an entry that puts it right.',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['ledger_entries', 'ledger_postings', 'ledger_seals', 'ledger_seal_marks'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON market.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_ledger_change()', one);
    END LOOP;
END $$;
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON market.ledger_accounts
FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_ledger_change();
CREATE TRIGGER moved_by_postings_alone BEFORE UPDATE ON market.ledger_accounts
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION market.refuse_ledger_change();
CREATE TRIGGER opens_empty BEFORE INSERT ON market.ledger_accounts
FOR EACH ROW WHEN (NEW.balance_minor <> 0) EXECUTE FUNCTION market.refuse_ledger_change();

-- The triggers of both tables fire at the end of the one statement that writes to both: each finds the other's rows.
-- An entry's postings are numbered from 1, and (entry_id, line) is unique: so none can be added to it later.
CREATE FUNCTION market.ledger_amount(entry bigint) RETURNS numeric LANGUAGE sql STABLE AS
$$ SELECT sum(amount_minor) FROM market.ledger_postings WHERE entry_id = entry AND amount_minor > 0 $$;

-- No nested loops: a plan for few rows would meet a hundred thousand. Every plan is made for the statement at hand.
CREATE FUNCTION market.check_entries() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog SET plan_cache_mode = force_custom_plan SET enable_nestloop = off SET jit = off AS $$
DECLARE
    lowest bigint;
    highest bigint;
    wrong bigint;
    answer record;
    answered record;
BEGIN
    SELECT min(entry_id), max(entry_id) INTO lowest, highest FROM new_entries;
    IF lowest <= (SELECT last_entry_id FROM market.ledger_seals ORDER BY day DESC LIMIT 1) THEN
        RAISE EXCEPTION 'ledger entry % is within a day that was sealed meanwhile: try again, with a new id', lowest
            USING ERRCODE = 'serialization_failure';
    END IF;
    SELECT e.entry_id INTO wrong FROM new_entries e WHERE NOT EXISTS (
        SELECT FROM market.ledger_postings p
        WHERE p.entry_id = e.entry_id AND p.line = 1 AND p.entry_id BETWEEN lowest AND highest
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger entry % has no postings: write both in one statement', wrong
            USING ERRCODE = 'check_violation';
    END IF;
    -- One by one, each found by its key: they are few, and a join might read the whole ledger.
    FOR answer IN SELECT * FROM new_entries WHERE reverses IS NOT NULL LOOP
        SELECT * INTO answered FROM market.ledger_entries WHERE entry_id = answer.reverses;
        IF answered.workspace_id IS DISTINCT FROM answer.workspace_id
            OR answered.buyer_id IS DISTINCT FROM answer.buyer_id
            OR answered.kind IS DISTINCT FROM (CASE answer.kind WHEN 'refund' THEN 'charge' ELSE 'reserve' END)
            OR market.ledger_amount(answer.entry_id) IS DISTINCT FROM market.ledger_amount(answer.reverses) THEN
            RAISE EXCEPTION 'ledger entry % cannot be the % of entry %: another kind, buyer or amount',
                answer.entry_id, answer.kind, answer.reverses USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER check_entries AFTER INSERT ON market.ledger_entries REFERENCING NEW TABLE AS new_entries
FOR EACH STATEMENT EXECUTE FUNCTION market.check_entries();

CREATE FUNCTION market.check_postings() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog SET plan_cache_mode = force_custom_plan SET enable_nestloop = off SET jit = off AS $$
DECLARE
    lowest bigint;
    highest bigint;
    touched bigint [];
    wrong record;
BEGIN
    SELECT min(lowest_id), max(highest_id), array_agg(account_id ORDER BY account_id) INTO lowest, highest, touched
    FROM (SELECT account_id, min(entry_id) AS lowest_id, max(entry_id) AS highest_id FROM new_postings
        GROUP BY account_id) AS accounts;
    -- Held in one order by whoever moves money, so that two never wait for one another.
    PERFORM FROM market.ledger_accounts WHERE account_id = ANY(touched) ORDER BY account_id FOR NO KEY UPDATE;
    SELECT p.entry_id, CASE
        WHEN count(e.entry_id) < count(*) THEN 'has no entry: write both in one statement'
        WHEN min(p.line) <> 1 OR max(p.line) <> count(*) THEN 'has lines that are not numbered 1, 2, ...'
        WHEN sum(p.amount_minor) <> 0 THEN format('sums to %s, not to zero', sum(p.amount_minor))
        WHEN count(a.account_id) < count(*) THEN 'names an account that is not there'
        ELSE 'moves an account of another workspace, buyer or currency' END AS why INTO wrong
    FROM new_postings p
    LEFT JOIN (SELECT * FROM market.ledger_entries WHERE entry_id BETWEEN lowest AND highest) AS e
        ON e.entry_id = p.entry_id
    LEFT JOIN (SELECT * FROM market.ledger_accounts WHERE account_id = ANY(touched)) AS a
        ON a.account_id = p.account_id
    GROUP BY p.entry_id
    HAVING count(e.entry_id) < count(*) OR count(a.account_id) < count(*)
        OR min(p.line) <> 1 OR max(p.line) <> count(*) OR sum(p.amount_minor) <> 0
        OR bool_or(a.workspace_id <> e.workspace_id)
        OR bool_or(a.buyer_id IS NOT NULL AND a.buyer_id IS DISTINCT FROM e.buyer_id)
        OR min(a.currency) <> max(a.currency)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger entry % %', wrong.entry_id, wrong.why USING ERRCODE = 'check_violation';
    END IF;
    UPDATE market.ledger_accounts a SET balance_minor = a.balance_minor + moved.amount
    FROM (SELECT account_id, sum(amount_minor)::bigint AS amount FROM new_postings GROUP BY account_id) AS moved
    WHERE a.account_id = moved.account_id AND a.account_id = ANY(touched) AND moved.amount <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER check_postings AFTER INSERT ON market.ledger_postings REFERENCING NEW TABLE AS new_postings
FOR EACH STATEMENT EXECUTE FUNCTION market.check_postings();

COMMENT ON TABLE market.ledger_accounts IS
'One row per account; its balance is the sum of its postings, kept by the database.';
COMMENT ON TABLE market.ledger_entries IS 'One row per movement of money. Append-only.';
COMMENT ON COLUMN market.ledger_entries.key IS 'What makes it happen once: payment/<id>, refund/<entry>.';
COMMENT ON COLUMN market.ledger_entries.reverses IS
'Of a post, void or refund: the entry that it answers; each is answered once.';
COMMENT ON TABLE market.ledger_postings IS 'One row per account that an entry moves; those of an entry sum to zero.';
COMMENT ON TABLE market.ledger_seals IS 'One row per UTC day: a digest of its entries, chained to the day before.';
COMMENT ON COLUMN market.ledger_seals.last_entry_id IS
'It covers every entry after the seal before it, up to this one; none can come among them later.';
COMMENT ON TABLE market.ledger_seal_marks IS
'One row per 10,000 entries of a sealed day: what tells which was altered.';
COMMENT ON COLUMN market.ledger_seal_marks.marks IS 'Of each entry its id in 8 bytes and a CRC of it in 4, big-endian.';
"""

DOWN = """
DROP TABLE market.ledger_seal_marks, market.ledger_seals, market.ledger_postings, market.ledger_entries,
market.ledger_accounts;
DROP FUNCTION market.check_entries(), market.check_postings(), market.ledger_amount(bigint),
market.refuse_ledger_change();
DROP SEQUENCE market.ledger_entry_ids;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
