// What permessage-deflate costs with zlib, by level, window and memory level: with a compressor and a decompressor of one's own
// for each connection, and with shared ones that are told the connection's history before each message.
//
//   compression-parameters LEVEL WINDOW MEMORY <messages
//
// Messages come as a length of 32 bits, in the machine's order, and so many bytes. A line comes out: bytes compressed and µs of
// CPU time per message, state kept, then the same with a history; µs to decompress, state kept and history; bytes that zlib
// takes for a compressor and for a decompressor.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { MESSAGES = 4096, ROOM = 1 << 16, ROUNDS = 20, TAIL = 4 };

struct message {
    unsigned char *bytes;
    uint32_t count;
};

static struct message messages[MESSAGES], compressed[MESSAGES];
static int message_count;
static size_t taken;

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void expect(int is_right, const char *what) {
    if (!is_right) fail(what);
}

static void *take(void *unused, uInt items, uInt size) {
    (void)unused;
    taken += (size_t)items * size;
    return malloc((size_t)items * size);
}

static void give_back(void *unused, void *address) {
    (void)unused;
    free(address);
}

static void read_messages(void) {
    uint32_t count;
    while (fread(&count, sizeof count, 1, stdin) == 1) {
        expect(message_count < MESSAGES && count > 0 && count <= ROOM / 2, "too many messages, or one of a wrong length");
        unsigned char *bytes = malloc(count);
        expect(fread(bytes, 1, count, stdin) == count, "the messages end inside one");
        messages[message_count++] = (struct message){bytes, count};
    }
    expect(message_count > 0, "no messages");
}

static double cpu_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

// The last bytes of a direction, as a connection keeps them; a plain array, moved when it is full.
struct history {
    unsigned char bytes[1 << 15];
    size_t count, window;
};

static void remember(struct history *history, struct message message) {
    size_t excess = history->count + message.count > history->window ? history->count + message.count - history->window : 0;
    if (message.count >= history->window) {
        memcpy(history->bytes, message.bytes + message.count - history->window, history->window);
        history->count = history->window;
        return;
    }
    memmove(history->bytes, history->bytes + excess, history->count - excess);
    memcpy(history->bytes + history->count - excess, message.bytes, message.count);
    history->count += message.count - excess;
}

static size_t deflate_all(z_stream *stream, struct history *history, int keeps) {
    static unsigned char room[ROOM];
    size_t total = 0;
    for (int number = 0; number < message_count; number++) {
        struct message message = messages[number];
        if (history) {
            deflateReset(stream);
            if (history->count) deflateSetDictionary(stream, history->bytes, history->count);
            remember(history, message);
        }
        stream->next_in = message.bytes, stream->avail_in = message.count;
        stream->next_out = room, stream->avail_out = ROOM;
        expect(deflate(stream, Z_SYNC_FLUSH) == Z_OK && stream->avail_in == 0, "zlib can't compress");
        uint32_t count = ROOM - stream->avail_out;
        total += count - TAIL;
        if (keeps) {
            free(compressed[number].bytes);
            compressed[number] = (struct message){memcpy(malloc(count), room, count), count};
        }
    }
    return total;
}

static void inflate_all(z_stream *stream, struct history *history, int window) {
    static unsigned char room[ROOM];
    for (int number = 0; number < message_count; number++) {
        if (history) {
            inflateReset2(stream, -window);
            if (history->count) inflateSetDictionary(stream, history->bytes, history->count);
            remember(history, messages[number]);
        }
        stream->next_in = compressed[number].bytes, stream->avail_in = compressed[number].count;
        stream->next_out = room, stream->avail_out = ROOM;
        inflate(stream, Z_SYNC_FLUSH);
        expect(ROOM - stream->avail_out == messages[number].count && !memcmp(room, messages[number].bytes, messages[number].count),
               "what was decompressed is not what was compressed");
    }
}

int main(int count, char **words) {
    expect(count == 4, "usage: compression-parameters LEVEL WINDOW MEMORY <messages");
    int level = atoi(words[1]), window = atoi(words[2]), memory = atoi(words[3]);
    read_messages();
    static struct history sent, received;
    double deflating[2] = {1e9, 1e9}, inflating[2] = {1e9, 1e9};
    size_t bytes[2], taken_by[2];
    for (int round = 0; round < ROUNDS; round++) {
        for (int has_history = 0; has_history < 2; has_history++) {
            z_stream deflater = {.zalloc = take, .zfree = give_back}, inflater = {.zalloc = take, .zfree = give_back};
            sent.count = received.count = 0, sent.window = received.window = (size_t)1 << window;
            taken = 0;
            expect(deflateInit2(&deflater, level, Z_DEFLATED, -window, memory, Z_DEFAULT_STRATEGY) == Z_OK, "wrong parameters");
            taken_by[0] = taken;
            double start = cpu_microseconds();
            bytes[has_history] = deflate_all(&deflater, has_history ? &sent : NULL, 0);
            double spent = (cpu_microseconds() - start) / message_count;
            if (spent < deflating[has_history]) deflating[has_history] = spent;
            deflateReset(&deflater);
            sent.count = 0;
            deflate_all(&deflater, has_history ? &sent : NULL, 1);
            taken = 0;
            expect(inflateInit2(&inflater, -window) == Z_OK, "wrong parameters");
            start = cpu_microseconds();
            inflate_all(&inflater, has_history ? &received : NULL, window);
            spent = (cpu_microseconds() - start) / message_count;
            if (spent < inflating[has_history]) inflating[has_history] = spent;
            taken_by[1] = taken;
            deflateEnd(&deflater);
            inflateEnd(&inflater);
        }
    }
    printf("%zu %.2f %zu %.2f %.2f %.2f %zu %zu\n", bytes[0], deflating[0], bytes[1], deflating[1], inflating[0], inflating[1],
           taken_by[0], taken_by[1]);
}
