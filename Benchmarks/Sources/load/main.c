#include "modes.h"
#include "open.h"

int main(int count, char **arguments) {
    struct options options = parse_options(count, arguments);
    allow_open_files(options.connections);
    switch (options.mode) {
    case MODE_ECHO: run_echo(&options); break;
    case MODE_IDLE: run_idle(&options); break;
    }
    return 0;
}
