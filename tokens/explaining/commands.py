"""A call as people paste it: a whole `curl` command, read as `curl` and then the gateway would. Pure but for gettext.

What is pasted comes from anywhere: nothing of it is run, looked up or fetched, and what is not understood is said.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final
from urllib.parse import quote, unquote

from django.utils.translation import gettext as _

from tokens import keys
from tokens.gateway import request_ids
from tokens.gateway.http import JSON, Call, Fault, variable
from tokens.gateway.protocols import forwarded, forwarded_bodies, queries

LONGEST: Final = 20_000
# What an option takes, by all names of it. Nothing is done with most.
_WITH_VALUE: Final = {
    **dict.fromkeys(("-X", "--request"), "method"),
    **dict.fromkeys(("-H", "--header"), "header"),
    **dict.fromkeys(("-d", "--data", "--data-ascii", "--data-binary"), "data"),
    **dict.fromkeys(("--data-raw",), "raw"),
    **dict.fromkeys(("--data-urlencode",), "encoded"),
    **dict.fromkeys(("--json",), "json"),
    **dict.fromkeys(("-F", "--form", "--form-string"), "form"),
    **dict.fromkeys(("-T", "--upload-file"), "upload"),
    **dict.fromkeys(("-u", "--user"), "user"),
    **dict.fromkeys(("--oauth2-bearer",), "bearer"),
    **dict.fromkeys(("--url",), "url"),
    **dict.fromkeys(("--url-query",), "query"),
    **dict.fromkeys(
        (
            *("-A", "--user-agent", "-e", "--referer", "-b", "--cookie", "-c", "--cookie-jar", "-o", "--output"),
            *("-m", "--max-time", "--connect-timeout", "--retry", "--retry-delay", "--retry-max-time", "-w"),
            *("--write-out", "-x", "--proxy", "--noproxy", "--proxy-user", "-U", "--cacert", "-E", "--cert"),
            *("--key", "--pass", "--resolve", "--connect-to", "--interface", "--unix-socket", "-D", "--dump-header"),
            *("--limit-rate", "--max-redirs", "--tls-max", "--ciphers", "-r", "--range", "--trace-ascii", "--trace"),
            *("--keepalive-time", "--expect100-timeout", "--stderr", "-y", "-Y", "-z", "--dns-servers"),
        ),
        "",
    ),
}
_FLAGS: Final = {"-G": "get", "--get": "get", "-I": "head", "--head": "head"}
_PLAIN: Final = frozenset(
    {
        *("-0", "-1", "-2", "-3", "-4", "-6", "-#", "-a", "-f", "-g", "-i", "-j", "-k", "-L", "-l", "-M", "-N"),
        *("-n", "-O", "-J", "-p", "-q", "-R", "-s", "-S", "-v", "-Z"),
        *("--http1.0", "--http1.1", "--http2", "--http2-prior-knowledge", "--http3", "--http3-only", "--tlsv1"),
        *("--tlsv1.2", "--tlsv1.3", "--ssl-reqd", "--ipv4", "--ipv6", "--progress-bar", "--no-progress-meter"),
        *("--fail", "--fail-with-body", "--fail-early", "--globoff", "--include", "--show-headers", "--insecure"),
        *("--location", "--location-trusted", "--no-buffer", "--remote-name", "--remote-header-name", "--silent"),
        *("--show-error", "--verbose", "--compressed", "--tcp-nodelay", "--no-keepalive", "--path-as-is"),
        *("--raw", "--disable", "--create-dirs", "--retry-all-errors", "--retry-connrefused", "--basic", "--post301"),
        *("--post302", "--post303", "--styled-output", "--no-styled-output", "--parallel", "--no-sessionid"),
    }
)
# Text in quotes of any kind. `shlex` does not know `$'…'`, in which browsers copy a body with an apostrophe.
_QUOTED: Final = re.compile(r""""(?:[^"\\]|\\.)*"|\$'((?:[^'\\]|\\.)*)'|'[^']*'|\\.""", re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL
)
_ESCAPED: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
# What ends a command for the shell.
_ENDS: Final = frozenset(
    {"|", "||", "|&", "&", "&&", ";", ">", ">>", "<", "<<<", "1>", "2>", "&>", "2>&1", "2>/dev/null"}
)
# What stands for a token that is not there: variables of shells, and what handbooks write.
_PLACEHOLDER: Final = re.compile(
    r"\$\{?\w+\}?|\$env:\w+|%\w+%|<[^<>]*>|\{\{[^{}]*\}\}|.*(?:…|\.\.\.|xxxx|\*\*\*).*|YOUR.*", re.IGNORECASE
)
_VARIABLE: Final = re.compile(r"\$\{?\w+\}?")
_CONTINUED: Final = re.compile(r"[\\^`]\r?\n")
_REQUEST_ID: Final = re.compile(r"request[-_]id\W{1,8}?([A-Za-z0-9_-]{1,64})", re.IGNORECASE)
_OURS: Final = re.compile(r"(trl(?:_|%5f)(?:sk|pk|gw)(?:_|%5f))[\w%]+", re.IGNORECASE)
# Whatever begins like one is short, so that no text takes long.
_SECRETS: Final = (
    _OURS,
    re.compile(r"""(\b(?:Bearer|Basic)\s{1,5})[^\s"']+""", re.IGNORECASE),
    re.compile(
        r"""(\b[\w-]{0,40}(?:authorization|cookie|key|token|secret)\s{0,5}:\s{0,5}(?:(?:Bearer|Basic)\s{1,5})?)[^\n"']+""",
        re.IGNORECASE,
    ),
    re.compile(r"""([?&][\w-]{0,40}(?:key|token|secret|password)=)[^&\s"']+""", re.IGNORECASE),
    re.compile(
        r"""((?:^|\s)(?:-u|-U|-b|--user|--proxy-user|--cookie|--oauth2-bearer|--pass)[ =]{0,5})"""
        r"""(?:"[^"]*"?|'[^']*'?|\S+)"""
    ),
)
_OPTION: Final = re.compile(r"-{1,2}[\w-]{1,30}")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


