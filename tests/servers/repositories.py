"""Model repositories as the Hugging Face hub serves them for download, out of a folder; knows nothing of inference."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.hugging_face_refusals import gated
from tests.servers.wire import Call, Piece, Reply, as_json

CHUNK = 65_536
MEGABYTE = 1_000_000


@dataclass
class Repository:
    """A folder offered as a repository. `cut_once_after` bytes the connection breaks, the first time such a file is sent.

    A gated repository opens to `reader`'s token only, and tells others that it is there. With `elsewhere`, the address of
    another server that has it too, large files lie there, as the real hub's do.
    """

    name: str
    folder: Path
    gated: bool = False
    reader: str = "hf_reader"
    seconds_per_megabyte: float = 0.0
    cut_once_after: int | None = None
    pipeline_tag: str = "text-to-image"
    elsewhere: str = ""

    commit: str = field(init=False)

    def __post_init__(self) -> None:
        self.commit = hashlib.sha1(self.name.encode()).hexdigest()

    def files(self) -> list[str]:
        """The paths in it, with slashes."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def info(self) -> dict[str, Any]:
        """What /api/models/{id} says of it."""
        return {
            "id": self.name, "modelId": self.name, "sha": self.commit, "private": False,
            "gated": "manual" if self.gated else False, "pipeline_tag": self.pipeline_tag, "tags": ["diffusers"],
            "siblings": [{"rfilename": path} for path in self.files()],
        }  # fmt: skip

    def tree(self) -> list[dict[str, Any]]:
        """What /api/models/{id}/tree/{revision} lists, all folders at once."""
        return [self._entry(path) for path in self.files()]

    def refuses(self, token: str | None, for_files: bool) -> Reply | None:
        """The refusal this token meets, if any; a gated repository still shows its listing."""
        if token == self.reader:
            return None
        return gated(self.name) if self.gated and for_files else None

    def file(self, path: str, call: Call) -> Reply:
        """One file, whole or from the byte on that the Range header names."""
        source = self.folder / path
        if path not in self.files():
            return as_json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": self.commit})
        data = source.read_bytes()
        if self.elsewhere and path.endswith(".safetensors"):
            return self._sent_on(path, data)
        start = int(call.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        headers = [("ETag", f'"{_digest(data)}"'), ("X-Repo-Commit", self.commit), ("Accept-Ranges", "bytes")]
        if start:
            headers.append(("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}"))
        whole = Reply(206 if start else 200, tuple(headers), self._pieces(data[start:]))
        return self._cut(whole) if call.method == "GET" else whole

    def _sent_on(self, path: str, data: bytes) -> Reply:
        """Where a large file lies, and what it is."""
        address = f"{self.elsewhere}/{self.name}/resolve/{self.commit}/{path}"
        linked = (("X-Linked-ETag", f'"{_digest(data)}"'), ("X-Linked-Size", str(len(data))), ("X-Repo-Commit", self.commit))
        return Reply(302, (("Location", address), *linked))

    def _pieces(self, data: bytes) -> tuple[Piece, ...]:
        wait = self.seconds_per_megabyte * CHUNK / MEGABYTE
        return tuple(Piece(data[at : at + CHUNK], wait) for at in range(0, len(data), CHUNK))

    def _cut(self, whole: Reply) -> Reply:
        limit, total = self.cut_once_after, len(whole.content)
        if limit is None or total <= limit:
            return whole
        self.cut_once_after = None
        return Reply(whole.status, whole.headers, self._pieces(whole.content[:limit]), length=total, ending="close")

    def _entry(self, path: str) -> dict[str, Any]:
        data = (self.folder / path).read_bytes()
        entry: dict[str, Any] = {"type": "file", "oid": hashlib.sha1(data).hexdigest(), "size": len(data), "path": path}
        if path.endswith(".safetensors"):
            entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        return entry


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
