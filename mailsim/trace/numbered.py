"""Columns of repeating words as numbers, so that a question about a million events is a few operations on arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

NONE = -1
"""The number of no event."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A column: its words, and for each event the number of its word."""

    words: pa.Array
    numbers: Numbers

    def among(self, *words: str) -> Mask:
        """For each event, whether it has one of these words."""
        return self._having(pc.is_in(self.words, pa.array(words, pa.string())))

    def matching(self, pattern: str) -> Mask:
        """For each event, whether a regular expression is found in its word."""
        return self._having(pc.match_substring_regex(self.words, pattern))

    def _having(self, wanted: pa.Array) -> Mask:
        mask: Mask = wanted.to_numpy(zero_copy_only=False)
        return mask[self.numbers]

    def last(self, events: Numbers) -> Numbers:
        """For each word the last of these events that has it."""
        found = np.full(len(self.words), NONE)
        found[self.numbers[events]] = events  # of a repeated index numpy keeps the last assignment
        return found

    def first(self, events: Numbers) -> Numbers:
        """For each word the first of these events that has it."""
        return self.last(events[::-1])

    def at(self, events: Numbers) -> pa.Array:
        """The words of these events; empty for no event."""
        return words_at(
            self.words, np.where(events == NONE, NONE, self.numbers[events] if len(self.numbers) else NONE)
        )


def numbered(column: pa.ChunkedArray) -> Numbered:
    """A column of an Arrow table; words are numbered in the order in which they appear."""
    whole = pa.types.is_dictionary(column.type)
    encoded = column.unify_dictionaries() if whole else column.dictionary_encode()
    if not encoded.num_chunks:
        return Numbered(pa.array([], pa.string()), np.zeros(0, dtype=np.int64))
    numbers = np.concatenate([piece.indices.to_numpy() for piece in encoded.chunks])
    return Numbered(encoded.chunk(encoded.num_chunks - 1).dictionary, numbers)


def words_at(words: pa.Array, numbers: Numbers) -> pa.Array:
    """The words of these numbers; empty for NONE."""
    return pc.fill_null(words.take(pa.array(numbers, mask=numbers == NONE)), "")
