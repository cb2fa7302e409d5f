"""Requests that nobody means: every route with every kind of nasty value, drawn by a seeded die."""

import random
import re
import string
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from django.core import signing
from django.urls import URLPattern, URLResolver, get_resolver

from crm import keyset

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("crm", "managers", "customers", "service", "marketing", "performance")
_ASKED = re.compile(r"""(?:GET|POST|COOKIES|data)(?:\.get|\.getlist)?[(\[]\s*["']([\w-]+)["']""")
_FIELD = re.compile(r"^    (\w+) = forms\.\w+\(", re.MULTILINE)
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")

TEXTS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "null",
        "None",
        "true",
        "[]",
        "{}",
        "[1,2]",
        '{"a":1}',
        "undefined",
        "NaN",
        "inf",
    ),
    *("张伟", "𠮷", "\U0001f600", "\u202e反", "é" * 40, "\ufeff", "\ud7ff", "\uffff", "İ", "ﬀ", "％", "＇"),
    *(
        "\x00",
        "a\x00b",
        "\x1f",
        "\r\nSet-Cookie: a=b",
        "\n",
        "\t",
        "\x7f",
        "\\",
        "%",
        "%%",
        "%s",
        "%00",
        "%ff",
    ),
    *(
        "'",
        '"',
        "' OR 1=1 --",
        "'; DROP TABLE x; --",
        "\\'",
        "$$",
        "(",
        ")",
        "*",
        "_",
        "&|!",
        "a & b | !",
        ":*",
        "<->",
    ),
    *(
        "<script>",
        "{{ 7*7 }}",
        "{% debug %}",
        "../../../etc/passwd",
        "//evil.example/",
        "javascript:alert(1)",
    ),
    *(
        "2026-06-30",
        "2026-02-30",
        "0000-00-00",
        "9999-12-31",
        "0001-01-01",
        "10000-01-01",
        "2026-6-1",
        "-1-01-01",
    ),
    *(
        "2147483647",
        "2147483648",
        "-2147483649",
        "9223372036854775807",
        "9223372036854775808",
        "9" * 400,
        "1e400",
    ),
    *(
        "1.5",
        "1,5",
        "٣",
        "１２",
        "²",
        "0x10",
        "1_000",
        "-0",
        "+1",
        "00000000-0000-0000-0000-000000000000",
        "x" * 5000,
    ),
)
METHODS = ("GET",) * 11 + ("POST",) * 6 + ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW")
TYPES = (
    *("application/x-www-form-urlencoded",) * 6,
    *(
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "text/plain; charset=\x7f",
    ),
    *(
        "application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded; charset=no-such",
        "",
    ),
)
HEADERS = {
    "HX-Request": ("true", "false", "\x7f", ""),
    "HX-Current-URL": ("http://testserver/customers/", "//", "http://[", "javascript:1", "x" * 3000),
    "HX-Boosted": ("true",),
    "HX-Target": ("rows", "%00", "张".encode().decode("latin-1")),
    "HX-History-Restore-Request": ("true",),
    "Accept-Language": ("en", "zh-hans", "*", "en;q=nan", "x" * 2000, ",,,;;;q="),
    "Accept": ("application/json", "text/*;q=x", ""),
    "Referer": ("http://[::1", "/", "javascript:"),
    "Host": ("testserver", "evil.example", "a b", "[::1"),
    "X-Forwarded-For": ("1.2.3.4", "x, y", ""),
    "X-Forwarded-Proto": ("https", "gopher"),
    "X-Request-ID": ("a" * 32, "../..", "x" * 9000),
    "Range": ("bytes=0-1", "bytes=-", "lines=1"),
    "If-Modified-Since": ("now", "Thu, 01 Jan 1970 00:00:00 GMT", "9" * 30),
    "If-None-Match": ("*", '"', 'W/"x"'),
    "Idempotency-Key": ("x", "张".encode().decode("latin-1"), "x" * 300),
    "Cookie": ("sessionid=x", "django_language=\x01", "messages=x", 'csrftoken="', "=;=;", "a" * 5000),
}


@dataclass
class Tried:
    """One request as it was sent."""

    role: str
    method: str
    path: str
    body: bytes = b""
    type: str = ""
    headers: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.role} {self.method} {self.path[:300]!r} {self.type} {self.body[:300]!r} {self.headers}"


