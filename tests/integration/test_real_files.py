"""Real files with their headers as they are: every row accounted for, and what they say about places kept apart."""

from dataclasses import dataclass

import psycopg
import pytest

from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import LandedFile, Reading, land_csv
from lead_pipeline.steps.run import Run
from lead_pipeline.store.upload_jobs import UploadJob, job_of_drop, routing_of_drop
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Imported:
    """A file that was imported. `ask` puts the drop's id into a query and returns its rows."""

    conn: psycopg.Connection
    landed: LandedFile
    job: UploadJob

    def ask(self, query):
        return self.conn.execute(query, {"drop": self.landed.drop_id}).fetchall()


@pytest.fixture
def load(database, tmp_path, real_data):
    with database.connect() as conn:
        save_workspace(conn, slug="acme", name="Acme")

        def do(name):
            run, blobs = Run("test-run"), str(tmp_path)
            landed = land_csv(database.url, blobs, real_data / name, "acme", reading=Reading(), run=run)
            import_csv(database.url, blobs, landed.drop_id, run, chunk_rows=2_000)
            return Imported(conn, landed, job_of_drop(conn, landed.drop_id))

        yield do


def assert_all_accounted_for(imported, rows):
    job = imported.job
    assert ("completed", rows, 1.0) == (job.status, job.total_records, job.progress)
    assert [(job.successful_records, job.duplicate_records, job.failed_records)] == imported.ask(
        """
        SELECT (SELECT count(*) FROM core.leads WHERE drop_id = %(drop)s),
            (SELECT count(*) FROM core.lead_sightings WHERE drop_id = %(drop)s),
            (SELECT count(*) FROM core.quarantined_rows WHERE drop_id = %(drop)s)
        """
    )
    every_row = imported.ask(
        """
        SELECT count(DISTINCT row_no), min(row_no), max(row_no) FROM (
            SELECT row_no FROM core.leads WHERE drop_id = %(drop)s
            UNION ALL SELECT row_no FROM core.lead_sightings WHERE drop_id = %(drop)s
            UNION ALL SELECT row_no FROM core.quarantined_rows WHERE drop_id = %(drop)s
        ) rows
        """
    )
    assert [(rows, 0, rows - 1)] == every_row
    assert {"acme": job.successful_records} == routing_of_drop(imported.conn, imported.landed.drop_id)
    assert [(job.successful_records,) * 2] == imported.ask(
        "SELECT count(*) FILTER (WHERE intent_score = 'cold'), count(routing_metadata) FROM core.lead_overview "
        "WHERE drop_id = %(drop)s"
    )


def test_listed_companies_come_in_with_their_own_countries_states(load):
    imported = load("companies.csv")
    assert {
        "company_name": "name",
        "website": "website",
        "company_industry": "sector",
        "company_location_country": "country",
        "company_location_state": "state",
        "company_location_city": "city",
        "postal_code": "zipcode",
    } == imported.landed.match.mapping
    assert_all_accounted_for(imported, 5_000)
    assert 0 == imported.job.failed_records
    places = dict.fromkeys(
        imported.ask(
            "SELECT country, state, region FROM core.leads WHERE drop_id = %(drop)s "
            "AND (country, state) IN (('AU', 'WA'), ('US', 'WA'), ('BR', 'PA'), ('US', 'PA'), "
            "('BR', 'SP'), ('IT', 'MI'))"
        )
    )
    assert {
        ("AU", "WA", None), ("US", "WA", "West"), ("BR", "PA", None), ("US", "PA", "Northeast"), ("BR", "SP", None),
        ("IT", "MI", None),
    } == set(places)  # fmt: skip
    assert [(0,)] == imported.ask("SELECT count(*) FROM core.leads WHERE country_inferred")
    assert [] == imported.ask("SELECT 1 FROM core.leads WHERE country <> 'US' AND region IS NOT NULL")


def test_companies_that_share_a_domain_are_one_lead_seen_often(load):
    imported = load("companies.csv")
    assert 0 < imported.job.duplicate_records
    assert [] == imported.ask(
        "SELECT domain FROM core.leads WHERE domain IS NOT NULL GROUP BY domain HAVING count(*) > 1"
    )
    assert [("itau.com.br", 8), ("microsoft.com", 13)] == imported.ask(
        "SELECT l.domain, count(*) FROM core.lead_sightings s JOIN core.leads l USING (lead_id) "
        "WHERE l.domain IN ('microsoft.com', 'itau.com.br') GROUP BY 1 ORDER BY 1"
    )


def test_government_domains_come_in_as_companies_each_by_its_domain(load):
    imported = load("dotgov_organisations.csv")
    assert_all_accounted_for(imported, 16_539)
    assert [("COMPANY", 16_539, 16_539)] == imported.ask(
        "SELECT type::text, count(*), count(DISTINCT domain) FROM core.leads WHERE drop_id = %(drop)s GROUP BY 1"
    )
    assert [("US", True, 16_508), (None, False, 31)] == imported.ask(
        "SELECT country, country_inferred, count(*) FROM core.leads GROUP BY 1, 2 ORDER BY 3 DESC"
    )
    assert [("City of Twentynine Palms", "29palms.gov", "Twentynine Palms", "CA", "West", {"Domain type": "City"})] == (
        imported.ask(
            "SELECT company_name, domain, city, state, region, attributes FROM core.leads "
            "WHERE drop_id = %(drop)s AND row_no = 0"
        )
    )
    assert [(0,)] == imported.ask(
        "SELECT count(*) FROM core.leads WHERE '(blank)' IN (lower(city), lower(state_raw), lower(company_name))"
    )


def test_the_same_file_again_changes_no_sum(load):
    load("companies.csv")
    again = load("companies.csv")
    assert not again.landed.is_new
    assert_all_accounted_for(again, 5_000)


def test_index_constituents_come_in_with_city_and_state_from_one_cell(load):
    imported = load("sp500.csv")
    mapping = imported.landed.match.mapping
    assert ("Security", "GICS Sector", "Headquarters Location") == (
        mapping["company_name"],
        mapping["company_industry"],
        mapping["company_location"],
    )
    assert_all_accounted_for(imported, 503)
    assert [
        ("3M", "Saint Paul", "MN", "Midwest", "US", True),
        ("A. O. Smith", "Milwaukee", "WI", "Midwest", "US", True),
    ] == (
        imported.ask(
            "SELECT company_name, city, state, region, country, country_inferred FROM core.leads "
            "WHERE drop_id = %(drop)s AND row_no < 2 ORDER BY row_no"
        )
    )
    assert [("IE", 11, False)] == imported.ask(
        "SELECT country, count(*), bool_or(country_inferred) FROM core.leads WHERE country = 'IE' GROUP BY 1"
    )
