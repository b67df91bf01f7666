"""The names of a lead's columns: raw rows as they come in, leads and failures as they go out.

Names only: what a column must hold is said by the contracts.
"""

RAW_TEXT = (
    "full_name", "first_name", "last_name", "email", "phone", "job_title", "company_name", "company_industry",
    "website", "company_location_city", "company_location_state", "company_location_country", "postal_code",
    "employee_count", "revenue", "linkedin_url",
)  # fmt: skip
RAW_JSON = ("attributes", "signals")
ROW_KEYS = ("drop_id", "row_no")
LEAD_COLUMNS = (
    *ROW_KEYS, "fingerprint", "type", "full_name", "first_name", "last_name", "job_title", "email",
    "email_suggestion", "phone", "phone_type", "company_name", "domain", "website", "linkedin_url", "industry",
    "industry_group", "country", "state", "region", "city", "postal_code", "employee_count", "revenue",
    "country_raw", "state_raw", "country_inferred", "flags", *RAW_JSON,
)  # fmt: skip
FAILURE_COLUMNS = ("row_no", "drop_id", "column", "check", "value")