def routes(resolver=None, before="/") -> list[str]:
    """Return every route of the product, Django admin's and the libraries' too, with its parameters in <>."""
    found = []
    for pattern in (resolver or get_resolver()).url_patterns:
        route = getattr(pattern.pattern, "_route", None)
        if route is None:  # a regular expression: what it wants is tried as nonsense
            route = "<path:rest>"
        if isinstance(pattern, URLResolver):
            found += routes(pattern, before + str(route))
        elif isinstance(pattern, URLPattern):
            found.append(before + str(route))
    return sorted(set(found))


def parameter_names() -> list[str]:
    """Return every name that our code asks a request for, and each field of our forms."""
    names = {
        "q",
        "page",
        "next",
        "p",
        "o",
        "e",
        "_popup",
        "_to_field",
        "all",
        "id__in",
        "date__gte",
        "csrfmiddlewaretoken",
    }
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            if "/demo/" not in str(path):
                text = path.read_text(encoding="utf-8")
                names |= {*_ASKED.findall(text), *_FIELD.findall(text)}
    return sorted(names)


class Fuzzer:
    """Draws requests; the same seed draws the same. `known`: ids that exist, by parameter or converter."""

    def __init__(self, seed: int, roles: tuple[str, ...], known: dict[str, list[str]]):
        self.dice = random.Random(seed)
        self.roles, self.known = roles, known
        self.routes, self.names = routes(), parameter_names()
        # Django admin has most of the routes; half of the draws are pages of ours
        self.ours = [route for route in self.routes if not route.startswith("/admin/")]

    def request(self, route: str | None = None) -> Tried:
        dice = self.dice
        path = _PARAMETER.sub(self._segment, route or dice.choice(dice.choice((self.ours, self.routes))))
        pairs = [(dice.choice(self.names), self.value()) for _ in range(dice.choice((0, 0, 1, 1, 2, 3, 6)))]
        method = dice.choice(METHODS)
        tried = Tried(dice.choice(self.roles), method, path)
        if dice.random() < 0.3:
            tried.headers = {name: dice.choice(HEADERS[name]) for name in dice.sample(sorted(HEADERS), 2)}
        if method in ("POST", "PUT", "PATCH"):
            tried.type, tried.body = self._body(pairs)
        elif pairs:
            tried.path += "?" + self._query(pairs)
        return tried

    def value(self) -> str:
        dice = self.dice
        kind = dice.random()
        if kind < 0.62:
            return dice.choice(TEXTS)
        if kind < 0.72:
            return self._cursor()
        if kind < 0.82:
            return dice.choice([known for values in self.known.values() for known in values])
        if kind < 0.9:
            return "".join(dice.choice(string.printable + "张伟𠮷\x00") for _ in range(dice.randrange(1, 40)))
        if kind < 0.97:
            return str(dice.randrange(-(2**70), 2**70))
        return dice.choice(TEXTS) * dice.randrange(1, 30)

    def _segment(self, found: re.Match) -> str:
        known = self.known.get(found[2]) or self.known.get(found[1] or "str", [])
        if known and self.dice.random() < 0.6:
            return quote(self.dice.choice(known), safe="")
        return quote(self.value().encode("utf-8", "surrogatepass"), safe="")

    def _cursor(self) -> str:
        """A cursor that is signed rightly and says something wrong, or a right one that was damaged."""
        order = self.dice.choice(("all|name", "name", "-aum", "", "x"))
        values = [
            self.dice.choice((None, 1, "x", -1, 2**70, [], {}, "2026-02-30", True, 1.5)) for _ in range(3)
        ]
        inner = self.dice.choice(([order, 0, *values], [order, -1], [order, 10**9, *values], "x", 7, {}, []))
        text = signing.Signer(salt=keyset.SALT, sep=".").sign_object(inner)
        if self.dice.random() < 0.4:
            place = self.dice.randrange(len(text))
            text = text[:place] + self.dice.choice("Aa0.-:張") + text[place + 1 :]
        return text

    def _query(self, pairs) -> str:
        if self.dice.random() < 0.1:
            return self.dice.choice(
                ("%", "%zz=%zz", "&&&=&", "a[]=1&a[]=2", "=", "q=%ff%fe", "q=%ed%a0%80", "&" * 2000)
            )
        return urlencode([(name, value.encode("utf-8", "surrogatepass")) for name, value in pairs])

    def _body(self, pairs) -> tuple[str, bytes]:
        kind, dice = self.dice.random(), self.dice
        if kind < 0.01:
            return TYPES[0], b"note=" + b"x" * 3_000_000
        if kind < 0.02:
            return TYPES[0], b"&".join(b"a%d=1" % number for number in range(1200))
        if kind < 0.08:
            return dice.choice(TYPES), dice.randbytes(dice.randrange(200))
        return dice.choice(TYPES), self._query(pairs).encode("utf-8", "surrogatepass")
