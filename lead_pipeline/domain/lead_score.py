"""The lead score: 0 to 100, how much a supplier's lead promises, as the sum of parts that are kept beside it.

Points are fixed numbers, so that a score can be added up by hand, and the same lead gets the same one in a request and
in a batch. It is no intent band and no supplier's claim: both are only parts of it. Why these numbers:
docs/decisions/030-a-score-that-adds-up.md.

| part | points | for |
|---|---|---|
| email | 20 | an accepted address; 10 a role's, 8 where its domain looks like a slip, 0 a fake or throw-away one |
| phone | 15 | a valid mobile (or mobile or fixed line); 12 a fixed line, 6 any other type |
| agreement | 5 | phone and lead name one country (3); the address's domain names no other (2) |
| completeness | 25 | the category's fields that are filled, a required one counting twice; all, where it has none |
| history | 20 | of the supplier's leads of the 30 days before, those that were no duplicate, refused or refunded |
| signals | 10 | hot; 7 warm, 3 cold or none |
| claimed | 5 | the supplier's own HOT; 3 WARM, 1 COLD |
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import mask, matches, missing_text, present, to_arrow
from lead_pipeline.domain.geography import domain_countries
from lead_pipeline.domain.phone import normalise_phones

PARTS = {"email": 20, "phone": 15, "agreement": 5, "completeness": 25, "history": 20, "signals": 10, "claimed": 5}
"""Each part's most points; 100 together."""
CONTACT_COLUMNS = ("email", "email_suggestion", "phone", "phone_type", "country", "flags")
HISTORY_DAYS = 30
IMAGINED = 20
"""A supplier begins with so many leads, half of them good: a new one is neutral, and one bad lead ruins nobody."""
_ROLE, _SLIP = 10, 8
_PHONES = {"mobile": 15, "fixed_line_or_mobile": 15, "fixed_line": 12}
_OTHER_PHONE = 6
_SIGNALS = {"hot": 10, "warm": 7}
_NO_SIGNAL = 3
_CLAIMS = {"HOT": 5, "WARM": 3, "COLD": 1}

Points = Any


def score_leads(leads: pd.DataFrame) -> pd.DataFrame:
    """The points of each lead: PARTS and their sum `lead_score` (int64), on the input's index.

    `leads` has CONTACT_COLUMNS as in `ValidatedLeads`; `band` as in `intent`; `supplier_quality`; and whole numbers:
    `required`, `required_filled`, `optional`, `optional_filled` of its category's fields, `sent` and `faulty` of its
    supplier's leads in the HISTORY_DAYS before.
    """
    email, phone = to_arrow(leads["email"]), to_arrow(leads["phone"])
    parts = {
        "email": _email(leads, email),
        "phone": np.where(present(phone), _looked_up(leads["phone_type"], _PHONES, _OTHER_PHONE), 0),
        "agreement": _agreement(leads, email),
        "completeness": _completeness(leads),
        "history": _history(leads),
        "signals": _looked_up(leads["band"], _SIGNALS, _NO_SIGNAL),
        "claimed": _looked_up(leads["supplier_quality"], _CLAIMS, 0),
    }
    total = sum(parts.values())
    columns = {name: np.asarray(points, dtype="int64") for name, points in (*parts.items(), ("lead_score", total))}
    return pd.DataFrame(columns, index=leads.index, copy=False)


def _email(leads: pd.DataFrame, email: Any) -> Points:
    flags = to_arrow(leads["flags"])
    points = np.where(present(email), PARTS["email"], 0)
    points = np.where(matches(flags, r"[{,]role_email[,}]"), np.minimum(points, _ROLE), points)
    points = np.where(present(to_arrow(leads["email_suggestion"])), np.minimum(points, _SLIP), points)
    return np.where(matches(flags, r"[{,](?:disposable_email|fake_email:[0-9]+)[,}]"), 0, points)


def _agreement(leads: pd.DataFrame, email: Any) -> Points:
    country = to_arrow(leads["country"])
    of_phone = to_arrow(normalise_phones(leads["phone"], missing_text(leads.index))["phone_country"])
    of_email = domain_countries(pc.replace_substring_regex(email, "^.*@", ""))
    is_abroad = mask(pc.not_equal(of_email, country)) | (present(of_email) & ~present(country))
    return np.where(mask(pc.equal(of_phone, country)), 3, 0) + np.where(present(email) & ~is_abroad, 2, 0)


def _completeness(leads: pd.DataFrame) -> Points:
    asked = (2 * leads["required"] + leads["optional"]).to_numpy()
    filled = (2 * leads["required_filled"] + leads["optional_filled"]).to_numpy()
    share = np.where(asked > 0, filled / np.maximum(asked, 1), 1.0)
    return _rounded(share * PARTS["completeness"])


def _history(leads: pd.DataFrame) -> Points:
    sent = leads["sent"].to_numpy()
    good = sent - np.minimum(leads["faulty"].to_numpy(), sent)  # of leads that were sent before, too, some come back
    return _rounded((good + IMAGINED / 2) / (sent + IMAGINED) * PARTS["history"])


def _rounded(points: Any) -> Points:
    """To the nearest whole point, a half upwards."""
    return np.floor(points + 0.5).astype("int64")


def _looked_up(values: pd.Series, points: dict[str, int], otherwise: int) -> Points:
    encoded = to_arrow(values).dictionary_encode()
    known = np.array([*(points.get(value, otherwise) for value in encoded.dictionary.to_pylist()), otherwise])
    return known[pc.fill_null(encoded.indices, pa.scalar(len(known) - 1, pa.int32())).to_numpy()]
