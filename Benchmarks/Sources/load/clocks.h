#pragma once

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

static inline uint64_t read_clock(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) return 0;
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// Nanoseconds on a clock that never goes back.
static inline uint64_t now_ns(void) { return read_clock(CLOCK_MONOTONIC); }

/// Nanoseconds of CPU (user and system, all threads) this process has used.
static inline uint64_t own_cpu_ns(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

/// The clock of the CPU time that process `pid` has used; exits with a message if there is none.
///
/// Chosen over /proc/PID/stat, which counts in ticks of 10 ms, and over the sum of
/// /proc/PID/task/*/schedstat, which is one tick late for a running thread and forgets threads that ended.
clockid_t cpu_clock_of(pid_t pid);
