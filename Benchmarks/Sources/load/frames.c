#include "frames.h"
#include "fail.h"

#include <stdlib.h>
#include <string.h>

enum { FIN_BINARY = 0x82, MASKED = 0x80, KEY_LENGTH = 4 };

/// xorshift64*: the same contents in every run.
static uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

/// Writes the first two bytes and the extended length (RFC 6455 §5.2); returns the number of bytes.
static size_t write_header(uint8_t *header, size_t payload_length, uint8_t mask_bit) {
    size_t extended = payload_length < 126 ? 0 : payload_length <= UINT16_MAX ? 2 : 8;
    header[0] = FIN_BINARY;
    header[1] = mask_bit | (uint8_t)(extended == 0 ? payload_length : extended == 2 ? 126 : 127);
    for (size_t i = 0; i < extended; i++) header[2 + i] = (uint8_t)(payload_length >> (8 * (extended - 1 - i)));
    return 2 + extended;
}

struct frames build_frames(size_t payload_length, size_t in_flight) {
    struct frames frames = {.payload_length = payload_length};
    frames.echo_header_length = write_header(frames.echo_header, payload_length, 0);
    frames.sent_length = frames.echo_header_length + KEY_LENGTH + payload_length;

    // A small ring stays in the generator's cache; two frames at least, so that a repeated echo is noticed.
    size_t fitting = (128 << 10) / frames.sent_length;
    frames.count = fitting < 2 ? 2 : fitting > 64 ? 64 : fitting;
    if (frames.count < in_flight) frames.count = in_flight;

    frames.sent = malloc(frames.count * frames.sent_length);
    frames.payloads = malloc(frames.count * payload_length + 1);
    if (frames.sent == NULL || frames.payloads == NULL) fail("no memory for the frames");

    uint64_t random = 0x9E3779B97F4A7C15u;
    for (size_t index = 0; index < frames.count; index++) {
        uint8_t *frame = frames.sent + index * frames.sent_length;
        uint8_t *key = frame + write_header(frame, payload_length, MASKED);
        uint8_t *masked = key + KEY_LENGTH;
        uint8_t *payload = frames.payloads + index * payload_length;
        uint32_t key_bits = (uint32_t)(next_random(&random) >> 32);
        memcpy(key, &key_bits, KEY_LENGTH);
        for (size_t i = 0; i < payload_length; i++) {
            payload[i] = (uint8_t)(next_random(&random) >> 56);
            masked[i] = payload[i] ^ key[i % KEY_LENGTH];
        }
    }
    return frames;
}
