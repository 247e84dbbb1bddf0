#include "clocks.h"
#include "fail.h"
#include "modes.h"
#include "open.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/// Whether the server has closed or reset the connection; frames it sent (pings) are taken and dropped.
static int is_closed(int descriptor) {
    char buffer[512];
    ssize_t count;
    do count = recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT);
    while (count > 0);
    return count == 0 || errno != EAGAIN;
}

void run_idle(const struct options *options) {
    int *descriptors = calloc(options->connections, sizeof *descriptors);
    if (descriptors == NULL) fail("no memory for %zu connections", options->connections);

    uint64_t start = now_ns();
    for (size_t i = 0; i < options->connections; i++) descriptors[i] = open_connection(options, i);
    printf("{\"established\": %zu, \"seconds\": %.3f}\n", options->connections, (double)(now_ns() - start) / 1e9);
    fflush(stdout);

    int character;
    do character = getchar();
    while (character != '\n' && character != EOF);

    size_t closed = 0;
    for (size_t i = 0; i < options->connections; i++) closed += (size_t)is_closed(descriptors[i]);
    if (closed > 0) fail("the server closed %zu of %zu idle connections", closed, options->connections);

    // A reset instead of a FIN: 10,000 ports in TIME_WAIT would be missing in the next run.
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    for (size_t i = 0; i < options->connections; i++) {
        setsockopt(descriptors[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(descriptors[i]);
    }
    free(descriptors);
}
