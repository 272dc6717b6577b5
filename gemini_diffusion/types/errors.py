"""Everything that can go wrong, sorted by what should happen next; knows no service, no library and no window.

GeminiDiffusionError
├── Fixable                 the person can set it right
│   ├── KeyNeeded             no key was given
│   ├── KeyRefused            the service does not accept the key
│   ├── ModelNotFound         unknown, retired or not served there
│   ├── RequestRefused        the service or the model cannot take these values
│   │   └── FieldRefused        one of them, which can be left out
│   ├── BadInput              a value, a file or a line that cannot be read
│   ├── AgreementNeeded       a download or a licence waits for a yes
│   ├── PackageMissing        something is not installed
│   └── DiskFull              no room for the picture or the model
│       └── NotKept             the same for a picture that was paid for: it waits in memory
├── Final                   nobody can, not now and not by asking again
│   ├── Blocked               the service's safety rules said no
│   ├── OutOfCredit           the account has no money left
│   └── OutOfQuota            the day's or the plan's allowance is used up
├── Transient               asking again may help; carries the service's own advice in seconds
│   ├── ColdStart             the model is waking up
│   ├── RateLimited           too many requests this minute
│   ├── Overloaded            the service is busy or broken for a moment
│   ├── Unreachable           the network failed before an answer came
│   └── BadAnswer             an answer came that cannot be used: cut, not a picture, black
├── GaveUp                  asked again until the deadline or the last attempt; wraps the last Transient
└── OutOfMemory             the device has no room for this drawing

Cancelling is not an error of ours: it is asyncio.CancelledError, from the window to the worker.
"""


class GeminiDiffusionError(Exception):
    """What happened, in one sentence, and in `hint` what the person can do next; both are shown as they are."""

    default_hint = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class Fixable(GeminiDiffusionError):
    """The person can set it right: a key, a model, a value, a package."""


class KeyNeeded(Fixable):
    default_hint = "Add one in Settings."


class KeyRefused(Fixable):
    default_hint = "Check the key in Settings."


class ModelNotFound(Fixable):
    default_hint = "Choose another model."


class RequestRefused(Fixable):
    default_hint = "Change the request and send it again."


class FieldRefused(RequestRefused):
    """A 400 that names an optional part of the request: without `field` it may be taken."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class BadInput(Fixable):
    pass


class AgreementNeeded(Fixable):
    """A download waits for a yes: `model` is a catalogue id or a LoRA's hub id, the other two are bytes."""

    def __init__(self, message: str, hint: str = "", *, model: str, download_bytes: int = 0, free_bytes: int = 0) -> None:
        super().__init__(message, hint)
        self.model, self.download_bytes, self.free_bytes = model, download_bytes, free_bytes


class PackageMissing(Fixable):
    default_hint = "Run the start script again: it installs what is missing."


class DiskFull(Fixable):
    default_hint = "Free some space, or choose another folder with --data-dir."


class NotKept(DiskFull):
    """`name` is that of the picture among those that are held in memory."""

    default_hint = "Download it now, then free some space."

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class Final(GeminiDiffusionError):
    """Nobody can set it right now, and asking again would not help."""


class Blocked(Final):
    default_hint = "Say it in other words."


class OutOfCredit(Final):
    default_hint = "Add credit at the service, or use another engine."


class OutOfQuota(Final):
    default_hint = "Wait until tomorrow, choose another model, or use another key."


class Transient(GeminiDiffusionError):
    """Asking again may help. `retry_after` is the service's advice in seconds, None where it gave none; `begun` says that the
    service may have done what it was asked, so that asking again may cost twice."""

    default_hint = "Try again in a moment."

    def __init__(self, message: str, hint: str = "", *, retry_after: float | None = None, begun: bool = False) -> None:
        super().__init__(message, hint)
        self.retry_after, self.begun = retry_after, begun


class ColdStart(Transient):
    pass


class RateLimited(Transient):
    pass


class Overloaded(Transient):
    pass


class Unreachable(Transient):
    default_hint = "Check the network and try again."


class BadAnswer(Transient):
    pass


class GaveUp(GeminiDiffusionError):
    """The deadline or the last attempt is reached; `__cause__` is the last Transient."""

    default_hint = "Try again in a while, or use another engine."


class OutOfMemory(GeminiDiffusionError):
    default_hint = "Draw it smaller, close other programs, or use another engine."
