"""From a person's words to a prompt that an image model reads well, with an account of what was kept and added.

`craft` asks a chat model and holds it to the contract; without one the rules write. It draws nothing and knows no window.
"""

from gemini_diffusion.crafting.contract import ContractResult, check_prompt
from gemini_diffusion.crafting.crafter import craft
from gemini_diffusion.crafting.keywords import Keywords, find_keywords
from gemini_diffusion.crafting.prompt_request import PromptRequest, verbatim
from gemini_diffusion.crafting.provenance import account, only_yours, put_in, without_parts
from gemini_diffusion.crafting.rules import craft_by_rules
from gemini_diffusion.crafting.validate import validate
from gemini_diffusion.crafting.vocabulary import Vocabulary, read_vocabulary

__all__ = [
    "ContractResult",
    "Keywords",
    "PromptRequest",
    "Vocabulary",
    "account",
    "check_prompt",
    "craft",
    "craft_by_rules",
    "find_keywords",
    "only_yours",
    "put_in",
    "read_vocabulary",
    "validate",
    "verbatim",
    "without_parts",
]
