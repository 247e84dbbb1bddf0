#pragma once

#include "options.h"

/// Opens connection number `index` and completes the WebSocket handshake, blocking; exits with a message on failure.
///
/// Connections are opened one after another so that no server's accept backlog decides the result.
/// Every 10,000 connections leave from another loopback address (127.0.0.1, 127.0.0.2, …), because one
/// address has about 28,000 ephemeral ports.
int open_connection(const struct options *options, size_t index);

/// Raises the limit of open files so that `connections` sockets fit; exits with a message if it cannot.
void allow_open_files(size_t connections);
