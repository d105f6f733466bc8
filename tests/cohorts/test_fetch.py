"""Downloads, against a server on this machine."""

import hashlib
import threading
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ptclnm.cohorts import datasets as known
from ptclnm.cohorts.datasets import Dataset, FetchError, dataset, fetch
from ptclnm.errors import MissingDataError, PtclnmError

FILES = {
    "images/a.jpg": b"first picture" * 1000,
    "images/b.jpg": b"second picture" * 1000,
    "table.csv": b"a,b\n1,2\n",
}


class Server(ThreadingHTTPServer):
    """Serves bytes by path; can cut answers short or refuse them."""

    def __init__(self, contents):
        super().__init__(("127.0.0.1", 0), Handler)
        self.contents, self.cut, self.refused, self.asked = dict(contents), set(), set(), Counter()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.removeprefix("/base/")
        self.server.asked[path] += 1
        if path in self.server.refused or path not in self.server.contents:
            self.send_error(404)
            return
        body = self.server.contents[path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if path in self.server.cut else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    contents = {k.replace("images/", "raw/"): v for k, v in FILES.items()}
    with Server(contents) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()


@pytest.fixture
def entry(server, tmp_path, monkeypatch) -> Dataset:
    monkeypatch.setenv(known.FETCHED, str(tmp_path))
    hashes = tmp_path / "hashes.txt"
    lines = [f"{name} sha256:{hashlib.sha256(b).hexdigest()}" for name, b in FILES.items()]
    hashes.write_text("\n".join(lines))
    base = f"http://127.0.0.1:{server.server_port}/base/"
    return replace(
        dataset("ibsi"),
        name="small",
        base_url=base,
        hashes=str(hashes),
        urls={},
        folders={"images": "raw"},
    )


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_files_come_whole_and_under_their_local_names(entry, tmp_path):
    folder = fetch(entry)
    assert contents(folder) == FILES


def test_complete_files_are_not_asked_for_again(entry, server, tmp_path):
    fetch(entry)
    fetch(entry)
    assert set(server.asked.values()) == {1}


def test_a_wrong_hash_keeps_nothing_of_the_file_and_all_others(entry, server, tmp_path):
    server.contents["raw/a.jpg"] = b"changed"
    with pytest.raises(FetchError) as caught:
        fetch(entry)
    assert [line.split(":")[0] for line in caught.value.problems] == ["images/a.jpg"]
    assert set(contents(tmp_path / "small")) == {"images/b.jpg", "table.csv"}


def test_a_changed_local_file_is_fetched_anew_and_not_lost_if_that_fails(entry, server, tmp_path):
    folder = fetch(entry)
    (folder / "table.csv").write_bytes(b"edited")
    server.contents["table.csv"] = b"neither"
    with pytest.raises(FetchError):
        fetch(entry)
    assert (folder / "table.csv").read_bytes() == b"edited"
    server.contents["table.csv"] = FILES["table.csv"]
    assert contents(fetch(entry)) == FILES


def test_a_truncated_answer_leaves_no_file_and_the_next_call_goes_on(entry, server, tmp_path):
    server.cut = {"raw/b.jpg"}
    with pytest.raises(MissingDataError) as caught:
        fetch(entry)
    assert "images/b.jpg" in str(caught.value) and "again" in str(caught.value)
    assert set(contents(tmp_path / "small")) == {"images/a.jpg"}
    server.cut = set()
    assert contents(fetch(entry)) == FILES
    assert server.asked["raw/a.jpg"] == 1


def test_what_an_interrupted_run_left_is_not_taken_for_the_file(entry, tmp_path):
    folder = tmp_path / "small"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "tmpabc123").write_bytes(FILES["images/a.jpg"][:50])
    (folder / "images" / "a.jpg").write_bytes(FILES["images/a.jpg"][:50])
    fetch(entry)
    assert (folder / "images" / "a.jpg").read_bytes() == FILES["images/a.jpg"]


def test_a_missing_file_on_the_server_is_named_with_its_address(entry, server, tmp_path):
    server.refused = {"table.csv"}
    with pytest.raises(MissingDataError, match=r"table\.csv of small .*base/table\.csv"):
        fetch(entry)


def test_no_network_says_what_else_can_be_done(entry, server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(MissingDataError) as caught:
        fetch(entry)
    text = str(caught.value)
    assert "PTCLNM_DATA" in text and "ptclnm data fetch small" in text and "network" in text
    assert contents(tmp_path / "small") == {}


def test_semicolons_are_rewritten_before_the_hash_is_checked(entry, server, tmp_path):
    server.contents["table.csv"] = b"a;b\r\n1;2\r\n"
    with pytest.raises(FetchError):
        fetch(entry)
    server.contents |= {"table.csv": b"a;b\r\n1;2\r\n"}
    folder = fetch(replace(entry, rewrite="semicolons_to_commas"))
    assert (folder / "table.csv").read_bytes() == FILES["table.csv"]


def test_a_folder_that_cannot_be_made_is_named(entry, tmp_path):
    (tmp_path / "small").write_text("in the way")
    with pytest.raises(PtclnmError, match="cannot be made"):
        fetch(entry)


def test_the_user_s_cache_is_the_default(entry, tmp_path, monkeypatch):
    monkeypatch.setenv(known.FETCHED, str(tmp_path / "cache"))
    assert fetch(entry) == tmp_path / "cache" / "small"