class NotUnderstood(Exception):
    """Of what was pasted. The text is for the person who did, and has nothing of a secret in it."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """`endpoint`: a path and a query without tokens. `token`: None where none was sent. `is_placeholder`: that the
    token is not in the command; `in_file`: that the body is not."""

    method: str
    endpoint: str
    model: str = ""
    origin: str = ""
    token: str | None = field(default=None, repr=False)
    in_query: bool = False
    is_placeholder: bool = False
    in_file: bool = False


def read(text: str) -> Pasted:
    """Raises NotUnderstood."""
    command = _Command()
    for option, value in _options(_words(text)):
        command.take(option, value)
    try:
        return command.pasted()
    except Fault as fault:
        raise NotUnderstood(fault.detail) from fault


# --- Words --------------------------------------------------------------------------------------------


def _in_plain_quotes(quoted: re.Match[str]) -> str:
    """As bash has it, a zero ends them. A surrogate stands for a byte, as several may be one letter."""
    if quoted[1] is None:
        return quoted[0]
    text = _ESCAPE.sub(_unescaped, quoted[1]).partition("\0")[0]
    return shlex.quote(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _unescaped(escape: re.Match[str]) -> str:
    """Where there is no such letter, what was written is left."""
    of_byte, of_letter, octal, one = escape[1], escape[2] or escape[3], escape[4], escape[5]
    if one is not None:
        return _ESCAPED.get(one, one if one in "\\'\"?" else escape[0])
    if of_letter is not None:
        code = int(of_letter, 16)
        return chr(code) if code <= sys.maxunicode and not 0xD800 <= code <= 0xDFFF else escape[0]
    byte = (int(of_byte, 16) if of_byte else int(octal, 8)) & 0xFF
    return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)


def _words(text: str) -> Iterator[str]:
    """As a shell would see them, but for its variables, behind `curl`."""
    if len(text) > LONGEST:
        raise NotUnderstood(_("This is longer than a command that can be read here. Fill in the fields instead."))
    try:
        words = shlex.split(_QUOTED.sub(_in_plain_quotes, _CONTINUED.sub(" ", text.strip())))
    except ValueError as error:
        message = _("The command’s quotation marks do not match. Copy all of it, from “curl” to its end.")
        raise NotUnderstood(message) from error
    if words[:1] == ["$"]:
        del words[0]
    if not words or words[0].replace("\\", "/").rpartition("/")[2].lower() not in {"curl", "curl.exe"}:
        raise NotUnderstood(
            _("This is neither the id of a request nor a command that begins with “curl”. Fill in the fields instead.")
        )
    return iter(words[1:])


def _options(words: Iterator[str]) -> Iterator[tuple[str, str]]:
    """What each option means, with its value. An address has none before it."""
    for word in words:
        if word in _ENDS:
            return
        if word.startswith("--"):
            yield from _long(word, words)
        elif word.startswith("-") and word != "-":
            yield from _short(word, words)
        elif word.strip():
            yield "url", word


def _long(word: str, words: Iterator[str]) -> Iterator[tuple[str, str]]:
    if word in _WITH_VALUE:
        yield _WITH_VALUE[word], _value(word, words)
    elif word in _FLAGS:
        yield _FLAGS[word], ""
    elif word not in _PLAIN:
        raise _unknown(word)


def _short(word: str, words: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Several letters may stand together, and the last one's value right behind it."""
    for at, letter in enumerate(word[1:], 2):
        option = f"-{letter}"
        if option in _WITH_VALUE:
            yield _WITH_VALUE[option], word[at:] or _value(option, words)
            return
        if option in _FLAGS:
            yield _FLAGS[option], ""
        elif option not in _PLAIN:
            raise _unknown(option)


