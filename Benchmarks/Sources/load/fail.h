#pragma once

/// Prints one line to standard error and exits with status 1.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
