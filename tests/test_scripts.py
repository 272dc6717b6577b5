"""The scripts under bash: twice, sourced, from anywhere, with and without an environment, and with a pip that fails."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import installer
from tests.script_copies import COPIED, REAL_PYTHON, ROOT, Project, copied, make, packages, pip_that_says, said, script, wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One project that was started once; tests that change it work on a copy."""
    project = make(tmp_path_factory.mktemp("scripts") / "Größe mit Blank" / "app")
    first = project.start("--once 'a cat'")
    assert first.returncode == 0, first.stderr
    assert said(first)["arguments"] == ["--once", "a cat"]
    assert "Making an environment in .venv" in first.stderr
    yield project


@pytest.fixture
def project(installed: Project, tmp_path: Path) -> Project:
    return copied(installed, tmp_path)


@pytest.fixture(scope="module")
def unlucky(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose next start asks a pip that reaches nothing."""
    project = copied(installed, tmp_path_factory.mktemp("unlucky"))
    pip_that_says(project, "connection broken by 'NewConnectionError(")
    return project


@pytest.fixture(scope="module")
def linted(installed: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with stand-ins for Chromium and the linters, which tell what ran."""
    project = copied(installed, tmp_path_factory.mktemp("linted"))
    script(project.bin / "chromium", "echo Chromium 156")
    return project


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    return make(tmp_path / "Größe mit Blank" / "app")


# --- starting ---------------------------------------------------------------------------------------------------------


def test_a_second_start_is_silent_and_leaves_pip_alone(installed: Project) -> None:
    before = installed.log.stat().st_mtime_ns
    again = installed.start("--lang 'pt BR' é")
    assert (again.returncode, again.stderr) == (0, "")
    assert said(again)["arguments"] == ["--lang", "pt BR", "é"]
    assert said(again)["prefix"] == str(installed.venv)
    assert installed.log.stat().st_mtime_ns == before


def test_it_starts_from_any_folder_which_the_app_sees_and_its_code_is_the_apps(installed: Project, tmp_path: Path) -> None:
    done = installed.bash(f"bash '{installed.folder}/start.sh'", cwd=tmp_path)
    assert said(done)["cwd"] == str(tmp_path)
    assert said(installed.bash("bash app/start.sh", cwd=installed.folder.parent))["prefix"] == str(installed.venv)
    assert installed.start("--fail").returncode == 7


def test_changed_requirements_are_installed_at_the_next_start_and_line_ends_are_no_change(project: Project) -> None:
    requirements = project.folder / "requirements.txt"
    requirements.write_bytes(requirements.read_bytes().replace(b"\n", b"\r\n"))
    assert project.start().stderr == ""
    project.require("torch>=2.10", "first", "second")
    done = project.start()
    assert "Installing what requirements.txt lists" in done.stderr
    assert packages(done)["second"] == "1.0"


def test_what_speaks_mcp_is_installed_only_where_it_is_asked_for(project: Project) -> None:
    (project.folder / "requirements-mcp.txt").write_text("second\n", "utf-8")
    assert "second" not in packages(project.start())
    assert packages(project.start("--mcp"))["second"] == "1.0"


@pytest.mark.parametrize("name", ["start.sh", "install_linux.sh", "tests/run.sh", ".ci/run"])
def test_sourcing_a_script_leaves_the_shell_and_its_folder_alone(unlucky: Project, installed: Project, name: str) -> None:
    done = unlucky.bash(f"source '{unlucky.folder}/{name}'; echo alive $? in $PWD", cwd=unlucky.folder.parent)
    assert "could not be reached" in done.stderr
    assert done.stdout == f"alive 1 in {unlucky.folder.parent}\n"
    assert name != "start.sh" or installed.bash("source ./start.sh --fail; echo alive $?").stdout.endswith("alive 7\n")


# --- which Python -----------------------------------------------------------------------------------------------------


def test_an_active_environment_is_used(project: Project) -> None:
    active = project.folder.parent / "mine"
    project.venv.rename(active)
    done = project.start(VIRTUAL_ENV=str(active), PATH=f"{active}/bin:{project.bin}")
    assert said(done)["prefix"] == str(active)
    assert not project.venv.exists()


def test_an_active_environment_that_is_gone_gives_way_to_ours_and_is_named(project: Project) -> None:
    done = project.start(VIRTUAL_ENV=str(project.folder.parent / "gone"))
    assert said(done)["prefix"] == str(project.venv)
    assert "Using .venv instead" in done.stderr


def test_without_an_environment_the_python_at_hand_is_used_and_that_is_remembered(project: Project) -> None:
    system = project.folder.parent / "system"
    shutil.copytree(project.venv, system, symlinks=True)
    script(project.bin / "python3", f'exec "{system}/bin/python" "$@"')
    done = project.bash("bash install_linux.sh F F")
    assert done.returncode == 0, done.stderr
    assert said(project.start())["prefix"] == str(system)
    assert project.bash("bash install_linux.sh F T").returncode == 0
    assert said(project.start())["prefix"] == str(project.venv)


def test_a_clean_environment_keeps_nothing_of_the_old_one(project: Project) -> None:
    (project.venv / "old").touch()
    done = project.bash("bash install_linux.sh T")
    assert done.returncode == 0, done.stderr
    assert not (project.venv / "old").exists()
    elsewhere = project.start(VIRTUAL_ENV=str(project.folder.parent), PATH=f"{project.folder.parent}:{project.bin}")
    assert (said(elsewhere)["prefix"], elsewhere.stderr) == (str(project.venv), "")


@pytest.mark.parametrize("arguments", ["X", "T maybe", "T F T"])
def test_an_unknown_argument_is_named_and_nothing_is_made(fresh: Project, arguments: str) -> None:
    done = fresh.bash(f"bash install_linux.sh {arguments}")
    assert done.returncode == 1
    assert f'not "{arguments.split()[-1].upper()}"' in done.stderr
    assert not fresh.venv.exists()


def pretend(project: Project, what: str) -> None:
    """Makes python3 run programs as if it were another Python."""
    code = f"import sys, runpy; {what}; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    real = f'[ "$1" != -c ] || exec "{REAL_PYTHON}" "$@"'
    script(project.bin / "python3", f'{real}\nexec "{REAL_PYTHON}" -c "{code}" "$@"')


@pytest.mark.parametrize(
    ("pretended", "seen"),
    [
        ("sys.version_info = (3, 9, 18)", "3.9.18 (64-bit)"),
        ("sys.version_info = (3, 14, 0)", "3.14.0 (64-bit)"),
        ("sys.maxsize = 2**31 - 1", "(32-bit)"),
        ("", "found none."),
    ],
)
def test_a_wrong_python_or_none_ends_in_a_sentence(fresh: Project, pretended: str, seen: str) -> None:
    pretend(fresh, pretended) if pretended else (fresh.bin / "python3").unlink()
    done = fresh.start()
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Gemini Diffusion needs Python 3.11 to 3.13 \(64-bit\); found .*start again\.\n", done.stderr)
    assert seen in done.stderr


def test_an_old_python_can_read_the_installer_and_linux_the_scripts() -> None:
    assert not [name for name in COPIED if b"\r" in (ROOT / name).read_bytes()]
    ast.parse((ROOT / "installer.py").read_text(), feature_version=(3, 8))


# --- when pip fails ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full"),
        ("error: externally-managed-environment", "The system keeps this Python to itself"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "may not be written"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate", "set PIP_CERT"),
        ("pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool", "could not be reached"),
        ("ERROR: ResolutionImpossible: for help visit https://pip.pypa.io", "Packages already in this environment clash"),
        ("ERROR: No matching distribution found for second", "has no build for this Python"),
        ("error: subprocess-exited-with-error", "had to be built here"),
        ("something unheard of", "failed with code 1"),
    ],
)
def test_what_pip_prints_becomes_one_sentence(text: str, sentence: str) -> None:
    assert sentence in installer.reason(f"Collecting second\n{text}\n", 1)


