"""Count occurrences of many keys in little memory."""

from collections import Counter
from hashlib import blake2b

_BYTES = 8


class Occurrences:
    """How often each key came. A key takes about 70 bytes, whatever its length.

    Keys are told apart by 64 bits of their digest: of a million keys, two get the same one with a chance of 3e-8.
    """

    def __init__(self) -> None:
        self._digests: set[int] = set()
        self._repeated: Counter[int] = Counter()

    def count(self, key: str) -> int:
        """Count a key. How often it came before."""
        digest = int.from_bytes(blake2b(key.encode(errors="surrogatepass"), digest_size=_BYTES).digest())
        if digest not in self._digests:
            self._digests.add(digest)
            return 0
        self._repeated[digest] += 1
        return self._repeated[digest]
