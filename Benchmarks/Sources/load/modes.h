#pragma once

#include "options.h"

/// Measures echoes and prints the result as one JSON object.
void run_echo(const struct options *options);

/// Holds connections that say nothing.
void run_idle(const struct options *options);
