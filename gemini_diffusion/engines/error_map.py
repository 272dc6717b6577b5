"""Exceptions of the libraries engines use, in our words: the one table; imports none of the libraries it names."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gemini_diffusion.config.library_variables import wrong_variables
from gemini_diffusion.engines.hugging_face_errors import Refusal, licence_needed
from gemini_diffusion.types.errors import (
    BadAnswer,
    BadInput,
    DiskFull,
    GeminiDiffusionError,
    ModelNotFound,
    OutOfMemory,
    PackageMissing,
    RequestRefused,
    Unreachable,
)

LONGEST_QUOTE = 200
_Words = Callable[[Any, str], GeminiDiffusionError]


@contextmanager
def translate_error(subject: str) -> Iterator[None]:
    """Whatever fails inside leaves as an error of ours; `subject` is the model it happened with."""
    try:
        yield
    except GeminiDiffusionError:
        raise
    except Exception as error:
        raise translate_errors(error, subject) from error


def translate_errors(error: Exception, subject: str) -> GeminiDiffusionError:
    """The error of ours for a foreign one, by the nearest of its classes that the table knows."""
    for kind in type(error).__mro__:
        words = TABLE.get(f"{kind.__module__}.{kind.__qualname__}")
        if words:
            return words(error, subject)
    return _unknown(error, subject)


def _quote(error: BaseException) -> str:
    """An exception's first line, short enough to be read."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:LONGEST_QUOTE].strip()


def _wrong_variable() -> GeminiDiffusionError | None:
    """What explains a failure of imports and clients better than their own words do."""
    return next(iter(wrong_variables()), None)


def _unknown(error: Exception, subject: str) -> GeminiDiffusionError:
    return _wrong_variable() or GeminiDiffusionError(
        f"{subject} could not be drawn with: {type(error).__name__}, {_quote(error)}",
        "Change the request or choose another model.",
    )


def _slow(error: Exception, subject: str) -> GeminiDiffusionError:
    return Unreachable("Hugging Face did not answer in time.", begun=True)


def _not_reached(error: Exception, subject: str) -> GeminiDiffusionError:
    return Unreachable("Hugging Face could not be reached.")


def _cut(error: Exception, subject: str) -> GeminiDiffusionError:
    return Unreachable("The connection failed before a whole answer came.", begun=True)


def _garbled(error: Exception, subject: str) -> GeminiDiffusionError:
    return BadAnswer("The answer could not be read.", begun=True)


def _address(error: Exception, subject: str) -> GeminiDiffusionError:
    return BadInput("The address cannot be used.", "Check the address of the endpoint: it begins with https://.")


def _by_status(error: Any, subject: str) -> GeminiDiffusionError:
    """An HTTP refusal that a library raised: the body is only looked at where it was already read."""
    response = error.response
    content = response.content if response.is_stream_consumed or response.is_closed else b""
    return Refusal(response.status_code, subject, content, dict(response.headers)).in_our_words()


def _licence(error: Exception, subject: str) -> GeminiDiffusionError:
    return licence_needed(subject)


def _not_there(error: Exception, subject: str) -> GeminiDiffusionError:
    return ModelNotFound(f"{subject} is private or does not exist at Hugging Face.", "Check its name, or choose another model.")


def _not_whole(error: Exception, subject: str) -> GeminiDiffusionError:
    return ModelNotFound(f"{subject} lacks a file that it needs.", "Choose another model.")


def _offline(error: Exception, subject: str) -> GeminiDiffusionError:
    """The hub's library wraps what stopped it: a refusal keeps its own words, all else is a network that failed."""
    cause = error.__cause__
    if isinstance(cause, Exception) and hasattr(cause, "response"):
        return translate_errors(cause, subject)
    return Unreachable(
        f"{subject} could not be fetched: Hugging Face cannot be reached.",
        "Check the network and send it again; what has already arrived is kept.",
    )


def _bad_name(error: Exception, subject: str) -> GeminiDiffusionError:
    return BadInput(f"{subject} is not the name of a model.", 'Models are called like "owner/name".')


def _memory(error: Exception, subject: str) -> GeminiDiffusionError:
    return OutOfMemory(f"The memory does not suffice to draw this with {subject}.")


