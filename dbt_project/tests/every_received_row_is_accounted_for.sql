-- A returned row is a drop some of whose rows vanished or were counted twice: it received more or fewer rows than it
-- accepted, found duplicate and quarantined together.
select
    drop_id,
    received_rows,
    accepted_rows,
    duplicate_rows,
    quarantined_rows
from {{ ref('stg_drops') }}
where received_rows <> accepted_rows + duplicate_rows + quarantined_rows
