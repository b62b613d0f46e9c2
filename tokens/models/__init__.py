"""HOW: applications, access requests, tokens, and the gateways that ask."""

from tokens.models.applications import Application, Domain, ProofMethod
from tokens.models.gateways import Gateway, GatewayKind, GatewayScope, GatewaySecret
from tokens.models.requests import AccessRequest, RequestMessage, RequestState
from tokens.models.tokens import Token, TokenKind, TokenSecret

__all__ = [
    "AccessRequest",
    "Application",
    "Domain",
    "Gateway",
    "GatewayKind",
    "GatewayScope",
    "GatewaySecret",
    "ProofMethod",
    "RequestMessage",
    "RequestState",
    "Token",
    "TokenKind",
    "TokenSecret",
]
