// The limit that every server is compared with: the least a program can do to answer a DNS query.
// `echo udp PORT [REPLY_BYTES [THREADS]]` or `echo tcp PORT`: sets QR in what it received on 127.0.0.1 and sends it
// back. REPLY_BYTES makes each UDP reply so long (0: as long as its query). Each thread has a socket of its own.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BATCH_MESSAGES = 64,
    UDP_PAYLOAD_BYTES = 1232,
    DNS_HEADER_BYTES = 12,
    LENGTH_PREFIX_BYTES = 2, // RFC 1035 section 4.2.2
    TCP_BUFFER_BYTES = LENGTH_PREFIX_BYTES + 65535,
    CONNECTIONS_MAX = 1024,
    EVENTS_MAX = 64,
    THREADS_MAX = 64,
};

struct batch {
    unsigned char payloads[BATCH_MESSAGES][UDP_PAYLOAD_BYTES];
    struct sockaddr_in clients[BATCH_MESSAGES];
    struct iovec vectors[BATCH_MESSAGES];
    struct mmsghdr messages[BATCH_MESSAGES];
};

struct udp_options {
    uint16_t port;
    size_t reply_bytes; // 0: as many as the query has
};

struct connection {
    int fd;
    size_t length; // bytes in the buffer that have not been sent back
    unsigned char buffer[TCP_BUFFER_BYTES];
};

static int connections_open;

static void fail(const char *what) {
    perror(what);
    exit(3);
}

// Sets QR, the highest bit of the third byte of the header.
static void set_qr(unsigned char *message, size_t length) {
    if (length >= DNS_HEADER_BYTES) message[2] |= 0x80;
}

static int bound_socket(int type, uint16_t port) {
    int fd = socket(AF_INET, type, 0);
    if (fd < 0) fail("socket");
    int one = 1;
    int option = type == SOCK_DGRAM ? SO_REUSEPORT : SO_REUSEADDR;
    if (setsockopt(fd, SOL_SOCKET, option, &one, sizeof one) < 0) fail("setsockopt");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    return fd;
}

static void prepare(struct batch *batch) {
    for (int i = 0; i < BATCH_MESSAGES; i++) {
        batch->vectors[i].iov_base = batch->payloads[i];
        batch->messages[i].msg_hdr.msg_name = &batch->clients[i];
        batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
        batch->messages[i].msg_hdr.msg_iovlen = 1;
    }
}

static int receive(int fd, struct batch *batch) {
    for (int i = 0; i < BATCH_MESSAGES; i++) {
        batch->vectors[i].iov_len = UDP_PAYLOAD_BYTES;
        batch->messages[i].msg_hdr.msg_namelen = sizeof batch->clients[i];
    }
    int received = recvmmsg(fd, batch->messages, BATCH_MESSAGES, MSG_WAITFORONE, NULL);
    if (received < 0 && errno != EINTR) fail("recvmmsg");
    return received;
}

static void send_back(int fd, struct batch *batch, int count, size_t reply_bytes) {
    for (int i = 0; i < count; i++) {
        set_qr(batch->payloads[i], batch->messages[i].msg_len);
        batch->vectors[i].iov_len = reply_bytes ? reply_bytes : batch->messages[i].msg_len;
    }
    for (int sent = 0; sent < count;) {
        int n = sendmmsg(fd, batch->messages + sent, (unsigned)(count - sent), 0);
        if (n > 0) {
            sent += n;
        } else if (errno != EINTR) {
            sent++; // this one cannot be delivered; the load generator counts it as lost
        }
    }
}

// Never returns; the type is that of a thread.
static void *serve_udp(void *argument) {
    const struct udp_options *options = argument;
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch) fail("calloc");
    prepare(batch);
    int fd = bound_socket(SOCK_DGRAM, options->port);
    while (1) {
        send_back(fd, batch, receive(fd, batch), options->reply_bytes);
    }
    return NULL;
}

static void start_thread(struct udp_options *options) {
    pthread_t thread;
    if ((errno = pthread_create(&thread, NULL, serve_udp, options)) != 0) fail("pthread_create");
}

// Sends every whole message in the buffer back, moves what is left to its start. Returns 0, or -1 to close.
static int answer(struct connection *connection) {
    size_t whole = 0;
    while (connection->length - whole >= LENGTH_PREFIX_BYTES) {
        unsigned char *frame = connection->buffer + whole;
        size_t length = (size_t)frame[0] << 8 | frame[1];
        if (connection->length - whole < LENGTH_PREFIX_BYTES + length) break;
        set_qr(frame + LENGTH_PREFIX_BYTES, length);
        whole += LENGTH_PREFIX_BYTES + length;
    }
    for (size_t sent = 0; sent < whole;) {
        ssize_t n = write(connection->fd, connection->buffer + sent, whole - sent);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    connection->length -= whole;
    memmove(connection->buffer, connection->buffer + whole, connection->length);
    return 0;
}

static void accept_connection(int listener, int epoll) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    struct connection *connection = connections_open < CONNECTIONS_MAX ? calloc(1, sizeof *connection) : NULL;
    if (!connection) {
        close(fd);
        return;
    }
    connections_open++;
    int one = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) fail("setsockopt");
    connection->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void serve_connection(struct connection *connection) {
    size_t room = sizeof connection->buffer - connection->length;
    ssize_t n = read(connection->fd, connection->buffer + connection->length, room);
    if (n < 0 && errno == EINTR) return;
    if (n > 0) {
        connection->length += (size_t)n;
        if (answer(connection) == 0) return;
    }
    close(connection->fd);
    free(connection);
    connections_open--;
}

static void serve_tcp(uint16_t port) {
    signal(SIGPIPE, SIG_IGN); // a client that went away is seen by write
    int listener = bound_socket(SOCK_STREAM, port);
    if (listen(listener, CONNECTIONS_MAX) < 0) fail("listen");
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll_ctl");
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) {
                serve_connection(events[i].data.ptr);
            } else {
                accept_connection(listener, epoll);
            }
        }
    }
}

// Returns a number from the command line, or -1.
static long number(int argc, char **argv, int index, long otherwise, long maximum) {
    if (index >= argc) return otherwise;
    char *end;
    long value = strtol(argv[index], &end, 10);
    return *argv[index] && !*end && value >= 0 && value <= maximum ? value : -1;
}

int main(int argc, char **argv) {
    long port = number(argc, argv, 2, -1, 65535);
    long reply_bytes = number(argc, argv, 3, 0, UDP_PAYLOAD_BYTES);
    long threads = number(argc, argv, 4, 1, THREADS_MAX);
    if (argc > 2 && port > 0 && reply_bytes >= 0 && threads > 0) {
        if (strcmp(argv[1], "tcp") == 0) serve_tcp((uint16_t)port);
        if (strcmp(argv[1], "udp") == 0) {
            static struct udp_options options;
            options = (struct udp_options){.port = (uint16_t)port, .reply_bytes = (size_t)reply_bytes};
            while (--threads > 0) start_thread(&options);
            serve_udp(&options);
        }
    }
    fprintf(stderr, "usage: echo udp PORT [REPLY_BYTES [THREADS]] | echo tcp PORT\n");
    return 2;
}
