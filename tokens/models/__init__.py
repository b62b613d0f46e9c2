"""HOW: applications, access requests, tokens, and the gateways that ask."""

from tokens.models.applications import Application, Domain, ProofMethod
from tokens.models.decisions import Decision, Outcome
from tokens.models.desk import CannedReply, DigestMail, Mention, ReplyFor, ReviewGroup, ReviewTerms, SavedView
from tokens.models.gateways import Gateway, GatewayKind, GatewayScope, GatewaySecret
from tokens.models.issues import ImportedComment, ImportedIssue, IssueForm
from tokens.models.limits import LimitOverride
from tokens.models.requests import AccessRequest, RequestMessage, RequestState
from tokens.models.rules import Rule, RuleEffect, RuleUse, RuleVersion
from tokens.models.signals import Signal, SignalKind, SignalState
from tokens.models.tokens import Token, TokenKind, TokenSecret
from tokens.models.usage import AllowanceSpent, PackSpent, Period, Usage, UsageCounter

__all__ = [
    "AccessRequest",
    "AllowanceSpent",
    "Application",
    "CannedReply",
    "Decision",
    "DigestMail",
    "Domain",
    "Gateway",
    "GatewayKind",
    "GatewayScope",
    "GatewaySecret",
    "ImportedComment",
    "ImportedIssue",
    "IssueForm",
    "LimitOverride",
    "Mention",
    "Outcome",
    "PackSpent",
    "Period",
    "ProofMethod",
    "ReplyFor",
    "RequestMessage",
    "RequestState",
    "ReviewGroup",
    "ReviewTerms",
    "Rule",
    "RuleEffect",
    "RuleUse",
    "RuleVersion",
    "SavedView",
    "Signal",
    "SignalKind",
    "SignalState",
    "Token",
    "TokenKind",
    "TokenSecret",
    "Usage",
    "UsageCounter",
]
