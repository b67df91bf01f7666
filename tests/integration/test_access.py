"""Who may ask what over HTTP: every route of the app, those that are added later too, is asked as everybody.

A route is found by walking the app; one that nobody has put under a role, or whose path names an id that these tests
do not know, fails them.
"""

import re
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute

from lead_pipeline.service.market.callers import ROLES
from tests.integration.full_market import BALANCE, fill_market

pytestmark = pytest.mark.integration
# Open to anybody on purpose, or behind an API key or a signature, which their own tests are about.
OPEN = {
    "/api/auth/register", "/api/auth/verify-invite", "/api/auth/signin", "/api/auth/google",
    "/api/auth/callback/google", "/api/team/join", "/healthz", "/readyz", "/metrics",
}  # fmt: skip
BEHIND_A_KEY = re.compile(r"/api/(v1/)?webhooks/|/api/leads/(bulk-upload|ingest)\b|/api/admin/")
OF_ONE_BUYER = {
    "buyer_id", "subscription_id", "lead_id", "method", "notification_id", "supplier_id", "endpoint_id", "delivery_id",
}  # fmt: skip
EXAMPLES = {"email": "a@b.example", "uuid": "00000000-0000-4000-8000-000000000000", "date": "2026-03-02"}


def every_route(routes):
    for route in routes:
        if isinstance(route, APIRoute):
            yield from ((method, route) for method in sorted(route.methods))
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from every_route(inner.routes)


def roles_of(route):
    """The roles of the callers that a route depends on, one tuple each."""

    def walk(dependant):
        for one in dependant.dependencies:
            if hasattr(one.call, "roles"):
                yield one.call.roles
            yield from walk(one)

    return list(walk(route.dependant))


def under_a_role(market):
    found = [(method, route) for method, route in every_route(market.client.app.routes) if roles_of(route)]
    assert 50 < len(found)
    return found


def names_of(route):
    return re.findall(r"{(\w+)(?::\w+)?}", route.path)


def path_of(route, ids):
    unknown = set(names_of(route)) - set(ids)
    assert set() == unknown, f"{route.path}: name in full_market.py what {unknown} is of"
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: ids[found[1]], route.path)


