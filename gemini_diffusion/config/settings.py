"""One frozen Settings and the one table behind it: a default, variables, a label, a range and a sentence for each field.

The Settings tab, docs/settings.md and .env.example are made from this table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from gemini_diffusion.config.options import Option, Secret, read_as, row, without_secrets
from gemini_diffusion.types.errors import BadInput

GROUPS = ("Keys", "Chat", "Drawing", "Model details", "Keeping", "Sharing")
SAFETY = ("OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE")
PROVIDERS = ("auto", "hf-inference", "fal-ai", "nscale", "replicate", "together", "wavespeed", "zai-org")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a turn needs to know of a person's choices. None stands for the model's own value."""

    google_api_key: Secret = row(
        Secret(), "Keys", "Gemini key", "Lets Gemini chat and write prompts.", env=("GOOGLE_API_KEY", "GEMINI_API_KEY")
    )
    hf_token: Secret = row(
        Secret(), "Keys", "Hugging Face token", "Lets Hugging Face draw for you.", env=("HF_TOKEN",), address="hf_inference_url"
    )
    openai_api_key: Secret = row(
        Secret(), "Keys", "Chat server key", "Lets OpenAI, or the chat server that the host named, chat and write prompts.",
        env=("OPENAI_API_KEY",), address="openai_base_url",
    )  # fmt: skip
    openai_images_key: Secret = row(
        Secret(), "Keys", "Image server key", "Lets the image server that the host named, or else OpenAI, draw for you.",
        env=("OPENAI_IMAGES_API_KEY",), address="openai_images_url",
    )  # fmt: skip
    chat_model: str = row("gemini-flash-latest", "Chat", "Chat model", "The model that chats and writes the prompts.")
    temperature: float | None = row(
        None, "Chat", "Temperature", "Higher values make answers more varied, lower ones more predictable.", low=0, high=2
    )
    top_p: float | None = row(
        None, "Chat", "Top P", "Only the likeliest words are considered, up to this total probability.", low=0, high=1
    )
    top_k: int | None = row(
        None, "Chat", "Top K", "Only this many of the likeliest words are considered at each step.", low=1, high=1000
    )
    max_output_tokens: int | None = row(
        None, "Chat", "Max output tokens", "The longest answer; a token is about three quarters of a word, thinking counts.",
        low=64, high=65536,
    )  # fmt: skip
    safety: str = row(
        "BLOCK_ONLY_HIGH", "Chat", "Safety", "How likely harm must be before Gemini blocks an answer.", choices=SAFETY
    )
    plain_words: bool = row(
        True, "Chat", "Plain words", "Draws and changes pictures when a message asks for it; off, only commands do."
    )
    google_base_url: str = row(
        "", "Chat", "Gemini address", "The address of another server that speaks Gemini's API.",
        env=("GOOGLE_GEMINI_BASE_URL",), scope="host",
    )  # fmt: skip
    openai_base_url: str = row(
        "", "Chat", "Chat server", "The address of a server that speaks OpenAI's chat API, such as http://localhost:11434/v1.",
        env=("OPENAI_BASE_URL",), scope="host",
    )  # fmt: skip
    engine: str = row(
        "auto", "Drawing", "Engine", "Where pictures are drawn; auto asks a service whose key is set, else this machine."
    )
    image_model: str = row(
        "", "Drawing", "Image model", "The model that draws; empty lets the engine choose.", env=("GEMINI_DIFFUSION_MODEL",)
    )
    provider: str = row(
        "auto", "Drawing", "Provider", "Who draws for Hugging Face; auto lets Hugging Face choose.", choices=PROVIDERS
    )
    hf_inference_url: str = row(
        "", "Drawing", "Endpoint address", "The full address of an endpoint of your own; requests are sent there as they are.",
        env=("HF_INFERENCE_URL",), scope="host",
    )  # fmt: skip
    openai_images_url: str = row(
        "", "Drawing", "Image server", "The address of a server that speaks OpenAI's images API, such as"
        " http://localhost:1234/v1.", env=("OPENAI_IMAGES_BASE_URL",), scope="host",
    )  # fmt: skip
    stylize: int = row(
        100, "Drawing", "Stylize", "How much is added to your words (--stylize): 0 only corrects, 100 adds about 12 words.",
        low=0, high=1000,
    )  # fmt: skip
    max_prompt_tokens: int = row(
        60, "Drawing", "Max output prompt tokens", "About how long a written prompt may be.", low=10, high=500
    )
    aspect_ratio: str = row(
        "auto", "Drawing", "Shape", "The shape of a picture where a request names none (--ar); auto leaves it to the words.",
        choices=("auto", "1:1", "3:2", "16:9", "2:3", "9:16"),
    )  # fmt: skip
    style: str = row("", "Drawing", "Style", "The style of a picture where a request names none (--style); empty adds none.")
    preset: str = row("", "Drawing", "Preset", "The preset that every request takes its open flags from; empty takes none.")
    presets: str = row(
        "", "Drawing", "Presets", 'Flags under a name for --preset, as "noir: --style noir --steps 30; wide: --ar 16:9".'
    )
    pictures: int = row(
        1, "Drawing", "Pictures", "How many pictures a request draws where it does not say so (--n).", low=1, high=8
    )
    review: bool = row(False, "Drawing", "Review", "Shows the prompt and waits for you before anything is drawn.")
    negative_prompt: str = row("", "Drawing", "Negative prompt", "What no picture should show; put commas between the words.")
    num_inference_steps: int | None = row(
        None, "Model details", "Steps", "More steps give finer detail and take longer.", low=1, high=150
    )
    guidance_scale: float | None = row(
        None, "Model details", "Guidance", "How closely the picture follows the prompt.", low=0, high=30
    )
    scheduler: str = row(
        "", "Model details", "Scheduler", "How noise is turned into a picture, step by step; empty uses the model's own."
    )
    adapters: str = row(
        "", "Model details", "LoRAs", "Used in every picture drawn on this machine; write name:strength, with commas between."
    )
    refine: float = row(
        1.0, "Model details", "Refiner", "The part of the steps after which SDXL's refiner takes over; 0.8 is usual, 1 is off.",
        low=0.5, high=1,
    )  # fmt: skip
    preload: bool = row(
        True, "Model details", "Preload", "What drawing on this machine needs is loaded once a page stands, not with the first"
        " picture.", scope="host",
    )  # fmt: skip
    agreed_downloads: str = row(
        "", "Model details", "Agreed downloads", "Models that may be downloaded here, with commas between.", scope="host"
    )
    file_format: str = row(
        "png", "Keeping", "Download as", "The kind of file behind the Download button.", choices=("png", "jpeg", "webp")
    )
    deadline: float = row(
        180.0, "Keeping", "Deadline", "The longest wait for one answer of a service with all its retries, in seconds.",
        low=1, high=3600, scope="host",
    )  # fmt: skip
    home: str = row(
        "", "Keeping", "Data folder", "Where pictures and conversations are kept; empty is the usual place.", scope="host"
    )
    public_names: str = row(
        "", "Sharing", "Host names", "Names under which a proxy serves this app, such as pictures.example.org; commas between.",
        scope="host",
    )  # fmt: skip
    lend_per_visitor: int = row(
        30, "Sharing", "Lent per visitor", "With --lend-keys: answers and pictures a day that one visitor gets with your keys.",
        low=0, high=100_000, scope="host",
    )  # fmt: skip
    lend_in_all: int = row(
        300, "Sharing", "Lent in all", "With --lend-keys: answers and pictures a day that all visitors together get.",
        low=0, high=1_000_000, scope="host",
    )  # fmt: skip
    lend_tokens_per_visitor: int = row(
        300_000, "Sharing", "Lent tokens per visitor", "With --lend-keys: tokens a day, in and out, of one visitor's answers.",
        low=0, high=1_000_000_000, scope="host",
    )  # fmt: skip
    lend_tokens_in_all: int = row(
        3_000_000, "Sharing", "Lent tokens in all", "With --lend-keys: tokens a day, in and out, of all visitors' answers.",
        low=0, high=10_000_000_000, scope="host",
    )  # fmt: skip
    lend_longest_answer: int = row(
        8192, "Sharing", "Longest lent answer", "With --lend-keys: the most tokens of one answer; thinking counts.",
        low=256, high=1_000_000, scope="host",
    )  # fmt: skip
    lend_models: str = row(
        "", "Sharing", "Lent models", "With --lend-keys: the models that visitors may use with your keys, such as "
        "gemini-*flash*, with commas between; empty lends every one.", scope="host",
    )  # fmt: skip
    lend_prices: str = row(
        "", "Sharing", "Lent prices", "What models cost, for the sum of a day: model=0.3/2.5 in dollars for a million tokens "
        "in and out, model=0.004 for a picture, with commas between.", scope="host",
    )  # fmt: skip
    keep_per_visitor: int = row(
        1000, "Sharing", "Disk quota per visitor", "On a shared app: megabytes of pictures kept for each visitor.",
        low=1, high=1_000_000, scope="host",
    )  # fmt: skip
    keep_in_all: int = row(
        10_000, "Sharing", "Disk quota in all", "On a shared app: megabytes of pictures kept for all visitors together.",
        low=1, high=100_000_000, scope="host",
    )  # fmt: skip
    draw_minutes_per_visitor: int = row(
        120, "Sharing", "Drawing time per visitor", "On a shared app: minutes a day that this machine draws for one visitor.",
        low=0, high=1440, scope="host",
    )  # fmt: skip
    picture_filter: str = row(
        "auto", "Sharing", "Picture filter", "Blurs pictures that may not be for everyone until they are clicked; auto: on a "
        "shared app.", choices=("auto", "on", "off"), scope="host",
    )  # fmt: skip
    picture_filter_model: str = row(
        "Falconsai/nsfw_image_detection", "Sharing", "Filter model", "The image classifier that judges pictures: a folder, or "
        "a model that is downloaded once you agree.", scope="host",
    )  # fmt: skip

    @staticmethod
    def table() -> dict[str, Option]:
        """Field name -> its row, in the order of the Settings tab."""
        return {entry.name: entry.metadata["option"] for entry in dataclasses.fields(Settings)}

    @staticmethod
    def key_names() -> tuple[str, ...]:
        """The names of the settings that are keys."""
        return tuple(name for name, kind in _kinds().items() if kind is Secret)

    @staticmethod
    def addresses() -> dict[str, str]:
        """The name of a key -> that of the setting with an address of the host's own, where there is one."""
        return {name: option.address for name, option in Settings.table().items() if option.address}

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
        """What may be kept on disk for a visitor: every setting of theirs that is not a secret."""
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
    """`value` (text, number or None) as field `name` holds it; BadInput says the name, the value and what would fit.

    None is the default, and so is a blank text where no text is wanted."""
    option = Settings.table().get(name)
    if option is None:
        raise BadInput(f"There is no setting called {name}.", "See the tables in docs/settings.md.")
    kind = _kinds()[name]
    if kind is Secret:
        return value if isinstance(value, Secret) else Secret(str(value or ""))
    if value is None or (kind is not str and isinstance(value, str) and not value.strip()):
        return getattr(Settings(), name)
    return read_as(kind, option, value, source or option.label)


@cache
def _kinds() -> dict[str, type]:
    """Field name -> the type of its values, None aside."""
    hints = get_type_hints(Settings)
    return {name: next((kind for kind in get_args(hint) if kind is not NoneType), hint) for name, hint in hints.items()}
