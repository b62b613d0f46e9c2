"""How reviewers share the work on an access request: who has it, until when."""

from django.db import transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.models import User
from tokens.actions.transitions import advance, locked
from tokens.lifecycle import Action
from tokens.models import AccessRequest
from tokens.policies import requests as policies
from tokens.review_terms import CLAIM_LASTS, NOT_CLAIMED


@transaction.atomic
def claim_request(*, access_request: AccessRequest, by: User) -> AccessRequest:
    """Put a name on it. Others may still decide it: a claim tells, it does not lock."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.CLAIM)
    ends = clock.now() + CLAIM_LASTS
    return advance(
        access_request, Action.CLAIM, "request.claimed", by=by, claimed_at=Now(), claimed_by=by, claim_ends_at=ends
    )


@transaction.atomic
def release_request(*, access_request: AccessRequest, by: User) -> AccessRequest:
    """Any reviewer may: whoever claimed it may be away."""
    access_request = locked(access_request)
    policies.check_act(by, access_request, Action.RELEASE)
    return advance(access_request, Action.RELEASE, "request.released", by=by, **NOT_CLAIMED)
