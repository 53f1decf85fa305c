#define _GNU_SOURCE
#include "CSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct csystem_message) == sizeof(struct mmsghdr), "csystem_message is mmsghdr");
_Static_assert(
    offsetof(struct csystem_message, length) == offsetof(struct mmsghdr, msg_len), "csystem_message is mmsghdr");
_Static_assert(CMSG_SPACE(sizeof(struct in6_pktinfo)) <= csystem_control_capacity, "room for one IPV6_PKTINFO");
_Static_assert(CMSG_SPACE(sizeof(struct in_pktinfo)) <= csystem_control_capacity, "room for one IP_PKTINFO");
_Static_assert(sizeof(struct sockaddr_in) <= sizeof(struct sockaddr_in6), "sockaddr_in6 holds both families");
_Static_assert(sizeof(pthread_t) == sizeof(uint64_t), "a thread handle fits");

// Repeats a call that a signal interrupted and turns its error into a negative number.
#define REPEAT(type, call)                          \
    do {                                            \
        type result_;                               \
        do {                                        \
            result_ = (call);                       \
        } while (result_ < 0 && errno == EINTR);    \
        return result_ < 0 ? -(type)errno : result_; \
    } while (0)

int csystem_socket(int family, int type) {
    REPEAT(int, socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int csystem_accept(int listener, struct sockaddr_in6 *peer, socklen_t *peer_length) {
    REPEAT(int, accept4(listener, (struct sockaddr *)peer, peer_length, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int csystem_set_option(int fd, int level, int option, int value) {
    REPEAT(int, setsockopt(fd, level, option, &value, sizeof value));
}

int csystem_option(int fd, int level, int option) {
    int value = 0;
    socklen_t length = sizeof value;
    if (getsockopt(fd, level, option, &value, &length) < 0) return -errno;
    return value;
}

int csystem_duplicate(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    REPEAT(int, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

static int send_text(int fd, const struct sockaddr_un *address, socklen_t length, const char *text) {
    struct timeval limit = {.tv_sec = 1};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0) return -errno;
    REPEAT(int, (int)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)address, length));
}

int csystem_notify(const char *path, const char *text) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return -EINVAL;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = send_text(fd, &address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length), text);
    close(fd);
    return result;
}

int csystem_bind(int fd, const struct sockaddr_in6 *address, socklen_t length) {
    REPEAT(int, bind(fd, (const struct sockaddr *)address, length));
}

int csystem_listen(int fd, int backlog) {
    REPEAT(int, listen(fd, backlog));
}

int csystem_connect(int fd, const struct sockaddr_in6 *address, socklen_t length) {
    // Not repeated: after EINTR the connection goes on in the background (connect(2)).
    if (connect(fd, (const struct sockaddr *)address, length) == 0) return 0;
    return errno == EINTR ? -EINPROGRESS : -errno;
}

int csystem_local_address(int fd, struct sockaddr_in6 *address, socklen_t *length) {
    REPEAT(int, getsockname(fd, (struct sockaddr *)address, length));
}

int csystem_take_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return -error;
}

int csystem_receive_batch(int fd, struct csystem_message *messages, unsigned int count) {
    REPEAT(int, recvmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT, NULL));
}

int csystem_send_batch(int fd, struct csystem_message *messages, unsigned int count) {
    REPEAT(int, sendmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t csystem_read(int fd, void *buffer, size_t capacity) {
    REPEAT(ssize_t, recv(fd, buffer, capacity, MSG_DONTWAIT));
}

ssize_t csystem_write(int fd, const void *buffer, size_t count) {
    REPEAT(ssize_t, send(fd, buffer, count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void csystem_close(int fd) {
    // Never repeated: Linux has released the descriptor even when it says EINTR.
    close(fd);
}

void csystem_random(void *buffer, size_t count) {
    // Up to 256 octets come whole or not at all (getrandom(2)). Without randomness nothing may be sent.
    ssize_t got;
    do {
        got = getrandom(buffer, count, 0);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)count) abort();
}

int csystem_packet_info(struct msghdr *header, struct csystem_local_path *path) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memset(path->address, 0, sizeof path->address);
            memcpy(path->address, &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
            path->interface = (uint32_t)info.ipi_ifindex;
            return 1;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(path->address, &info.ipi6_addr, sizeof info.ipi6_addr);
            path->interface = info.ipi6_ifindex;
            return 1;
        }
    }
    return 0;
}

void csystem_turn_packet_info(struct msghdr *header) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(c);
            info->ipi_ifindex = 0;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(c);
            if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
        }
    }
}

