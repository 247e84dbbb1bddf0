#include "echoes.h"
#include "fail.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIN_CLOSE = 0x88, FIN_PING = 0x89, FIN_PONG = 0x8A };

struct echoes echoes_create(const struct frames *frames, size_t in_flight, uint64_t verify_every) {
    struct echoes echoes = {.frames = frames, .verify_every = verify_every, .capacity = in_flight};
    echoes.sent_at = malloc(in_flight * sizeof *echoes.sent_at);
    if (echoes.sent_at == NULL) fail("no memory for the send times");
    return echoes;
}

void echoes_expect(struct echoes *echoes, size_t count, uint64_t now) {
    for (size_t i = 0; i < count; i++) {
        echoes->sent_at[echoes->next_sent] = now;
        if (++echoes->next_sent == echoes->capacity) echoes->next_sent = 0;
    }
    echoes->on_the_way += count;
}

static inline bool is_sampled(const struct echoes *echoes) { return echoes->complete % echoes->verify_every == 0; }

static inline void verify(const struct echoes *echoes, const uint8_t *bytes, size_t offset, size_t length) {
    const struct frames *frames = echoes->frames;
    const uint8_t *expected = frames->payloads + echoes->next_payload * frames->payload_length + offset;
    if (memcmp(bytes, expected, length) != 0)
        fail("echo %llu of a connection differs from its message", (unsigned long long)echoes->complete + 1);
}

static inline void finish_echo(struct echoes *echoes, uint64_t now, struct histogram *latencies) {
    if (echoes->on_the_way-- == 0) fail("the server sent more echoes than it got messages");
    record(latencies, now - echoes->sent_at[echoes->next_expected]);
    if (++echoes->next_expected == echoes->capacity) echoes->next_expected = 0;
    if (++echoes->next_payload == echoes->frames->count) echoes->next_payload = 0;
    echoes->complete++;
}

/// Bytes of the header that begins with the first `have` bytes of `header`, as far as they tell.
static size_t header_length(const uint8_t *header, size_t have) {
    if (have < 2) return 2;
    if (header[1] & 0x80) fail("the server masked a frame (RFC 6455 §5.1)");
    return header[1] < 126 ? 2 : header[1] == 126 ? 4 : 10;
}

/// Payload length of a whole header, which must be that of an echo, a ping or a pong.
static uint64_t check_header(const struct echoes *echoes) {
    const struct frames *frames = echoes->frames;
    const uint8_t *header = echoes->header;
    if (header[0] == FIN_PING || header[0] == FIN_PONG) return header[1];
    if (header[0] == FIN_CLOSE) fail("the server sent a close frame");
    if (echoes->header_have != frames->echo_header_length || memcmp(header, frames->echo_header, echoes->header_have))
        fail("a frame that starts %02x %02x is not the echo of %zu bytes", header[0], header[1],
             frames->payload_length);
    return frames->payload_length;
}

/// Takes some bytes of a frame that did not arrive whole; returns how many.
static size_t receive_piece(struct echoes *echoes, const uint8_t *bytes, size_t length, bool *completes_echo) {
    size_t taken = 0;
    if (echoes->header_have < header_length(echoes->header, echoes->header_have)) {
        while (taken < length && echoes->header_have < header_length(echoes->header, echoes->header_have))
            echoes->header[echoes->header_have++] = bytes[taken++];
        if (echoes->header_have < header_length(echoes->header, echoes->header_have)) return taken;
        echoes->payload_left = check_header(echoes);
    }
    bool is_echo = echoes->header[0] == echoes->frames->echo_header[0];
    size_t piece = length - taken < echoes->payload_left ? length - taken : (size_t)echoes->payload_left;
    if (is_echo && is_sampled(echoes))
        verify(echoes, bytes + taken, echoes->frames->payload_length - (size_t)echoes->payload_left, piece);
    echoes->payload_left -= piece;
    if (echoes->payload_left == 0) {
        echoes->header_have = 0;
        *completes_echo = is_echo;
    }
    return taken + piece;
}

size_t echoes_receive(struct echoes *echoes, const uint8_t *bytes, size_t length, uint64_t now,
                      struct histogram *latencies) {
    const struct frames *frames = echoes->frames;
    size_t echo_length = frames->echo_header_length + frames->payload_length;
    uint64_t before = echoes->complete;
    size_t position = 0;
    while (position < length) {
        if (echoes->header_have == 0 && length - position >= echo_length
            && memcmp(bytes + position, frames->echo_header, frames->echo_header_length) == 0) {
            if (is_sampled(echoes))
                verify(echoes, bytes + position + frames->echo_header_length, 0, frames->payload_length);
            position += echo_length;
            finish_echo(echoes, now, latencies);
        } else {
            bool completes_echo = false;
            position += receive_piece(echoes, bytes + position, length - position, &completes_echo);
            if (completes_echo) finish_echo(echoes, now, latencies);
        }
    }
    return (size_t)(echoes->complete - before);
}
