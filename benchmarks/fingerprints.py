"""How well fingerprints of companies find the same party on real data whose true pairs are known. No bar."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.bench import REAL_DATA, Bench
from benchmarks.figures import Figure
from lead_pipeline.domain.lead import validate_leads


def run(bench: Bench) -> list[Figure]:
    """Restaurants by name and country, and with the city as well; listed companies by what they have."""
    if not REAL_DATA.is_dir():
        bench.console.print("  skipped: the folder of real data is not beside this checkout")
        return []
    return [*_restaurants(REAL_DATA / "restaurants"), *_isins(REAL_DATA / "companies.csv")]


def _restaurants(folder: Path) -> list[Figure]:
    left, right = (_restaurant_keys(folder / f"{name}.csv") for name in ("fodors", "zagats"))
    true = set(pd.read_csv(folder / "matches_fodors_zagats.csv").itertuples(index=False, name=None))
    figures = []
    for words, key in (("name + country", ["fingerprint"]), ("name + country + city", ["fingerprint", "city"])):
        pairs = left.merge(right, on=key, suffixes=("_left", "_right"))[["id_left", "id_right"]]
        found = set(pairs.itertuples(index=False, name=None))
        figures += _quality(f"restaurants by {words}", len(found & true), len(found), len(true))
    return figures


def _restaurant_keys(file: Path) -> pd.DataFrame:
    rows = pd.read_csv(file, dtype="str", keep_default_na=False)
    leads = _companies(pd.DataFrame({"company_name": rows["name"]}).assign(company_location_country="US"))
    return pd.DataFrame({
        "id": rows["id"].astype("int64").loc[leads["row_no"]].to_numpy(),
        "fingerprint": leads["fingerprint"].to_numpy(),
        "city": rows["city"].loc[leads["row_no"]].to_numpy(),
    })  # fmt: skip


def _isins(file: Path) -> list[Figure]:
    rows = pd.read_csv(file, dtype="str", keep_default_na=False)
    rows = rows[rows["isin"] != ""].reset_index(drop=True)
    named = rows.rename(columns={"name": "company_name", "country": "company_location_country"})
    figures = []
    for words, columns in (("website, else name + country", ["website"]), ("name + country", [])):
        leads = _companies(named[["company_name", "company_location_country", *columns]])
        keys = leads[["fingerprint"]].assign(isin=rows["isin"].loc[leads["row_no"]].to_numpy())
        hits, found = _pairs(keys, ["fingerprint", "isin"]), _pairs(keys, ["fingerprint"])
        figures += _quality(f"listed companies by {words}", hits, found, _pairs(rows, ["isin"]))
    return figures


def _companies(rows: pd.DataFrame) -> pd.DataFrame:
    numbered = rows.assign(drop_id=np.int64(1), row_no=np.arange(len(rows)))
    return validate_leads(numbered, workspace_country=None)[0]


def _pairs(rows: pd.DataFrame, key: list[str]) -> int:
    """The number of pairs of rows that are alike in `key`."""
    sizes = rows.groupby(key).size()
    return int((sizes * (sizes - 1) // 2).sum())


def _quality(name: str, hits: int, found: int, true: int) -> list[Figure]:
    return [
        Figure(f"{name}: precision", hits / found if found else 0.0, f"of {found} pairs found"),
        Figure(f"{name}: recall", hits / true if true else 0.0, f"of {true} true pairs"),
    ]
