"""What each field of a vendor's payloads looks like on a day, and which drops have been counted into it."""

from alembic import op

revision = "20260101000013"
down_revision = "20260101000012"

UP = """
CREATE TABLE raw.field_profiles (
    source text NOT NULL,
    event_type text NOT NULL,
    day date NOT NULL,
    field text NOT NULL,
    payloads bigint NOT NULL,
    entries bigint NOT NULL,
    present bigint NOT NULL,
    nulls bigint NOT NULL CHECK (nulls <= present),
    types jsonb NOT NULL,
    numbers jsonb NOT NULL,
    lengths jsonb NOT NULL,
    shapes jsonb NOT NULL,
    buckets jsonb,
    top_values jsonb NOT NULL,
    different_texts int,
    PRIMARY KEY (source, event_type, day, field)
);
CREATE INDEX field_profiles_day ON raw.field_profiles (day);
COMMENT ON TABLE raw.field_profiles IS
'One row per source, event, day and field of what vendors sent: counts that add up, and no personal data.';
COMMENT ON COLUMN raw.field_profiles.event_type IS 'The event, or the kind of the drop where it names none.';
COMMENT ON COLUMN raw.field_profiles.field IS 'Path, such as leads[].company_location.state; $ is the payload itself.';
COMMENT ON COLUMN raw.field_profiles.payloads IS 'Payloads that had the field; in the row $ all payloads of the day.';
COMMENT ON COLUMN raw.field_profiles.entries IS 'How often it could have been there: objects that would hold it.';
COMMENT ON COLUMN raw.field_profiles.present IS 'How often it was there, null included.';
COMMENT ON COLUMN raw.field_profiles.types IS 'Count by JSON type of what is not null.';
COMMENT ON COLUMN raw.field_profiles.numbers IS
'Count by magnitude, eight a decade: 1000 + floor(8 log10 x), negative for negative numbers, 0 for zero.';
COMMENT ON COLUMN raw.field_profiles.lengths IS 'Count by characters of a text or elements of a list.';
COMMENT ON COLUMN raw.field_profiles.shapes IS 'Count of texts by shape: lower, upper, email, date, ...';
COMMENT ON COLUMN raw.field_profiles.buckets IS
'Count of texts by eight bits of their CRC; null where they were too many different ones.';
COMMENT ON COLUMN raw.field_profiles.top_values IS
'Count by value, of categories whose values are few and recur only: never a name, an address or a number.';
COMMENT ON COLUMN raw.field_profiles.different_texts IS 'About how many different texts; null for more than a hundred.';

CREATE TABLE raw.profiled_drops (
    drop_id bigint PRIMARY KEY REFERENCES raw.drops ON DELETE CASCADE
);
COMMENT ON TABLE raw.profiled_drops IS
'One row per drop that raw.field_profiles has counted, written in the same transaction: each is counted once.';
"""

DOWN = """
-- The views that dbt built on them go too; dbt builds them again.
DROP TABLE raw.profiled_drops, raw.field_profiles CASCADE;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
