#define _GNU_SOURCE
#include "CCounting.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static _Atomic uint64_t allocations, frees, retains, releases;

static void add(_Atomic uint64_t *counter) { atomic_fetch_add_explicit(counter, 1, memory_order_relaxed); }

// MARK: - The heap: glibc's own functions, counted

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

void *malloc(size_t size) {
    add(&allocations);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    add(&allocations);
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    add(&allocations);
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    add(&allocations);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    void *memory = memalign(alignment, size);
    if (!memory) return ENOMEM;
    *result = memory;
    return 0;
}

void free(void *memory) {
    if (!memory) return;
    add(&frees);
    __libc_free(memory);
}

// MARK: - Reference counts: the Swift runtime's functions, counted

// The runtime has hooks for this, but they get a damaged pointer where a small string is retained. So the functions are
// defined here: what calls them from outside of the runtime's own library finds these first.

// The compiler may count on these functions to keep more registers than C functions do.
#define KEEPS_REGISTERS __attribute__((preserve_most))

// The function that this one hides.
static void *hidden(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

#define COUNTED(name, counter)                                       \
    KEEPS_REGISTERS void *name(void *object);                        \
    KEEPS_REGISTERS void *name(void *object) {                       \
        static void *(*real)(void *);                                \
        if (!real) real = (void *(*)(void *))hidden(#name);          \
        add(&counter);                                               \
        return real(object);                                         \
    }

#define COUNTED_N(name, counter)                                     \
    KEEPS_REGISTERS void *name(void *object, uint32_t count);        \
    KEEPS_REGISTERS void *name(void *object, uint32_t count) {       \
        static void *(*real)(void *, uint32_t);                      \
        if (!real) real = (void *(*)(void *, uint32_t))hidden(#name); \
        add(&counter);                                               \
        return real(object, count);                                  \
    }

// Those that release return nothing; a register that nobody reads does no harm.
COUNTED(swift_retain, retains)
COUNTED_N(swift_retain_n, retains)
COUNTED(swift_bridgeObjectRetain, retains)
COUNTED_N(swift_bridgeObjectRetain_n, retains)
COUNTED(swift_release, releases)
COUNTED_N(swift_release_n, releases)
COUNTED(swift_bridgeObjectRelease, releases)
COUNTED_N(swift_bridgeObjectRelease_n, releases)

struct ccounting_counts ccounting_counts(void) {
    return (struct ccounting_counts){atomic_load(&allocations), atomic_load(&frees), atomic_load(&retains),
                                     atomic_load(&releases)};
}
