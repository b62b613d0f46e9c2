"""What the demo brought in from GitHub: one issue whose author is here, with an answer that no field takes and
comments, one whose author is not here yet, and one that nobody has looked at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from allauth.socialaccount.models import SocialAccount

from accounts import clock, demo
from tiers.models import Tier
from tokens.actions import issue_forms, issue_import
from tokens.demo.story import Stage, Step, Table, read, span
from tokens.issue_import.payloads import read_issue
from tokens.models import ImportedIssue, IssueForm

_READ_IN = timedelta(minutes=20)


def steps(stage: Stage) -> Iterator[Step]:
    told = read("imports")
    made, brought = span(told["made"]), span(told["brought"])
    yield Step(made, partial(_add, stage, told))
    yield Step(brought, partial(_bring, told, brought))
    yield Step(brought - _READ_IN, partial(_want, stage, told))


def _add(stage: Stage, told: Table) -> None:
    tier = Tier.objects.get(slug=told["tier"])
    issue_forms.add_form(
        repository=told["repository"],
        headings=told["headings"],
        tier=tier,
        label=told["label"],
        by=stage.administrator,
    )
    for known in told["known"]:
        extra = {"login": known["login"], "id": known["id"]}
        account = SocialAccount(
            user=stage.people[known["person"]], provider=issue_import.GITHUB, uid=str(known["id"]), extra_data=extra
        )
        account.save()
        SocialAccount.objects.filter(pk=account.pk).update(date_joined=clock.now(), last_login=clock.now())


def _bring(told: Table, brought: timedelta) -> None:
    loading = clock.now() + brought
    form = IssueForm.objects.get(repository=told["repository"])
    issues = [read_issue(_as_github(told, issue, loading)) for issue in told["issues"]]
    issue_import.take_in(form=form, issues=issues)


def _want(stage: Stage, told: Table) -> None:
    form = IssueForm.objects.get(repository=told["repository"])
    chosen = ImportedIssue.objects.filter(form=form, number__in=told["wanted"]).values_list("public_id", flat=True)
    issue_import.want(form=form, public_ids=list(chosen), by=stage.administrator)
    issue_import.open_waiting(by=demo.BY)


def _as_github(told: Table, issue: Table, loading: datetime) -> dict[str, Any]:
    page = f"https://github.com/{told['repository']}/issues/{issue['number']}"
    opened = (loading - span(issue["opened"])).isoformat()
    return {
        "id": 9_000_000_000_000_000 + issue["number"],
        "number": issue["number"],
        "html_url": page,
        "title": issue["title"],
        "user": {"login": issue["login"], "id": issue["author"]},
        "labels": [{"name": told["label"]}],
        "created_at": opened,
        "updated_at": opened,
        "body": issue["body"].strip(),
        "comments": [
            {
                "id": said["id"],
                "html_url": f"{page}#issuecomment-{said['id']}",
                "user": {"login": said["login"], "id": said["author"]},
                "created_at": (loading - span(said["ago"])).isoformat(),
                "body": said["text"],
            }
            for said in issue.get("comments", [])
        ],
    }
