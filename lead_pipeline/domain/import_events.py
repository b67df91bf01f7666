"""What an event about a bulk import says of it. Holds no page and no lead."""

from datetime import date

from lead_pipeline.domain.webhooks import parse_body


def import_day(body: bytes) -> date | None:
    """The day on which it was made, `created_on` as ISO 8601; None where the event does not say."""
    try:
        event = parse_body(body)
        return date.fromisoformat(event["created_on"])
    except (ValueError, TypeError, KeyError):
        return None
