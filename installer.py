"""Makes a fitting environment, installs what is missing into it, starts the app; does not know what the app does.

Standard library only, and written so that a Python as old as 3.8 can read it and say which one is needed.
What it says goes to stderr: stdout belongs to the app. What pip says goes to install.log.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CHOICE = ROOT / ".environment"  # "none" or "own", as asked of the install script; absent: an active one that fits, else .venv
LOG = ROOT / "install.log"
INTERRUPTED = ".gemini-diffusion-interrupted"  # lies in an environment while it is being changed
WINDOWS = os.name == "nt"
INSTALL = "install_windows.bat" if WINDOWS else "bash install_linux.sh"
# The machine's own Python first: its venv module is the most likely to be complete.
NAMES = ["python3", "python", *(name.format(minor) for name in ("python3.{}", "py -3.{}") for minor in (13, 12, 11))]
NEEDED = "Gemini Diffusion needs Python 3.11 to 3.13 (64-bit)"
TORCH_BUILDS = "https://download.pytorch.org/whl/"
FITTING = "Python 3.12 on 64-bit Linux or Windows has them all"
NO_NETWORK = r"NewConnectionError|NameResolution|Timeout|ProxyError|IncompleteRead|Connection (refused|broken|aborted|reset)"
NO_ACCESS = r"Permission denied|Errno 13|WinError (5|32)|Read-only file"
REASONS = (  # what pip or venv print, most telling first; then what a person can do about it
    (r"No space left|Errno 28", "The disk is full. Make room (3 GB, or 9 GB with an NVIDIA GPU), then start again."),
    (r"externally-managed", f"The system keeps this Python to itself. Use an environment: {INSTALL} F T"),
    (NO_ACCESS, "Files may not be written here. Close what uses them, or use a folder of your own."),
    (r"ensurepip|No module named venv", "This Python has no venv module. On Debian and Ubuntu: sudo apt install python3-venv"),
    (r"No module named pip", f"This Python has no pip. Use an environment, which brings its own: {INSTALL} F T"),
    (r"CERTIFICATE_VERIFY_FAILED", "The package index showed a certificate that is not trusted. Behind a proxy, set PIP_CERT."),
    (NO_NETWORK, "The package index could not be reached. Check the connection or the proxy, then start again."),
    (r"ResolutionImpossible|conflicting dep", f"Packages already in this environment clash. Use a new one: {INSTALL} T T"),
    (r"No matching distribution", f"A package has no build for this Python and machine. {FITTING}."),
    (r"[Bb]uilding wheel|subprocess-exited", f"A package had to be built here and could not. {FITTING} ready built."),
)


class Failure(Exception):
    """Ends the run with one sentence for the person; `output` is what the failing program printed."""

    def __init__(self, sentence: str, output: str = "") -> None:
        super().__init__(sentence)
        self.output = output


class Python(NamedTuple):
    """An interpreter, as it describes itself: paths, (major, minor, micro), width of a pointer in bits."""

    path: str
    base: str
    prefix: str
    version: tuple[int, ...]
    bits: int

    @property
    def fits(self) -> bool:
        return (3, 11) <= tuple(self.version[:2]) <= (3, 13) and self.bits == 64

    @property
    def state(self) -> Path:
        """The folder for what we note about this environment: inside it, or beside the app if it is the whole system's."""
        marks = [Path(self.prefix, name) for name in ("pyvenv.cfg", "conda-meta")]
        return Path(self.prefix) if any(mark.exists() for mark in marks) else ROOT

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.version))} ({self.bits}-bit) at {self.path}"


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def this_python() -> Python:
    base = getattr(sys, "_base_executable", None) or sys.executable
    return Python(sys.executable, base, sys.prefix, tuple(sys.version_info[:3]), sys.maxsize.bit_length() + 1)


