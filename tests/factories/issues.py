"""Issues as GitHub gives them."""

from typing import Any

from tokens.issue_import.payloads import Issue, read_issue

BODY = """### App Name

Lantern

### App URL

https://lantern.example.com

### App Description

A reading aid for pupils, which reads a page aloud and explains the hard words.

### Requests per day

about 1,500

### Have you read the rules?

- [X] I have read them
- [ ] I have not

### Anything else

_No response_
"""
HEADINGS = {
    "application": "App Name",
    "website": "App URL",
    "purpose": "App Description",
    "expected_volume": "Requests per day",
}


def payload(number: int = 7, **values: Any) -> dict[str, Any]:
    """One issue of GitHub's REST interface, with the fields that we read and some that we do not."""
    return {
        "id": 1_000_000 + number,
        "node_id": "I_kwDOABCD",
        "number": number,
        "html_url": f"https://github.com/garden/requests/issues/{number}",
        "url": f"https://api.github.com/repos/garden/requests/issues/{number}",
        "title": "[App] Lantern",
        "user": {"login": "dana", "id": 583231, "type": "User"},
        "labels": [{"id": 1, "name": "tier-request"}],
        "state": "open",
        "created_at": "2026-08-01T10:00:00Z",
        "updated_at": "2026-08-02T10:00:00Z",
        "closed_at": None,
        "body": BODY,
        **values,
    }


def an_issue(number: int = 7, **values: Any) -> Issue:
    return read_issue(payload(number, **values))
