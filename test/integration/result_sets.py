"""Result sets from their packets: definitions of columns, and rows of both protocols."""

import struct

from raw_client import length_encoded

LONGLONG, VAR_STRING = 8, 253  # types of columns on the wire
UNSIGNED = 0x20


def split_packets(received):
    at = 0
    while at < len(received):
        size = int.from_bytes(received[at:at + 3], "little")
        yield received[at + 4:at + 4 + size]
        at += 4 + size


def take_text(payload, at):
    if payload[at] == 0xFB:
        return None, at + 1
    size = length_encoded(payload[at:])
    at += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(payload[at], 1)
    return payload[at:at + size].decode(), at + size


def definition(payload):
    """(name, type, unsigned) of a column definition packet."""
    at = 0
    for _ in range(5):
        name, at = take_text(payload, at)
    _, at = take_text(payload, at)
    kind, flags = struct.unpack("<BH", payload[at + 7:at + 10])
    return name, kind, bool(flags & UNSIGNED)


def text_row(payload, columns):
    at, values = 0, []
    for _ in columns:
        one, at = take_text(payload, at)
        values.append(one)
    assert at == len(payload)
    return values


def binary_row(payload, columns):
    """As the text protocol would have it."""
    at, values = 1 + (len(columns) + 9) // 8, []
    for index, (_, kind, unsigned) in enumerate(columns):
        if payload[1 + (index + 2) // 8] >> ((index + 2) % 8) & 1:
            values.append(None)
        elif kind == LONGLONG:
            values.append(str(struct.unpack("<Q" if unsigned else "<q", payload[at:at + 8])[0]))
            at += 8
        else:
            one, at = take_text(payload, at)
            values.append(one)
    assert at == len(payload)
    return values
