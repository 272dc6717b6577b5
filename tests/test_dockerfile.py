"""The steps of the Dockerfile, run one after the other in a clean folder that stands in for the image's file system.

What cannot be seen without a container: the base image, the user (its step needs root), and torch's own index. The packages
come from this environment, by a path file, so that pip finds them there and fetches nothing.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.app_process import NOWHERE, free_port
from tests.script_copies import script
from tests.waiting import PATIENCE

ROOT = Path(__file__).resolve().parent.parent
ONLY_IN_A_CONTAINER = "useradd"
Step = tuple[str, str]


def steps() -> list[Step]:
    """Each instruction and what follows it, lines that are continued joined."""
    lines = (line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#"))
    text = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def one(word: str) -> str:
    (found,) = [rest for kind, rest in steps() if kind == word]
    return found


class Image:
    """The folder `root` with what the steps have made of it so far."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder, self.port = root, root, free_port()
        self.left_out: list[str] = []
        bases = {"base": f"{root}/usr", "platbase": f"{root}/usr"}
        programs, library = (Path(sysconfig.get_path(kind, "venv", bases)) for kind in ("scripts", "purelib"))
        venv.create(root / "usr", symlinks=True)
        script(programs / "pip", 'exec python -m pip "$@"')
        (library / "packages.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
        (root / "data").mkdir()
        offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE}
        self.environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(root), "NO_PROXY": "127.0.0.1", **offline}

    def take(self, word: str, rest: str) -> None:
        if word == "WORKDIR":
            self.folder = Path(self.placed(rest))
            self.folder.mkdir()
        elif word == "ENV":
            self.environment |= dict(self.placed(pair).split("=", 1) for pair in rest.split())
        elif word == "COPY":
            self.copy(*rest.split())
        elif word == "RUN":
            self.run(rest)

    def copy(self, *names: str) -> None:
        *sources, to = names
        sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        for source in sources:
            assert f"!{source}" in sent, f"{source} is not sent to the builder"
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, self.folder / to)

    def run(self, command: str) -> None:
        if ONLY_IN_A_CONTAINER in command:
            self.left_out.append(command)
            return
        done = self.ran(["sh", "-ec", command])
        assert done.returncode == 0, done.stdout + done.stderr

    def command(self, given: str) -> list[str]:
        """A command in the form of a JSON list, at our place and port."""
        found: list[str] = json.loads(given.partition("CMD ")[2] or given)
        return [self.placed(part).replace("7860", str(self.port)).replace("0.0.0.0", "127.0.0.1") for part in found]

    def healthy(self) -> bool:
        return self.ran(self.command(one("HEALTHCHECK"))).returncode == 0

    def ran(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, timeout=PATIENCE, capture_output=True, text=True, check=False
        )

    def placed(self, text: str) -> str:
        return re.sub(r"(?<![\w/.])/(data|app)\b", rf"{self.root}/\1", text)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    built = Image(tmp_path_factory.mktemp("image"))
    for step in steps():
        built.take(*step)
    return built


def test_every_step_runs_but_the_one_that_makes_the_user(image: Image) -> None:
    assert len(image.left_out) == 1
    known = {"FROM", "RUN", "WORKDIR", "ENV", "COPY", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"}
    assert {word for word, _ in steps()} == known


def test_it_runs_as_somebody_without_rights_who_owns_the_volume(image: Image) -> None:
    user = one("USER")
    assert user != "root" and f"useradd --create-home --uid 1000 {user}" in image.left_out[0]
    assert f"--owner={user} {one('VOLUME')}" in image.left_out[0]
    words = [word for word, _ in steps()]
    assert max(place for place, word in enumerate(words) if word == "RUN") < words.index("USER") < words.index("ENTRYPOINT")


def test_it_starts_becomes_healthy_and_keeps_what_is_made_in_the_volume(image: Image) -> None:
    assert not image.healthy(), "it was healthy before it ran"
    with subprocess.Popen(
        image.command(one("ENTRYPOINT")), env=image.environment, cwd=image.folder, stdout=subprocess.PIPE, text=True
    ) as app:
        try:
            assert app.stdout and "Gemini Diffusion is at" in app.stdout.readline()
            assert image.healthy()
        finally:
            app.terminate()
    assert (image.root / "data" / "logs").is_dir()


def test_the_builder_is_sent_nothing_that_the_dockerfile_does_not_copy() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {name for word, rest in steps() if word == "COPY" for name in rest.split()[:-1]}
    assert sent - {"assets"} == copied


def test_the_spaces_page_names_the_port_that_the_container_opens() -> None:
    header = (ROOT / "deploy" / "space" / "README.md").read_text("utf-8").split("---")[1]
    assert f"app_port: {one('EXPOSE')}\n" in header and "sdk: docker\n" in header
