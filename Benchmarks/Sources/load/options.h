#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum mode { MODE_ECHO, MODE_IDLE };

struct options {
    enum mode mode;
    const char *host;
    uint16_t port;
    const char *path;
    size_t connections;
    size_t payload;
    size_t in_flight;
    /// Length of the measured phase; ignored when `messages` is set.
    double seconds;
    double warmup;
    /// Number of messages to measure, or 0 to measure for `seconds`.
    uint64_t messages;
    /// Compare the content of every n-th echo of a connection; the length is always checked.
    uint64_t verify_every;
    /// The server's process, or 0 to measure no CPU.
    pid_t server;
};

/// Reads the command line; prints usage and exits when it is wrong.
struct options parse_options(int count, char **arguments);
