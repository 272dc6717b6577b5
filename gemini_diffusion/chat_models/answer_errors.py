"""Two ways in which an answer fails that only a chat model knows; whoever asked it sees them as what they are kinds of."""

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
