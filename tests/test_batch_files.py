"""The batch files of Windows, which cannot run here: a small reader follows their control flow instead."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BATCHES = ["start.bat", "install_windows.bat"]
HANDED_ON = r'"%~dp0start\.bat" '
"""One file that another goes on in: its end is the end, its code the code."""


def batch_lines(name: str) -> list[str]:
    """The commands and labels of a batch file, without comments and blank lines."""
    lines = (ROOT / name).read_text(encoding="ascii").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lower().startswith("rem ")]


@pytest.mark.parametrize("name", BATCHES)
def test_batch_files_end_their_lines_as_windows_does(name: str) -> None:
    raw = (ROOT / name).read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") > 0


@pytest.mark.parametrize("name", BATCHES)
def test_batch_files_quote_every_path(name: str) -> None:
    for line in batch_lines(name):
        bare = re.sub(r'"[^"]*"', "", line)
        assert not re.search(r"%~dp0|%SystemRoot%|%CD%|\\", bare), line


@pytest.mark.parametrize("name", BATCHES)
def test_batch_files_jump_only_to_labels_they_have_and_no_line_is_out_of_reach(name: str) -> None:
    lines = batch_lines(name)
    labels = {line[1:].lower() for line in lines if line.startswith(":")}
    targets = {found.lower() for line in lines for found in re.findall(r"\b(?:goto|call) +:?([a-z_]+)", line)}
    assert targets - {"eof"} == labels
    for line, following in zip(lines, [*lines[1:], ":end"], strict=True):
        leaves = re.match(r"(goto|exit)\b", line)
        assert not leaves or following.startswith(":"), f"{following} can never be reached"
    assert re.match(rf"(goto|exit)\b|{HANDED_ON}", lines[-1])


@pytest.mark.parametrize("name", BATCHES)
def test_batch_files_look_at_the_result_of_each_step(name: str) -> None:
    harmless = rf'@?echo|setlocal|set|if|goto|exit|pause|:|call :try|{HANDED_ON}|cd /d "%~dp0" 2>nul$'
    lines = batch_lines(name)
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert re.match(harmless, line) or "errorlevel" in following, f"nothing looks at how this went: {line}"


@pytest.mark.parametrize("name", BATCHES)
def test_batch_files_call_nothing_by_a_path_that_call_would_read_anew(name: str) -> None:
    """It takes a % out of it and doubles a ^."""
    assert all(
        re.match(r'call :try (py -3|python|"[\w.\\]+")$', found)
        for found in re.findall(r"\bcall .*", "\n".join(batch_lines(name)))
    )


def test_the_start_of_windows_goes_on_where_a_folder_cannot_be_gone_to() -> None:
    """On a share of the network."""
    assert 'cd /d "%~dp0" 2>nul' in batch_lines("start.bat")
    assert '%interpreter% "%~dp0installer.py" %*' in batch_lines("start.bat")


def test_the_start_of_windows_tries_the_launcher_first_and_knows_the_stub_of_the_store() -> None:
    text = "\n".join(batch_lines("start.bat"))
    assert text.index("call :try py -3") < text.index("call :try python")
    assert "WindowsApps" in text
    assert re.search(r"if defined CI exit .*\n.*timeout.*\nif not errorlevel 1 pause", text)
