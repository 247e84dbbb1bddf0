#pragma once

#include <stdint.h>

/// Counts of durations in buckets whose width is below 1 % of their value.
struct histogram {
    uint64_t total;
    uint64_t longest;
    /// 128 buckets for each power of two.
    uint64_t buckets[58 * 128];
};

static inline void record(struct histogram *histogram, uint64_t nanoseconds) {
    unsigned magnitude = nanoseconds < 128 ? 0 : 57 - (unsigned)__builtin_clzll(nanoseconds);
    uint64_t bucket = magnitude == 0 ? nanoseconds : magnitude * 128 + ((nanoseconds >> (magnitude - 1)) - 128);
    histogram->buckets[bucket]++;
    histogram->total++;
    if (nanoseconds > histogram->longest) histogram->longest = nanoseconds;
}

/// The duration that `share` (0 to 1) of all records do not exceed, in nanoseconds.
uint64_t quantile(const struct histogram *histogram, double share);