void csystem_write_packet_info(struct msghdr *header, int family, const struct csystem_local_path *path) {
    header->msg_controllen = csystem_control_capacity;
    struct cmsghdr *c = CMSG_FIRSTHDR(header);
    if (family == AF_INET) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, path->address, sizeof info.ipi_spec_dst);
        info.ipi_ifindex = (int)path->interface;
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        header->msg_controllen = CMSG_SPACE(sizeof info);
    } else {
        struct in6_pktinfo info = {0};
        memcpy(&info.ipi6_addr, path->address, sizeof info.ipi6_addr);
        info.ipi6_ifindex = path->interface;
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        header->msg_controllen = CMSG_SPACE(sizeof info);
    }
}

int csystem_eventfd(void) {
    REPEAT(int, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

int csystem_eventfd_add(int fd) {
    REPEAT(int, eventfd_write(fd, 1));
}

int csystem_eventfd_drain(int fd) {
    eventfd_t count;
    REPEAT(int, eventfd_read(fd, &count));
}

int csystem_inotify(void) {
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

// Cuts an absolute path to the directory that holds its last part.
static void cut_to_parent(char *path) {
    char *slash = strrchr(path, '/');
    slash[slash == path] = '\0';
}

// Watches the directory that holds a path, or the nearest one above that exists.
static int watch_parent(int fd, const char *path) {
    static const uint32_t events = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM
        | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    char directory[PATH_MAX];
    strcpy(directory, path);
    do {
        cut_to_parent(directory);
        if (inotify_add_watch(fd, directory, events) >= 0) return 0;
    } while ((errno == ENOENT || errno == ENOTDIR) && directory[1] != '\0');
    return -errno;
}

int csystem_inotify_follow(int fd, const char *path) {
    char current[PATH_MAX], target[PATH_MAX], next[PATH_MAX];
    if (path[0] != '/' || strlen(path) >= sizeof current) return -EINVAL;
    strcpy(current, path);
    // As many links as the kernel follows.
    for (int links = 0; links < 40; links++) {
        int result = watch_parent(fd, current);
        if (result < 0) return result;
        // The first part that is a link, and what comes behind it.
        ssize_t length = -1;
        char *end = current;
        while (length < 0) {
            end = strchr(end + 1, '/');
            if (end != NULL) *end = '\0';
            length = readlink(current, target, sizeof target - 1);
            if (length < 0 && end == NULL) return 0;
            if (length < 0) *end = '/';
        }
        target[length] = '\0';
        const char *rest = end == NULL ? "" : end + 1;
        if ((result = watch_parent(fd, current)) < 0) return result;
        cut_to_parent(current);
        const char *start = target[0] == '/' ? "" : current;
        int written = snprintf(next, sizeof next, "%s/%s%s%s", start, target, end == NULL ? "" : "/", rest);
        if (written < 0 || (size_t)written >= sizeof next) return -ENAMETOOLONG;
        strcpy(current, next);
    }
    return -ELOOP;
}

int csystem_thread_start(uint64_t *thread, size_t stack_size, void *(*body)(void *), void *context) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0) return -error;
    error = pthread_attr_setstacksize(&attributes, stack_size);

    // The new thread inherits the mask: signals stay with the thread that handles them.
    sigset_t blocked, before;
    sigfillset(&blocked);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&blocked, faults[i]);

    if (error == 0) error = pthread_sigmask(SIG_SETMASK, &blocked, &before);
    if (error == 0) {
        pthread_t started;
        error = pthread_create(&started, &attributes, body, context);
        if (error == 0) *thread = (uint64_t)started;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return -error;
}

int csystem_thread_join(uint64_t thread) {
    return -pthread_join((pthread_t)thread, NULL);
}

void csystem_thread_set_name(const char *name) {
    char short_name[16];
    strncpy(short_name, name, sizeof short_name - 1);
    short_name[sizeof short_name - 1] = '\0';
    pthread_setname_np(pthread_self(), short_name);
}

int csystem_thread_pin(int cpu) {
    if (cpu < 0 || cpu >= CPU_SETSIZE) return -EINVAL;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

void csystem_thread_pause_exactly(void) { prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); }

void csystem_pause(uint64_t nanoseconds) {
    const struct timespec time = {.tv_nsec = (long)nanoseconds};
    nanosleep(&time, NULL);
}

int64_t csystem_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

void csystem_ignore_broken_pipe(void) {
    signal(SIGPIPE, SIG_IGN);
}

uint64_t csystem_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const char *csystem_error_text(int error) {
    return strerrordesc_np(error);
}
