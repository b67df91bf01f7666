"""`lead-pipeline preview`: files to look at, one of each kind and channel, and an index that leads to them."""

import json
import re

import pytest
from rich.console import Console
from typer.testing import CliRunner

from lead_pipeline.channels.rendering import can_tell
from lead_pipeline.cli import app, preview
from lead_pipeline.cli.preview_facts import EXAMPLES, kind_of
from lead_pipeline.domain.deliveries import CHANNELS
from lead_pipeline.errors import SettingsError


@pytest.fixture(autouse=True)
def _printed(monkeypatch):
    monkeypatch.setattr(preview, "_console", Console(quiet=True))


def run(*arguments):
    return CliRunner().invoke(app, ["preview", *map(str, arguments)], catch_exceptions=False)


def test_every_kind_is_written_for_every_channel_and_the_index_leads_to_all(tmp_path):
    assert 0 == run("--out", tmp_path).exit_code
    wanted = {
        f"{name}.{channel}" for name in EXAMPLES for channel in CHANNELS if can_tell(kind_of(name), channel)
    }  # fmt: skip
    assert wanted == {path.name.removesuffix(".json") for path in tmp_path.glob("*.json")} - {
        f"{name}.webhook.body" for name in EXAMPLES
    }
    links = re.findall('href="([^"]+)"', (tmp_path / "index.html").read_text())
    assert len(wanted) == len(links)
    assert all((tmp_path / link).stat().st_size for link in links)
    content = json.loads((tmp_path / "new_lead.email.json").read_text())
    assert content["html"] == (tmp_path / "new_lead.email.html").read_text()


def test_one_kind_and_one_channel_are_chosen_and_hostile_names_stay_names(tmp_path):
    assert 0 == run("hot_lead", "--channel", "email", "--hostile", "--out", tmp_path).exit_code
    assert {"hot_lead.email", "hot_lead-routed.email"} == {path.stem for path in tmp_path.glob("*.html")} - {"index"}
    assert "<script" not in (tmp_path / "hot_lead.email.html").read_text()
    assert "<script" not in (tmp_path / "index.html").read_text()


def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are(tmp_path):
    for arguments in (("gossip",), ("new_lead", "--channel", "fax"), ("outreach", "--channel", "sms")):
        with pytest.raises(SettingsError, match="daily_summary"):
            run(*arguments, "--out", tmp_path)
