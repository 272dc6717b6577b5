"""Files of the Hugging Face hub on their way into its cache; a large one is taken up where it was broken off. Knows no model.

The hub's own client throws away what it has of a file when it is stopped, which may be gigabytes. So large files are brought
by us, with the client's own means and to the place where it looks for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gemini_diffusion.types.errors import BadAnswer, Unreachable

PATIENCE = 2.0
"""Seconds to wait for another program that fetches the same file."""
SHA256_LENGTH = 64
"""Characters: so long is the name that the hub gives a large file, which is the digest of its content."""


@dataclass(frozen=True, slots=True)
class HubCache:
    """One hub and the folder of its cache. `url` "" is the hub's usual address; `token` "" is none, never the host's."""

    folder: Path
    url: str = ""
    token: str = ""

    def list_files(self, source: str, patterns: Sequence[str]) -> Any:
        """The files of a repository that fit the patterns, with their sizes, and whether they are here; nothing is fetched."""
        from tqdm import tqdm  # type: ignore[import-untyped]

        class Unseen(tqdm):
            """The client draws a bar on the terminal even for looking."""

            def __init__(self, *args: Any, **options: Any) -> None:
                options.pop("name", None)
                super().__init__(*args, **{**options, "disable": True})

        return self._snapshot(source, patterns, dry_run=True, tqdm_class=Unseen)

    def link_version(self, source: str, files: Sequence[str], meter: type) -> None:
        """Make these files of a repository a whole version in the cache; what is not here yet is fetched."""
        self._snapshot(source, files, tqdm_class=meter)

    def download_file(self, source: str, file: str, meter: type) -> None:
        """Fetch one large file, from the byte on that is missing; `meter` is a class of progress bars. It is then checked."""
        from filelock import Timeout
        from huggingface_hub.constants import ENDPOINT
        from huggingface_hub.file_download import get_hf_file_metadata, hf_hub_url, http_get, repo_folder_name
        from huggingface_hub.utils import WeakFileLock, build_hf_headers

        token = self.token or False
        told = get_hf_file_metadata(hf_hub_url(source, file, endpoint=self.url or None), token=token, endpoint=self.url or None)
        blob = self.folder / repo_folder_name(repo_id=source, repo_type="model") / "blobs" / str(told.etag)
        if blob.exists():
            return
        blob.parent.mkdir(parents=True, exist_ok=True)
        part = blob.with_name(f"{blob.name}.part")
        at_home = urlsplit(told.location).netloc == urlsplit(self.url or ENDPOINT).netloc
        headers = build_hf_headers(token=token if at_home else False)  # another host, where large files lie, is not told it
        try:
            with WeakFileLock(blob.with_name(f"{blob.name}.lock"), timeout=PATIENCE), part.open("ab") as bytes_so_far:
                here = bytes_so_far.tell()
                options = {"headers": headers, "expected_size": told.size, "displayed_filename": file}
                http_get(told.location, bytes_so_far, resume_size=here, tqdm_class=meter, **options)
        except Timeout as error:
            raise Unreachable(
                f"Another program is fetching {source} at this moment.", "Wait until it is done, and send it again."
            ) from error
        _check(part, str(told.etag), source)
        part.replace(blob)

    def _snapshot(self, source: str, patterns: Sequence[str], **options: Any) -> Any:
        from huggingface_hub import snapshot_download

        return snapshot_download(
            source,
            cache_dir=self.folder,
            allow_patterns=list(patterns),
            endpoint=self.url or None,
            token=self.token or False,
            **options,
        )


def _check(part: Path, name: str, source: str) -> None:
    """Raises BadAnswer where a file is not what its name says; it is then fetched anew the next time."""
    if len(name) != SHA256_LENGTH:
        return
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != name:
        part.unlink()
        raise BadAnswer(f"A file of {source} did not arrive as it was sent.", "Send it again: it is then fetched anew.")
