"""The picture of the graph in the documents is the graph: docs/lineage.svg against what its script draws today."""

import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "lineage.svg"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(ROOT / "scripts" / "lineage"))


def test_the_committed_picture_is_what_the_definitions_give_today(script):
    assert script["text"]() == PICTURE.read_text(), "the graph has changed: run .venv/bin/python scripts/lineage"


def test_every_asset_of_the_graph_is_in_the_picture_by_name(script):
    drawn = {element.text for element in ET.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text")}
    named = {name for name in script["read_boxes"]() if name != script["FOLDED"]}
    assert set() == named - drawn
