#!/usr/bin/env bash
# @huggingface/tokenizers (JavaScript): three fields of a tokenizer.json that the Python library obeys are ignored.
#
# Versions: npm @huggingface/tokenizers 0.2.0 (Node 20) beside PyPI tokenizers 0.23.3.
#
# Behaviour: the same tokenizer.json is read by both without a word, and
#  - `truncation` is ignored: a text cut to 8 ids in Python has all its ids in JavaScript;
#  - `padding` is ignored: a text padded to 8 ids stays as short as it is;
#  - `byte_fallback` of a Unigram model is ignored: words outside the vocabulary become <unk>, one for each word, where
#    Python gives one id for each byte, so what they said is lost.
# Byte fallback of a BPE model agrees.
#
# Expected: one format by one publisher means one list of ids; a field that is not supported is refused.
#
# Why it matters: embedding and text-encoder models publish their limits in exactly these fields. A page that counts or
# encodes prompts in the browser promises room the server does not have, hands a fixed-size model too few or too many
# ids, and searches an index built in Python with other vectors than the query's.
#
# Seen on 2026-11-30:
#   truncation     python 8 ids, javascript 12 ids
#   padding        python 8 ids, javascript 4 ids
#   byte fallback  python 257 100 98 117 (the blank, then c, a, t), javascript 257 0 (the blank, then <unk>)
#   none of them   both 12 ids
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check tokenizers==0.23.3
npm install --silent --no-audit --no-fund --prefix "$tmp" @huggingface/tokenizers@0.2.0
"$tmp/venv/bin/python" - "$tmp/cases.json" <<'EOF'
import json
import sys

from tokenizers import Tokenizer, models, pre_tokenizers

WORDS = ["[UNK]", "[PAD]", *"a red kite over the grey sea at dawn in light rain".split()]
LONG, SHORT = "a red kite over the grey sea at dawn in light rain", "a red kite over"


def words(truncate=None, pad=None):
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if truncate:
        tokenizer.enable_truncation(truncate)
    if pad:
        tokenizer.enable_padding(length=pad, pad_id=1, pad_token="[PAD]")
    return tokenizer


def pieces():
    in_bytes = [(f"<0x{number:02X}>", -10.0) for number in range(256)]
    vocabulary = [("<unk>", 0.0), *in_bytes, ("\u2581", -2.0), ("\u2581red", -3.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return tokenizer


cases = []
for name, tokenizer, text in (
    ("truncation", words(truncate=8), LONG),
    ("padding", words(pad=8), SHORT),
    ("byte fallback", pieces(), "cat"),
    ("none of them", words(), LONG),
):
    encoded = tokenizer.encode(text)
    cases.append({"name": name, "text": text, "tokenizer": json.loads(tokenizer.to_str()), "ids": encoded.ids,
                  "tokens": encoded.tokens})
with open(sys.argv[1], "w") as file:
    json.dump(cases, file)
EOF
cat > "$tmp/compare.mjs" <<'EOF'
import fs from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

const same = {};
for (const { name, text, tokenizer, ids, tokens } of JSON.parse(fs.readFileSync(process.argv[2], "utf8"))) {
  const here = new Tokenizer(tokenizer, {}).encode(text);
  same[name] = JSON.stringify(here.ids) === JSON.stringify(ids);
  console.log(`${name.padEnd(14)} python     ${ids.length} ids: ${ids.join(" ")} (${tokens.join(" ")})`);
  console.log(`${"".padEnd(14)} javascript ${here.ids.length} ids: ${here.ids.join(" ")}`);
}
if (!same["none of them"]) {
  console.error("Changed: the two libraries disagree on a plain tokenizer as well.");
  process.exit(1);
}
const mended = Object.keys(same).filter((name) => name !== "none of them" && same[name]);
if (mended.length) {
  console.error(`Changed: both libraries now obey: ${mended.join(", ")}.`);
  process.exit(1);
}
EOF
node "$tmp/compare.mjs" "$tmp/cases.json"
