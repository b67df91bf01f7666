"""The ways out as the settings have them: channels, senders, patience and prices. Makes no client."""

from datetime import timedelta

from lead_pipeline.channels.opening import Channels
from lead_pipeline.settings import Settings
from lead_pipeline.steps.attempt_delivery import Terms
from lead_pipeline.steps.send_deliveries import Outside
from lead_pipeline.steps.write_messages import Senders
from lead_pipeline.store.sealed import credential_seal

_SETTLES = timedelta(minutes=1)


def ways_out(settings: Settings, channels: Channels) -> Outside:
    """What `send_due` needs of the outside. Raises SettingsError where CREDENTIAL_KEYS is needed and unset."""
    return Outside(
        channel=channels.of,
        senders=Senders(
            settings.email_from,
            {"sendgrid": settings.sendgrid_from_email} if settings.sendgrid_from_email else {},
            settings.email_provider,
        ),
        seal=credential_seal(settings),
        email_provider=settings.email_provider,
        terms=Terms(
            settles_after=max(_SETTLES, timedelta(seconds=2 * settings.delivery_timeout_seconds)),
            endpoint_patience=timedelta(hours=settings.endpoint_patience_hours),
            costs={"email": settings.email_cost, "sms": settings.sms_cost},
        ),
        widest=settings.delivery_concurrency,
        per_lane=settings.deliveries_per_destination,
    )
