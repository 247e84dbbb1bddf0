#pragma once

#include <stddef.h>
#include <stdint.h>

/// A ring of complete masked frames with different contents, sent over and over, and the echoes they must give.
struct frames {
    /// Number of frames in the ring, at least the number in flight.
    size_t count;
    size_t payload_length;

    /// `count` frames of `sent_length` bytes, one after another.
    uint8_t *sent;
    size_t sent_length;

    /// The header of every echo: FIN, binary, unmasked.
    uint8_t echo_header[10];
    size_t echo_header_length;
    /// `count` payloads of `payload_length` bytes, unmasked.
    uint8_t *payloads;
};

struct frames build_frames(size_t payload_length, size_t in_flight);
