#include "clocks.h"
#include "echoes.h"
#include "fail.h"
#include "modes.h"
#include "open.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    READ_LENGTH = 256 << 10,
    EVENTS = 256,
    PATIENCE_MS = 10000,
};

struct connection {
    int descriptor;
    bool waits_to_write;
    /// Frames to send, the first of which may have left in part.
    size_t owed;
    size_t sent_of_first;
    /// Position of the first owed frame in the ring of frames.
    size_t next_frame;
    struct echoes echoes;
};

struct run {
    const struct options *options;
    struct frames frames;
    struct connection *connections;
    struct histogram latencies;
    int poller;
    uint8_t *buffer;
};

/// What is read at both ends of the measured phase.
struct reading {
    uint64_t time;
    uint64_t server_cpu;
    uint64_t own_cpu;
};

static struct reading take_reading(const struct options *options, clockid_t server_clock) {
    return (struct reading){
        .time = now_ns(),
        .server_cpu = options->server != 0 ? read_clock(server_clock) : 0,
        .own_cpu = own_cpu_ns(),
    };
}

static void watch(struct run *run, struct connection *connection, int operation, bool for_writing) {
    struct epoll_event event = {.events = EPOLLIN | (for_writing ? EPOLLOUT : 0u), .data.ptr = connection};
    if (epoll_ctl(run->poller, operation, connection->descriptor, &event) != 0)
        fail("epoll_ctl: %s", strerror(errno));
    connection->waits_to_write = for_writing;
}

/// Writes all owed frames with one call; what the socket does not take waits for EPOLLOUT.
static void write_owed(struct run *run, struct connection *connection) {
    const struct frames *frames = &run->frames;
    size_t length = connection->owed * frames->sent_length - connection->sent_of_first;
    size_t ring_length = frames->count * frames->sent_length;
    size_t start = connection->next_frame * frames->sent_length + connection->sent_of_first;
    size_t to_end = ring_length - start;
    struct iovec parts[2] = {
        {.iov_base = frames->sent + start, .iov_len = length < to_end ? length : to_end},
        {.iov_base = frames->sent, .iov_len = length < to_end ? 0 : length - to_end},
    };
    ssize_t count = writev(connection->descriptor, parts, parts[1].iov_len == 0 ? 1 : 2);
    if (count < 0) {
        if (errno != EAGAIN) fail("the server closed a connection: %s", strerror(errno));
        count = 0;
    }
    size_t progress = connection->sent_of_first + (size_t)count;
    size_t whole = progress / frames->sent_length;
    connection->sent_of_first = progress - whole * frames->sent_length;
    connection->owed -= whole;
    connection->next_frame = (connection->next_frame + whole) % frames->count;

    bool is_blocked = connection->owed > 0;
    if (is_blocked != connection->waits_to_write) watch(run, connection, EPOLL_CTL_MOD, is_blocked);
}

static void owe(struct run *run, struct connection *connection, size_t count, uint64_t now) {
    echoes_expect(&connection->echoes, count, now);
    connection->owed += count;
    write_owed(run, connection);
}

/// Reads once; returns the number of echoes that are complete now, and sends as many messages.
static size_t answer(struct run *run, struct connection *connection) {
    // One read per event: the poller tells again if the buffer did not take all.
    ssize_t count = read(connection->descriptor, run->buffer, READ_LENGTH);
    if (count == 0) fail("the server closed a connection");
    if (count < 0) {
        if (errno == EAGAIN) return 0;
        fail("the server closed a connection: %s", strerror(errno));
    }
    uint64_t now = now_ns();
    size_t complete = echoes_receive(&connection->echoes, run->buffer, (size_t)count, now, &run->latencies);
    if (complete > 0) owe(run, connection, complete, now);
    return complete;
}

/// Keeps the loop closed until `end` or until `messages` echoes have come; returns how many came.
static uint64_t exchange(struct run *run, uint64_t end, uint64_t messages) {
    struct epoll_event events[EVENTS];
    uint64_t complete = 0;
    while (complete < messages && now_ns() < end) {
        int ready = epoll_wait(run->poller, events, EVENTS, PATIENCE_MS);
        if (ready < 0 && errno != EINTR) fail("epoll_wait: %s", strerror(errno));
        if (ready == 0) fail("no echo for %d s", PATIENCE_MS / 1000);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) write_owed(run, connection);
            if (events[i].events & ~(uint32_t)EPOLLOUT) complete += answer(run, connection);
        }
    }
    return complete;
}

static void report(const struct run *run, uint64_t messages, struct reading before, struct reading after) {
    const struct options *options = run->options;
    double wall = (double)(after.time - before.time);
    printf("{\"connections\": %zu, \"payload_bytes\": %zu, \"in_flight\": %zu", options->connections,
           options->payload, options->in_flight);
    printf(", \"messages\": %llu, \"seconds\": %.4f, \"messages_per_second\": %.0f", (unsigned long long)messages,
           wall / 1e9, (double)messages * 1e9 / wall);
    if (options->server != 0) {
        double cpu = (double)(after.server_cpu - before.server_cpu);
        printf(", \"server_cpu_us_per_message\": %.4f, \"server_cpu_share\": %.3f", cpu / 1e3 / (double)messages,
               cpu / wall);
    }
    printf(", \"generator_cpu_share\": %.3f", (double)(after.own_cpu - before.own_cpu) / wall);
    const struct histogram *latencies = &run->latencies;
    printf(", \"round_trip_us\": {\"p50\": %.1f, \"p99\": %.1f, \"p99_9\": %.1f, \"max\": %.1f}}\n",
           (double)quantile(latencies, 0.5) / 1e3, (double)quantile(latencies, 0.99) / 1e3,
           (double)quantile(latencies, 0.999) / 1e3, (double)latencies->longest / 1e3);
}

void run_echo(const struct options *options) {
    static struct run run;
    run.options = options;
    run.frames = build_frames(options->payload, options->in_flight);
    run.connections = calloc(options->connections, sizeof *run.connections);
    run.buffer = malloc(READ_LENGTH);
    run.poller = epoll_create1(EPOLL_CLOEXEC);
    if (run.connections == NULL || run.buffer == NULL || run.poller < 0) fail("no memory or no epoll");
    signal(SIGPIPE, SIG_IGN);
    clockid_t server_clock = options->server != 0 ? cpu_clock_of(options->server) : CLOCK_MONOTONIC;

    for (size_t i = 0; i < options->connections; i++) {
        struct connection *connection = &run.connections[i];
        connection->descriptor = open_connection(options, i);
        connection->echoes = echoes_create(&run.frames, options->in_flight, options->verify_every);
        fcntl(connection->descriptor, F_SETFL, fcntl(connection->descriptor, F_GETFL) | O_NONBLOCK);
        watch(&run, connection, EPOLL_CTL_ADD, false);
    }
    for (size_t i = 0; i < options->connections; i++)
        owe(&run, &run.connections[i], options->in_flight, now_ns());

    exchange(&run, now_ns() + (uint64_t)(options->warmup * 1e9), UINT64_MAX);
    memset(&run.latencies, 0, sizeof run.latencies);

    struct reading before = take_reading(options, server_clock);
    uint64_t end = options->messages > 0 ? UINT64_MAX : before.time + (uint64_t)(options->seconds * 1e9);
    uint64_t messages = exchange(&run, end, options->messages > 0 ? options->messages : UINT64_MAX);
    struct reading after = take_reading(options, server_clock);
    if (messages == 0) fail("not one echo in %.3f s", options->seconds);
    report(&run, messages, before, after);
}
