"""Different texts of one std::hash: MurmurHash2 of 64 bits as libstdc++ has it, whose seed is the same everywhere.

Of each 8 bytes it makes k, folds it in (hash ^= k) and multiplies by an odd number. When two blocks of a text are replaced by
others whose k differs in the top bit alone, the two differences cancel out, whatever the seed. So with 16 blocks that each
have such a twin, all 2^15 texts with an even number of twins have one hash.
"""

import random

MULTIPLIER = (0xC6A4A793 << 32) + 0x5BD1E995
MASK = (1 << 64) - 1
INVERSE = pow(MULTIPLIER, -1, 1 << 64)


def _mixed(block):
    k = int.from_bytes(block, "little") * MULTIPLIER & MASK
    k ^= k >> 47
    return k * MULTIPLIER & MASK


def _unmixed(k):
    k = k * INVERSE & MASK
    k ^= k >> 47
    return (k * INVERSE & MASK).to_bytes(8, "little")


def _block(rng):
    """Eight bytes of UTF-8 that an id may have."""
    block = b""
    while len(block) < 8:
        first, end = rng.choice(((0x30, 0x7B), (0x30, 0x7B), (0xA0, 0x800), (0x800, 0xD800)))
        block += chr(rng.randrange(first, end)).encode()
    return block if len(block) == 8 else _block(rng)


def _is_text(block):
    try:
        return all(c >= " " and c not in '"\\' and not "\x7f" <= c < "\xa0" for c in block.decode())
    except UnicodeDecodeError:
        return False


def _twins(count, rng):
    """Pairs of blocks whose k differs in the top bit alone. None exists of letters only: the bytes of twins are far apart."""
    found = []
    while len(found) < count:
        block = _block(rng)
        twin = _unmixed(_mixed(block) ^ (1 << 63))
        if _is_text(block) and _is_text(twin):
            found.append((block, twin))
    return found


def std_hash(text, seed=0xC70F6907):
    """What std::hash<std::string> says of a text whose size is a multiple of 8."""
    value = seed ^ (len(text) * MULTIPLIER & MASK)
    for at in range(0, len(text), 8):
        value = (value ^ _mixed(text[at : at + 8])) * MULTIPLIER & MASK
    value ^= value >> 47
    value = value * MULTIPLIER & MASK
    return value ^ value >> 47


def colliding_ids(count):
    """`count` (at most 32,768) different ids of 128 bytes with one hash."""
    twins = _twins(16, random.Random(2026))
    ids = []
    for choice in range(1 << 15):
        bits = choice << 1 | bin(choice).count("1") & 1
        ids.append(b"".join(pair[bits >> place & 1] for place, pair in enumerate(twins)))
        if len(ids) == count:
            break
    assert len({std_hash(text) for text in ids}) == 1
    return [text.decode() for text in ids]
