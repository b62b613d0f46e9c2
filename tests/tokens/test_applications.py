"""Applications and domains: whose they are, how they are named, what the audit tells of them."""

import pytest

from accounts.errors import Conflict, Invalid, NotAllowed, NotFound
from accounts.models import AuditEvent
from tests.factories import administrator, application, join, person
from tokens.actions.applications import (
    add_domain,
    create_application,
    edit_application,
    remove_domain,
    resume_application,
    suspend_application,
)
from tokens.models import Application, Domain
from tokens.policies import applications as policies

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Free AI Chat", "free-ai-chat"),
        ("  Free   AI Chat ", "free-ai-chat"),
        ("阅读助手", "阅读助手"),
        ("Ünïcode", "ünïcode"),
        ("!!!", "app"),
        ("🌱", "app"),
        ("../../etc/passwd", "etcpasswd"),
        ("<b>bold</b>", "bboldb"),
        ("x" * 80, "x" * 50),
    ],
)
def test_a_slug_comes_from_the_name(name: str, slug: str) -> None:
    assert application(name=name).slug == slug


def test_slugs_differ_within_a_workspace_only() -> None:
    dana, eve = person(), person("Eve")
    assert [application(dana).slug for _ in range(3)] == ["chat", "chat-2", "chat-3"]
    assert application(eve).slug == "chat"


def test_the_slug_stays_when_the_name_changes() -> None:
    made = application()
    edited = edit_application(application=made, values={"name": "Talk"}, by=made.created_by)
    assert (edited.name, edited.slug) == ("Talk", "chat")


def test_the_contact_is_the_person_unless_given() -> None:
    dana = person()
    assert application(dana).contact == dana.email


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "a\nb\x00"),
        ("name", "x" * 81),
        ("url", "javascript:alert(1)"),
        ("url", "ftp://example.com"),
        ("url", "https://user:password@example.com"),
        ("url", "example.com"),
        ("url", "https://example.com/" + "x" * 300),
        ("contact", "nobody"),
        ("contact", "a@example.com\nBcc: b@example.com"),
        ("description", "x" * 2001),
        ("description", "null \x00 byte"),
        ("category", "weapon"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_the_name_of_the_field(field: str, value: str) -> None:
    made = application()
    with pytest.raises(Invalid) as refusal:
        edit_application(application=made, values={field: value}, by=made.created_by)
    assert refusal.value.field == field


def test_only_what_people_may_edit_is_editable() -> None:
    made = application()
    with pytest.raises(ValueError, match="slug"):
        edit_application(application=made, values={"slug": "other"}, by=made.created_by)


def test_an_edit_is_told_before_and_after_but_no_personal_data() -> None:
    made = application()
    values = {"name": "Talk", "contact": "team@example.com", "category": made.category}
    edit_application(application=made, values=values, by=made.created_by)
    event = AuditEvent.objects.get(action="application.edited")
    assert (event.before, event.after) == ({"name": "Chat", "contact": "…"}, {"name": "Talk", "contact": "…"})
    assert "@" not in str(AuditEvent.objects.get(action="application.created").after)


def test_an_unconfirmed_address_makes_no_application() -> None:
    newcomer = person(verified=False)
    with pytest.raises(NotAllowed):
        create_application(workspace=newcomer.personal_workspace, name="Chat", by=newcomer)


def test_strangers_make_and_change_nothing() -> None:
    made, eve = application(), person("Eve")
    for act in (
        lambda: create_application(workspace=made.workspace, name="Mine", by=eve),
        lambda: edit_application(application=made, values={"name": "Mine"}, by=eve),
        lambda: add_domain(application=made, host="evil.com", by=eve),
    ):
        with pytest.raises(NotFound):
            act()
    assert AuditEvent.objects.count() == 1


def test_a_member_may() -> None:
    made, member = application(), person("Mel")
    join(made.workspace, member)
    assert edit_application(application=made, values={"name": "Talk"}, by=member).name == "Talk"


def test_a_workspace_has_a_bounded_number_of_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "MOST_APPLICATIONS", 1)
    dana = person()
    application(dana)
    with pytest.raises(Conflict, match="at most 1"):
        application(dana)


def test_staff_suspend_with_a_reason_and_developers_do_not() -> None:
    made, staff = application(), administrator()
    with pytest.raises(NotAllowed):
        suspend_application(application=made, reason="No", by=made.created_by)
    with pytest.raises(Invalid):
        suspend_application(application=made, reason="", by=staff)
    suspended = suspend_application(application=made, reason="Spam", by=staff)
    assert (suspended.suspended_by, suspended.suspended_reason) == (staff, "Spam")
    with pytest.raises(Conflict):
        suspend_application(application=made, reason="Spam", by=staff)
    resumed = resume_application(application=made, reason="Talked", by=staff)
    assert (resumed.suspended_at, resumed.suspended_by, resumed.suspended_reason) == (None, None, "")
    assert AuditEvent.objects.filter(action__in=["application.suspended", "application.resumed"]).count() == 2


def test_domains_are_added_in_one_form_once_and_removed() -> None:
    made = application()
    domain = add_domain(application=made, host="https://Bücher.example/", by=made.created_by)
    assert domain.host == "xn--bcher-kva.example"
    with pytest.raises(Conflict):
        add_domain(application=made, host="bücher.EXAMPLE.", by=made.created_by)
    remove_domain(domain=domain, by=made.created_by)
    assert not Domain.objects.exists()
    with pytest.raises(Conflict, match="removed meanwhile"):
        remove_domain(domain=domain, by=made.created_by)
    assert AuditEvent.objects.get(action="domain.removed").before["host"] == "xn--bcher-kva.example"


@pytest.mark.parametrize("host", ["", "*", "a b.com", "example.com/x", "example.com:443", "evil.com#", "intranet"])
def test_what_is_no_host_is_no_domain(host: str) -> None:
    made = application()
    with pytest.raises(Invalid) as refusal:
        add_domain(application=made, host=host, by=made.created_by)
    assert refusal.value.field == "host"


def test_domains_and_suspension_raise_the_rights_version() -> None:
    made, staff = application(), administrator()

    def version() -> int:
        return Application.objects.select_related("workspace").get(pk=made.pk).workspace.rights_version

    first = version()
    add_domain(application=made, host="example.com", by=made.created_by)
    second = version()
    suspend_application(application=made, reason="Spam", by=staff)
    assert first < second < version()
