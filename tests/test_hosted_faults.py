"""What a service at fault makes a person read, how often it is asked again, and what is never fetched."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from typing import Any

import httpx2
import huggingface_hub.errors
import PIL
import pytest
from PIL import Image

from gemini_diffusion.engines.error_map import translate_errors
from gemini_diffusion.engines.hugging_face_errors import Refusal
from gemini_diffusion.storage.image_check import is_black
from gemini_diffusion.types import ImageResult, Waiting
from gemini_diffusion.types.errors import (
    AgreementNeeded,
    Blocked,
    ColdStart,
    GaveUp,
    GeminiDiffusionError,
    KeyRefused,
    ModelNotFound,
    OutOfCredit,
    RateLimited,
    RequestRefused,
)
from tests.engine_harness import REQUEST, Hosted, reading
from tests.servers import faults
from tests.servers import hugging_face as hf
from tests.servers.picture import Picture
from tests.servers.wire import Scripted, as_json
from tests.waiting import patiently

# --- what each fault makes a person read ---


@dataclass(frozen=True)
class Fault:
    """What the service does, how often it is then asked, and what the person reads; `error` None: the picture comes."""

    name: str
    replies: tuple[Scripted[hf.HuggingFaceCall], ...]
    calls: int
    error: type[GeminiDiffusionError] | None = None
    reads: str = ""
    deadline: float = 20


PAID = "The picture may have been drawn and paid for, so it was not asked for again."
COLD, BUSY = hf.loading(0.3, hf.SD3), hf.unavailable("0.3")
FAULTS = (
    Fault("two cold starts", (COLD, COLD), 3),
    Fault("a cold start without end", (hf.loading(0.75, hf.SD3),) * 9, 2, GaveUp, f"{hf.SD3} is waking up. Asked", 1.4),
    Fault("a cold start longer than the patience", (hf.loading(90, hf.SD3),), 1, GaveUp, "would need 90 s more", 3),
    Fault("busy for a moment", (BUSY,), 2),
    Fault("busy for ever", (BUSY,) * 9, 4, GaveUp, "busy or broken for a moment. Asked 4 times"),
    Fault("a limit with Retry-After", (hf.too_many_requests("0.3"),), 2),
    Fault("a limit with ratelimit", (hf.too_many_requests(ratelimit='"api";r=0;t=1'),), 2),
    Fault("a limit for longer", (hf.too_many_requests("120"),), 1, GaveUp, "too many requests for now. Asked once"),
    Fault("a gateway that fails", (hf.bad_gateway(502),), 1, GaveUp, f"busy or broken for a moment. {PAID}"),
    Fault("a page from a gateway", (faults.html(504),), 1, GaveUp, PAID),
    Fault("a crash", (hf.crashed(),), 1, GaveUp, PAID),
    Fault("no credit", (hf.credits_exhausted(),), 1, OutOfCredit, "This month's credit at Hugging Face is used up. Add credit"),
    Fault("a refused token", (hf.invalid_token(),), 1, KeyRefused, "does not accept this token. Check it in Settings"),
    Fault("a token without the right", (hf.forbidden(),), 1, KeyRefused, 'Give it the permission "Make calls to Inference'),
    Fault("a licence", (hf.gated(hf.SD3),), 1, AgreementNeeded, f"accept its licence first. Open https://huggingface.co/{hf.SD3}"),
    Fault("an unknown model", (hf.not_found(),), 1, ModelNotFound, f"{hf.SD3} is not served there"),
    Fault("a retired model", (hf.deprecated(hf.SD3),), 1, ModelNotFound, f"{hf.SD3} is not served there, or no longer"),
    Fault("a bad request", (hf.bad_request(),), 1, RequestRefused, "It says: `num_inference_steps` must be between 1 and 50"),
    Fault("a field that does not fit", (hf.unprocessable(),), 1, RequestRefused, "guidance_scale: Input should be less"),
    Fault("JSON instead of a picture", (hf.json_instead(),), 1, GaveUp, f"something that is not a picture. {PAID}"),
    Fault("a page instead of a picture", (faults.html(200),), 1, GaveUp, PAID),
    Fault("nothing at all", (faults.empty(200),), 1, GaveUp, PAID),
    Fault("a PNG cut off", (hf.truncated("png"),), 1, GaveUp, f"arrived damaged or cut off. {PAID}"),
    Fault("a JPEG cut off", (hf.truncated("jpeg"),), 1, GaveUp, PAID),
    Fault("a picture under a wrong name", (hf.picture(content_type="text/html"),), 1),
    Fault("a broken connection", (faults.cut(hf.picture()),), 1, GaveUp, f"failed before a whole answer came. {PAID}"),
    Fault("a reset", (faults.reset(),), 1, GaveUp, PAID),
    Fault("a hang-up without a word", (faults.hang_up(),), 1, GaveUp, PAID),
    Fault("a redirect", (faults.redirect("http://169.254.169.254/"),), 1, RequestRefused, "address, which is not followed"),
    Fault("silence", (faults.hang(),), 1, GaveUp, "Asked once; the 0.8 s it may take are over", 0.8),
    Fault("a late picture", (faults.slow(hf.picture(), 0.2),), 1),
    Fault("a flood", (faults.flood(),), 1, GaveUp, "larger than 64 MB"),
    Fault("a bomb", (faults.gzip_bomb(),), 1, GaveUp, "larger than 64 MB"),
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_is_met_by_the_right_number_of_calls_and_told_with_a_next_step(hosted: Hosted, fault: Fault) -> None:
    await hosted.draw()  # so that the connection's own start does not count
    hosted.server.calls.clear()
    hosted.server.enqueue(*fault.replies)
    async with patiently("its deadline"):
        try:
            result: ImageResult | None = await hosted.draw(deadline=fault.deadline)
        except GeminiDiffusionError as error:
            result = None
            assert type(error) is fault.error
            assert fault.reads in str(error)
            assert error.hint.endswith(".")
    assert (result is None) == (fault.error is not None)
    assert len(hosted.server.drawings) == fault.calls
    counted = [event for event in hosted.events if isinstance(event, Waiting) and event.seconds_left == 0]
    assert len(counted) == fault.calls - 1


async def test_a_black_picture_is_asked_for_once_more_with_another_seed(hosted: Hosted) -> None:
    hosted.server.enqueue(hf.black(64, 48))
    result = await hosted.draw(dataclasses.replace(REQUEST, seed=None))
    first, second = (call.seed for call in hosted.server.drawings)
    assert first != second == result.seed
    assert not is_black(result.image)
    assert result.notices == ()


async def test_a_picture_that_stays_black_is_shown_with_its_cause(hosted: Hosted) -> None:
    hosted.server.enqueue(hf.black(64, 48), hf.black(64, 48), hf.black(64, 48))
    again = await hosted.draw(dataclasses.replace(REQUEST, seed=None))
    wanted = await hosted.draw()
    assert len(hosted.server.drawings) == 3
    for result in (again, wanted):
        assert is_black(result.image)
        assert "safety filter" in result.notices[0]


async def test_a_filter_that_says_so_is_told_as_a_block(hosted: Hosted) -> None:
    hosted.server.enqueue(as_json({"images": [{"url": f"{hosted.server.url}/x"}], "has_nsfw_concepts": [True]}))
    with reading(Blocked, "safety filter hid this picture"):
        await hosted.draw(dataclasses.replace(REQUEST, model=hf.FLUX), provider="fal-ai")


JOBS: dict[str, Scripted[hf.HuggingFaceCall]] = {"replicate": hf.no_output, "wavespeed": hf.picture(), "zai-org": hf.picture()}
"""What a provider first says of a drawing that is not ready when it has to answer."""


@pytest.mark.parametrize("provider", JOBS)
async def test_work_that_has_begun_is_fetched_until_it_is_done_and_never_ordered_twice(hosted: Hosted, provider: str) -> None:
    hosted.server.models = (hf.HostedModel(hf.SD3, ((provider, "owner/as-they-call-it"),)),)
    hosted.server.enqueue(JOBS[provider])
    hosted.server.enqueue(hf.still_drawing, faults.empty(503), hf.still_drawing, to=hf.FILE)
    result = await hosted.draw(provider=provider, deadline=60)
    assert result.image.size == (64, 48)
    assert len(hosted.server.drawings) == 1


async def test_a_picture_that_does_not_arrive_is_fetched_again_and_not_drawn_again(hosted: Hosted) -> None:
    hosted.server.enqueue(faults.empty(503), to=hf.FILE)
    await hosted.draw(dataclasses.replace(REQUEST, model=hf.FLUX), provider="fal-ai")
    assert len(hosted.server.drawings) == 1


async def test_a_job_that_failed_is_told_in_the_providers_words(hosted: Hosted) -> None:
    hosted.server.enqueue(hf.no_output)
    hosted.server.enqueue(as_json({"id": "p1", "status": "failed", "error": "no such colour", "output": None}), to=hf.FILE)
    with reading(RequestRefused, "It says: no such colour"):
        await hosted.draw(dataclasses.replace(REQUEST, model=hf.FLUX), provider="replicate")


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/a.png", "https://127.0.0.1:1/a.png", "https://[::1]/", "file:///etc/hosts"]
)
async def test_a_picture_is_not_fetched_from_inside_the_network(hosted: Hosted, address: str) -> None:
    hosted.server.enqueue(as_json({"images": [{"url": address}]}))
    with reading(GaveUp, "where nothing is fetched from"):
        await hosted.draw(dataclasses.replace(REQUEST, model=hf.FLUX), provider="fal-ai")
    assert len(hosted.server.drawings) == 1


async def test_a_picture_may_be_one_redirect_away_but_no_token_goes_along(hosted: Hosted) -> None:
    target = f"{hosted.server.url}/files/there.png"
    hosted.server.pictures["/files/there.png"] = Picture.noise(1, 64, 48).png()
    hosted.server.enqueue(as_json({"images": [{"url": f"{hosted.server.url}/first"}]}))
    hosted.server.enqueue(faults.redirect(target), to=hf.FILE)
    await hosted.draw(dataclasses.replace(REQUEST, model=hf.FLUX), provider="fal-ai")
    assert [(call.path, call.token) for call in hosted.server.calls[2:]] == [("/first", None), ("/files/there.png", None)]


async def test_a_service_that_repeats_the_token_does_not_get_it_shown(hosted: Hosted) -> None:
    hosted.server.enqueue(hf.bad_request("Token hf_visitor is not allowed to draw 4,000 steps"))
    with pytest.raises(RequestRefused) as caught:
        await hosted.draw()
    assert "hf_visitor" not in str(caught.value)
    assert "4,000 steps" in str(caught.value)


def test_the_services_own_advice_comes_before_headers_and_dates_are_read() -> None:
    both = Refusal(503, "m", b'{"estimated_time": 7, "error": "loading"}', {"Retry-After": "99"}).in_our_words()
    assert isinstance(both, ColdStart)
    assert both.retry_after == 7
    dated = Refusal(429, "m", b"", {"retry-after": "Fri, 20 Nov 2099 10:00:00 GMT"}).in_our_words()
    assert isinstance(dated, RateLimited)
    assert (dated.retry_after or 0) > 1e6
    assert Refusal(429, "m", b"", {"retry-after": "soon"}).retry_after is None


NOT_RAISED_HERE = {  # parts of the hub's library that this program does not use: its command line, sandboxes, jobs, sign-in
    "BucketBatchError", "CLIError", "CLIExtensionInstallError", "ConfirmationError", "DDUFCorruptedFileError", "DDUFError",
    "DDUFExportError", "DDUFInvalidEntryNameError", "DeviceCodeError", "InferenceEndpointError", "OIDCError",
    "InferenceEndpointTimeoutError", "SandboxCommandError", "SandboxError",
}  # fmt: skip


def _exceptions(module: Any) -> list[type[Exception]]:
    found = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Exception)]
    return [kind for kind in found if not issubclass(kind, Warning) and kind.__name__ not in NOT_RAISED_HERE]


@pytest.mark.parametrize("module", [huggingface_hub.errors, httpx2, PIL, Image], ids=lambda module: module.__name__)
def test_every_exception_of_the_libraries_has_words_of_ours(module: Any) -> None:
    for kind in _exceptions(module):
        error = kind.__new__(kind)
        error.response = httpx2.Response(418, content=b"")  # type: ignore[attr-defined]
        told = translate_errors(error, "SDXL")
        assert type(told) is not GeminiDiffusionError, kind
        assert told.message.endswith((".", ":", kind.__name__)), told.message
        assert told.hint.endswith("."), kind


def test_an_exception_nobody_foresaw_is_still_ours() -> None:
    told = translate_errors(KeyError("odd"), "SDXL")
    assert isinstance(told, GeminiDiffusionError)
    assert "KeyError" in told.message
