"""Names of people and companies: one form completed from the other, and the form in which companies compare.

Person names are never guessed beyond a split at the first space. Arrow is used throughout: ASCII names take
kernels only.
"""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import join, only_where, present, to_arrow, to_series
from lead_pipeline.domain.cells import collapse_spaces
from lead_pipeline.domain.folding import caseless_column, folded_column

# As they read once folded, without dots and apostrophes: "S.p.A." is "spa"; "A/S" is "a s", here "a_s".
_LEGAL_FORMS = """
    ab ad ag aps as asa bhd bv bvba co company corp corporation cv dd doo ead ehf eireli eood ep epp
    eurl gk gmbh hb hf inc incorporated kft kg kgaa kk limitada limited llc lllp llp lp ltd ltda mbh nv
    nyrt oao ohg ood ooo ou oy oyj pao pbc pc plc pllc pte pty pvt rt sa sapa sarl sas sasu sca scs sdn
    se sia sl slu snc spa srl sro tbk uab ug vof zao zrt a_b a_g a_s b_v de_cv de_rl g_m_b_h k_k l_l_c
    l_l_p n_v p_l_c private_limited proprietary_limited s_a s_a_r_l s_a_s s_p_a s_r_l sp_z_o_o sp_z_oo
"""
LEGAL_FORMS = frozenset(form.replace("_", " ") for form in _LEGAL_FORMS.split())
_ENDINGS = rf"(?: (?:the|and|{'|'.join(sorted(LEGAL_FORMS))}))+$"


def complete_names(full_name: pd.Series, first_name: pd.Series, last_name: pd.Series) -> pd.DataFrame:
    """The three columns, whitespace collapsed, each filled from the others where it is missing.

    A missing full name is first and last joined; with neither first nor last, the full name is split at its
    first space. A missing last (first) name is taken from the split only when its first (last) half agrees.
    """
    full, first, last = (collapse_spaces(to_arrow(column)) for column in (full_name, first_name, last_name))
    joined = pc.coalesce(join(first, " ", last), first, last)
    head = pc.replace_substring_regex(full, " .*$", "")
    tail = only_where(_has_space(full), pc.replace_substring_regex(full, "^[^ ]* ", ""))
    given_first, given_last = first, last
    no_other = ~present(given_last)
    first = pc.coalesce(first, only_where(no_other | _same(given_last, tail), head))
    no_other = ~present(given_first)
    last = pc.coalesce(last, only_where(no_other | _same(given_first, head), tail))
    columns = {"full_name": pc.coalesce(full, joined), "first_name": first, "last_name": last}
    index = full_name.index
    return pd.DataFrame({name: to_series(value, index) for name, value in columns.items()}, index=index, copy=False)


def company_keys(name: pd.Series) -> pd.Series:
    """The form in which company names compare: no case, accents, punctuation, legal form or "the".

    Never empty for a name that is not empty: a name made of nothing else keeps its first word, or its
    caseless form when it holds no letter or digit at all.
    """
    values = to_arrow(name)
    keys = folded_column(values)
    keys = pc.replace_substring(keys, "&", " and ")
    keys = pc.replace_substring_regex(keys, r"['’`´.]", "")
    keys = pc.replace_substring_regex(keys, r"[\s\p{P}\p{S}\p{Z}\p{C}]+", " ")
    keys = pc.utf8_trim(keys, " ")
    keys = pc.replace_substring_regex(keys, _ENDINGS, "")
    keys = pc.replace_substring_regex(keys, "^(?:the )+", "")
    empty = pc.equal(pc.binary_length(keys), 0)
    if pc.any(empty).as_py():
        keys = pc.if_else(pc.fill_null(empty, False), caseless_column(values), keys)
    return to_series(keys, name.index, name.name)


def _has_space(values: Any) -> Any:
    return pc.fill_null(pc.match_substring(values, " "), False).to_numpy(zero_copy_only=False)


def _same(left: pa.Array, right: pa.Array) -> Any:
    return pc.fill_null(pc.equal(left, right), False).to_numpy(zero_copy_only=False)
