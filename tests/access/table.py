"""Who gets what at which address, written from the product's words and not from the code that it judges."""

from typing import Final

ANONYMOUS, STRANGER, MEMBER, OWNER = "anonymous", "stranger", "member", "owner"
MAINTAINER, AUDITOR, ADMINISTRATOR = "maintainer", "auditor", "administrator"
VISITORS: Final = (ANONYMOUS, STRANGER, MEMBER, OWNER, MAINTAINER, AUDITOR, ADMINISTRATOR)

# A stranger is a member of another workspace.
OPEN, SIGN_IN, FORBIDDEN, MISSING = "open", "sign in", "403", "404"
Audience = dict[str, str]


def _audience(*allowed: str, others: str) -> Audience:
    """Visitors are sent to sign in; those named are let in; all others meet `others`."""
    return {who: OPEN if who in allowed else others for who in VISITORS} | {ANONYMOUS: SIGN_IN}


EVERYBODY: Final = dict.fromkeys(VISITORS, OPEN)
SIGNED_IN: Final = _audience(*VISITORS, others=OPEN)
NOBODYS: Final = _audience(others=MISSING)
# Of the workspace that one stands in: everybody owns the one they stand in, but for the member.
OWNERS: Final = SIGNED_IN | {MEMBER: FORBIDDEN}
# Things of one workspace. To all others, whatever their role, they do not exist.
ITS_MEMBERS: Final = _audience(MEMBER, OWNER, others=MISSING)
ITS_OWNERS: Final = _audience(OWNER, others=MISSING) | {MEMBER: FORBIDDEN}
REVIEWERS: Final = _audience(MAINTAINER, AUDITOR, ADMINISTRATOR, others=FORBIDDEN)
DECIDERS: Final = _audience(MAINTAINER, ADMINISTRATOR, others=FORBIDDEN)
AUDITORS: Final = _audience(AUDITOR, ADMINISTRATOR, others=FORBIDDEN)
ADMINISTRATORS: Final = _audience(ADMINISTRATOR, others=FORBIDDEN)
# What one of the reviewers has made for themselves.
OWN_VIEWS: Final = _audience(MAINTAINER, others=FORBIDDEN) | {AUDITOR: MISSING, ADMINISTRATOR: MISSING}

# Whoever they are signed in as: a provider signs its messages.
UNSIGNED: Final = dict.fromkeys(VISITORS, "401")