@pytest.fixture
def bodies(market):
    """The least body that a route's own description takes, by method and path."""
    document = market.client.app.openapi()

    def made(schema, root):
        if "$ref" in schema:
            schema = resolve(schema["$ref"], root)
        for choice in ("examples", "enum"):
            if schema.get(choice):
                return schema[choice][0]
        if "default" in schema or "const" in schema:
            return schema.get("default", schema.get("const"))
        if "anyOf" in schema:
            return made(schema["anyOf"][0], root)
        kind = schema.get("type")
        if kind == "object":
            needed = schema.get("required", [])
            return {name: made(schema["properties"][name], root) for name in needed}
        if kind == "string":
            return EXAMPLES.get(schema.get("format"), "text of a test")
        return {"array": [], "integer": schema.get("minimum", 1), "number": 1, "boolean": True}.get(kind)

    def resolve(reference, root):
        found = root if reference.startswith("#/$defs") else document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found

    def body_of(method, route):
        path = re.sub(r":\w+}", "}", route.path)
        content = document["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else made(schema, schema)

    return body_of


@pytest.fixture
def worlds(market):
    return fill_market(market, "ours"), fill_market(market, "theirs")


def ask(market, person, method, route, ids, body=None):
    return market.call(person, method, path_of(route, ids), json=body, headers={"Idempotency-Key": str(uuid4())})


def test_every_route_is_under_a_role_or_open_on_purpose(market):
    routes = list(every_route(market.client.app.routes))
    described = market.client.app.openapi()["paths"]
    assert len(routes) == sum(len(methods) for methods in described.values()), "the walk finds what is described"
    for method, route in routes:
        is_open = route.path in OPEN or BEHIND_A_KEY.match(route.path) is not None
        assert (0 if is_open else 1) == len(roles_of(route)), f"{method} {route.path}"
    assert OPEN <= {route.path for _, route in routes}


def test_without_a_session_every_route_answers_401_whatever_the_ids_and_the_body(market, worlds):
    for method, route in under_a_role(market):
        for body in (None, {"x": 1}):
            answer = ask(market, None, method, route, worlds[0].ids, body)
            assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"]), f"{method} {route.path}"


def test_with_another_role_every_route_answers_403_before_it_reads_anything(market, worlds):
    for method, route in under_a_role(market):
        for role in set(ROLES) - set(roles_of(route)[0]):
            answer = ask(market, worlds[0].caller(role), method, route, worlds[0].ids, {"x": 1})
            assert 403 == answer.status_code, f"{role} {method} {route.path}: {answer.text}"


def test_with_an_api_key_or_anything_else_for_a_token_every_route_answers_401(market, worlds):
    key = market.supplier(worlds[0].seller, "ours leads")
    for method, route in under_a_role(market):
        path = path_of(route, worlds[0].ids)
        assert 401 == market.call(None, method, path, headers={"Authorization": f"Bearer {key}"}).status_code


def test_another_workspaces_ids_are_404_everywhere_for_everybody_and_nothing_of_it_changes(market, worlds, bodies):
    ours, theirs = worlds
    before, asked = everything(market), 0
    for method, route in under_a_role(market):
        if not names_of(route):
            continue
        for role in roles_of(route)[0]:
            for ids in (theirs.ids, theirs.slugs):
                answer = ask(market, ours.caller(role), method, route, ids, bodies(method, route))
                assert 404 == answer.status_code, f"{role} {method} {route.path}: {answer.status_code} {answer.text}"
                assert theirs.seller.workspace_id not in answer.text
                asked += 1
    assert before == everything(market)
    assert 60 < asked


def test_another_workspaces_ids_behind_ones_own_are_404_too(market, worlds, bodies):
    ours, theirs = worlds
    for method, route in under_a_role(market):
        names = names_of(route)
        for role in roles_of(route)[0] if len(names) > 1 else ():
            mixed = {**ours.ids, names[-1]: theirs.ids[names[-1]]}
            answer = ask(market, ours.caller(role), method, route, mixed, bodies(method, route))
            assert 404 == answer.status_code, f"{role} {method} {route.path}"


def test_another_buyers_ids_are_404_everywhere_for_a_buyer_of_the_same_seller(market, worlds, bodies):
    ours = worlds[0]
    before, asked = everything(market), 0
    for method, route in under_a_role(market):
        if "BUYER" in roles_of(route)[0] and OF_ONE_BUYER & set(names_of(route)):
            answer = ask(market, ours.other_buyer, method, route, ours.ids, bodies(method, route))
            assert 404 == answer.status_code, f"{method} {route.path}: {answer.status_code} {answer.text}"
            asked += 1
    assert before == everything(market)
    assert 10 < asked


def test_the_ids_of_these_tests_are_real_their_owners_read_them_all(market, worlds):
    ours = worlds[0]
    for method, route in under_a_role(market):
        if method == "GET" and names_of(route):
            for role in roles_of(route)[0]:
                if role != "BUYER" or "supplier_id" not in names_of(route):
                    answer = ask(market, ours.caller(role), method, route, ours.ids)
                    assert 200 == answer.status_code, f"{role} {method} {route.path}: {answer.text}"


def test_no_list_tells_of_another_workspace_or_of_another_buyer(market, worlds):
    ours, theirs = worlds
    for method, route in under_a_role(market):
        if method != "GET" or names_of(route):
            continue
        for role in roles_of(route)[0]:
            answer = market.call(ours.caller(role), "GET", route.path)
            assert answer.status_code in (200, 422), f"{role} {route.path}: {answer.text}"
            for secret in (*theirs.ids.values(), theirs.seller.workspace_id, theirs.other_buyer.buyer_id):
                assert secret not in answer.text, f"{role} {route.path}"
        if "BUYER" in roles_of(route)[0]:
            told = market.call(ours.other_buyer, "GET", route.path).text
            for name in OF_ONE_BUYER - {"supplier_id"}:
                assert ours.ids[name] not in told, f"{route.path} tells another buyer of {name}"


def test_ids_of_another_workspace_in_a_body_are_refused_and_nothing_changes(market, worlds):
    ours, theirs = worlds
    before, offer = everything(market), {"name": "x", "pricePerLead": "1.00", "distributionLogic": "BROADCAST"}
    for person, path, body in (
        (ours.seller, "/api/campaigns/subscribe",
         {"campaignId": theirs.ids["campaign"], "buyerId": ours.ids["buyer_id"]}),
        (ours.seller, "/api/campaigns/subscribe",
         {"campaignId": ours.ids["campaign"], "buyerId": theirs.ids["buyer_id"]}),
        (ours.buyer, "/api/campaigns/subscribe", {"campaignId": theirs.ids["campaign"]}),
        (ours.buyer, "/api/campaigns/subscribe",
         {"campaignId": ours.ids["campaign"], "buyerId": theirs.ids["buyer_id"]}),
        (ours.seller, "/api/campaigns", {"categoryId": theirs.ids["category"], **offer}),
        (ours.seller, "/api/suppliers", {"name": "x", "permittedCategories": [theirs.ids["category"]]}),
        (ours.seller, "/api/payments/refunds",
         {"leadId": theirs.ids["lead_id"], "buyerId": theirs.ids["buyer_id"], "reason": "x"}),
    ):  # fmt: skip
        answer = market.call(person, "POST", path, json=body, headers={"Idempotency-Key": str(uuid4())})
        assert answer.status_code in (403, 404, 422), f"{path} {body}: {answer.status_code} {answer.text}"
    assert before == everything(market)


def test_a_buyer_reads_its_own_wallet_and_nobody_elses(market, worlds):
    ours, theirs = worlds
    own = market.call(ours.buyer, "GET", "/api/payments/wallet")
    assert (200, True) == (own.status_code, f"{BALANCE / 100:.2f}" in own.text)
    for whose in (ours.other_buyer.buyer_id, theirs.ids["buyer_id"]):
        assert 404 == market.call(ours.buyer, "GET", f"/api/payments/wallet?buyerId={whose}").status_code
    assert 404 == market.call(ours.seller, "GET", f"/api/payments/wallet?buyerId={theirs.ids['buyer_id']}").status_code


def everything(market):
    """What the tables of the marketplace hold, sessions aside, as one digest each."""
    tables = market.rows(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('market', 'outbound') "
        "OR (schemaname = 'core' AND tablename IN ('users', 'memberships', 'api_keys', 'lead_assignees'))"
    )
    digest = "SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {} t"
    return {name: market.one(digest.format(name)) for (name,) in tables}