def heard(*command: str) -> str:
    """What a short program prints; "" if there is no such program, or it fails or hangs."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace", timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout


def ask(*command: str) -> Python | None:
    """What the interpreter behind a command says of itself; None if there is none that works."""
    if command == (sys.executable,) and os.path.exists(sys.executable):  # it may have been removed under our feet
        return this_python()
    facts = heard(*command, __file__, "facts")
    return Python(**json.loads(facts)) if facts else None


def first_fitting(*bases: str) -> Python:
    """The first of these interpreters, then of NAMES, that fits; else the one that uv fetches. Raises Failure."""
    found = []
    for python in (ask(*command) for command in [*((base,) for base in bases), *(name.split() for name in NAMES)]):
        if python and python.fits:
            return python
        found += [str(python)] if python else []
    if uv := shutil.which("uv"):
        say("Fetching Python 3.12 with uv.")
        run([uv, "python", "install", "3.12"], ROOT)
        python = ask(heard(uv, "python", "find", "3.12").strip())
        if python and python.fits:
            return python
    there = f"found only {', '.join(dict.fromkeys(found))}" if found else "found none"
    raise Failure(f"{NEEDED}; {there}. Install Python 3.12 from python.org or your distribution, then start again.")


def active_environment() -> Path | None:
    """The environment the person has activated; conda's base, which is always active, is not meant for projects."""
    conda = os.environ.get("CONDA_PREFIX") if os.environ.get("CONDA_DEFAULT_ENV") != "base" else None
    prefix = os.environ.get("VIRTUAL_ENV") or conda
    return Path(prefix).resolve() if prefix and Path(prefix).resolve() != VENV.resolve() else None


def choose_python() -> Python:
    """The interpreter to install into: as chosen by the install script, else an active environment's, else that of .venv."""
    choice = CHOICE.read_text().strip() if CHOICE.exists() else ""
    if choice == "none":
        return first_fitting()
    if choice != "own" and (active := active_environment()):
        python = ask("python")
        if python and python.fits and Path(python.prefix).resolve() == active:
            return python
        say(f"{NEEDED}; the active environment gives {python or 'none'}. Using .venv instead.")
    return own_environment()


def own_environment() -> Python:
    if (python := ask(str(VENV_PYTHON))) and python.fits and not (VENV / INTERRUPTED).exists():
        return python
    base = first_fitting(this_python().base)
    if VENV.exists():
        say("The environment in .venv is unfinished or of another Python. Making it again.")
        shutil.rmtree(VENV)
    say(f"Making an environment in .venv with Python {base}.")
    VENV.mkdir()
    (VENV / INTERRUPTED).touch()
    run([base.path, "-m", "venv", str(VENV)], VENV)
    return first_fitting(str(VENV_PYTHON))


def run(command: list[str], state: Path) -> None:
    """Run a program that changes the environment whose notes lie in `state`; raise Failure with the likely reason."""
    quiet = {"PYTHONUNBUFFERED": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "UV_NO_PROGRESS": "1"}
    pipe, same, output, terminal = subprocess.PIPE, subprocess.STDOUT, "", sys.stderr.isatty()
    options: Any = {"cwd": ROOT, "env": {**os.environ, **quiet}, "stdout": pipe, "stderr": same, "errors": "replace"}
    with subprocess.Popen(command, **options) as process, LOG.open("a", encoding="utf-8") as log:
        for line in process.stdout or ():
            output += line
            log.write(line)
            if terminal:  # each line until the next one comes
                print("\r" + line.strip()[:78].ljust(78), end="\r", file=sys.stderr, flush=True)
            if line.startswith(("Installing collected packages", "Prepared ")):  # pip says the one, uv the other
                (state / INTERRUPTED).touch()
    if process.returncode:
        raise Failure(f"{reason(output, process.returncode)} Details: {LOG}", output)
    (state / INTERRUPTED).unlink(missing_ok=True)


def reason(output: str, code: int) -> str:
    if code in (-9, 137):
        return "The system ended the installation, most likely for lack of memory. Close other programs, then start again."
    likely = (sentence for pattern, sentence in REASONS if re.search(pattern, output))
    return next(likely, f"The installation failed with code {code}. Start again, or see what happened.")