def _value(option: str, words: Iterator[str]) -> str:
    value = next(words, None)
    if value is None:
        raise NotUnderstood(_("The command ends with %(option)s, and nothing behind it.") % {"option": option})
    return value


def _unknown(option: str) -> NotUnderstood:
    """An option may be anything, so of a long one the beginning is enough."""
    shown = option if _OPTION.fullmatch(option) and not _OURS.search(option) else f"{option[:2]}…"
    message = _("The option %(option)s is not understood here. Leave it out, or fill in the fields.")
    return NotUnderstood(message % {"option": shown})


# --- What curl would send -----------------------------------------------------------------------------


class _Command:
    def __init__(self) -> None:
        self.method, self.default = "", "GET"
        self.urls: list[str] = []
        self.queries: list[str] = []
        self.headers: dict[str, str] = {}
        self.data: list[str] = []
        self.forms: list[str] = []
        self.gets = self.in_file = False

    def take(self, option: str, value: str) -> None:
        """One option more, by what it means."""
        match option:
            case "method":
                self.method = value
            case "url":
                self.urls.append(value)
            case "query":
                self.queries.append(_encoded(value))
            case "header":
                self._header(value)
            case "user":
                self.headers.setdefault("HTTP_AUTHORIZATION", "Basic")
            case "bearer":
                self.headers["HTTP_AUTHORIZATION"] = f"Bearer {value}"
            case "get":
                self.gets = True
            case "head":
                self.default = "HEAD"
            case _:
                self._body(option, value)

    def _header(self, text: str) -> None:
        """Without a value curl sends none. Gateways drop names with underscores."""
        if text.startswith("@"):
            raise NotUnderstood(_("The command reads headers from a file, which is not here. Fill in the fields."))
        name, _colon, value = text.partition(":")
        if value.strip() and "_" not in name:
            self.headers[variable(name.strip())] = value.strip()

    def _body(self, option: str, value: str) -> None:
        if option == "upload":
            self.in_file, self.default = True, "PUT"
            return
        if option not in {"data", "raw", "encoded", "json", "form"}:
            return
        self.default = "POST"
        if option == "form":
            self.forms.append(value)
        elif (option in {"data", "json"} and value.startswith("@")) or _VARIABLE.fullmatch(value):
            self.in_file = True
        else:
            self.data.append(_encoded(value) if option == "encoded" else value)
        if option == "json":
            self.headers.setdefault("CONTENT_TYPE", JSON)

    def pasted(self) -> Pasted:
        """Raises NotUnderstood, and Fault for what a gateway would refuse to read."""
        if len(self.urls) != 1:
            raise NotUnderstood(
                _("The command calls several addresses. Paste one call.")
                if self.urls
                else _("The command has no address. Copy all of it, from “curl” to its end.")
            )
        path, query = _target(self.urls[0])
        query = "&".join(filter(None, (query, *self.queries, *(self.data if self.gets else ()))))
        call = self._call()
        in_query = queries.read(f"?{query}").tokens
        tokens = list(dict.fromkeys([*(in_header := forwarded.header_tokens(call)), *in_query]))
        if len(tokens) > 1:
            raise NotUnderstood(_("The command carries two tokens that differ, which gateways refuse. Leave one out."))
        token = tokens[0] if tokens else None
        kept = "&".join(piece for piece in query.split("&") if piece.partition("=")[0] not in queries.TOKENS)
        found = Pasted(
            method=self.method or ("GET" if self.gets else self.default),
            endpoint=f"{path}?{kept}" if kept else path,
            model=self._model(call) or "",
            origin=call.header("Origin") or "",
            token=token,
            in_query=bool(in_query) and not in_header,
            is_placeholder=token is not None and _is_placeholder(token),
            in_file=self.in_file,
        )
        if any(_OURS.search(unquote(text)) for text in (found.method, found.endpoint, found.model, found.origin)):
            raise NotUnderstood(_("A token stands in the command where none belongs. Take it out there."))
        return found

    def _call(self) -> Call:
        """With the body and the headers, as they reach a gateway."""
        body = b"" if self.gets else "&".join(self.data).encode("utf-8", "replace")
        read = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        return Call({"CONTENT_TYPE": forwarded_bodies.FORM, **self.headers, **read})

    def _model(self, call: Call) -> str | None:
        if not self.forms:
            return forwarded_bodies.read(call).model
        named = forwarded_bodies.Named()
        for name, _sign, value in (form.partition("=") for form in self.forms):
            named.add(name, value)
        return named.only()


