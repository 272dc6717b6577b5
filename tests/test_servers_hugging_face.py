"""Hugging Face's local server, each reply of it shown to their own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub import errors as hub_errors

from tests.servers import hugging_face as h
from tests.servers.clients import endpoint_client, hugging_face_at
from tests.servers.picture import Picture
from tests.servers.wire import Reply

NOISE = Picture.noise(5, 128, 128)


@pytest.fixture
def hub() -> Iterator[h.HuggingFaceServer]:
    with h.HuggingFaceServer() as server:
        yield server


def test_a_cold_start_counts_down_to_a_picture(hub: h.HuggingFaceServer) -> None:
    hub.enqueue(h.loading(3.5), h.loading(0.5), h.picture())
    client, estimates = endpoint_client(hub.url), []
    for _ in range(2):
        with pytest.raises(hub_errors.HfHubHTTPError) as caught:
            client.text_to_image("a fox")
        estimates.append(caught.value.response.json()["estimated_time"])
    assert estimates == [3.5, 0.5]
    assert client.text_to_image("a fox", width=96, height=64).size == (96, 64)


@pytest.mark.parametrize(
    ("refusal", "code", "error", "word"),
    [
        (h.loading(None), 503, hub_errors.HfHubHTTPError, "currently loading"),
        (h.unavailable("2"), 503, hub_errors.HfHubHTTPError, "Service Unavailable"),
        (h.too_many_requests("2"), 429, hub_errors.HfHubHTTPError, "Rate limit reached"),
        (h.too_many_requests(ratelimit='"api";r=0;t=55'), 429, hub_errors.HfHubHTTPError, "55 seconds"),
        (h.credits_exhausted(), 402, hub_errors.HfHubHTTPError, "monthly included credits"),
        (h.invalid_token(), 401, hub_errors.HfHubHTTPError, "Invalid username or password"),
        (h.forbidden(), 403, hub_errors.HfHubHTTPError, "sufficient permissions"),
        (h.gated(), 403, hub_errors.GatedRepoError, "gated repo"),
        (h.not_found(), 404, hub_errors.HfHubHTTPError, "Model not found"),
        (h.deprecated(), 410, hub_errors.HfHubHTTPError, "no longer supported by provider hf-inference"),
        (h.unprocessable("guidance_scale"), 422, hub_errors.HfHubHTTPError, "guidance_scale"),
        (h.bad_request(), 400, hub_errors.BadRequestError, "num_inference_steps"),
        (h.crashed(), 500, hub_errors.HfHubHTTPError, "CUDA out of memory"),
        (h.bad_gateway(), 502, hub_errors.HfHubHTTPError, "Bad Gateway"),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else None,
)
def test_a_refusal_reaches_the_client_in_hugging_faces_shape(
    hub: h.HuggingFaceServer, refusal: Reply, code: int, error: type[Exception], word: str
) -> None:
    hub.enqueue(refusal)
    with pytest.raises(error) as caught:
        endpoint_client(hub.url).text_to_image("a fox")
    assert caught.value.response.status_code == code  # type: ignore[attr-defined]
    assert word in str(caught.value)
    assert [call.token for call in hub.drawings] == ["hf_a"]


def test_hints_travel_in_headers(hub: h.HuggingFaceServer) -> None:
    hub.enqueue(h.too_many_requests("7", '"api";r=0;t=55'))
    with pytest.raises(hub_errors.HfHubHTTPError) as caught:
        endpoint_client(hub.url).text_to_image("a fox")
    headers = caught.value.response.headers
    assert (headers["retry-after"], headers["ratelimit"]) == ("7", '"api";r=0;t=55')


def test_a_picture_may_come_under_a_wrong_name(hub: h.HuggingFaceServer) -> None:
    hub.enqueue(h.picture(NOISE.png(), content_type="application/octet-stream"))
    assert endpoint_client(hub.url).text_to_image("a fox").tobytes() == NOISE.image.tobytes()


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_a_truncated_picture_fails_only_when_it_is_read(hub: h.HuggingFaceServer, form: str) -> None:
    hub.enqueue(h.truncated(form))
    image = endpoint_client(hub.url).text_to_image("a fox")
    with pytest.raises(OSError, match="truncated"):
        image.load()


def test_a_black_picture_is_black(hub: h.HuggingFaceServer) -> None:
    hub.enqueue(h.black())
    assert endpoint_client(hub.url).text_to_image("a fox").getextrema() == ((0, 0), (0, 0), (0, 0))


def test_an_unscripted_picture_is_the_same_for_the_same_seed(hub: h.HuggingFaceServer) -> None:
    client = endpoint_client(hub.url)
    one, same, other = (client.text_to_image("a fox", seed=seed, width=64, height=64).tobytes() for seed in (1, 1, 2))
    assert one == same != other
    assert [call.seed for call in hub.drawings] == [1, 1, 2] and hub.drawings[0].prompt == "a fox"


def test_the_router_wants_a_token_and_an_endpoint_does_not(hub: h.HuggingFaceServer) -> None:
    assert httpx2.post(f"{hub.url}/hf-inference/models/{h.FLUX}", json={"inputs": "a fox"}).status_code == 401
    assert httpx2.post(f"{hub.url}/draw", json={"inputs": "a fox"}).status_code == 200
    assert [call.token for call in hub.calls] == [None, None]


@pytest.fixture
def routed(hub: h.HuggingFaceServer) -> Iterator[h.HuggingFaceServer]:
    with hugging_face_at(hub.url):
        yield hub


@pytest.mark.parametrize("provider", h.PROVIDERS)
async def test_each_provider_draws_in_its_own_shape(routed: h.HuggingFaceServer, provider: Any) -> None:
    served = next(model for model in h.HOSTED if provider in dict(model.providers))
    asked = {"model": served.name, "width": 96, "height": 64, "seed": 3}
    whole = InferenceClient(provider=provider, token="hf_a").text_to_image("a fox", **asked)
    async with AsyncInferenceClient(provider=provider, token="hf_a") as client:
        again = await client.text_to_image("a fox", **asked)
    assert whole.size == (96, 64) and whole.tobytes() == again.tobytes()
    assert len(routed.drawings) == 2
    for call in routed.drawings:
        assert (call.provider, call.token, call.prompt, call.seed) == (provider, "hf_a", "a fox", 3)
        assert call.model == dict(served.providers)[provider]


def test_a_job_is_asked_for_until_it_is_done(routed: h.HuggingFaceServer) -> None:
    routed.enqueue(h.still_drawing, to=h.FILE)
    InferenceClient(provider="wavespeed", token="hf_a").text_to_image("a fox", model=h.FLUX)
    assert [call.path.rpartition("/")[2] for call in routed.calls if call.method == "GET"][-3:-1] == ["result", "result"]


def test_replicate_can_come_back_with_nothing(routed: h.HuggingFaceServer) -> None:
    routed.enqueue(h.no_output)
    with pytest.raises(TimeoutError, match="No output"):
        InferenceClient(provider="replicate", token="hf_a").text_to_image("a fox", model=h.FLUX)
