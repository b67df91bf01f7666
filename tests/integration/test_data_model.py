"""The table of models in docs/marketplace.md names tables that there are, each under the schema that it stands in."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "marketplace.md"
SECTION = re.compile(r"^## Names of other systems$(.*?)(?:^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(\w+)` \| (.+) \|$", re.MULTILINE)
TABLE = re.compile(r"`((?:core|market|raw|outbound)\.\w+)`")


def test_every_model_of_the_list_has_its_tables(database):
    [section] = SECTION.findall(GUIDE.read_text())
    models = dict(ROW.findall(section))
    named = {table for where in models.values() for table in TABLE.findall(where)}
    with database.connect() as conn:
        missing = [
            table for table in sorted(named) if conn.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,)
        ]
    assert [] == missing
    assert 20 == len(models)
    assert set() == {name for name, where in models.items() if not TABLE.search(where)}
