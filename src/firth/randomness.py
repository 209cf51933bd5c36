"""Every random draw of the library, in streams keyed by (seed, purpose, index) and never by thread.

The generator is Philox4x32-10 (Salmon et al. 2011): counter-based, so any stream can be opened anywhere without having
drawn the ones before it. The C++ kernel implements the same function (``native/philox.hpp``); the tests compare the two
and both with the published known answers. A stream is the sequence of 32-bit words

    philox(counter = (block, index low, index high, purpose), key = (seed low, seed high)),  block = 0, 1, 2, ...

four words a block. Two purposes never share a stream, so adding a draw in one place moves no other.

References
----------
Salmon, Moraes, Dror & Shaw (2011). Parallel random numbers: as easy as 1, 2, 3. SC '11.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from firth.arrays import Float32, UInt32, UInt64

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of the format of reproducible runs: never renumber."""

    INITIAL_VECTORS = 1
    LANE = 2
    HELDOUT_SPLIT = 3
    HELDOUT_SAMPLE = 4
    CLUSTERS = 5
    MAP_START = 6
    PLANTED = 7
    SEQUENCES = 8
    NEAREST = 9
    MAP_SAMPLE = 11
    HOLDOUT = 12
    RESAMPLES = 13
    CONFIDENCE = 14
    ALIGNMENT = 15
    TUNING = 16
    TAGS = 17
    CHANCE = 18
    DELIVERY = 19
    WALKS = 20


def philox(counters: UInt32, key: tuple[int, int]) -> UInt32:
    """Return Philox4x32-10 of each counter.

    Parameters
    ----------
    counters
        (n, 4) uint32, one counter a row.
    key
        Two 32-bit words.

    Returns
    -------
    UInt32
        (n, 4) uint32.
    """
    x0, x1, x2, x3 = (counters[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(10):
        product0 = _MULTIPLIERS[0] * x0
        product1 = _MULTIPLIERS[1] * x2
        x0, x1, x2, x3 = (
            (product1 >> _SHIFT) ^ x1 ^ np.uint64(k0),
            product1 & _LOW,
            (product0 >> _SHIFT) ^ x3 ^ np.uint64(k1),
            product0 & _LOW,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack([x0, x1, x2, x3], axis=1).astype(np.uint32)


def words(seed: int, purpose: Purpose, index: int, n: int) -> UInt32:
    """Return the first ``n`` 32-bit words of a stream, uniform on [0, 2**32).

    Parameters
    ----------
    seed
        0 <= seed < 2**64.
    purpose
        What the draw is for.
    index
        Which stream of that purpose, 0 <= index < 2**64.
    n
        How many words, at most 2**34.
    """
    n_blocks = -(-n // 4)
    counters = np.empty((n_blocks, 4), dtype=np.uint32)
    counters[:, 0] = np.arange(n_blocks, dtype=np.uint32)
    counters[:, 1] = index & 0xFFFFFFFF
    counters[:, 2] = index >> 32
    counters[:, 3] = int(purpose)
    return philox(counters, (seed & 0xFFFFFFFF, seed >> 32)).reshape(-1)[:n]


def uniform(drawn: UInt32) -> Float32:
    """Return words as float32 numbers, uniform on [0, 1) in steps of 2**-24 (each exactly representable)."""
    return (drawn >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def generator(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """Return a NumPy generator of its own stream, for draws that only Python makes (k-means starts, planted data)."""
    key: UInt64 = np.array([seed, (int(purpose) << 56) ^ index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))
