#include "options.h"
#include "fail.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: load [echo|idle] --port PORT [options]\n"
    "\n"
    "echo (default): closed loop of masked binary messages against an echo server; prints one JSON object.\n"
    "idle: opens the connections, prints one JSON object, waits for a line on standard input, and closes.\n"
    "\n"
    "  --host ADDRESS      IPv4 address of the server (127.0.0.1)\n"
    "  --path PATH         request target of the handshake (/)\n"
    "  --connections N     open connections (100)\n"
    "  --payload BYTES     payload of each message (20)\n"
    "  --in-flight N       messages on the way per connection (1)\n"
    "  --seconds S         length of the measured phase (2)\n"
    "  --messages N        measure N messages instead of a time\n"
    "  --warmup S          run for S seconds before measuring (0.5)\n"
    "  --verify-every N    compare the content of every N-th echo (7)\n"
    "  --pid PID           report the CPU time of this process per message\n";

static double number(const char *text, double least, double most) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least && value <= most))
        fail("\"%s\" is not a number from %.0f to %.0f", text, least, most);
    return value;
}

struct options parse_options(int count, char **arguments) {
    static const struct option names[] = {
        {"host", required_argument, NULL, 'h'},        {"port", required_argument, NULL, 'p'},
        {"path", required_argument, NULL, 'u'},        {"connections", required_argument, NULL, 'c'},
        {"payload", required_argument, NULL, 'b'},     {"in-flight", required_argument, NULL, 'f'},
        {"seconds", required_argument, NULL, 's'},     {"messages", required_argument, NULL, 'm'},
        {"warmup", required_argument, NULL, 'w'},      {"verify-every", required_argument, NULL, 'v'},
        {"pid", required_argument, NULL, 'i'},         {"help", no_argument, NULL, '?'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {
        .mode = MODE_ECHO, .host = "127.0.0.1", .path = "/", .connections = 100, .payload = 20,
        .in_flight = 1, .seconds = 2, .warmup = 0.5, .verify_every = 7,
    };
    int option;
    while ((option = getopt_long(count, arguments, "", names, NULL)) != -1) {
        switch (option) {
        case 'h': options.host = optarg; break;
        case 'p': options.port = (uint16_t)number(optarg, 1, 65535); break;
        case 'u': options.path = optarg; break;
        case 'c': options.connections = (size_t)number(optarg, 1, 1e6); break;
        case 'b': options.payload = (size_t)number(optarg, 0, 1 << 30); break;
        case 'f': options.in_flight = (size_t)number(optarg, 1, 1 << 16); break;
        case 's': options.seconds = number(optarg, 0.001, 1e6); break;
        case 'm': options.messages = (uint64_t)number(optarg, 1, 1e15); break;
        case 'w': options.warmup = number(optarg, 0, 1e6); break;
        case 'v': options.verify_every = (uint64_t)number(optarg, 1, 1e15); break;
        case 'i': options.server = (pid_t)number(optarg, 1, 1 << 30); break;
        default: fputs(usage, stderr); exit(2);
        }
    }
    if (optind < count && strcmp(arguments[optind], "idle") == 0) {
        options.mode = MODE_IDLE;
        optind++;
    } else if (optind < count && strcmp(arguments[optind], "echo") == 0) {
        optind++;
    }
    if (optind != count || options.port == 0) {
        fputs(usage, stderr);
        exit(2);
    }
    return options;
}