def _package(error: Exception, subject: str) -> GeminiDiffusionError:
    return _wrong_variable() or PackageMissing(f"A package for drawing on this machine is missing or broken: {_quote(error)}")


def _damaged(error: Exception, subject: str) -> GeminiDiffusionError:
    return RequestRefused(f"The files of {subject} are damaged: {_quote(error)}", "Delete its folder and fetch it again.")


def _system(error: OSError, subject: str) -> GeminiDiffusionError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"The disk is full, so {subject} could not be fetched or kept.")
    if isinstance(error, ConnectionError):
        return _cut(error, subject)
    return _wrong_variable() or _damaged(error, subject)


def _runtime(error: RuntimeError, subject: str) -> GeminiDiffusionError:
    """torch says many things with a RuntimeError: too little memory and a torchvision of another build among them."""
    said = str(error).lower()
    if "out of memory" in said or "can't allocate memory" in said or "not enough memory" in said:
        return _memory(error, subject)
    if "torchvision" in said or "could not import module" in said:  # nothing but torchvision was seen to do this
        return PackageMissing(
            "torchvision does not fit the installed torch, so diffusers cannot be loaded.",
            "Uninstall it (pip uninstall torchvision): this program does not need it.",
        )
    return _unknown(error, subject)


TABLE: dict[str, _Words] = {
    "httpx2.TimeoutException": _slow,
    "httpx2.TransportError": _cut,
    "httpx2.ConnectError": _not_reached,
    "httpx2.ConnectTimeout": _not_reached,
    "httpx2.ProxyError": _not_reached,
    "httpx2.UnsupportedProtocol": _address,
    "httpx2.InvalidURL": _address,
    "httpx2.DecodingError": _garbled,
    "httpx2.TooManyRedirects": _garbled,
    "httpx2.RequestError": _cut,
    "httpx2.HTTPStatusError": _by_status,
    "httpx2.HTTPError": _cut,
    "httpx2.StreamError": _cut,
    "httpx2.CookieConflict": _garbled,
    "huggingface_hub.errors.HfHubHTTPError": _by_status,
    "huggingface_hub.errors.GatedRepoError": _licence,
    "huggingface_hub.errors.RepositoryNotFoundError": _not_there,
    "huggingface_hub.errors.RevisionNotFoundError": _not_there,
    "huggingface_hub.errors.RevisionResolutionError": _offline,
    "huggingface_hub.errors.DisabledRepoError": _not_there,
    "huggingface_hub.errors.EntryNotFoundError": _not_whole,
    "huggingface_hub.errors.RemoteEntryNotFoundError": _not_whole,
    "huggingface_hub.errors.LocalEntryNotFoundError": _offline,
    "huggingface_hub.errors.OfflineModeIsEnabled": _offline,
    "huggingface_hub.errors.DryRunError": _offline,
    "huggingface_hub.errors.FileMetadataError": _offline,
    "huggingface_hub.errors.XetDownloadError": _offline,
    "huggingface_hub.errors.InferenceTimeoutError": _slow,
    "huggingface_hub.errors.HFValidationError": _bad_name,
    "huggingface_hub.errors.HfUriError": _bad_name,
    "huggingface_hub.errors.CacheNotFound": _damaged,
    "huggingface_hub.errors.CorruptedCacheException": _damaged,
    "huggingface_hub.errors.CachedRepoTreeNotFoundError": _offline,
    "huggingface_hub.errors.LocalTokenNotFoundError": _not_there,
    "huggingface_hub.errors.SafetensorsParsingError": _damaged,
    "huggingface_hub.errors.NotASafetensorsRepoError": _damaged,
    "huggingface_hub.errors.StrictDataclassError": _damaged,
    "huggingface_hub.errors.FileDuplicationError": _damaged,
    "safetensors._safetensors_rust.SafetensorError": _damaged,
    "json.decoder.JSONDecodeError": _damaged,
    "PIL.UnidentifiedImageError": _garbled,
    "PIL.Image.DecompressionBombError": _garbled,
    "torch.OutOfMemoryError": _memory,
    "builtins.MemoryError": _memory,
    "builtins.ImportError": _package,
    "builtins.TimeoutError": _slow,
    "builtins.OSError": _system,
    "builtins.RuntimeError": _runtime,
}
"""A foreign class by its full name -> its words. A subclass that is not listed takes those of its nearest ancestor."""
