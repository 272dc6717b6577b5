"""The nouns of the program and the events of a turn, as plain values; knows no service, no window and no disk."""

from gemini_diffusion.types.chat import ChatAnswer, ChatRequest, Message, Role
from gemini_diffusion.types.events import (
    Alternative,
    Crafted,
    Emit,
    Event,
    Failed,
    Finished,
    Noticed,
    PictureKept,
    Planned,
    Preview,
    Progress,
    Selected,
    Stage,
    StageFinished,
    StageStarted,
    Stopped,
    TextGrew,
    Understood,
    Waiting,
    ignore,
)
from gemini_diffusion.types.finishing import FinishStep
from gemini_diffusion.types.image import (
    NO_START_IMAGE,
    Adapter,
    AdapterChoice,
    Aspect,
    Capabilities,
    CraftedPrompt,
    EncoderUsage,
    ImageRequest,
    ImageResult,
    Keyword,
    ModelChoice,
    PromptPart,
    StartImage,
    TokenUsage,
)
from gemini_diffusion.types.recipe import Picture, Recipe