TABLE: Final[dict[str, Audience]] = {
    "": EVERYBODY,
    "language/": EVERYBODY,
    "theme/": EVERYBODY,
    "tiers/": EVERYBODY,
    "models/": EVERYBODY,
    "explain/": SIGNED_IN,
    "docs/": EVERYBODY,
    "webhooks/stripe": EVERYBODY,
    "webhooks/github/secret-scanning": EVERYBODY,
    "webhooks/github/issues/<slug:public_id>": EVERYBODY,
    "orders/": SIGNED_IN,
    "orders/new/": SIGNED_IN,
    "orders/<slug:public_id>/": ITS_MEMBERS,
    "orders/<slug:public_id>/pay/": ITS_MEMBERS,
    "orders/<slug:public_id>/returned/": ITS_MEMBERS,
    "orders/<slug:public_id>/check/": ITS_MEMBERS,
    "orders/<slug:public_id>/receipt/": ITS_MEMBERS,
    "orders/<slug:public_id>/cancel/": ITS_MEMBERS,
    "orders/<slug:public_id>/resume/": ITS_MEMBERS,
    "webhooks/standard/<slug:source>": EVERYBODY,
    "webhooks/sandbox": EVERYBODY,
    "invitations/<str:public_id>/<str:secret>/": EVERYBODY,
    "profile/": SIGNED_IN,
    "profile/security/": SIGNED_IN,
    "workspace/": SIGNED_IN,
    "workspace/activity/": SIGNED_IN,
    "workspace/new/": SIGNED_IN,
    # The form names no workspace here.
    "workspace/switch/": NOBODYS,
    "workspace/leave/": SIGNED_IN,
    "workspace/rename/": OWNERS,
    "workspace/invite/": OWNERS,
    "workspace/invitations/<str:public_id>/revoke/": ITS_OWNERS,
    "workspace/members/<str:public_id>/": ITS_OWNERS,
    "workspace/members/<str:public_id>/remove/": ITS_OWNERS,
    "applications/": SIGNED_IN,
    "applications/new/": SIGNED_IN,
    "applications/<slug:public_id>/": ITS_MEMBERS,
    "applications/<slug:public_id>/edit/": ITS_MEMBERS,
    "applications/<slug:public_id>/domains/": ITS_MEMBERS,
    "applications/<slug:public_id>/domains/<slug:domain_id>/prove/": ITS_MEMBERS,
    "applications/<slug:public_id>/domains/<slug:domain_id>/remove/": ITS_MEMBERS,
    "requests/": SIGNED_IN,
    "requests/new/": SIGNED_IN,
    "requests/<slug:public_id>/": ITS_MEMBERS,
    "requests/<slug:public_id>/edit/": ITS_MEMBERS,
    "requests/<slug:public_id>/message/": ITS_MEMBERS,
    "requests/<slug:public_id>/withdraw/": ITS_MEMBERS,
    "sandbox/<slug:public_id>/": ITS_MEMBERS,
    "tokens/": SIGNED_IN,
    "tokens/new/": SIGNED_IN,
    "tokens/<slug:public_id>/": ITS_MEMBERS,
    "tokens/<slug:public_id>/edit/": ITS_MEMBERS,
    "tokens/<slug:public_id>/rotate/": ITS_MEMBERS,
    "tokens/<slug:public_id>/revoke/": ITS_MEMBERS,
    "review/": REVIEWERS,
    "review/bulk/": DECIDERS,
    "review/replies/": ADMINISTRATORS,
    "review/replies/<slug:public_id>/": ADMINISTRATORS,
    "review/replies/<slug:public_id>/move/": ADMINISTRATORS,
    "review/replies/<slug:public_id>/retire/": ADMINISTRATORS,
    "figures/": REVIEWERS,
    "review/live/": REVIEWERS,
    "review/next/": REVIEWERS,
    "review/views/": REVIEWERS,
    "review/views/<slug:public_id>/": OWN_VIEWS,
    "review/views/<slug:public_id>/filters/": OWN_VIEWS,
    "review/views/<slug:public_id>/remove/": OWN_VIEWS,
    "review/terms/": ADMINISTRATORS,
    "review/groups/": ADMINISTRATORS,
    "review/groups/<slug:public_id>/": ADMINISTRATORS,
    "review/groups/<slug:public_id>/remove/": ADMINISTRATORS,
    "review/imports/": ADMINISTRATORS,
    "review/imports/new/": ADMINISTRATORS,
    "review/imports/<slug:public_id>/": ADMINISTRATORS,
    "review/imports/<slug:public_id>/file/": ADMINISTRATORS,
    "review/imports/<slug:public_id>/edit/": ADMINISTRATORS,
    "review/imports/<slug:public_id>/want/": ADMINISTRATORS,
    "review/imports/<slug:public_id>/rotate/": ADMINISTRATORS,
    "review/imports/<slug:public_id>/retire/": ADMINISTRATORS,
    "review/imports/<slug:public_id>/<slug:issue_id>/": ADMINISTRATORS,
    "review/rules/": REVIEWERS,
    "review/rules/new/": ADMINISTRATORS,
    "review/rules/<slug:public_id>/": REVIEWERS,
    "review/rules/<slug:public_id>/edit/": ADMINISTRATORS,
    "review/rules/<slug:public_id>/versions/<int:number>/": REVIEWERS,
    "review/rules/<slug:public_id>/on/": ADMINISTRATORS,
    "review/rules/<slug:public_id>/off/": ADMINISTRATORS,
    "review/rules/<slug:public_id>/retire/": ADMINISTRATORS,
    "review/<slug:public_id>/": REVIEWERS,
    "review/<slug:public_id>/gather/": DECIDERS,
    "review/<slug:public_id>/claim/": DECIDERS,
    "review/<slug:public_id>/release/": DECIDERS,
    "review/<slug:public_id>/take-over/": DECIDERS,
    "review/<slug:public_id>/assign/": DECIDERS,
    "review/<slug:public_id>/snooze/": DECIDERS,
    "review/<slug:public_id>/wake/": DECIDERS,
    "review/<slug:public_id>/remark/": DECIDERS,
    "review/<slug:public_id>/changes/": DECIDERS,
    "review/<slug:public_id>/decide/": DECIDERS,
    "review/<slug:public_id>/undo/": DECIDERS,
    "review/<slug:public_id>/reopen/": DECIDERS,
    "holdings/": AUDITORS,
    "holdings/new/": ADMINISTRATORS,
    "holdings/<slug:public_id>/": AUDITORS,
    "holdings/applications/<slug:public_id>/limits/": AUDITORS,
    "holdings/workspaces/<slug:public_id>/limits/": AUDITORS,
    "events/": AUDITORS,
    "catalogue/products/": AUDITORS,
    "catalogue/products/new/": ADMINISTRATORS,
    "catalogue/products/<slug:slug>/": AUDITORS,
    "catalogue/products/<slug:slug>/edit/": ADMINISTRATORS,
    "catalogue/products/<slug:slug>/withdraw/": ADMINISTRATORS,
    "catalogue/products/<slug:slug>/price/": ADMINISTRATORS,
    "events/health/": AUDITORS,
    "events/record/": ADMINISTRATORS,
    "events/import/": ADMINISTRATORS,
    "events/import/confirm/": ADMINISTRATORS,
    "events/sources/": ADMINISTRATORS,
    "events/sources/new/": ADMINISTRATORS,
    "events/sources/<slug:public_id>/rotate/": ADMINISTRATORS,
    "events/sources/<slug:public_id>/retire/": ADMINISTRATORS,
    "events/alarms/": AUDITORS,
    "events/alarms/<slug:public_id>/": ADMINISTRATORS,
    "events/orders/": AUDITORS,
    "events/orders/<slug:public_id>/": AUDITORS,
    "events/orders/<slug:public_id>/sync/": ADMINISTRATORS,
    "events/orders/<slug:public_id>/refund/": ADMINISTRATORS,
    "events/orders/<slug:public_id>/credit/": ADMINISTRATORS,
    "events/<slug:public_id>/": AUDITORS,
    "events/<slug:public_id>/replay/": ADMINISTRATORS,
    "audit/": AUDITORS,
    "audit/verify/": AUDITORS,
    "catalogue/": AUDITORS,
    "catalogue/tiers/new/": ADMINISTRATORS,
    "catalogue/tiers/<slug:slug>/": AUDITORS,
    "catalogue/models/new/": ADMINISTRATORS,
    "catalogue/models/<slug:public_id>/": AUDITORS,
    "gateways/": ADMINISTRATORS,
    "gateways/new/": ADMINISTRATORS,
    "gateways/<slug:public_id>/": ADMINISTRATORS,
    "gateways/<slug:public_id>/edit/": ADMINISTRATORS,
    "gateways/<slug:public_id>/rotate/": ADMINISTRATORS,
    "gateways/<slug:public_id>/revoke/": ADMINISTRATORS,
}

