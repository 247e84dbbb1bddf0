#include "histogram.h"

uint64_t quantile(const struct histogram *histogram, double share) {
    uint64_t wanted = (uint64_t)(share * (double)histogram->total + 0.5);
    if (wanted == 0) wanted = 1;
    uint64_t seen = 0;
    for (uint64_t bucket = 0; bucket < sizeof histogram->buckets / sizeof histogram->buckets[0]; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen < wanted) continue;
        uint64_t magnitude = bucket / 128;
        uint64_t upper = magnitude == 0 ? bucket : ((bucket % 128 + 129) << (magnitude - 1)) - 1;
        return upper < histogram->longest ? upper : histogram->longest;
    }
    return histogram->longest;
}