def _target(url: str) -> tuple[str, str]:
    """The path and the query that the server sees. A variable may stand for the server."""
    scheme = _SCHEME.match(url)
    if scheme is not None and scheme[1].lower() not in {"http", "https"}:
        raise NotUnderstood(_("The command’s address is not one of the web’s."))
    rest = url[scheme.end() if scheme else 0 :].partition("#")[0]
    begins = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    path, _mark, query = rest[begins:].partition("?")
    return path or "/", query


def _encoded(text: str) -> str:
    name, sign, value = text.partition("=")
    return f"{name}{sign}{quote(value, safe='')}" if sign else quote(name, safe="")


def _is_placeholder(token: str) -> bool:
    return keys.parse_token(token) is None and _PLACEHOLDER.fullmatch(token) is not None


# --- Ids of requests, and secrets ---------------------------------------------------------------------


def request_id_in(text: str) -> str | None:
    """The id that somebody copied, alone or with the error or the header it stands in."""
    bare = text.strip()
    if request_ids.is_one(bare):
        return None if _OURS.search(bare) else bare
    found = None if bare.lower().startswith(("curl", "$ curl")) else _REQUEST_ID.search(bare)
    return found[1] if found else None


def redacted(text: str) -> str:
    """The same to be shown again, without what may be a secret."""
    for secret in _SECRETS:
        text = secret.sub(lambda found: f"{found[1]}…", text)
    return text
