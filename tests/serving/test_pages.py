"""The pages of `serve`, over sockets: what they show, to whom, and that they only read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin

import httpx
import pytest
from tests.serving.administration import create_key, revoke_key
from tests.serving.served_here import served

SAMPLE = "Which prompt answers tickets"
EVIL = "<script>alert(1)</script> & \u202e"


@contextmanager
def _browser(url: str) -> Iterator[httpx.Client]:
    """A client that follows links and keeps cookies, as a browser does."""
    with httpx.Client(base_url=url, timeout=240, follow_redirects=True) as opened:
        yield opened


def _links(html: str, path: str) -> list[str]:
    return re.findall(rf'href="({path}[^"]+)"', html)


def _call(browser: httpx.Client, page: str, **arguments: Any) -> httpx.Response:
    import json

    query = {"name": arguments.pop("name", "compare_runs"), "arguments": json.dumps(arguments)}
    return browser.get(f"/{page}/document", params=query)


def test_from_all_evaluations_to_a_log(sample_copy: Path) -> None:
    """Each page links to the next, has a strict policy, and is not kept."""
    with served(str(sample_copy)) as url, _browser(url) as browser:
        first = browser.get("/")
        assert first.status_code == 200
        assert ">Which prompt answers tickets</a>" in first.text
        assert "policy_correct: best v3-policy-quotes 90% true, worst v2-concise 61.5% true" in first.text
        (page,) = _links(first.text, "evaluations/")
        report = browser.get(f"/{page}")
        assert "<title>Which prompt answers tickets</title>" in report.text
        assert '"worse":9' in report.text
        found = _call(browser, page, candidates=["v2-concise"], evaluators=["policy_correct"], limit=2).json()
        row = found["document"]["datapoints"][0]["rows"][0]
        log = browser.get(f"/logs/{row['candidate']['id']}")
        assert row["candidate"]["output"][0]["text"].splitlines()[0] in log.text
        cells = re.findall(r"<t[hd][^>]*>(?:<div[^>]*>)?(.*?)<", log.text)
        assert cells[cells.index("policy_correct") + 1] == "false"
        (back,) = _links(log.text, "../evaluations/")[:1]
        assert urljoin(str(log.url), back) == str(report.url)
        assert f'<p>Run <b>v2-concise</b> of <a href="{back}">{SAMPLE}</a>.</p>' in log.text
        assert "<h2>Inputs</h2>\n<h3>question</h3>" in log.text
        assert not re.search(r"<h\d>[^<]*\w\.\w", log.text)
        for shown in (first, report, log):
            policy = shown.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; ")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert shown.headers["cache-control"] == "no-store"
        assert "connect-src 'self'" in report.headers["content-security-policy"]
        assert "script-src" not in first.headers["content-security-policy"]
        searched = browser.get("/", params={"text": "nothing like it"})
        assert "0 evaluations with “nothing like it”." in searched.text


def test_the_address_that_the_sdk_prints_opens_the_page(sample_copy: Path) -> None:
    """And as a file, as the command writes it."""
    with served(str(sample_copy)) as url, _browser(url) as browser:
        file = browser.get("/v5/files").json()["records"][0]["id"]
        listed = browser.get("/v5/evaluations", params={"file_id": file}).json()["records"]
        listed = listed or [
            browser.get(f"/v5/evaluations/{_links(browser.get('/').text, 'evaluations/')[0][12:]}").json()
        ]
        report = browser.get(listed[0]["url"])
        assert (report.status_code, report.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert 'id="evals-document"' in report.text
        for ending, kind in (("html", "text/html"), ("md", "text/markdown"), ("json", "application/json")):
            written = browser.get(f"{listed[0]['url']}/report.{ending}")
            assert written.headers["content-type"].startswith(kind)
            named = f"Which prompt answers tickets.{ending}"
            told = f"attachment; filename=\"{named}\"; filename*=UTF-8''{quote(named)}"
            assert written.headers["content-disposition"] == told
        assert browser.get(f"{listed[0]['url']}/report.pdf").status_code == 404


def test_what_is_not_there_is_told_in_a_sentence(sample_copy: Path) -> None:
    """A deleted evaluation, an unknown log, wrong calls; and what people wrote into an address stays text."""
    with served(str(sample_copy)) as url, _browser(url) as browser:
        (page,) = _links(browser.get("/").text, "evaluations/")
        for arguments, told in (
            ({"name": "undo"}, "compare_runs or list_runs"),
            ({"limt": 3}, "limt: unknown argument"),
            ({"limit": 3000}, "less than or equal to 50"),
            ({"candidates": ["nothing"]}, "nothing"),
        ):
            answer = _call(browser, page, **arguments)
            assert 400 <= answer.status_code < 500
            assert told in answer.json()["detail"]
        broken = browser.get(f"/{page}/document", params={"name": "list_runs", "arguments": "{"})
        assert (broken.status_code, broken.json()["detail"]) == (400, "arguments: must be a JSON object.")
        assert browser.delete(f"/v5/{page}").status_code < 300
        gone = browser.get(f"/{page}")
        assert gone.status_code == 404
        assert _links(gone.text, r"\.") == ["../"]
        assert _links(browser.get(f"/{page}/report.pdf").text, r"\.") == ["../../"]
        assert f"There is no evaluation {page[12:]} here. It may have been deleted." in gone.text
        assert _call(browser, page).status_code == 404
        assert browser.get("/logs/log_unknown").status_code == 404
        evil = browser.get(f"/evaluations/{EVIL.replace('/', '')}")
        assert evil.status_code == 404
        assert "<script" not in evil.text
        assert "\u202e" not in evil.text
        assert browser.get("/", params={"text": EVIL, "offset": "-1"}).text.count("<script") == 0


def test_a_server_without_keys_shows_pages_to_this_machine_only(sample_copy: Path) -> None:
    """A name that leads here from elsewhere is refused, and there is nothing to sign in to."""
    with served(str(sample_copy)) as url, _browser(url) as browser:
        assert browser.get("/", headers={"Host": "evil.example"}).status_code == 403
        assert browser.get("/", headers={"Origin": "http://evil.example"}).status_code == 403
        assert browser.post("/", data={"key": "any"}).status_code == 400


def test_a_key_signs_in_until_it_is_revoked(sample_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The browser keeps a code of it, which only reads pages; the key is in no address, page or line."""
    address = str(sample_copy)
    made = create_key(address, None, "ann")
    with served(address) as url, _browser(url) as browser:
        for path in ("/", "/evaluations/any", "/logs/any"):
            refused = browser.get(path)
            assert refused.status_code == 401
            assert 'type="password"' in refused.text
            assert SAMPLE not in refused.text
        assert browser.get("/evaluations/any/document").status_code == 401
        wrong = browser.post("/", data={"key": "evalsmcp_wrong"})
        assert (wrong.status_code, "unknown or revoked" in wrong.text) == (401, True)
        assert "evalsmcp_wrong" not in wrong.text
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        assert browser.post("/", data={"key": made.secret}, headers=elsewhere).status_code == 403
        assert not browser.cookies
        entered = browser.post("/", data={"key": made.secret})
        assert SAMPLE in entered.text
        assert str(entered.url) == f"{url}/"
        kept = entered.history[0].headers["set-cookie"]
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(kept.split("; "))
        assert made.secret not in kept
        assert made.secret.rpartition("_")[2] not in kept + entered.text
        (page,) = _links(entered.text, "evaluations/")
        assert "Sign out" in browser.get(f"/{page}").text
        assert browser.get("/v5/flows").status_code == 401
        assert browser.post("/sign-out", headers=elsewhere).status_code == 403
        assert browser.post("/sign-out").status_code == 401
        assert not browser.cookies
        entered = browser.post(f"/{page}?run=v2-concise", data={"key": made.secret})
        assert str(entered.url) == f"{url}/{page}?run=v2-concise"
        assert entered.text.count('"sign":') == 7
        assert browser.get(f"/{page}").status_code == 200
        token = browser.cookies["evals_mcp_pages"]
    revoke_key(address, "ann")
    create_key(address, None, "bob")
    with served(address) as url, _browser(url) as browser:
        for forged in (token, token[:-1], f"{made.key.id}.", made.secret, "x.y"):
            assert browser.get("/", headers={"Cookie": f"evals_mcp_pages={forged}"}).status_code == 401
    lines = capsys.readouterr().err
    assert made.secret not in lines
    assert token not in lines
    assert re.search(rf" {made.key.id} GET /{page} 200 ", lines)


