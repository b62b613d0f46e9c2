"""The demo's keys of every kind, for scripts: a token a label, each in a workspace of its own, and a gateway's key."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any, Final

from accounts import clock
from accounts.actions.workspaces import resume_workspace, suspend_workspace
from accounts.models import PlatformRole, User, Workspace
from tokens.actions.gateways import MintedGateway, add_gateway, rotate_gateway_key
from tokens.actions.tokens import Minted, mint_token, revoke_token
from tokens.demo.moved_clock import moved_clock
from tokens.demo.story import Stage, Step, Table, read, span
from tokens.models import Application, Gateway, GatewayKind, GatewayScope, Token
from tokens.restrictions import Restrictions

PUBLISHABLE_ORIGIN: Final = "https://app.example.com"
RESTRICTED_TO: Final = "gpt-4o-mini"
GATEWAY_MADE: Final = timedelta(days=88)
LOST: Final = "Its text was lost with var/demo.json."


def steps(stage: Stage, texts: dict[str, str]) -> Iterator[Step]:
    """Mint each label's token, noting its text in `texts`."""
    for told in read("keyring")["keys"]:
        yield Step(span(told["minted"]), partial(_mint, stage, told, texts))


def _mint(stage: Stage, told: Table, texts: dict[str, str]) -> None:
    texts[told["label"]] = mint(told, stage.applications[told["application"]], told.get("days")).text


def mint(told: Table, application: Application, days: float | None) -> Minted:
    only: dict[str, Any] = {field: tuple(values) for field, values in told.get("only", {}).items()}
    minted = mint_token(
        application=application,
        kind=told.get("kind", "secret"),
        name=told["name"],
        expires_at=clock.now() + timedelta(days=days) if days else None,
        restrictions=Restrictions(**only),
        by=application.created_by,
    )
    if "revoked" in told:
        revoke_token(token=minted.token, reason=told["revoked"], by=application.created_by)
    return minted


def add_demo_gateway(by: User) -> MintedGateway:
    """The contract's: kind custom, the four headers that are the defaults, every scope."""
    return add_gateway(
        name="Demo gateway",
        kind=GatewayKind.CUSTOM,
        scopes=[str(scope) for scope in GatewayScope.values],
        demo=True,
        by=by,
    )


def mint_again(workspaces: dict[str, Workspace]) -> dict[str, str]:
    """New tokens for the labels, since a lost text cannot be had back. The old ones are revoked."""
    texts = {}
    for told in read("keyring")["keys"]:
        workspace = workspaces[told["label"]]
        application = Application.objects.filter(workspace=workspace).order_by("pk")[0]
        old = list(Token.objects.filter(application=application, name=told["name"], revoked_at=None))
        suspended = _resume(workspace)
        texts[told["label"]] = _again(told, application).text
        for token in old:
            revoke_token(token=token, reason=LOST, by=application.created_by)
        if suspended:
            suspend_workspace(workspace=workspace, reason=suspended, by=_administrator())
    return texts


def _again(told: Table, application: Application) -> Minted:
    if "days" not in told:
        return mint(told, application, None)
    yesterday = clock.now() - timedelta(days=1)
    with moved_clock() as set_clock:
        set_clock(yesterday)
        return mint(told, application, 0.5)


def _resume(workspace: Workspace) -> str:
    """Let it mint for a moment. Gives the reason of its suspension, empty where it is not suspended."""
    workspace.refresh_from_db()
    reason = workspace.suspended_reason if workspace.suspended_at else ""
    if reason:
        resume_workspace(workspace=workspace, reason=LOST, by=_administrator())
    return reason


def rotate_demo_gateway(gateway: Gateway) -> MintedGateway:
    """A new key, unless somebody revoked the gateway: then that was meant, and a new gateway is needed."""
    return rotate_gateway_key(gateway=gateway, overlap=timedelta(0), by=_administrator())


def _administrator() -> User:
    return User.objects.filter(demo=True, role=PlatformRole.ADMINISTRATOR).order_by("pk")[0]
