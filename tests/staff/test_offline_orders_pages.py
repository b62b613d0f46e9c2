"""Recording orders by hand: one by one, and by a file that is previewed, then recorded whole or not at all."""

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.clock import now
from accounts.models import User
from tests.factories import administrator, auditor, shop
from tests.fixtures.signing_in import browser
from tiers.models import Order, ProductVersion

pytestmark = pytest.mark.django_db
HEAD = "reference,workspace,product,amount,currency,paid_at,note\n"


@pytest.fixture
def offer(noor: User) -> ProductVersion:
    return shop.offer("flower", amount=500, interval="")


def row(noor: User, reference: str, **instead: str) -> str:
    cells = {"reference": reference, "workspace": noor.personal_workspace.public_id, "product": "flower"}
    cells |= {"amount": "5.00", "currency": "USD", "paid_at": f"{now():%Y-%m-%dT%H:%M:%SZ}", "note": ""}
    return ",".join({**cells, **instead}.values()) + "\n"


def preview(client: Client, text: str) -> tuple[int, str, str]:
    """Status, page, and what the page carries to the confirmation."""
    response = client.post("/events/import/", {"file": SimpleUploadedFile("orders.csv", text.encode())})
    page = response.content.decode()
    return response.status_code, page, page.partition('name="kept" value="')[2].partition('"')[0]


def form(noor: User, **instead: str) -> dict[str, str]:
    given = {"workspace": noor.email, "product": "flower", "amount": "5.00", "currency": "usd", "reference": "INV-1"}
    return {**given, "paid_at": f"{now():%Y-%m-%dT%H:%M}", "note": "By transfer", **instead}


def test_an_offline_order_is_recorded_and_opens_at_once(admin: Client, noor: User, offer: ProductVersion) -> None:
    page = admin.post("/events/record/", form(noor), follow=True).content.decode()
    assert "Recorded." in page
    order = Order.objects.get()
    assert (order.state, order.workspace, order.note) == ("paid", noor.personal_workspace, "By transfer")
    assert order.grants.get().tier.slug == "flower"


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"workspace": "nobody@example.com"}, "There is no such workspace."),
        ({"product": "no-such"}, "Select a valid choice"),
        ({"amount": "5,00"}, "Write the amount as 19.00"),
        ({"amount": "5.01"}, "It cost $5.00 on that day."),
        ({"currency": "XXQ"}, "is not a currency"),
        ({"currency": "EUR"}, "It cost $5.00 on that day."),
        ({"paid_at": "2999-01-01T00:00"}, "in the future"),
        ({"reference": " "}, "required"),
    ],
)
def test_what_cannot_be_recorded_is_said_beside_its_field(
    admin: Client, noor: User, offer: ProductVersion, instead: dict[str, str], words: str
) -> None:
    response = admin.post("/events/record/", form(noor, **instead))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Order.objects.exists()


def test_a_file_is_previewed_then_recorded_whole(admin: Client, noor: User, offer: ProductVersion) -> None:
    status, page, kept = preview(admin, HEAD + row(noor, "A", note="<b>x</b>") + row(noor, "B"))
    assert status == 200
    assert "2 orders to record" in page
    assert "opens it for good" in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert not Order.objects.exists()
    for _time in range(2):
        page = admin.post("/events/import/confirm/", {"kept": kept}, follow=True).content.decode()
        assert "2 orders are recorded." in page
        assert Order.objects.filter(state="paid").count() == 2


def test_one_wrong_row_keeps_the_whole_file_out(admin: Client, noor: User, offer: ProductVersion) -> None:
    status, page, kept = preview(admin, HEAD + row(noor, "A") + row(noor, "B", amount="4.99"))
    assert (status, kept) == (422, "")
    assert "It cost $5.00 on that day." in page
    assert "1 row has an error." in page
    assert not Order.objects.exists()


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00", HEAD, HEAD + "1,2\n"])
def test_what_is_no_such_file_is_refused_in_words(admin: Client, noor: User, text: str) -> None:
    status, page, kept = preview(admin, text)
    assert (status, kept) == (422, "")
    assert "Nothing was recorded so far." in page or "required" in page or "empty" in page


def test_what_has_changed_since_the_preview_is_judged_anew(admin: Client, noor: User, offer: ProductVersion) -> None:
    text = HEAD + row(noor, "A") + row(noor, "B")
    kept = preview(admin, text)[2]
    admin.post("/events/record/", form(noor, reference="A", note=""))
    assert Order.objects.count() == 1
    response = admin.post("/events/import/confirm/", {"kept": kept})
    assert response.status_code == 422
    assert "Another payment was recorded under this reference." in response.content.decode()
    assert Order.objects.count() == 1


def test_only_what_this_person_was_given_can_be_confirmed(admin: Client, noor: User, offer: ProductVersion) -> None:
    text = HEAD + row(noor, "A")
    other = preview(browser(administrator()), text)[2]
    for kept in ("", "x", text, other, signing.dumps(text), preview(admin, text)[2][:-1]):
        page = admin.post("/events/import/confirm/", {"kept": kept}, follow=True).content.decode()
        assert "This preview is too old, or damaged." in page
    assert not Order.objects.exists()


def test_those_who_only_read_record_nothing(noor: User) -> None:
    staff = browser(auditor())
    for path in ("/events/record/", "/events/import/", "/events/import/confirm/"):
        assert staff.post(path).status_code == 403