def test_a_failing_pip_ends_in_a_sentence_a_log_and_a_code_and_the_next_start_tries_again(project: Project) -> None:
    project.require("torch>=2.10", "third")
    done = project.start()
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert "could not be reached" in last and last.endswith(f"Details: {project.log}")
    assert "NewConnectionError" in project.log.read_text()
    wheel(project.wheels, "third", "1.0")
    assert packages(project.start())["third"] == "1.0"


def test_an_environment_that_was_cut_short_is_made_again(project: Project) -> None:
    pip_that_says(project, "Installing collected packages: second", "os.kill(os.getpid(), 9)")
    assert "The system ended the installation" in project.start().stderr
    done = project.start()
    assert "unfinished" in done.stderr
    assert packages(done)["second"] == "1.0"


# --- uv, where it is there --------------------------------------------------------------------------------------------

UV = """
echo "$@" >> "$HOME/uv.txt"
case "$1 $2" in
    "python find") printf %s {python} ;;
    "pip install") shift 3; {fails} exec "$1" -m pip install "${{@:2}}" ;;
    "run --quiet") shift 5; exec {python} "$@" ;;
esac
"""


def with_uv(project: Project, fails: str = "", python: str | Path = REAL_PYTHON) -> Path:
    """Stands in for uv with pip and a Python that is here; the file that tells what it was asked."""
    script(project.bin / "uv", UV.format(python=f"'{python}'", fails=fails))
    return project.folder.parent / "uv.txt"


