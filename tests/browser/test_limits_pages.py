"""Nothing is wrong with the pages and forms that set limits, wide and on a phone."""

import pytest
from django.urls import reverse

from accounts.models import PlatformRole
from tests import factories
from tests.browser.conftest import Open, faults
from tests.tokens.pages.conftest import ask
from tiers.facts import LimitFacts
from tokens.actions.limits import set_limits
from tokens.models import Token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.mark.parametrize("phone", [False, True])
def test_nothing_is_wrong_with_the_pages_of_limits(browse: Open, phone: bool) -> None:
    factories.catalogue()
    noor, admin = factories.person("Noor"), factories.person("Ada", PlatformRole.ADMINISTRATOR)
    application = factories.application(noor, "Lantern")
    token = factories.token(application).token
    Token.objects.update(requests_per_minute=5, requests_per_day=10**9)
    set_limits(
        workspace=application.workspace,
        application=application,
        limits=LimitFacts(per_day=9),
        reason="A fair",
        by=admin,
    )
    asked = ask(application, by=noor)
    limits = [
        reverse("holdings:application_limits", args=[application.public_id]),
        reverse("holdings:workspace_limits", args=[application.workspace.public_id]),
        reverse("review:detail", args=[asked.public_id]),
    ]
    mine = [reverse("tokens:detail", args=[token.public_id]), "/tiers/"]
    for by, path in [*((admin, path) for path in limits), *((noor, path) for path in mine)]:
        page = browse(path, by=by, phone=phone)
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert faults(page) == [], path
