"""An answer that broke off, which only a chat model knows; whoever asked it sees it as what it is a kind of."""

from collections.abc import Awaitable, Callable

from gemini_diffusion.network.retry import retrying
from gemini_diffusion.types import ChatAnswer, Emit
from gemini_diffusion.types.errors import GaveUp


class BrokeOff(GaveUp):
    """The answer ended after its first words, which have been shown; they are not asked for again."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The answer broke off. {why}", "What came of it is above. Send your words again for a whole one.")


async def ask_until_heard(
    attempt: Callable[[], Awaitable[ChatAnswer]], shown: Callable[[], str], deadline: float, emit: Emit
) -> ChatAnswer:
    """The answer within `deadline` seconds, asked for again until its first word is `shown`; after that it broke off."""
    try:
        return await retrying(attempt, deadline=deadline, emit=emit)
    except BrokeOff:
        raise
    except GaveUp as end:
        if not shown():
            raise
        raise BrokeOff(f"It took longer than {deadline:g} s.") from end.__cause__
