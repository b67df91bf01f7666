-- A returned row is a column through which a person's name, address, number or profile, or a credential, would be
-- readable in the analytics schema.
-- depends_on: {{ ref('fct_leads') }}, {{ ref('stg_lead_contacts') }}, {{ ref('stg_workspaces') }}
-- depends_on: {{ ref('dim_buyers') }}, {{ ref('fct_deliveries') }}, {{ ref('destination_health') }}
select
    table_name,
    column_name
from information_schema.columns
where
    table_schema = 'analytics'
    and column_name in (
        'full_name', 'first_name', 'last_name', 'email', 'email_suggestion', 'phone', 'linkedin_url', 'postal_code',
        'cpf', 'cpf_digest', 'cpf_masked', 'person_sealed', 'body_sealed', 'contact_masked', 'attributes', 'payload',
        'body', 'headers', 'settings', 'invite_code', 'password_hash', 'google_subject', 'stripe_customer', 'last4',
        'address_sealed', 'secret_sealed', 'previous_secret_sealed', 'credentials_sealed', 'shown', 'context',
        'realtor', 'realtor_name', 'manager_name', 'remote_id', 'provider_id'
    )
