"""How an id of ours looks wherever one is sent or stored as text: a UUID in lower case."""

from typing import Annotated

from pydantic import StringConstraints

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""A regular expression without anchors."""
WHOLE_UUID = f"^{UUID}$"
Id = Annotated[str, StringConstraints(pattern=WHOLE_UUID)]
