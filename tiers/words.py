"""The starter catalogue's own texts, for translators. What staff write is in no catalogue of messages, and is shown
as they wrote it. The context keeps a label such as “Message” apart from the same word on a page."""

from typing import Final

from django.utils.translation import pgettext, pgettext_lazy

CONTEXT: Final = "catalogue"

STARTER: Final = (
    pgettext_lazy("catalogue", "Chat completion"),
    pgettext_lazy("catalogue", "Completion"),
    pgettext_lazy("catalogue", "Response"),
    pgettext_lazy("catalogue", "Message"),
    pgettext_lazy("catalogue", "Embedding"),
    pgettext_lazy("catalogue", "Moderation"),
    pgettext_lazy("catalogue", "Image generation"),
    pgettext_lazy("catalogue", "Image edit"),
    pgettext_lazy("catalogue", "Speech"),
    pgettext_lazy("catalogue", "Transcription"),
    pgettext_lazy(
        "catalogue",
        "Calls without a token: a few small models to try things out, shared by everyone behind one address.",
    ),
    pgettext_lazy("catalogue", "A token for every application, at once, for anyone with a verified e-mail address."),
    pgettext_lazy(
        "catalogue",
        "For applications with real users: the large chat models, image editing and more room to grow.",
    ),
    pgettext_lazy("catalogue", "For established products: frontier models and production volumes."),
)


def said(text: str) -> str:
    """A text of the catalogue in the reader's language, where it is known there."""
    return pgettext(CONTEXT, text)
