"""Write a copy of the C header with its comments in the form that Hawkmoth reads.

Hawkmoth needs a comment before the declaration that it describes, with a star before every line, in
reStructuredText. The header is written for people: the comment on a field follows it, a field with a
self-explanatory name has none (Hawkmoth would leave it out), and words in `backticks` are code. Only the
comments change here, so the declarations of the reference are those of the header.
"""

from __future__ import annotations

import re
from pathlib import Path

AFTER = re.compile(r"^( *)(\S[^\n]*?) */\*\*< (.*?) *\*/", re.DOTALL | re.MULTILINE)
BARE = re.compile(r"(?<!\*/)\n(?=    [^ /*\n][^\n]*[,;]$)", re.MULTILINE)  # a member without a comment
COMMENT = re.compile(r"^( *)/\*\* (.*?) *\*/", re.DOTALL | re.MULTILINE)


def rewrite(header: Path, folder: Path) -> None:
    """Write `header` to `folder` under its own name."""
    text = header.read_text(encoding="utf-8")
    text = AFTER.sub(r"\1/** \3 */\n\1\2", text)
    text = BARE.sub("\n    /** \\\\ */\n", text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / header.name).write_text(COMMENT.sub(_restated, text), encoding="utf-8")


def _restated(comment: re.Match[str]) -> str:
    """Return a comment with a star before every line and its words marked up."""
    indent, text = comment.groups()
    text = re.sub(r"^ *\*? *", "", text, flags=re.MULTILINE)
    text = re.sub(r"[|*]|_(?=\W)", r"\\\g<0>", text)
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    text = text.replace(". @return", ".\n\n@return")
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in text.split("\n"))
    return f"{indent}/**\n{body}{indent} */"
