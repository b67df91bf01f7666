"""`lead-pipeline preview`: every message of every kind and channel, written to files to look at. Sends nothing."""

import json
from html import escape
from pathlib import Path

import typer

from lead_pipeline.channels.rendering import can_tell, render
from lead_pipeline.cli.preview_facts import EXAMPLES, hostile, kind_of
from lead_pipeline.cli.session import settings
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.domain.deliveries import CHANNELS
from lead_pipeline.domain.sms_text import segments
from lead_pipeline.errors import SettingsError

_console = stdout()
_INDEX = """<!doctype html>
<meta charset="utf-8"><title>Messages</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}}
td,th{{padding:.25rem 1rem .25rem 0;text-align:left;vertical-align:top}}</style>
<h1>Messages</h1><table><tr><th>kind</th><th>channel</th><th>file</th><th>subject or first words</th></tr>
{rows}
</table>
"""


def preview(
    kind: str = typer.Argument(None, help="One kind, such as new_lead; all of them by default."),
    *,
    channel: str = typer.Option(None, help="One of email, sms, slack, webhook; all of them by default."),
    out: Path = typer.Option(None, help="Folder to write to; var/preview by default."),
    is_hostile: bool = typer.Option(False, "--hostile", help="With the names that an attacker would choose."),
) -> None:
    """Write every message with made-up facts, and an index.html that leads to them."""
    folder = out or settings().var_dir / "preview"
    wanted = [
        (name, one)
        for name in EXAMPLES
        for one in CHANNELS
        if kind in (None, kind_of(name), name) and channel in (None, one) and can_tell(kind_of(name), one)
    ]
    if not wanted:
        raise SettingsError(
            f"nothing is called so. Kinds: {', '.join(EXAMPLES)}. Channels: {', '.join(CHANNELS)}; outreach is e-mail."
        )
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, str, str, int, str]] = []
    for name, one in wanted:
        content = render(kind_of(name), one, hostile(EXAMPLES[name]) if is_hostile else EXAMPLES[name])
        file = _write(folder, f"{name}.{one}", one, content)
        size = sum(len(part.encode()) for part in content.values())
        rows.append((name, one, file.name, size, _first_words(one, content)))
    index = folder / "index.html"
    index.write_text(_INDEX.format(rows="\n".join(_line(*row) for row in rows)))
    show(_console, "Messages", ("kind", "channel", "file", "bytes", "subject or first words"), rows)
    _console.print(f"{len(rows)} messages; open {index}", markup=False, highlight=False, soft_wrap=True)


def _write(folder: Path, stem: str, channel: str, content: dict[str, str]) -> Path:
    """All of the content as JSON, and what is looked at: an e-mail's two halves, the text, or the body set out."""
    (folder / f"{stem}.json").write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    if channel == "webhook":
        body = folder / f"{stem}.body.json"
        body.write_text(json.dumps(json.loads(content["body"]), ensure_ascii=False, indent=2) + "\n")
        return body
    text = folder / f"{stem}.txt"
    text.write_text(content["text"].rstrip() + "\n")
    if channel != "email":
        return text
    html = folder / f"{stem}.html"
    html.write_text(content["html"])
    return html


def _first_words(channel: str, content: dict[str, str]) -> str:
    if channel == "email":
        return content["subject"]
    if channel == "sms":
        return f"({segments(content['text'])}) {content['text']}"
    return content.get("text", content.get("body", "")).splitlines()[0][:80]


def _line(name: str, channel: str, file: str, _size: int, words: str) -> str:
    cells = (escape(name), channel, f'<a href="{escape(file)}">{escape(file)}</a>', escape(words))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
