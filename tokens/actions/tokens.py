"""Everything that changes a token. Its text is returned once, and neither stored nor logged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from accounts.clock import now
from accounts.errors import Conflict
from accounts.ids import new_public_id
from accounts.models import User, Workspace
from tiers.actions.grants import ensure_self_service_grant
from tokens import keys
from tokens.models import Application, Token, TokenKind, TokenSecret
from tokens.policies import tokens as policies
from tokens.restrictions import Restrictions
from tokens.stored_keys import stored
from tokens.wording import clean_name, clean_reason

_FORMS = {TokenKind.SECRET: keys.KeyKind.SECRET, TokenKind.PUBLISHABLE: keys.KeyKind.PUBLISHABLE}


@dataclass(frozen=True, slots=True)
class Minted:
    """A token and its text in clear, to be shown once."""

    token: Token
    text: str = field(repr=False)


@transaction.atomic
def mint_token(
    *,
    application: Application,
    kind: str,
    name: str,
    expires_at: datetime | None,
    restrictions: Restrictions,
    by: User,
    once: str = "",
) -> Minted:
    """A token of a live application that stands on a tier. Where a tier is self-service, that is given here.

    `expires_at` None is never. `once` is the public id that the token shall have: a form that is sent twice names the
    same one, and mints once. Raises NotAllowed with `remedy="apply"` where there is no tier to stand on."""
    workspace = _lock(application.workspace_id)
    application = Application.objects.select_related("workspace").get(pk=application.pk)
    policies.check_may_mint(by, application)
    policies.check_once(once)
    moment, kind = now(), TokenKind(kind)
    policies.check_room(application, moment)
    policies.check_expiry(expires_at, moment)
    restrictions = restrictions.cleaned()
    policies.check_origins(kind, application, restrictions)
    name = clean_name(name)
    ensure_self_service_grant(workspace=workspace, by=by)
    policies.check_stands(application, now())
    token = Token.objects.create(
        public_id=once or new_public_id(),
        workspace=workspace,
        application=application,
        kind=kind,
        name=name,
        expires_at=expires_at,
        created_by=by,
        **restrictions.as_columns(),
    )
    minted = _add_secret(token)
    audit.record("token.minted", token, by=by, workspace=workspace, after=_described(token))
    return minted


@transaction.atomic
def rotate_token(*, token: Token, overlap: timedelta, by: User, seen: str = "") -> Minted:
    """A new secret for the same token: id, name and restrictions stay. The old one works for `overlap` more, never
    past the token's own end. `seen` are the last four characters of the secret that the person means to replace: a
    form that is sent twice rotates once."""
    token = _locked(token)
    moment = now()
    policies.check_rotate(by, token, overlap, moment)
    ends_at = min(moment + overlap, token.expires_at or datetime.max.replace(tzinfo=moment.tzinfo))
    old = TokenSecret.objects.get(token=token, ends_at=None)
    policies.check_seen(old, seen)
    TokenSecret.objects.filter(pk=old.pk).update(ends_at=ends_at)
    minted = _add_secret(token)
    audit.record(
        "token.rotated",
        token,
        by=by,
        workspace=token.workspace,
        before={"last4": old.last4},
        after={"last4": minted.text[-4:], "old_ends_at": ends_at.isoformat()},
    )
    return minted


@transaction.atomic
def revoke_token(*, token: Token, reason: str, leaked: bool = False, by: Actor) -> Token:
    """Refuse it from now on, for good. Raises Conflict, saying when, where it was revoked before."""
    token = _locked(token)
    policies.check_manage(by, token)
    policies.check_not_revoked(token)
    reason = clean_reason(reason)
    Token.objects.filter(pk=token.pk).update(
        revoked_at=now(),
        revoked_by=by if isinstance(by, User) else None,
        revoked_reason=reason,
        leaked=leaked,
    )
    audit.record(
        "token.revoked",
        token,
        by=by,
        workspace=token.workspace,
        reason=reason,
        before={"revoked": False, "leaked": False},
        after={"revoked": True, "leaked": leaked},
    )
    return _read(token.pk)


@transaction.atomic
def end_leaked_secret(*, secret: TokenSecret, reason: str, by: Actor) -> Token:
    """Let an old secret, which a rotation lets run out, end at once. The token goes on with its new one."""
    token = _locked(secret.token)
    policies.check_manage(by, token)
    moment = now()
    ended = TokenSecret.objects.filter(pk=secret.pk, ends_at__gt=moment).update(ends_at=moment)
    if not ended:
        raise Conflict(_("This secret has ended already."))
    after = {"last4": secret.last4, "leaked": True}
    audit.record("token.secret_ended", token, by=by, workspace=token.workspace, reason=reason, after=after)
    return token


@transaction.atomic
def edit_token(*, token: Token, name: str, restrictions: Restrictions, by: User) -> Token:
    """Rename or restrict it. Kind and end stay: another kind or a later end is another token."""
    token = _locked(token)
    policies.check_manage(by, token)
    policies.check_not_revoked(token)
    restrictions = restrictions.cleaned()
    policies.check_origins(token.kind, token.application, restrictions)
    wanted = {"name": clean_name(name), **restrictions.as_columns()}
    changed = {column: value for column, value in wanted.items() if getattr(token, column) != value}
    if not changed:
        return token
    before: Mapping[str, Any] = {column: getattr(token, column) for column in changed}
    Token.objects.filter(pk=token.pk).update(**changed)
    audit.record("token.edited", token, by=by, workspace=token.workspace, before=before, after=changed)
    return _read(token.pk)


def _lock(workspace_id: int) -> Workspace:
    return Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)


def _locked(token: Token) -> Token:
    _lock(token.workspace_id)
    return _read(token.pk)


def _read(pk: int) -> Token:
    return Token.objects.select_related("workspace", "application__workspace").get(pk=pk)


def _add_secret(token: Token) -> Minted:
    key = keys.make(_FORMS[TokenKind(token.kind)], token.workspace.public_id)
    TokenSecret.objects.create(workspace=token.workspace, token=token, **stored(key))
    return Minted(token, key.text)


def _described(token: Token) -> dict[str, Any]:
    return {
        "application": token.application.public_id,
        "kind": str(token.kind),
        "name": token.name,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        **{column: value for column, value in Restrictions.of(token).as_columns().items() if value},
    }
