"""Two ways in which an answer fails that only a chat model knows; whoever asked it sees them as what they are kinds of."""

from collections.abc import Awaitable, Callable

from gemini_diffusion.network.retry import retrying
from gemini_diffusion.types import ChatAnswer, Emit
from gemini_diffusion.types.errors import GaveUp, RequestRefused


class FieldRefused(RequestRefused):
    """A 400 that names an optional part of the request: without `field` it may be taken."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


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
