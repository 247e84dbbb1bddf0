#pragma once

#include "frames.h"
#include "histogram.h"

#include <stddef.h>
#include <stdint.h>

/// What comes back on one connection: checks each echo against the message it answers and takes the time.
struct echoes {
    const struct frames *frames;
    uint64_t verify_every;

    /// Send times of the messages on the way, a ring of `capacity`.
    uint64_t *sent_at;
    size_t capacity;
    size_t on_the_way;
    size_t next_sent;
    size_t next_expected;

    uint64_t complete;
    /// Position of the next echo's payload in the ring of frames.
    size_t next_payload;

    /// The header of the frame that is arriving.
    uint8_t header[10];
    size_t header_have;
    /// Payload bytes that the frame still lacks; only meaningful with a whole header.
    uint64_t payload_left;
};

struct echoes echoes_create(const struct frames *frames, size_t in_flight, uint64_t verify_every);

/// Notes that `count` messages were sent at `now`.
void echoes_expect(struct echoes *echoes, size_t count, uint64_t now);

/// Takes bytes from the socket and returns how many echoes they completed; exits with a message on any mismatch.
///
/// Pings and pongs are skipped, and pings not answered: a run is shorter than a ping timeout.
size_t echoes_receive(struct echoes *echoes, const uint8_t *bytes, size_t length, uint64_t now,
                      struct histogram *latencies);
