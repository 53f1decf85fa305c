// What Swift cannot see of Linux: calls and macros that need _GNU_SOURCE, and control messages.
//
// Every function that can fail returns a negative errno, so that no caller reads `errno` after other code ran.
// Calls that a signal interrupted are repeated.
#pragma once

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

// MARK: - Sockets

/// The twin of `struct mmsghdr`, which Swift does not see; same size and layout, asserted in CSystem.c.
struct csystem_message {
    struct msghdr header;
    /// Octets received or sent.
    unsigned int length;
};

/// Octets of a control buffer: room for one IP_PKTINFO or IPV6_PKTINFO; asserted in CSystem.c.
enum { csystem_control_capacity = 64 };

/// Opens a socket that does not block and is closed on exec. Returns the descriptor.
int csystem_socket(int family, int type);

/// Accepts a connection that does not block and is closed on exec. Returns the descriptor.
int csystem_accept(int listener, struct sockaddr_in6 *peer, socklen_t *peer_length);

/// Sets an option that holds an int.
int csystem_set_option(int fd, int level, int option, int value);

/// Reads an option that holds an int that is not negative. Returns it.
int csystem_option(int fd, int level, int option);

/// A second descriptor of a socket, which does not block (nor does the first) and is closed on exec. Returns it.
int csystem_duplicate(int fd);

int csystem_bind(int fd, const struct sockaddr_in6 *address, socklen_t length);
int csystem_listen(int fd, int backlog);

/// Connects; -EINPROGRESS means that it goes on.
int csystem_connect(int fd, const struct sockaddr_in6 *address, socklen_t length);
int csystem_local_address(int fd, struct sockaddr_in6 *address, socklen_t *length);

/// Takes the pending error of a socket: 0 or a negative errno.
int csystem_take_error(int fd);

/// recvmmsg without blocking. Returns the number of datagrams.
int csystem_receive_batch(int fd, struct csystem_message *messages, unsigned int count);

/// sendmmsg without blocking. Returns the number of datagrams sent; the error is that of the first.
int csystem_send_batch(int fd, struct csystem_message *messages, unsigned int count);

/// recv and send on a stream, without blocking and without SIGPIPE.
ssize_t csystem_read(int fd, void *buffer, size_t capacity);
ssize_t csystem_write(int fd, const void *buffer, size_t count);

void csystem_close(int fd);

/// The local address and the interface that a datagram came to.
struct csystem_local_path {
    /// Network order; IPv4 in the first four octets.
    uint8_t address[16];
    uint32_t interface;
};

/// Fills a buffer of at most 256 octets with random ones of the system's cryptographic generator; ends the process
/// when there is none.
void csystem_random(void *buffer, size_t count);

/// Reads IP_PKTINFO or IPV6_PKTINFO of a header that was received. Returns 1 when there is one, 0 when not.
int csystem_packet_info(struct msghdr *header, struct csystem_local_path *path);

/// Makes the control message of a header that was received ready to be sent back with the reply.
///
/// Its interface is unset, so that the reply is routed as usual, but for a link-local address, which means nothing
/// without it.
void csystem_turn_packet_info(struct msghdr *header);

/// Writes IP_PKTINFO (family AF_INET) or IPV6_PKTINFO into the header's control buffer, which has room for
/// csystem_control_capacity octets, and sets its length.
void csystem_write_packet_info(struct msghdr *header, int family, const struct csystem_local_path *path);

/// Sends one datagram with a text to the Unix socket at `path`, whose first character is `/`, or `@` for the abstract
/// name space; waits for a second at most.
int csystem_notify(const char *path, const char *text);

// MARK: - Process and threads

/// A counter that wakes a loop (eventfd). Returns the descriptor.
int csystem_eventfd(void);
int csystem_eventfd_add(int fd);
int csystem_eventfd_drain(int fd);

/// A list of directories whose changes are reported (inotify). Returns the descriptor.
int csystem_inotify(void);

/// Adds what leads to a file, whose path is absolute: the directory that holds it, and those of symbolic links on the way. Of a directory
/// that does not exist yet, the nearest one above it.
int csystem_inotify_follow(int fd, const char *path);

/// Starts a detachable thread with all signals blocked but those of faults. `thread` receives its handle.
int csystem_thread_start(uint64_t *thread, size_t stack_size, void *(*body)(void *), void *context);
int csystem_thread_join(uint64_t thread);
/// Names the calling thread; Linux keeps 15 octets.
void csystem_thread_set_name(const char *name);
/// Pins the calling thread to one processor.
int csystem_thread_pin(int cpu);

/// Makes the pauses of the calling thread end within microseconds of their time, not within the usual 50.
void csystem_thread_pause_exactly(void);
/// Lets the calling thread sleep for less than a second; a signal may end that early.
void csystem_pause(uint64_t nanoseconds);

/// Raises RLIMIT_NOFILE to its hard limit. Returns the limit.
int64_t csystem_raise_open_files(void);
void csystem_ignore_broken_pipe(void);

/// CLOCK_MONOTONIC in nanoseconds.
uint64_t csystem_monotonic_nanoseconds(void);

/// The text of an errno, or NULL for a number without one.
const char *csystem_error_text(int error);

// MARK: - Memory

/// Asks the processor to fetch the cache line of an address that will be read soon, and does not wait for it.
static inline void csystem_prefetch(const void *address) { __builtin_prefetch(address); }
