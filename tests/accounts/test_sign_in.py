"""The ways in, through the real pages; and those that are closed."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

from accounts.demo import PASSWORD as DEMO_PASSWORD
from accounts.demo import create_demo_people
from accounts.encryption import Unreadable, seal, unseal
from accounts.models import AuditEvent, User, Workspace
from tests.accounts.people import PASSWORD, person, sign_in
from tests.fixtures.signing_in import browser

pytestmark = pytest.mark.django_db


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def code_in_mail() -> str:
    found = re.search(r"^([0-9A-Z]{4}-[0-9A-Z]{4}|[0-9A-Z-]{6,9})$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found[1]


def totp_code(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def set_up_totp(client: Client) -> str:
    """Through the pages, as a person does. The secret is answered."""
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    response = client.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret)})
    assert response.status_code == 302
    return secret


def test_by_password(client):
    ada = person("ada@example.com")
    assert client.post("/accounts/login/", {"login": "ADA@example.com", "password": "wrong"}).status_code == 200
    assert not is_signed_in(client)
    sign_in(ada)


def test_other_tests_begin_with_what_the_form_leaves_behind() -> None:
    ada = person("ada@example.com")
    by_form, made = (dict(client.session.items()) for client in (sign_in(ada), browser(ada)))
    for session in (by_form, made):
        assert time.time() - session["account_authentication_methods"][0].pop("at") < 60
    assert made == by_form


def test_a_refused_password_keeps_the_address_and_says_nothing_of_whom_there_is(client):
    person("ada@example.com")
    pages = [
        client.post("/accounts/login/", {"login": address, "password": "wrong"}).content.decode()
        for address in ("ada@example.com", "eve@example.com")
    ]
    assert 'value="ada@example.com"' in pages[0]
    token = re.compile(r'csrf[^>]*>|csrfmiddlewaretoken" value="[^"]*"')
    plain = [token.sub("", page.replace("eve@", "ada@")) for page in pages]
    assert plain[0] == plain[1]


def test_five_wrong_passwords_are_enough(client):
    ada = person("ada@example.com")
    for _ in range(5):
        client.post("/accounts/login/", {"login": ada.email, "password": "wrong"})
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert not is_signed_in(client)
    cache.clear()
    sign_in(ada)


def test_by_a_code_in_the_mail(client):
    ada = person("ada@example.com")
    assert client.post("/accounts/login/code/", {"email": "ada@example.com"}).status_code == 302
    assert client.post("/accounts/login/code/confirm/", {"code": "ZZZZZZ"}).status_code == 200
    assert not is_signed_in(client)
    assert client.post("/accounts/login/code/confirm/", {"code": code_in_mail()}).status_code == 302
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_a_new_password_by_a_code_in_the_mail(client):
    ada = person("ada@example.com")
    assert client.post("/accounts/password/reset/", {"email": "ada@example.com"}).status_code == 302
    client.post("/accounts/password/reset/confirm/", {"code": code_in_mail()})
    new = {"password1": "an even better one", "password2": "an even better one"}
    assert client.post("/accounts/password/reset/complete/", new).status_code == 302
    sign_in(ada, "an even better one")


def test_with_a_second_factor():
    ada = person("ada@example.com")
    secret = set_up_totp(sign_in(ada))
    cache.clear()  # A code works once; allauth keeps that in the cache.
    client = Client()
    client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
    assert not is_signed_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not is_signed_in(client)
    assert client.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)}).status_code == 302
    assert is_signed_in(client)


def test_with_a_recovery_code():
    ada = person("ada@example.com")
    first = sign_in(ada)
    set_up_totp(first)
    codes = first.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    for expected in (True, False):  # It works once.
        client = Client()
        client.post("/accounts/login/", {"login": ada.email, "password": PASSWORD})
        client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert is_signed_in(client) is expected


def test_second_factors_are_not_in_clear_in_the_database():
    ada = person("ada@example.com")
    client = sign_in(ada)
    secret = set_up_totp(client)
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        stored = cursor.fetchone()[0]
    assert secret not in stored
    assert "v1:" in stored
    assert not [code for code in codes if code in stored]
    assert Authenticator.objects.count() == 2


def test_what_is_sealed_opens_only_with_its_key_and_unaltered():
    sealed = seal("JBSWY3DPEHPK3PXP")
    assert unseal(sealed) == "JBSWY3DPEHPK3PXP"
    assert seal("JBSWY3DPEHPK3PXP") != sealed
    altered = sealed[:-3] + ("A" if sealed[-3] != "A" else "B") + sealed[-2:]
    for wrong in (altered, "JBSWY3DPEHPK3PXP", "v1:", "v1:!!", sealed[:-8]):
        with pytest.raises(Unreadable):
            unseal(wrong)
    with override_settings(SECRET_KEY="another key of at least thirty-two characters"), pytest.raises(Unreadable):
        unseal(sealed)


def test_a_secret_needs_a_fresh_proof_of_who_is_there():
    ada = person("ada@example.com")
    client = sign_in(ada)
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    grow_old(client)
    for path in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/reauthenticate/")
    assert client.post(response["Location"], {"password": "wrong"}).status_code == 200
    assert client.post(response["Location"], {"password": PASSWORD}).status_code == 302
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_who_has_neither_password_nor_second_factor_signs_in_again():
    ada = person("ada@example.com")
    ada.set_unusable_password()
    ada.save()
    client = Client()
    client.post("/accounts/login/code/", {"email": "ada@example.com"})
    client.post("/accounts/login/code/confirm/", {"code": code_in_mail()})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    grow_old(client)
    for path in ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/password/set/"):
        response = client.get(path)
        assert response.status_code == 403
        assert "Sign in again" in response.content.decode()


def grow_old(client: Client, seconds: int = 901) -> None:
    """The session as it is that much later."""
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] = time.time() - seconds
    session.save()


def test_the_four_people_of_the_demo_can_sign_in():
    people = create_demo_people()
    assert create_demo_people() == people
    roles = {user.email: user.role for user in User.objects.all()}
    assert roles == {
        "dev@trellis.test": "developer",
        "maintainer@trellis.test": "maintainer",
        "staff@trellis.test": "auditor",
        "admin@trellis.test": "administrator",
    }
    assert Workspace.objects.filter(demo=True).count() == 4
    assert AuditEvent.objects.filter(action="person.registered").count() == 4
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == 4
    for user in User.objects.all():
        sign_in(user, DEMO_PASSWORD)


@pytest.mark.parametrize("way", ["password", "code"])
def test_people_of_the_demo_are_refused_where_it_is_off(client, settings, way):
    create_demo_people()
    settings.DEMO = False
    if way == "password":
        response = client.post("/accounts/login/", {"login": "admin@trellis.test", "password": DEMO_PASSWORD})
    else:
        client.post("/accounts/login/code/", {"email": "admin@trellis.test"})
        response = client.post("/accounts/login/code/confirm/", {"code": code_in_mail()})
    assert not is_signed_in(client)
    assert response.status_code in {200, 302}


def test_a_session_of_the_demo_ends_when_it_is_switched_off(settings):
    client = sign_in(create_demo_people().developer, DEMO_PASSWORD)
    assert client.get("/profile/").status_code == 200
    settings.DEMO = False
    assert client.get("/profile/").status_code == 302
