"""Snapshots: all state of a partition at one position, as a file.

Layout, in this order; integers are unsigned and big-endian:

=================  ===============================================================================================
`EDDYSNAP`         8 bytes
version            2 bytes: 1, of this layout
length             4 bytes, of the header
header             JSON in UTF-8 (`stream.snapshot.header.Header`), filled up with spaces
frames             each: 1 byte, the section; 4 bytes, the length of what follows; a zstd frame, which holds a msgpack
                   array of `[name, value]` pairs
end                the frame `.` of length 0
checksum           32 bytes: BLAKE2b of all that is before it
=================  ===============================================================================================

Sections come in this order, their pairs sorted by name, no name twice: `s` scalars, `m` message-id hashes and `o`
outbox (one pair each, with an empty name), `i` items, `p` profiles. So the same state gives the same bytes, the time in
the header aside, under the same release of zstd.

The state hash is BLAKE2b (16 bytes) of the msgpack of `[watermark, number]` and then of `[section, name, value]` of
each pair but the outbox, which depends on how the last batch was cut.
"""
