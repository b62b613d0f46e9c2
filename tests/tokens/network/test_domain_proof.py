"""A domain is proved by a DNS record or by a file on the site, and by nothing that only looks like it."""

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.errors import Invalid, NotFound, TooMany
from accounts.models import AuditEvent
from tests.factories import application, person
from tests.tokens.network.servers import DNS, certificate, text, web_server
from tokens import domain_proof, outgoing
from tokens.actions.applications import add_domain, prove_domain
from tokens.models import Domain, ProofMethod

PROOF = "0123456789abcdef"
pytestmark = pytest.mark.usefixtures("no_site")


@pytest.fixture
def no_site(settings: Settings, dns: DNS, loopback_allowed: None) -> None:
    """Nothing listens where the file is looked for, unless a test starts something."""
    settings.DOMAIN_PROOF_ADDRESS = "http://{host}:9/.well-known/trellis-verify.txt"
    dns.set("site.example", "A", ["127.0.0.1"])


@pytest.mark.parametrize("name", ["_trellis.site.example", "site.example"])
@pytest.mark.parametrize("record", [f'"trellis-verify={PROOF}"', f'"v=spf1 -all trellis-verify={PROOF}"'])
def test_a_dns_record_proves(dns: DNS, name: str, record: str) -> None:
    dns.set(name, "TXT", ['"something else"', record])
    assert domain_proof.look("site.example", PROOF).method is ProofMethod.DNS


def test_a_record_cut_into_strings_is_one_text(dns: DNS) -> None:
    dns.set("_trellis.site.example", "TXT", [f'"trellis-verify={PROOF[:5]}" "{PROOF[5:]}"'])
    assert domain_proof.look("site.example", PROOF).method is ProofMethod.DNS


@pytest.mark.parametrize(
    "record", [f"trellis-verify={PROOF}0", f"trellis-verify={PROOF[:-1]}", PROOF, "trellis-verify="]
)
def test_another_record_does_not(dns: DNS, record: str) -> None:
    dns.set("_trellis.site.example", "TXT", [f'"{record}"'])
    found = domain_proof.look("site.example", PROOF)
    assert found.method is None
    assert found.problem


def test_a_neighbours_record_does_not(dns: DNS) -> None:
    dns.set("_trellis.example", "TXT", [f'"trellis-verify={PROOF}"'])
    dns.set("_trellis.www.site.example", "TXT", [f'"trellis-verify={PROOF}"'])
    assert domain_proof.look("site.example", PROOF).method is None


def test_a_wildcard_is_proved_at_the_name_it_stands_under_and_by_dns_alone(dns: DNS, settings: Settings) -> None:
    with web_server(text(PROOF.encode())) as port:
        settings.DOMAIN_PROOF_ADDRESS = f"http://{{host}}:{port}/"
        assert domain_proof.look("*.site.example", PROOF).method is None
    dns.set("_trellis.site.example", "TXT", [f'"trellis-verify={PROOF}"'])
    assert domain_proof.look("*.site.example", PROOF).method is ProofMethod.DNS


@pytest.mark.parametrize(
    ("body", "status", "method"),
    [
        (PROOF.encode(), 200, ProofMethod.FILE),
        (f"\ufefftrellis-verify={PROOF}\r\n".encode(), 200, ProofMethod.FILE),
        (f"<html>{PROOF}</html>".encode(), 200, None),
        (f"{PROOF}f".encode(), 200, None),
        (PROOF.encode(), 404, None),
        (b"\xff\xfe\x00", 200, None),
        (b"", 200, None),
    ],
)
def test_a_file_proves_when_it_holds_the_proof_as_a_word(
    settings: Settings, body: bytes, status: int, method: ProofMethod | None
) -> None:
    with web_server(text(body, status)) as port:
        settings.DOMAIN_PROOF_ADDRESS = f"http://{{host}}:{port}/.well-known/trellis-verify.txt"
        assert domain_proof.look("site.example", PROOF).method is method


def test_the_file_is_read_over_tls(
    dns: DNS, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate(tmp_path, "site.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    outgoing._tls.cache_clear()
    try:
        with web_server(text(PROOF.encode()), context) as port:
            settings.DOMAIN_PROOF_ADDRESS = f"https://{{host}}:{port}/.well-known/trellis-verify.txt"
            assert domain_proof.look("site.example", PROOF).method is ProofMethod.FILE
    finally:
        outgoing._tls.cache_clear()


@pytest.mark.django_db
def test_proving_notes_how_and_when_and_a_later_failure_takes_nothing_back(dns: DNS) -> None:
    made = application()
    domain = add_domain(application=made, host="site.example", by=made.created_by)
    dns.set("_trellis.site.example", "TXT", [f'"trellis-verify={domain.proof}"'], ['"gone"'])
    proved = prove_domain(domain=domain, by=made.created_by)
    assert (proved.proved_method, proved.check_error) == ("dns", "")
    assert AuditEvent.objects.get(action="domain.proved").after == {"host": "site.example", "method": "dns"}
    Domain.objects.update(checked_at=None)
    again = prove_domain(domain=domain, by=made.created_by)
    assert again.proved_at == proved.proved_at
    assert again.check_error


@pytest.mark.django_db
def test_the_button_cannot_be_used_to_hammer_a_site(dns: DNS) -> None:
    made = application()
    domain = add_domain(application=made, host="site.example", by=made.created_by)
    prove_domain(domain=domain, by=made.created_by)
    asked = len(dns.asked)
    with pytest.raises(TooMany):
        prove_domain(domain=domain, by=made.created_by)
    assert len(dns.asked) == asked


@pytest.mark.django_db
def test_strangers_and_addresses_are_not_looked_at(dns: DNS) -> None:
    made = application()
    domain = add_domain(application=made, host="site.example", by=made.created_by)
    with pytest.raises(NotFound):
        prove_domain(domain=domain, by=person("Eve"))
    local = add_domain(application=made, host="localhost", by=made.created_by)
    with pytest.raises(Invalid):
        prove_domain(domain=local, by=made.created_by)
    assert dns.asked == []