# Reading writes nothing but here: who comes back from the provider has it asked how the order stands. Asked again, or
# by a stranger's link, it comes to the same.
ASKS_THE_PROVIDER: Final = frozenset({"orders/<slug:public_id>/returned/"})

# Where a form is answered otherwise than the page: the invitation is to none of these.
TABLE_OF_FORMS: Final[dict[str, Audience]] = {
    "invitations/<str:public_id>/<str:secret>/": _audience(others=FORBIDDEN),
    "webhooks/stripe": UNSIGNED,
    "webhooks/github/secret-scanning": UNSIGNED,
    "webhooks/github/issues/<slug:public_id>": UNSIGNED,
    "webhooks/standard/<slug:source>": UNSIGNED,
    "webhooks/sandbox": UNSIGNED,
}

# The library's pages. Those of a flow that nobody has begun lead away, which is open enough.
WAYS_IN: Final = (
    "login/",
    "login/code/",
    "login/code/confirm/",
    "logout/",
    "signup/",
    "inactive/",
    "confirm-email/",
    "password/reset/",
    "password/reset/confirm/",
    "password/reset/complete/",
    "password/reset/done/",
    "2fa/authenticate/",
    "2fa/webauthn/login/",
    "3rdparty/login/cancelled/",
    "3rdparty/signup/",
    "social/login/cancelled/",
    "social/login/error/",
    "social/signup/",
    "social/connections/",
    "github/login/",
)
OF_ONES_OWN: Final = (
    "reauthenticate/",
    "email/",
    "sessions/",
    "password/change/",
    "password/set/",
    "2fa/",
    "2fa/reauthenticate/",
    "2fa/totp/activate/",
    "2fa/recovery-codes/generate/",
    "2fa/webauthn/",
    "2fa/webauthn/add/",
    "2fa/webauthn/reauthenticate/",
    "3rdparty/",
)
TABLE |= {f"accounts/{path}": EVERYBODY for path in WAYS_IN}
TABLE |= {f"accounts/{path}": SIGNED_IN for path in OF_ONES_OWN}
TABLE |= {f"accounts/2fa/webauthn/keys/<int:pk>/{act}/": NOBODYS for act in ("edit", "remove")}
# Nobody here has a second factor, so it cannot be removed, nor are there codes to recover it.
TABLE |= {
    f"accounts/2fa/{path}": NOBODYS for path in ("totp/deactivate/", "recovery-codes/", "recovery-codes/download/")
}
# A provider that comes back without having been asked.
TABLE |= {
    f"accounts/{path}": dict.fromkeys(VISITORS, "401") for path in ("3rdparty/login/error/", "github/login/callback/")
}
