"""The multipart form of an upload: its fields checked, its file as a stream that is on disk where it is large."""

import json
import re
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from starlette.datastructures import FormData, UploadFile

from lead_pipeline.service.problems import fields_problem
from lead_pipeline.steps.land_csv import Reading

MOST_FIELDS, FIELD_BYTES = 8, 64 * 1024
_SOURCE = re.compile("[a-z0-9][a-z0-9_-]{0,39}")
_FIELDS = ("file", "source", "columns")
FORM_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "A CSV file: UTF-8, UTF-16 or latin-1; any of , ; tab |. Its first row "
                            "names the columns.",
                        },
                        "source": {
                            "type": "string",
                            "default": "csv",
                            "pattern": f"^{_SOURCE.pattern}$",
                            "description": "Where the file is from, for the figures of each source.",
                        },
                        "columns": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": "Which of the file's columns is which, where its names do not say: a JSON "
                            'object such as {"email": "E-mail address"}.',
                        },
                    },
                },
                "example": {
                    "file": "full_name,email,company_name\nAda Example,ada@shop.example,Shop\n",
                    "source": "csv",
                    "columns": '{"email": "email"}',
                },
                "encoding": {"file": {"contentType": "text/csv"}},
            }
        },
    }
}


@dataclass(frozen=True)
class SentFile:
    """A file as it was sent. `stream` is seekable, and closed with the form."""

    stream: BinaryIO
    name: str
    source: str
    reading: Reading


def sent_file(form: FormData) -> SentFile:
    """The form's file and how to read it. Raises a problem that names every field at fault."""
    errors = [
        _error(name, f"There is no such field. Send {', '.join(_FIELDS)}.") for name in form if name not in _FIELDS
    ]
    errors += [_error(name, "Send it once.") for name in _FIELDS if len(form.getlist(name)) > 1]
    file, source, columns = form.get("file"), form.get("source", "csv"), form.get("columns")
    if not isinstance(file, UploadFile):
        errors.append(_error("file", "Send a CSV file in this field, with a file name, as multipart/form-data."))
    if not isinstance(source, str) or not _SOURCE.fullmatch(source):
        errors.append(_error("source", "Send up to 40 lower-case letters, digits, - or _, such as csv."))
    mapping = _mapping(columns)
    if mapping is None:
        errors.append(_error("columns", 'Send a JSON object of text, such as {"email": "E-mail address"}.'))
    if errors:
        raise fields_problem(errors)
    sent = cast(UploadFile, file)
    return SentFile(sent.file, sent.filename or "", cast(str, source), Reading(columns=mapping))


def _mapping(columns: object) -> dict[str, str] | None:
    """Canonical column to the file's; None where it is no such thing."""
    if columns is None or columns == "":
        return {}
    try:
        mapping = json.loads(columns) if isinstance(columns, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(mapping, dict) or not all(isinstance(name, str) for name in mapping.values()):
        return None
    return mapping


def _error(field: str, message: str) -> dict[str, str]:
    return {"field": field[:100], "message": message}
