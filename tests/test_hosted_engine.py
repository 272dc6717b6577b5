"""Drawing at Hugging Face: what is sent to whom, whose token travels, what can be chosen and checked."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from huggingface_hub.hf_api import InferenceProviderMapping
from huggingface_hub.inference._providers import PROVIDERS as HUB_PROVIDERS
from huggingface_hub.inference._providers import get_provider_helper

from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import PROVIDERS as OFFERED_PROVIDERS
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.hosted.hosted_engine import HostedEngine
from gemini_diffusion.engines.hosted.providers import PROVIDERS, ServedModel
from gemini_diffusion.types import ImageRequest
from gemini_diffusion.types.errors import BadInput, GaveUp, KeyNeeded, KeyRefused, ModelNotFound
from tests.engine_harness import REQUEST, VISITOR, Hosted, reading
from tests.foreign_pictures import chunk
from tests.servers import faults
from tests.servers import hugging_face as hf
from tests.servers.faults import redirect
from tests.servers.picture import Picture
from tests.servers.wire import FOREVER, as_json

# --- what is sent ---


SENT = {"negative_prompt": "blurry", "height": 48, "width": 64, "num_inference_steps": 9, "guidance_scale": 6.5, "seed": 5}


async def test_every_parameter_is_in_its_place_and_none_is_empty(hosted: Hosted) -> None:
    await hosted.draw()
    assert hosted.server.drawings[0].body == {"inputs": "a red fox", "parameters": SENT}
    await hosted.draw(dataclasses.replace(REQUEST, negative_prompt=""))
    assert "negative_prompt" not in hosted.server.drawings[1].parameters


@pytest.mark.parametrize("provider", [name for name in OFFERED_PROVIDERS if name != "auto"])
async def test_each_provider_draws_the_size_and_the_words_asked_for(hosted: Hosted, provider: str) -> None:
    hosted.server.models = (hf.HostedModel(hf.SD3, ((provider, "owner/as-they-call-it"),)),)
    result = await hosted.draw(provider=provider)
    call = hosted.server.drawings[0]
    assert (call.provider, call.prompt, call.token) == (provider, "a red fox", "hf_visitor")
    assert result.image.size == (64, 48)
    assert result.versions == {"provider": provider}
    assert [name in call.parameters for name in ("seed", "negative_prompt")] == ["seed" not in result.ignored] * 2


@pytest.mark.parametrize("served_as", ["owner/model", "owner/model:version"])
@pytest.mark.parametrize("provider", [name for name, tasks in HUB_PROVIDERS.items() if "text-to-image" in tasks])
def test_providers_are_asked_exactly_as_the_hubs_own_client_asks_them(provider: str, served_as: str) -> None:
    assert {*OFFERED_PROVIDERS} - {"auto"} == {*PROVIDERS}
    helper, ours = get_provider_helper(provider, "text-to-image", hf.SD3), PROVIDERS[provider]
    sent = {name: value for name, value in SENT.items() if name not in ours.ignores}
    for weights in ("", "lora.safetensors"):
        mapping = InferenceProviderMapping(
            provider=provider, hf_model_id=hf.SD3, providerId=served_as, status="live", task="text-to-image",
            adapterWeightsPath=weights or None,
        )  # fmt: skip
        body = ours.body(ServedModel(hf.SD3, provider, served_as, weights), "a fox", dict(sent))
        assert body == helper._prepare_payload_as_dict("a fox", dict(SENT), mapping)
    address = helper._prepare_url("hf_visitor", served_as)
    assert address == f"https://router.huggingface.co/{provider}{ours.path(served_as)}"
    theirs = helper._prepare_headers({}, "hf_visitor")
    assert {**theirs, **ours.headers} == theirs


async def test_a_model_without_negatives_and_guidance_is_not_sent_them_and_that_is_named(hosted: Hosted) -> None:
    request = dataclasses.replace(REQUEST, model=hf.FLUX)
    result = await hosted.draw(request)
    assert result.ignored == ("negative_prompt", "guidance_scale")
    assert hosted.server.drawings[0].parameters.keys() == {"height", "width", "num_inference_steps", "seed"}
    untouched = await hosted.draw(dataclasses.replace(request, negative_prompt="", guidance_scale=0.0))
    assert untouched.ignored == ()


async def test_a_picture_that_the_service_signed_is_handed_on_as_it_came(hosted: Hosted) -> None:
    png = Picture.noise(1, 64, 48).png()
    signed = png[:-12] + chunk(b"caBX", b"\0\0jumb") + png[-12:]
    hosted.server.enqueue(hf.picture(signed), hf.picture(png))
    assert [(await hosted.draw()).signed for _ in range(2)] == [signed, b""]


async def test_a_size_other_than_the_one_asked_for_is_told(hosted: Hosted) -> None:
    hosted.server.enqueue(hf.picture(Picture.noise(1, 32, 32).png()))
    result = await hosted.draw()
    assert result.ignored == ("width", "height")
    assert result.notices == ("The service drew 32 x 32 pixels instead of 64 x 48.",)


async def test_who_serves_a_model_is_asked_once_and_again_after_it_is_gone(hosted: Hosted) -> None:
    for _ in range(3):
        await hosted.draw(provider="auto")
    questions = [call for call in hosted.server.calls if call.path.startswith("/api/")]
    assert [(call.path, call.token) for call in questions] == [(f"/api/models/{hf.SD3}", "hf_visitor")]
    hosted.server.enqueue(hf.deprecated(hf.SD3))
    with pytest.raises(ModelNotFound):
        await hosted.draw(provider="auto")
    await hosted.draw(provider="auto")
    assert len([call for call in hosted.server.calls if call.path.startswith("/api/")]) == 2


async def test_a_provider_that_lacks_the_model_is_told_with_those_that_have_it(hosted: Hosted) -> None:
    with pytest.raises(ModelNotFound) as caught:
        await hosted.draw(provider="fal-ai")
    assert str(caught.value) == f"fal-ai does not serve {hf.SD3}. These do: hf-inference. Choose one, or auto."
    with reading(ModelNotFound, "Nobody serves"):
        await hosted.draw(dataclasses.replace(REQUEST, model=hf.SDXL), provider="auto")
    assert hosted.server.drawings == []


# --- whose token travels ---


async def test_without_a_token_nothing_is_asked_even_where_the_host_has_one(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_host")
    nobody = Secret()
    with pytest.raises(KeyNeeded) as caught:
        await hosted.draw(hf_token=nobody)
    assert str(caught.value).endswith("Add a Hugging Face token in Settings, or draw on this machine.")
    with pytest.raises(KeyNeeded):
        await hosted.engine.check(dataclasses.replace(VISITOR, hf_token=nobody))
    choices = await hosted.engine.models(dataclasses.replace(VISITOR, hf_token=nobody))
    assert [(choice.runnable, choice.note) for choice in choices] == [(False, "needs a Hugging Face token")] * len(choices)
    assert hosted.server.calls == []


async def test_an_endpoint_by_its_address_needs_no_token_and_gets_only_the_visitors(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_host")
    address = f"{hosted.server.url}/my/endpoint?version=2"
    await hosted.draw(hf_token=Secret(), hf_inference_url=address)
    await hosted.draw(hf_inference_url=address)
    calls = hosted.server.calls
    assert [(call.method, call.path, call.query, call.token) for call in calls] == [
        ("POST", "/my/endpoint", {"version": "2"}, None),
        ("POST", "/my/endpoint", {"version": "2"}, "hf_visitor"),
    ]
    assert (
        hosted.engine.default_model(Settings(hf_inference_url="https://me:secret@host/draw?key=secret")) == "https://host/draw"
    )


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/", "https://localhost/draw", "https://10.1.2.3/", "http://example.org/"]
)
async def test_an_address_a_visitor_typed_may_not_be_inside_the_network(hosted: Hosted, address: str) -> None:
    with pytest.raises(BadInput):
        await hosted.draw(dataclasses.replace(REQUEST, model=address))
    assert hosted.server.calls == []


async def test_an_address_a_visitor_typed_does_not_get_the_visitors_token(hosted: Hosted) -> None:
    await hosted.draw(dataclasses.replace(REQUEST, model=f"{hosted.server.url}/somewhere"))
    assert [(call.path, call.token) for call in hosted.server.calls] == [("/somewhere", None)]


async def test_a_token_does_not_follow_a_redirect_to_another_service(hosted: Hosted) -> None:
    with hf.HuggingFaceServer() as other:
        hosted.server.enqueue(redirect(f"{other.url}/api/whoami-v2"), to=hf.HUB)
        with pytest.raises(KeyRefused):
            await HostedEngine(other.url, hosted.server.url).check(VISITOR)
        assert ([call.token for call in hosted.server.calls], [call.token for call in other.calls]) == (["hf_visitor"], [None])


async def test_each_visitor_gets_providers_in_the_order_of_their_own_account(hosted: Hosted) -> None:
    for token in ("hf_anna", "hf_ben", "hf_anna"):
        await hosted.draw(hf_token=Secret(token), provider="auto")
    assert [call.token for call in hosted.server.calls if call.path.startswith("/api/")] == ["hf_anna", "hf_ben"]


async def test_sixty_mixed_calls_of_two_visitors_each_carry_their_own_token(hosted: Hosted) -> None:
    async def one(number: int) -> str:
        owner = ("hf_anna", "hf_ben", "")[number % 3]
        provider = ("hf-inference", "auto", "fal-ai", "together")[number % 4]
        request = ImageRequest(owner or "nobody", hf.FLUX, 64, 64, 2, 0.0, seed=number)
        try:
            result = await hosted.draw(request, hf_token=Secret(owner), provider=provider)
        except KeyNeeded:
            return "nobody"
        assert result.seed == number
        return owner

    drawn = await asyncio.gather(*(one(number) for number in range(60)))
    assert {name: drawn.count(name) for name in set(drawn)} == {"hf_anna": 20, "hf_ben": 20, "nobody": 20}
    assert len(hosted.server.drawings) == 40
    assert all(call.token == call.prompt for call in hosted.server.drawings)
    assert {call.token for call in hosted.server.calls if call.path.startswith("/api/")} == {"hf_anna", "hf_ben"}


async def test_a_token_with_odd_characters_is_refused_before_it_is_sent(hosted: Hosted) -> None:
    for text in ("hf_caf\u00e9", "hf_two words", "hf_line\nbreak"):
        with reading(KeyRefused, "characters that no token has"):
            await hosted.draw(hf_token=Secret(text))
    assert hosted.server.calls == []


async def test_no_cookie_of_one_visitor_reaches_another(hosted: Hosted) -> None:
    hosted.server.enqueue(dataclasses.replace(hf.loading(0.25), headers=(("Set-Cookie", "who=anna"), ("Retry-After", "0.25"))))
    await hosted.draw()
    await hosted.draw(hf_token=Secret("hf_ben"))
    assert "cookie" not in hosted.server.drawings[-1].headers


# --- what can be chosen, and whether it works ---


async def test_the_list_is_what_the_hub_serves_now_by_the_chosen_provider(hosted: Hosted) -> None:
    everywhere = await hosted.engine.models(dataclasses.replace(VISITOR, provider="auto"))
    assert [choice.id for choice in everywhere] == [hf.FLUX, "Qwen/Qwen-Image", hf.SD3, "zai-org/GLM-Image"]
    assert (everywhere[0].label, everywhere[0].runnable) == ("FLUX.1 schnell", True)
    assert "fal-ai" in everywhere[0].note
    assert [choice.id for choice in await hosted.engine.models(VISITOR)] == [hf.FLUX, hf.SD3]
    asked = len(hosted.server.calls)
    await hosted.engine.models(VISITOR)
    assert len(hosted.server.calls) == asked


async def test_a_hub_that_fails_leaves_a_list_that_says_it_is_not_live(hosted: Hosted) -> None:
    for fault in (faults.html(200), hf.invalid_token(), hf.bad_gateway()):
        hosted.server.enqueue(fault, to=hf.HUB)
        choices = await hosted.engine.models(VISITOR)
        assert hf.FLUX in [choice.id for choice in choices]
        assert all("live one did not come" in choice.note for choice in choices)
    assert hf.SDXL not in [choice.id for choice in choices]


async def test_a_check_says_whose_the_token_is_or_what_is_wrong_with_it(hosted: Hosted) -> None:
    assert await hosted.engine.check(VISITOR) == "The token works: it is visitor's."
    rights = {"accessToken": {"role": "fineGrained", "fineGrained": {"scoped": [{"permissions": ["repo.content.read"]}]}}}
    hosted.server.enqueue(as_json({"name": "visitor", "auth": rights}), hf.invalid_token(), to=hf.HUB)
    with reading(KeyRefused, "valid, but it may not draw"):
        await hosted.engine.check(VISITOR)
    with reading(KeyRefused, "does not accept this token"):
        await hosted.engine.check(VISITOR)
    hosted.server.enqueue(as_json({"error": "Token expired"}), as_json([]), to=hf.HUB)
    with reading(KeyRefused, "does not say whose this token is: Token expired"):
        await hosted.engine.check(VISITOR)
    with reading(KeyRefused, "does not say whose this token is."):
        await hosted.engine.check(VISITOR)
    hosted.server.enqueue(faults.slow(as_json({}), FOREVER), to=hf.HUB)
    with pytest.raises(GaveUp):
        await hosted.engine.check(dataclasses.replace(VISITOR, deadline=0.4))
    endpoint = f"{hosted.server.url}/draw?key=secret"
    told = await hosted.engine.check(dataclasses.replace(VISITOR, hf_inference_url=endpoint))
    assert told == "Pictures are asked of the endpoint at 127.0.0.1."


async def test_stop_ends_the_call_itself_not_only_the_waiting_for_it(hosted: Hosted) -> None:
    hosted.server.enqueue(faults.hang())
    task = asyncio.create_task(hosted.draw())
    await asyncio.to_thread(hosted.server.wait_for, lambda: len(hosted.server.drawings) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(hosted.server.wait_for, lambda: hosted.server.drawings[0].disconnected)
