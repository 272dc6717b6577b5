"""One frozen Settings and the one table behind it: a field is default + environment name + label + range + help.

The Settings tab, the README's table and .env.example are made from this table. It knows no window and no service, and it
never shows a key: keys are Secret.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_diffusion.config.options import Option, Secret, read_as, row, without_secrets
from gemini_diffusion.types.errors import BadInput

GROUPS = ("Keys", "Chat", "Drawing", "Model details", "Keeping", "Sharing")
SAFETY = ("OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE")
PROVIDERS = ("auto", "hf-inference", "fal-ai", "nscale", "replicate", "together", "wavespeed", "zai-org")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a turn needs to know of a person's choices. None stands for "the model's own"."""

    google_api_key: Secret = row(
        Secret(),
        Option("Keys", "Gemini key", "Lets Gemini chat and write prompts.", ("GOOGLE_API_KEY", "GEMINI_API_KEY")),
    )
    hf_token: Secret = row(Secret(), Option("Keys", "Hugging Face token", "Lets Hugging Face draw for you.", ("HF_TOKEN",)))
    chat_model: str = row(
        "gemini-flash-latest", Option("Chat", "Chat model", "Who chats and writes the prompts.", term="model")
    )
    temperature: float | None = row(
        None, Option("Chat", "Variety", "Higher is more surprising.", low=0.0, high=2.0, term="temperature")
    )
    top_p: float | None = row(
        None, Option("Chat", "Word pool", "Lower keeps to the likeliest words.", low=0.0, high=1.0, term="top_p")
    )
    top_k: int | None = row(
        None, Option("Chat", "Word choices", "How many words are considered at each step.", low=1, high=1000, term="top_k")
    )
    max_output_tokens: int | None = row(
        None,
        Option(
            "Chat",
            "Longest answer",
            "In tokens, about three quarters of a word each; a model's thinking counts too.",
            low=64,
            high=65536,
            term="max_output_tokens",
        ),
    )
    safety: str = row(
        "BLOCK_ONLY_HIGH",
        Option("Chat", "Safety", "When Gemini declines to answer.", choices=SAFETY, term="safety threshold"),
    )
    google_base_url: str = row(
        "",
        Option(
            "Chat",
            "Gemini address",
            "Another address that speaks Gemini's protocol.",
            ("GOOGLE_GEMINI_BASE_URL",),
            scope="host",
        ),
    )
    engine: str = row("auto", Option("Drawing", "Engine", "Where pictures are drawn.", choices=("auto", "local", "hosted")))
    image_model: str = row(
        "", Option("Drawing", "Image model", "Empty takes the engine's own choice.", ("GEMINI_DIFFUSION_MODEL",), term="model")
    )
    provider: str = row(
        "auto",
        Option("Drawing", "Provider", "Who draws for Hugging Face; auto lets it choose.", choices=PROVIDERS),
    )
    hf_inference_url: str = row(
        "",
        Option("Drawing", "Endpoint address", "Full address of one drawing endpoint.", ("HF_INFERENCE_URL",), scope="host"),
    )
    stylize: int = row(
        100,
        Option(
            "Drawing",
            "Embellishment",
            "How much is added to your words: 0 only corrects, 100 about 12 words.",
            low=0,
            high=1000,
            term="--stylize",
        ),
    )
    max_prompt_tokens: int = row(
        60, Option("Drawing", "Prompt length", "About how long a written prompt may get, in tokens.", low=10, high=500)
    )
    review: bool = row(False, Option("Drawing", "Review", "Shows the prompt and waits before anything is drawn."))
    negative_prompt: str = row(
        "", Option("Drawing", "Always avoid", "Never wanted in any picture; words with commas between.", term="negative_prompt")
    )
    num_inference_steps: int | None = row(
        None, Option("Model details", "Steps", "More is finer and slower.", low=1, high=150, term="num_inference_steps")
    )
    guidance_scale: float | None = row(
        None,
        Option("Model details", "Guidance", "How closely the words are followed.", low=0.0, high=30.0, term="guidance_scale"),
    )
    scheduler: str = row("", Option("Model details", "Scheduler", "The way noise becomes a picture; empty is the model's own."))
    adapters: str = row(
        "",
        Option(
            "Model details",
            "Always with",
            "LoRAs that every picture is drawn with, as name:strength with commas between; only on this machine.",
            term="LoRA",
        ),
    )
    refine: float = row(
        1.0,
        Option(
            "Model details",
            "Refiner takes over at",
            "The part of the drawing after which the second model goes on; 1 is never, 0.8 is usual.",
            low=0.5,
            high=1.0,
            term="denoising_end",
        ),
    )
    agreed_downloads: str = row(
        "",
        Option(
            "Model details",
            "Agreed downloads",
            "Models that may be fetched to this machine, with commas between.",
            scope="host",
        ),
    )
    file_format: str = row(
        "png", Option("Keeping", "Download as", "The file behind the Download button.", choices=("png", "jpeg", "webp"))
    )
    deadline: float = row(
        180.0,
        Option(
            "Keeping",
            "Patience",
            "The longest wait for one service with all its retries, in seconds.",
            low=1,
            high=3600,
            scope="host",
        ),
    )
    home: str = row(
        "",
        Option(
            "Keeping",
            "Data folder",
            "Where pictures and conversations are kept; empty is the usual place for data.",
            scope="host",
        ),
    )

    public_names: str = row(
        "",
        Option(
            "Sharing",
            "Own names",
            "Names under which this window is reached from outside, as pictures.example.org, with commas between.",
            scope="host",
        ),
    )
    lend_per_visitor: int = row(
        30,
        Option(
            "Sharing",
            "Lent to one visitor",
            "With --lend-keys: answers and pictures a day that one visitor gets with your keys.",
            low=0,
            high=100_000,
            scope="host",
        ),
    )
    lend_in_all: int = row(
        300,
        Option(
            "Sharing",
            "Lent in all",
            "With --lend-keys: answers and pictures a day that all visitors together get with your keys.",
            low=0,
            high=1_000_000,
            scope="host",
        ),
    )
    keep_per_visitor: int = row(
        1000,
        Option(
            "Sharing",
            "Kept for one visitor",
            "Where strangers draw: megabytes of pictures that are kept for one of them.",
            low=1,
            high=1_000_000,
            scope="host",
        ),
    )
    keep_in_all: int = row(
        10_000,
        Option(
            "Sharing",
            "Kept in all",
            "Where strangers draw: megabytes of pictures that are kept for all of them together.",
            low=1,
            high=100_000_000,
            scope="host",
        ),
    )
    picture_filter: str = row(
        "auto",
        Option(
            "Sharing",
            "Picture filter",
            "Blurs pictures that may not be for everyone until they are clicked; auto is on where strangers draw.",
            choices=("auto", "on", "off"),
            scope="host",
        ),
    )
    picture_filter_model: str = row(
        "Falconsai/nsfw_image_detection",
        Option(
            "Sharing",
            "Filter model",
            "The image classifier that judges pictures: a folder, or a model to be fetched once agreed to.",
            scope="host",
        ),
    )

    @staticmethod
    def table() -> dict[str, Option]:
        """Field name -> its row, in the order of the Settings tab."""
        return {entry.name: entry.metadata["option"] for entry in dataclasses.fields(Settings)}

    @staticmethod
    def environment_names(name: str) -> tuple[str, ...]:
        """The variables that set a field, the strongest first; GEMINI_DIFFUSION_<FIELD> always works."""
        own = f"GEMINI_DIFFUSION_{name.upper()}"
        return tuple(dict.fromkeys((*Settings.table()[name].env, own)))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Settings with what `environment` gives (a mapping like os.environ, .env merged in); BadInput on a bad value."""
        given = {}
        for name in cls.table():
            for variable in cls.environment_names(name):
                if environment.get(variable, "").strip():
                    given[name] = read_value(name, environment[variable], source=variable)
                    break
        return dataclasses.replace(cls(), **given)

    def replaced(self, values: Mapping[str, Any]) -> Settings:
        """A copy with `values`, each checked against the table; BadInput names the first that does not fit."""
        return dataclasses.replace(self, **{name: read_value(name, value) for name, value in values.items()})

    def public(self) -> dict[str, Any]:
        """What may be kept on disk by visitor: every visitor's setting that is not a secret."""
        table = self.table()
        return {
            name: getattr(self, name)
            for name, option in table.items()
            if option.scope == "visitor" and not isinstance(getattr(self, name), Secret)
        }

    def shown(self, name: str) -> Any:
        """A setting's value as it may be sent to a browser: an address without what may be a key in it."""
        value = getattr(self, name)
        return without_secrets(value) if isinstance(value, str) and "://" in value else value

    @property
    def home_path(self) -> Path:
        return Path(self.home)

    @property
    def agreed_models(self) -> frozenset[str]:
        return frozenset(part.strip() for part in self.agreed_downloads.split(",") if part.strip())


def read_value(name: str, value: Any, *, source: str = "") -> Any:
    """`value` (text, number or None) as field `name` holds it; BadInput says the name, the value and what would fit."""
    option = Settings.table().get(name)
    if option is None:
        raise BadInput(f"There is no setting called {name}.", "See the table of settings in the README.")
    kind, optional = _kind(name)
    label = source or option.label
    if kind is Secret:
        return value if isinstance(value, Secret) else Secret(str(value or ""))
    if value is None or (optional and isinstance(value, str) and not value.strip()):
        return getattr(Settings(), name)
    return read_as(kind, label, value, option)


def _kind(name: str) -> tuple[type, bool]:
    """The type a field holds, and whether None is among its values."""
    text = str(Settings.__dataclass_fields__[name].type)
    kinds: dict[str, type] = {"Secret": Secret, "str": str, "bool": bool, "int": int, "float": float}
    return kinds[text.split(" | ")[0]], "None" in text
