"""Variables that libraries read, each set wrongly: what fails names the variable, and what needs no network goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gemini_diffusion.config.library_variables import VARIABLES, naming_variables, wrong_variables
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.error_map import translate_error
from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
from gemini_diffusion.generation.health import check_all
from gemini_diffusion.generation.services import open_services
from gemini_diffusion.network.gemini.connections import GeminiConnections
from gemini_diffusion.types.errors import BadInput
from tests.app_process import App, AppHere

NOWHERE = str(Path(__file__) / "below a file")
PROXIES = ("bogus://host:80", "http://host:port", "http://[::1", "http://", "a b", "socks4://host:80")
WRONG = {
    **dict.fromkeys(("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy"), PROXIES),
    "SSL_CERT_FILE": (NOWHERE, __file__),
    "HF_ENDPOINT": ("::", "huggingface.co", "ftp://host"),
    **dict.fromkeys(("GRADIO_TEMP_DIR", "HF_HOME", "TMPDIR"), (NOWHERE, __file__)),
    "USE_TORCH": ("0",),
    "TORCH_LOGS": ("a b", "!", "dynamo,"),
    **dict.fromkeys(("TQDM_MAXINTERVAL", "TQDM_MININTERVAL"), ("soon", "")),
}
RIGHT = {
    "ALL_PROXY": ("", "http://host", "socks5h://user:p@ss@host:1080", "[::1]:3128", "host:80/"),
    "HF_ENDPOINT": ("", "https://host", "http://127.0.0.1:8000/hub"),
    "TMPDIR": ("", "/tmp/made/when/it/is/needed"),
    "TQDM_MININTERVAL": ("0.5", "10"),
    "GRADIO_SERVER_PORT": ("7860",),
    "USE_TORCH": ("", "AUTO", "1"),
}
KEYS = Settings().replaced({"google_api_key": "AIza-a-key", "hf_token": "hf_a_token"})


def names(environment: dict[str, str]) -> list[str]:
    return [wrong.message.split()[2] for wrong in wrong_variables(environment)]


@pytest.mark.parametrize("name", VARIABLES)
def test_a_wrong_value_is_told_by_the_variables_name_and_never_quoted(name: str) -> None:
    for value in WRONG.get(name, ("abc", "1.5", "")):
        assert names({name: value})[:1] == [name], value
        assert not value or value not in wrong_variables({name: value})[0].message


def test_right_and_empty_values_are_let_alone() -> None:
    assert [(name, value) for name, values in RIGHT.items() for value in values if names({name: value})] == []


def test_the_folder_that_gradio_takes_unasked_is_looked_at_too(tmp_path: Path) -> None:
    (tmp_path / "gradio").touch()
    assert "Set GRADIO_TEMP_DIR to a folder of your own." in str(wrong_variables({"TMPDIR": str(tmp_path)})[0])
    assert wrong_variables({"TMPDIR": str(tmp_path), "GRADIO_TEMP_DIR": str(tmp_path)}) == []


def test_what_fails_for_another_reason_is_not_blamed_on_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="of its own"), naming_variables():
        raise ValueError("of its own")


@pytest.mark.parametrize(("name", "value"), [*(("ALL_PROXY", proxy) for proxy in PROXIES[:3]), ("SSL_CERT_FILE", NOWHERE)])
async def test_no_client_is_made_and_the_variable_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    for call in (HostedEngine().check(KEYS), lent()):
        with pytest.raises(BadInput, match=f"The variable {name} is not"):
            await call
    with pytest.raises(BadInput, match=f"The variable {name} is not"), translate_error("a/model"):
        raise ImportError("of a library that does not say why")


async def lent() -> None:
    async with GeminiConnections().acquire(KEYS):
        pass


def test_a_checkup_with_real_calls_tells_it_of_each_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ALL_PROXY", "bogus://host")
    found = asyncio.run(check_all(open_services(tmp_path), KEYS.replaced({"home": str(tmp_path)}), live=True))
    wrong = {part.part for part in found if not part.ok and "ALL_PROXY" in part.text}
    assert wrong == {"Environment", "Gemini key", "Hugging Face token"}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(App, "GRADIO_SERVER_PORT", "abc"), (AppHere, "WEB_CONCURRENCY", "abc"), (App, "GRADIO_TEMP_DIR", NOWHERE)],
)  # what is read when Gradio is imported needs a process of its own
def test_a_window_that_cannot_open_ends_in_one_sentence(kind: type[App], name: str, value: str, tmp_path: Path) -> None:
    done = kind(tmp_path, environment={name: value}).run("--no-browser")
    assert done.returncode == 1
    assert done.stderr.startswith(f"The variable {name} is not ") and len(done.stderr.splitlines()) == 1


def test_postcard_draws_whatever_the_network_is_told_to_be(tmp_path: Path) -> None:
    wrong = {"ALL_PROXY": "bogus://host", "SSL_CERT_FILE": NOWHERE, "HF_HOME": NOWHERE, "TMPDIR": NOWHERE, "HF_ENDPOINT": "::"}
    done = App(tmp_path, environment=wrong).run("--once", "/imagine a fox --steps 2")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_library_that_cannot_be_imported_for_a_variable_is_told_of_by_its_name(tmp_path: Path) -> None:
    done = App(tmp_path, environment={"TQDM_POSITION": "abc"}).run("--once", "/imagine a fox --steps 2")
    assert done.returncode == 1
    assert "The variable TQDM_POSITION is not a whole number." in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
