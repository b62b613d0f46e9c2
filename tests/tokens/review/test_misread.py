"""An address of the queue that cannot be had as it is: the page says which filter it did not understand."""

import re
from html import unescape
from types import SimpleNamespace
from typing import Final
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import PlatformRole, User
from tests import factories
from tiers.models import AIModel
from tokens.models import ReviewGroup
from tokens.models.desk import SavedView
from tokens.models.signals import SignalKind
from tokens.selectors.review_filters import AGES, KINDS, LANGUAGES, TAB_LABELS
from tokens.selectors.review_misread import LABELS

from .conftest import ask

HOSTILE: Final = '"><script>alert(1)</script>\u202e'
LEFT_OUT, OF_NOTHING = "was not understood and is left out", "does not exist, so nothing matches it"


def told(client: Client, **query: str) -> tuple[str, str]:
    """The sentences of the notice, and where its link leads; empty where there is none."""
    return read(client, f"/review/?{urlencode(query)}")


def read(client: Client, path: str) -> tuple[str, str]:
    answer = client.get(path)
    assert answer.status_code == 200
    found = re.search(r'<div class="misread">(.*?)<div id="rows"', answer.content.decode(), re.S)
    if found is None:
        return "", ""
    [link] = re.findall(r'<a href="([^"]+)"', found[1])
    return " ".join(unescape(re.sub(r"<[^>]+>", "", found[1])).split()), unescape(link)


def test_it_says_which_were_not_understood_and_keeps_the_others(desk: SimpleNamespace) -> None:
    asked, other = ask("Reader"), ask("Other", "nectar")
    sentences, without = told(desk.client, tier="flower", age="banana", find="read")
    assert f"Age: “banana” {LEFT_OUT}" in sentences
    assert "Tier:" not in sentences
    assert without == "/review/?tab=pending&tier=flower&find=read"
    page = desk.client.get("/review/?tier=flower&age=banana").content.decode()
    assert f"row-{asked.public_id}" in page
    assert f"row-{other.public_id}" not in page
    assert told(desk.client, tier="flower", find="read") == read(desk.client, without) == ("", "")


def test_what_names_nothing_matches_nothing_and_says_so(desk: SimpleNamespace) -> None:
    asked = ask()
    sentences, without = told(desk.client, tier="nope", age="banana", kind="tier")
    assert f"Tier: “nope” {OF_NOTHING}" in sentences
    assert f"Age: “banana” {LEFT_OUT}" in sentences
    assert without == "/review/?tab=pending&kind=tier"
    page = desk.client.get("/review/?tier=nope").content.decode()
    assert f"row-{asked.public_id}" not in page
    assert '<option value="nope" selected>' in page
    assert f"row-{asked.public_id}" in desk.client.get(without).content.decode()


@pytest.mark.parametrize("name", LABELS)
def test_each_filter_tells_and_escapes_what_it_was_given(desk: SimpleNamespace, name: str) -> None:
    query = urlencode({name: HOSTILE})
    sentences, without = read(desk.client, f"/review/?{query}")
    assert '“"><script>alert(1)</script>” ' in sentences
    assert without == "/review/?tab=pending"
    page = desk.client.get(f"/review/?{query}").content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page.split('class="misread"')[1].split('id="rows"')[0]


def test_with_one_open_the_way_out_leaves_it_open(desk: SimpleNamespace) -> None:
    asked = ask()
    sentences, without = read(desk.client, f"/review/{asked.public_id}/?group=0123456789ab&sort=last")
    assert f"Group: “0123456789ab” {OF_NOTHING}" in sentences
    assert without == f"/review/{asked.public_id}/?tab=pending&sort=last"


def test_a_saved_view_whose_model_and_tier_are_gone_says_so(desk: SimpleNamespace) -> None:
    SavedView.objects.create(
        owner=desk.maintainer, name="Old", query="tab=decided&tier=orchid&model=gone-1&find=school"
    )
    [address] = re.findall(r'<a href="([^"]+orchid[^"]+)"', desk.client.get("/review/views/").content.decode())
    sentences, without = read(desk.client, unescape(address))
    assert f"Tier: “orchid” {OF_NOTHING}" in sentences
    assert f"Model: “gone-1” {OF_NOTHING}" in sentences
    assert without == "/review/?tab=decided&find=school"


def test_whatever_can_be_chosen_is_understood(desk: SimpleNamespace) -> None:
    group, petra = ReviewGroup.objects.create(name="夜班"), factories.person("Petra", PlatformRole.MAINTAINER)
    once = factories.person("Once", PlatformRole.MAINTAINER)
    User.objects.filter(pk=once.pk).update(role=PlatformRole.DEVELOPER)
    values = {
        "tab": TAB_LABELS,
        "tier": ["flower", "nectar"],
        "model": AIModel.objects.values_list("name", flat=True)[:3],
        "kind": KINDS,
        "age": AGES,
        "who": ["me", "nobody", petra.public_id, desk.maintainer.public_id, once.public_id],
        "group": [group.public_id],
        "signal": SignalKind.values,
        "language": LANGUAGES,
        "mentions": ["me"],
        "sort": ["last"],
    }
    assert values.keys() == LABELS.keys()
    for name, meant in values.items():
        for value in meant:
            assert told(desk.client, **{name: value, "find": "古籍"}) == ("", ""), (name, value)
    assert told(desk.client, who="0123456789ab")[1] == "/review/?tab=pending"


def test_the_order_of_a_list_is_no_order_of_a_shop_in_chinese(desk: SimpleNamespace) -> None:
    User.objects.filter(pk=desk.maintainer.pk).update(locale="zh-hans")
    page = desk.client.get("/review/?sort=banana", headers={"accept-language": "zh-hans"}).content.decode()
    assert '<span class="vh">排序</span>' in page
    assert "排序" in page.split('class="misread"')[1].split('id="rows"')[0].split("banana")[0]
