"""`dev.py everywhere` without its hosts: what it prints and how it ends when they answer, lack, or fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import everywhere.__main__ as driver
from everywhere import hosts


def host(name: str, says: object = None, **how: object):
    """Return a host that prints this, or its answer."""
    answer = {"host": name, "points": driver.POINTS, "seconds": 0.5, "digest": "0x1"}
    text = says if isinstance(says, str) else json.dumps(answer | (says or {}))
    return hosts.Host(name, "`a way`", [sys.executable, "-c", f"print('some words\\n' + {text!r})"], **how)


def raising(error: BaseException):
    def build() -> None:
        raise error

    return build


@pytest.fixture
def ask(monkeypatch, capsys, tmp_path):
    """Return a function that runs these hosts; it returns the lines and what the process ends with."""

    def ask(*chosen, page: Path | None = None) -> tuple[list[str], object]:
        monkeypatch.setattr(driver, "HOSTS", chosen)
        monkeypatch.setattr(driver, "files", lambda: [tmp_path / "index", tmp_path / "points"])
        monkeypatch.setattr(hosts.dev, "apt", lambda *packages: None)
        monkeypatch.setattr(sys, "argv", ["everywhere", *(["--page", str(page)] if page else [])])
        end = None
        try:
            driver.main()
        except SystemExit as error:
            end = error.code
        return capsys.readouterr().out.splitlines(), end

    return ask


def test_one_digest_is_a_success_and_missing_hosts_have_a_reason(ask, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{driver.BEGIN}old\n{driver.END}after\n")
    gone = host("Gone", programs=("no-such-program",), packages=("its-package",))
    gone_too = host("Lost", check=raising(hosts.Missing("there is none")))
    lines, end = ask(host("A"), gone, gone_too, host("B"), page=page)
    assert end is None
    assert lines[-1] == "2 hosts, one digest"
    assert any(
        line.startswith("A ") and "2,000,000 points per second" in line and "0x1" in line for line in lines
    )
    assert any(
        "Gone" in line and "no-such-program is not installed (Debian: its-package)" in line for line in lines
    )
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| A | `a way` | 2.0 million | `0x1` |" in text
    assert "| Lost | `a way` |  | missing: there is none |" in text


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (host("B", {"digest": "0x2"}), None),
        (host("B", {"points": 7}), "exit code 0"),
        (host("B", {"host": "C"}), "exit code 0"),
        (host("B", "no JSON"), "no JSON"),
        (host("B", build=raising(RuntimeError("the compiler says no"))), "the compiler says no"),
        (host("B", build=raising(SystemExit(1))), "could not be built"),
        (hosts.Host("B", "", [sys.executable, "-c", "1 / 0"]), "ZeroDivisionError"),
    ],
)
def test_another_digest_and_a_failure_end_with_an_error(ask, other, reason):
    lines, end = ask(host("A"), other)
    assert end == (
        "digests: 2, hosts that failed: 0" if reason is None else "digests: 1, hosts that failed: 1"
    )
    assert reason is None or any("FAILED" in line for line in lines)
    assert reason is None or any(reason in line for line in lines)


def test_no_answer_at_all_is_an_error(ask):
    assert (
        ask(host("A", check=raising(hosts.Missing("there is none"))))[1] == "digests: 0, hosts that failed: 0"
    )


def test_all_hosts_that_are_promised():
    assert [each.name for each in hosts.HOSTS] == [
        "C", "Python", "Node", "Chromium", "DuckDB", "PostgreSQL", "SQLite", "Spark",
    ]  # fmt: skip
