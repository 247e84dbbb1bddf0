#include "open.h"
#include "fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/// The nonce of RFC 6455 §1.3 and its answer: no SHA-1 is needed to check a server with it.
static const char request_key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char expected_accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

void allow_open_files(size_t connections) {
    struct rlimit limit;
    rlim_t wanted = connections + 64;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit: %s", strerror(errno));
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    if (limit.rlim_max < wanted) limit.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail("%zu connections need %zu open files: %s", connections, (size_t)wanted, strerror(errno));
}

/// Value of header `name` in `response`, or NULL; `length` receives its length without surrounding blanks.
static const char *header(const char *response, const char *name, size_t *length) {
    size_t name_length = strlen(name);
    for (const char *line = strstr(response, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, name_length) != 0 || line[name_length] != ':') continue;
        const char *value = line + name_length + 1;
        value += strspn(value, " \t");
        *length = strcspn(value, "\r");
        while (*length > 0 && (value[*length - 1] == ' ' || value[*length - 1] == '\t')) --*length;
        return value;
    }
    return NULL;
}

static void check_response(const char *response) {
    if (strncmp(response, "HTTP/1.1 101", 12) != 0)
        fail("handshake refused: %.*s", (int)strcspn(response, "\r"), response);
    size_t length;
    const char *accept = header(response, "Sec-WebSocket-Accept", &length);
    if (accept == NULL || length != strlen(expected_accept) || memcmp(accept, expected_accept, length) != 0)
        fail("handshake without the right Sec-WebSocket-Accept");
    if (header(response, "Sec-WebSocket-Extensions", &length) != NULL)
        fail("the server negotiated an extension nobody offered");
}

static void shake_hands(const struct options *options, int socket) {
    char text[2048];
    int length = snprintf(text, sizeof text,
                          "GET %s HTTP/1.1\r\nHost: %s:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          options->path, options->host, (unsigned)options->port, request_key);
    if (length >= (int)sizeof text) fail("the request target is too long");
    if (send(socket, text, (size_t)length, MSG_NOSIGNAL) != length) fail("handshake: %s", strerror(errno));

    size_t used = 0;
    for (;;) {
        ssize_t count = recv(socket, text + used, sizeof text - 1 - used, 0);
        if (count < 0) fail("handshake: %s", strerror(errno));
        if (count == 0) fail("handshake: the server closed the connection");
        used += (size_t)count;
        text[used] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        if (end != NULL) {
            check_response(text);
            if (end + 4 != text + used) fail("the server sent data right after the handshake");
            return;
        }
        if (used == sizeof text - 1) fail("handshake: the response is longer than %zu bytes", sizeof text);
    }
}

int open_connection(const struct options *options, size_t index) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) fail("socket %zu: %s", index, strerror(errno));

    int on = 1;
    struct timeval patience = {.tv_sec = 10};
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);

    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(options->port)};
    if (inet_pton(AF_INET, options->host, &server.sin_addr) != 1) fail("%s is no IPv4 address", options->host);

    size_t source = index / 10000;
    if (source > 0 && (ntohl(server.sin_addr.s_addr) >> 24) == 127) {
        struct sockaddr_in local = {.sin_family = AF_INET};
        local.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)source);
        // The port is chosen by connect(), which knows the destination: ports then run out per pair, not per host.
        setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(descriptor, (struct sockaddr *)&local, sizeof local) != 0)
            fail("bind to source address %zu: %s", source + 1, strerror(errno));
    }
    if (connect(descriptor, (struct sockaddr *)&server, sizeof server) != 0)
        fail("connection %zu: %s", index, strerror(errno));
    shake_hands(options, descriptor);
    return descriptor;
}
