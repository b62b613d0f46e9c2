"""HOW: applications, access requests, tokens, and the gateways that ask."""

from tokens.models.applications import Application, Domain, ProofMethod
from tokens.models.gateways import Gateway, GatewayKind, GatewayScope, GatewaySecret
from tokens.models.limits import LimitOverride
from tokens.models.requests import AccessRequest, RequestMessage, RequestState
from tokens.models.tokens import Token, TokenKind, TokenSecret
from tokens.models.usage import AllowanceSpent, PackSpent, Period, Usage, UsageCounter

__all__ = [
    "AccessRequest",
    "AllowanceSpent",
    "Application",
    "Domain",
    "Gateway",
    "GatewayKind",
    "GatewayScope",
    "GatewaySecret",
    "LimitOverride",
    "PackSpent",
    "Period",
    "ProofMethod",
    "RequestMessage",
    "RequestState",
    "Token",
    "TokenKind",
    "TokenSecret",
    "Usage",
    "UsageCounter",
]