def install(python: Python, name: str) -> None:
    """Install a requirements file unless that was done with the same files, Python and kind of machine."""
    requirements, stamp = ROOT / name, python.state / f".gemini-diffusion-{name}"
    texts = [file.read_text(encoding="utf-8") for file in (requirements, ROOT / "constraints.txt")]
    path = python.path.replace(str(python.state), "")  # an environment may be moved
    machine = [path, python.version, bool(shutil.which("nvidia-smi")), os.environ.get("TORCH_INDEX_URL")]
    state = hashlib.sha256(json.dumps([texts, machine]).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == state:
        return
    LOG.write_text("", encoding="utf-8")
    say(f"Installing what {name} lists. The first time takes minutes.")
    constraints = python.state / ".gemini-diffusion-constraints.txt"
    constraints.write_text(constraints_with_torch(python), encoding="utf-8")
    add(python, "--requirement", str(requirements), "--constraint", str(constraints))
    stamp.write_text(state)


def add(python: Python, *arguments: str, pip_only: tuple[str, ...] = ()) -> None:
    """Install packages: by uv, where it is there and can, in a fraction of the time; else by pip."""
    if uv := shutil.which("uv"):
        try:
            return run([uv, "pip", "install", "--python", python.path, *arguments], python.state)
        except Failure:
            say("uv could not install it. Trying pip.")
    # Python compiles what it imports when it first does; all of torch in advance would be a third of the time this takes.
    run([python.path, "-m", "pip", "install", "--no-compile", *pip_only, *arguments], python.state)


def constraints_with_torch(python: Python) -> str:
    """The versions tested, but with the torch that is here, so that pip never exchanges a build of gigabytes for another."""
    tested = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    if not torch_in(python):
        install_torch(python, tested)
    return re.sub(r"(?m)^torch==.*$", f"torch=={torch_in(python)}", tested)


def torch_in(python: Python) -> str:
    """The version of torch that is installed, "" if there is none or an older one than the app can use."""
    version = heard(python.path, "-c", "from importlib.metadata import version; print(version('torch'))").strip()
    return version if re.match(r"2\.\d\d|[3-9]\.", version) else ""


def install_torch(python: Python, tested: str) -> None:
    """Take the build of torch that fits this machine. Its index may be unreachable where the ordinary one is not."""
    pins = re.findall(r"(?m)^torch==.*$", tested) or ["torch"]
    if index := torch_index():
        say(f"Installing torch from {index}")
        try:  # one try, and without what torch needs: the ordinary index has that, and a dead one must not cost minutes
            return add(python, "--no-deps", "--index-url", index, *pins, pip_only=("--retries", "1", "--timeout", "20"))
        except Failure as failure:
            if "No matching distribution" not in failure.output:
                raise
            say("That place could not be reached or has no fitting build. Taking the ordinary one, which can be gigabytes.")
    add(python, *pins)


def torch_index() -> str | None:
    """Where the fitting build of torch is, None for the ordinary index: on Linux that holds CUDA's, on Windows the CPU's."""
    if "TORCH_INDEX_URL" in os.environ:
        return os.environ["TORCH_INDEX_URL"]
    printed = heard("nvidia-smi", "--query-gpu=driver_version,compute_cap", "--format=csv,noheader")
    if not (gpus := re.findall(r"(?m)^(\d+)\.\S*, *(\d+\.\d+)", printed)):
        return TORCH_BUILDS + "cpu" if sys.platform == "linux" else None
    if any(int(driver) < 580 or float(capability) < 7.5 for driver, capability in gpus):  # CUDA 13 does not run there
        return TORCH_BUILDS + "cu126"
    return TORCH_BUILDS + "cu130" if WINDOWS else None


def install_as_asked(arguments: list[str]) -> None:
    """`[T|F] [T|F]`: T for a clean environment; F for none of its own, which is remembered."""
    words = [word.upper() for word in arguments]
    if wrong := [word for word in words if word not in ("T", "F")] + words[2:]:
        raise Failure(f'{INSTALL} takes T or F (a clean environment), then T or F (an environment at all), not "{wrong[0]}".')
    clean, own = [*words, "", ""][:2]
    if own or clean == "T":
        CHOICE.write_text("none\n" if own == "F" else "own\n")
    if clean == "T" and VENV.exists():
        shutil.rmtree(VENV)
    install(choose_python(), "requirements.txt")
    say(f"Everything is installed. Start with: {'start.bat' if WINDOWS else 'bash start.sh'}")


def start(arguments: list[str]) -> NoReturn:
    python = choose_python()
    install(python, "requirements.txt")
    if "--mcp" in arguments:
        install(python, "requirements-mcp.txt")
    command = [python.path, str(ROOT / "app.py"), *arguments]
    if not WINDOWS:
        os.execv(python.path, command)
    app = subprocess.Popen(command)  # Windows' exec would hand the prompt back at once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the app's to answer
    sys.exit(app.wait())


def main(arguments: list[str]) -> None:
    verb = arguments[0] if arguments else ""
    if verb == "facts":
        print(json.dumps(this_python()._asdict()))
    elif verb == "install":
        install_as_asked(arguments[1:])
    elif verb == "tests":  # prints the interpreter to run them with
        python = choose_python()
        install(python, "requirements.txt")
        install(python, "requirements-dev.txt")
        print(python.path)
    else:
        start(arguments)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failure as failure:
        sys.exit(str(failure))
    except OSError as error:
        sys.exit(f"{reason(str(error), 1)} Details: {error}")
    except KeyboardInterrupt:
        sys.exit("Stopped. The next start goes on from here.")
