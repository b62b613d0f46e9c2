"""Deny by default: every address of the site leads to a view that names its permission."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.roles import Permission

# Pages of a library: sign-in. allauth guards its own, and tests/accounts prove that it does.
LIBRARIES = ("accounts/",)


def views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, object]]:
    for entry in resolver.url_patterns:
        path = f"{prefix}{entry.pattern}"
        if isinstance(entry, URLPattern):
            yield path, entry.callback
        else:
            yield from views(entry, path)


def test_every_view_names_its_permission() -> None:
    found = list(views(get_resolver()))
    nameless = [
        path
        for path, view in found
        if not isinstance(getattr(view, "permission", None), Permission) and not path.startswith(LIBRARIES)
    ]
    assert found
    assert nameless == []


def test_only_these_addresses_are_open_to_visitors() -> None:
    """A new public address is a decision: it is added here on purpose."""
    public = {path for path, view in views(get_resolver()) if getattr(view, "permission", None) is Permission.PUBLIC}
    assert public <= {
        "",
        "theme/",
        "tiers/",
        "models/",
        "models/<str:name>/",
        "docs/",
        "language/",
        "webhooks/stripe",
        "webhooks/github/secret-scanning",
        "webhooks/github/issues/<slug:public_id>",
        "webhooks/standard/<slug:source>",
        "webhooks/sandbox",
        "invitations/<str:public_id>/<str:secret>/",
    }
