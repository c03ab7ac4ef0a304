"""A view as one HTML text: small, without addresses, with a policy of its own scripts, and safe for any text."""

import json
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from evals_mcp.views.assembly import policy_of, read_view, with_document, with_policy, with_title

_LARGEST = 40_000
_HOSTILE = "</script><!-- <script>alert(1)</script> --><img src=x onerror=alert(2)>&amp;\u2028$& $1 <!-- bridge -->"


@pytest.mark.parametrize("bridge", [None, "page.js"])
def test_a_view_is_small_and_loads_nothing(bridge: None) -> None:
    """The only addresses in it are names of namespaces."""
    html = read_view("comparison", bridge)
    assert len(html.encode()) <= _LARGEST
    assert set(re.findall(r"https?://[^\"'\s]+", html)) == {"http://www.w3.org/2000/svg"}
    assert not re.findall(
        r"<link|<img|<iframe|@import|url\(|\.innerHTML|insertAdjacentHTML|document\.write|eval\(", html
    )
    assert not re.findall(r"\s(?:style|on[a-z]+)=\"", html)


def test_no_text_ends_its_element() -> None:
    """The document comes back as it was, and the page has as many scripts as before."""
    view = read_view("comparison")
    html = with_document(view, {"text": _HOSTILE})
    found = re.findall(r'<script type="application/json" id="evals-document">(.*?)</script>', html, re.DOTALL)
    assert json.loads(found[0]) == {"text": _HOSTILE}
    assert html.count("<script") == view.count("<script") + 1
    assert "<img" not in html


def test_a_title_hides_nothing() -> None:
    """Neither markup nor what turns the words beside it, in a file as on a page."""
    for document in ({"text": "<title>Evaluation</title>"}, {}):
        html = with_title(with_document(read_view("comparison"), document), "</title><b>\u202edlo")
        assert re.findall(r"<title>(.*?)</title>", html) == ["&lt;/title&gt;&lt;b&gt;\\u{202e}dlo"]


def test_the_policy_allows_the_scripts_of_the_view_only() -> None:
    """By their hashes; nothing else is loaded, sent or asked."""
    html = with_document(read_view("comparison", "page.js"), {"text": _HOSTILE})
    policy = policy_of(html)
    for script in re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL):
        hashed = f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
        assert (hashed in policy) is not script.startswith("{")
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src 'none'" in policy
    assert "connect-src 'self'" in policy_of(html, connect=True)
    assert with_policy(html, policy).index("Content-Security-Policy") < html.index("<style>") + 200