def test_uv_installs_where_it_is_there_torch_from_the_same_index(project: Project) -> None:
    asked = with_uv(project)
    project.require("torch>=2.10", "first", "second")
    assert packages(project.start())["second"] == "1.0"
    assert asked.read_text().startswith(f"pip install --python {project.venv}/bin/python --requirement")


def test_what_uv_cannot_install_pip_does(project: Project) -> None:
    with_uv(project, fails="exit 2;")
    project.require("torch>=2.10", "first", "second")
    done = project.start()
    assert packages(done)["second"] == "1.0" and "Trying pip." in done.stderr


def test_without_any_python_uv_fetches_one(fresh: Project) -> None:
    (fresh.bin / "python3").unlink()
    asked = with_uv(fresh)
    done = fresh.start()
    assert said(done)["prefix"] == str(fresh.venv), done.stderr
    assert asked.read_text().startswith("run --quiet --no-project --python 3.12")


def test_where_no_python_fits_uv_fetches_one(fresh: Project) -> None:
    pretend(fresh, "sys.version_info = (3, 9, 18)")
    asked = with_uv(fresh, python=script(fresh.bin.parent / "fetched", f'exec "{REAL_PYTHON}" "$@"'))
    done = fresh.start()
    assert said(done)["prefix"] == str(fresh.venv), done.stderr
    assert asked.read_text().startswith("python install 3.12\npython find 3.12\n")


# --- which torch ------------------------------------------------------------------------------------------------------


def test_a_torch_that_is_here_is_never_exchanged_for_another_build(project: Project) -> None:
    wheel(project.wheels, "torch", "2.11.0+cu128")
    pip = f"'{project.venv}/bin/python' -m pip install --quiet --no-index torch==2.11.0+cu128"
    assert project.bash(pip).returncode == 0
    project.require("torch>=2.10", "second")
    assert packages(project.start())["torch"] == "2.11.0+cu128"


def test_where_the_fitting_build_is_out_of_reach_the_ordinary_index_is_asked_and_that_is_said(project: Project) -> None:
    shutil.rmtree(next(project.venv.glob("lib/python*/site-packages/torch-*.dist-info")))
    next(project.wheels.glob("torch-*.whl")).unlink()
    project.require("torch>=2.10", "second")
    done = project.start()
    assert "Taking the ordinary one" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("The package index could not be reached")


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux takes")
@pytest.mark.parametrize(
    ("gpus", "index"),
    [
        ("exit 9", "https://download.pytorch.org/whl/cpu"),
        ("echo 'No devices were found'", "https://download.pytorch.org/whl/cpu"),
        ("echo 580.65.06, 9.0", None),
        ("echo 610.10, 12.0", None),
        ("echo 550.54.15, 8.6", "https://download.pytorch.org/whl/cu126"),
        ("echo 580.65.06, 9.0; echo 580.65.06, 6.1", "https://download.pytorch.org/whl/cu126"),
    ],
)
def test_the_build_of_torch_follows_the_gpu_and_its_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: str, index: str | None
) -> None:
    script(tmp_path / "nvidia-smi", gpus)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TORCH_INDEX_URL", raising=False)
    assert installer.torch_index() == index


# --- the tests' own script --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["tests/run.sh -k 'a cat'", ".ci/run"])
def test_the_linters_run_first_and_pytest_last(linted: Project, command: str) -> None:
    done = linted.bash(f"bash app/{command}", cwd=linted.folder.parent)
    assert done.returncode == 0, done.stderr
    ran = [line.removeprefix("ran ") for line in done.stdout.splitlines()]
    assert ran[:4] == ["lint-imports 1", "ruff check . 1", "ruff format --check . 1", "mypy 1"]
    assert ran[4:] == [f"pytest -n 4 --dist loadfile --durations 40{' -k a cat' if 'cat' in command else ''} 1"]


@pytest.mark.parametrize("failing", ["lint-imports", "ruff", "mypy", "pytest"])
def test_what_a_linter_or_a_test_finds_ends_in_a_code(linted: Project, failing: str) -> None:
    done = linted.bash("bash tests/run.sh", FAILING=failing)
    assert done.returncode == 1
    assert ("ran pytest" in done.stdout) == (failing == "pytest")


def test_without_chromium_that_is_said_loudly(linted: Project) -> None:
    (linted.bin / "chromium").unlink()
    done = linted.bash("bash tests/run.sh")
    assert "NO CHROMIUM" in done.stderr
    assert "ran pytest" in done.stdout
