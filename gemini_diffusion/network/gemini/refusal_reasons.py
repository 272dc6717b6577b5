"""Why Gemini says nothing or draws nothing, in words, by `block_reason` and `finish_reason`."""

REASONS = {
    "SAFETY": "its safety rules said no",
    "BLOCKLIST": "it holds a forbidden word",
    "PROHIBITED_CONTENT": "it is about something prohibited",
    "JAILBREAK": "it looks like an attempt to get around the rules",
    "MODEL_ARMOR": "a filter in front of the model said no",
    "ESCALATION": "a filter in front of the model said no",
    "IMAGE_SAFETY": "the picture it describes is not allowed",
    "IMAGE_PROHIBITED_CONTENT": "the picture it describes is prohibited",
    "IMAGE_RECITATION": "it would copy a known picture",
    "IMAGE_OTHER": "no reason was given",
    "RECITATION": "it would repeat a known text word for word",
    "LANGUAGE": "it does not speak this language",
    "SPII": "it would hold somebody's personal data",
    "PUP_LIMITED_DISABLED": "the account is limited for what it asked before",
    "OTHER": "no reason was given",
    "BLOCKED_REASON_UNSPECIFIED": "no reason was given",
}