def test_signing_in_leads_back_to_the_same_address_and_nowhere_else(sample_copy: Path) -> None:
    """Also where the address reads like one of another site, or has letters of any script."""
    address = str(sample_copy)
    made = create_key(address, None, "ann")
    with served(address) as url, httpx.Client(base_url=url, timeout=240) as browser:
        for path in (
            "/evaluations/https:evil.example",
            "/evaluations/%5C%5Cevil.example",
            "/logs/javascript:alert(1)?run=a%0d%0a",
            "/logs/%E2%82%AC%F0%9F%98%80?where=a%3D%E2%82%AC",
            "/?text=%25",
        ):
            answer = browser.post(path, data={"key": made.secret})
            assert answer.status_code == 303
            there = urljoin(f"{url}{path}", answer.headers["location"])
            assert unquote(there) == unquote(f"{url}{path}")
            assert list(answer.cookies) == ["evals_mcp_pages"]


def test_what_is_no_form_is_refused_before_anybody_signed_in(
    sample_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a sentence, and without a trace in the server's log."""
    address = str(sample_copy)
    create_key(address, None, "ann")
    with served(address) as url, _browser(url) as browser:
        kinds = ("application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=a", "a/b")
        for kind in kinds:
            for body in (
                b"key=a&" * 50,
                b"--a\r\nContent-Disposition: form-data; name=key; filename=x\r\n\r\nb",
                b"\xff%zz",
                b"",
            ):
                answer = browser.post("/", content=body, headers={"Content-Type": kind})
                assert 400 <= answer.status_code < 500
    assert "Traceback" not in capsys.readouterr().err


def test_odd_addresses_are_answered(sample_copy: Path) -> None:
    """Numbers without end, and half a character in a name."""
    with served(str(sample_copy)) as url, _browser(url) as browser:
        first = browser.get("/", params={"offset": "9" * 5000})
        assert first.status_code == 200
        (page,) = _links(browser.get("/").text, "evaluations/")
        answer = _call(browser, page, **{"\ud800": 1})
        assert (answer.status_code, "unknown argument" in answer.text) == (400, True)


def test_texts_of_others_are_no_markup(tmp_path: Path) -> None:
    """In names, and in all parts of a log."""
    with served(str(tmp_path / "evals.db")) as url, _browser(url) as browser:
        flow = browser.post("/v5/flows", json={"path": f"bots/{EVIL[:10]}", "attributes": {"a": 1}}).json()
        browser.post("/v5/evaluations", json={"name": EVIL, "file": {"id": flow["id"]}, "evaluators": []})
        texts = {"inputs": {EVIL: EVIL}, "output": EVIL, "error": EVIL, "metadata": {EVIL: EVIL}}
        log = browser.post("/v5/flows/log", json={"id": flow["id"], **texts}).json()
        first = browser.get("/")
        (page,) = _links(first.text, "evaluations/")
        for shown, scripts in ((first, 0), (browser.get(f"/{page}"), 3), (browser.get(f"/logs/{log['id']}"), 0)):
            assert shown.status_code == 200
            assert shown.text.count("<script") == scripts
            assert "alert(1)" in shown.text
        assert "\u202e" not in first.text + shown.text


def test_a_log_leads_to_the_evaluation_that_it_was_opened_from(tmp_path: Path) -> None:
    """Also if another one of the same file has it, too; without one, to no page that does not show it."""
    with served(str(tmp_path / "evals.db")) as url, _browser(url) as browser:
        prompt = browser.post("/v5/prompts", json={"path": "bot", "model": "m"}).json()
        other = browser.post("/v5/evaluations", json={"name": "Other", "file": {"id": prompt["id"]}, "evaluators": []})
        made = browser.post(
            "/v5/evaluations", json={"name": "One", "file": {"id": prompt["id"]}, "evaluators": []}
        ).json()
        stray = browser.post("/v5/prompts/log", json={"id": prompt["id"], "output": "stray"}).json()
        version = {"version": {"version_id": prompt["version_id"]}}
        for evaluation in (made, other.json()):
            run = browser.post(f"/v5/evaluations/{evaluation['id']}/runs", json=version).json()
            log = browser.post("/v5/prompts/log", json={"id": prompt["id"], "run_id": run["id"], "output": "hi"}).json()
            for query in ("", f"?evaluation={evaluation['id']}", "?evaluation=evr_gone"):
                shown = browser.get(f"/logs/{log['id']}{query}").text
                assert set(_links(shown, "../evaluations/")) == {f"../evaluations/{evaluation['id']}"}
        assert _links(browser.get(f"/logs/{stray['id']}?evaluation={made['id']}").text, "../evaluations/") == []
