#ifndef CCOUNTING_H
#define CCOUNTING_H

#include <stdint.h>

// Counts what a program asks of the heap and of the Swift runtime. This target defines malloc, swift_retain and their
// relatives. A program that links it has every allocation counted, those of the runtime and of C libraries included, and
// every change of a reference count but those inside the runtime's own library. Not for static linking of that library.

/// What was counted since the start.
struct ccounting_counts {
    /// malloc, calloc, realloc, posix_memalign, aligned_alloc, memalign.
    uint64_t allocations;
    /// free of what is not null.
    uint64_t frees;
    uint64_t retains;
    uint64_t releases;
};

/// The counts of all threads.
struct ccounting_counts ccounting_counts(void);

#endif
