"""Webhook secrets for trying things out: made once beside the data, for those sources whose secret is not set."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from lead_pipeline.settings import Settings
from lead_pipeline.variables import MIN_SECRET_BYTES

VARIABLE_OF = {
    "datashopper": "DATASHOPPER_WEBHOOK_SECRET",
    "clay": "CLAY_WEBHOOK_SECRET",
    "audience-labs": "AUDIENCE_LABS_WEBHOOK_SECRET",
    "c2s": "WEBHOOK_SECRET",
    "stripe": "STRIPE_WEBHOOK_SECRET",
}
VARIABLES = tuple(VARIABLE_OF.values())
_LINE = re.compile(rf"^export ([A-Z_]+)=([0-9a-f]{{{MIN_SECRET_BYTES},}})$", re.MULTILINE)


def secrets_file(var_dir: Path) -> Path:
    """Where they are kept, readable by its owner only. `source` it to sign with them."""
    return var_dir.resolve() / "webhook_secrets.env"


def missing_secrets(var_dir: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Variable to secret, for those that the environment leaves unset; the same ones every time."""
    path, kept = secrets_file(var_dir), _kept(var_dir)
    unset = [name for name in VARIABLES if not environment.get(name, "").strip()]
    made = {**kept, **{name: secrets.token_hex(32) for name in unset if name not in kept}}
    if made != kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text("".join(f"export {name}={secret}\n" for name, secret in made.items()))
        fresh.rename(path)
    return {name: made[name] for name in unset}


def shared_secrets(chosen: Settings) -> dict[str, str]:
    """Source to the secret that its webhooks are signed with: the settings', else the kept one. Makes none."""
    kept = _kept(chosen.var_dir)
    found = {
        source: next(iter(chosen.webhook_secrets(source)), kept.get(variable, ""))
        for source, variable in VARIABLE_OF.items()
    }
    return {source: secret for source, secret in found.items() if secret}


def _kept(var_dir: Path) -> dict[str, str]:
    path = secrets_file(var_dir)
    return dict(_LINE.findall(path.read_text())) if path.exists() else {}
