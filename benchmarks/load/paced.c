// Sends DNS queries at a fixed rate, whatever the server does, and prints how long the answers took.
// `paced PORT QUESTIONS RATE SECONDS`: over UDP to 127.0.0.1; QUESTIONS is a file with a name and `A` per line.
//
// Each query has a time at which it is due. Its latency counts from that time, not from the time at which it was
// really sent, so that a pause of the server, or of this program, is charged to every query that fell into it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SOCKETS = 16,
    IDS = 65536,
    IN_FLIGHT_MAX = SOCKETS * IDS, // a query is told by its socket and its ID
    SENT_AT_ONCE_MAX = 32,         // between two looks at the answers
    RECEIVED_AT_ONCE_MAX = 32,
    QUERY_BYTES_MAX = 512,
    REPLY_BYTES_MAX = 4096,
    QUESTIONS_MAX = 100000,
    QUERIES_MAX = 50 * 1000 * 1000,
    HEADER_BYTES = 12,
    DRAIN_SECONDS = 1, // how long answers may come after the last query
};

static const uint64_t second = 1000000000;

struct query {
    uint16_t length;
    unsigned char bytes[QUERY_BYTES_MAX];
};

struct state {
    int sockets[SOCKETS];
    int epoll;
    struct query *queries;
    uint64_t queries_count;
    uint64_t start, total, rate;
    uint64_t sent, answered, wrong;
    uint32_t *latency; // nanoseconds for each query; 0 while there is no answer
    uint32_t *late;    // nanoseconds between the time when it was due and the time when it was sent
};

static void fail(const char *what) {
    perror(what);
    exit(3);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * second + (uint64_t)time.tv_nsec;
}

static uint32_t saturated(uint64_t value) { return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value; }

static uint64_t due(const struct state *state, uint64_t index) {
    return state->start + index * second / state->rate;
}

// Writes a query for the A records of a name: RD set, ID 0. Returns 0, or -1 where the name does not fit.
static int write_query(struct query *query, const char *name) {
    static const unsigned char header[HEADER_BYTES] = {0, 0, 1, 0, 0, 1};
    static const unsigned char end[5] = {0, 0, 1, 0, 1};
    if (strlen(name) > 253) return -1;
    memcpy(query->bytes, header, sizeof header);
    size_t length = sizeof header;
    while (*name) {
        size_t label = strcspn(name, ".");
        if (label == 0 || label > 63) return -1;
        query->bytes[length++] = (unsigned char)label;
        memcpy(query->bytes + length, name, label);
        length += label;
        name += label;
        if (*name == '.') name++;
    }
    memcpy(query->bytes + length, end, sizeof end);
    query->length = (uint16_t)(length + sizeof end);
    return 0;
}

static void read_questions(struct state *state, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    state->queries = calloc(QUESTIONS_MAX, sizeof *state->queries);
    if (!state->queries) fail("calloc");
    char name[300];
    while (state->queries_count < QUESTIONS_MAX && fscanf(file, "%299s %*s", name) == 1) {
        if (write_query(&state->queries[state->queries_count], name) < 0) {
            fprintf(stderr, "%s is not a name\n", name);
            exit(2);
        }
        state->queries_count++;
    }
    fclose(file);
    if (!state->queries_count) {
        fprintf(stderr, "no question in %s\n", path);
        exit(2);
    }
}

static void open_sockets(struct state *state, uint16_t port) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (state->epoll < 0) fail("epoll_create1");
    for (uint32_t i = 0; i < SOCKETS; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) fail("socket");
        if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        if (epoll_ctl(state->epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
        state->sockets[i] = fd;
    }
}

// Sends what is due, at most SENT_AT_ONCE_MAX queries.
static void send_due(struct state *state) {
    for (int i = 0; i < SENT_AT_ONCE_MAX && state->sent < state->total; i++) {
        uint64_t index = state->sent, time = now(), expected = due(state, index);
        if (time < expected) return;
        struct query *query = &state->queries[index % state->queries_count];
        uint16_t id = htons((uint16_t)(index / SOCKETS));
        memcpy(query->bytes, &id, sizeof id);
        state->late[index] = saturated(time - expected);
        // One that cannot be sent is one without an answer.
        (void)send(state->sockets[index % SOCKETS], query->bytes, query->length, 0);
        state->sent++;
    }
}

static void take(struct state *state, uint64_t socket, const unsigned char *reply, size_t length,
                 uint64_t time) {
    if (length < HEADER_BYTES || !(reply[2] & 0x80)) return;
    uint64_t id = (uint64_t)reply[0] << 8 | reply[1];
    uint64_t index = id * SOCKETS + socket;
    // The newest query with this ID; older ones are out of time.
    while (index + IN_FLIGHT_MAX < state->sent) index += IN_FLIGHT_MAX;
    if (index >= state->sent || state->latency[index]) return;
    if (reply[3] & 0x0F) state->wrong++;
    uint64_t latency = time - due(state, index);
    state->latency[index] = latency ? saturated(latency) : 1;
    state->answered++;
}

static void receive(struct state *state, uint32_t socket) {
    static unsigned char replies[RECEIVED_AT_ONCE_MAX][REPLY_BYTES_MAX];
    struct mmsghdr messages[RECEIVED_AT_ONCE_MAX] = {0};
    struct iovec vectors[RECEIVED_AT_ONCE_MAX];
    for (int i = 0; i < RECEIVED_AT_ONCE_MAX; i++) {
        vectors[i] = (struct iovec){.iov_base = replies[i], .iov_len = REPLY_BYTES_MAX};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int received = recvmmsg(state->sockets[socket], messages, RECEIVED_AT_ONCE_MAX, MSG_DONTWAIT, NULL);
    uint64_t time = now();
    for (int i = 0; i < received; i++) take(state, socket, replies[i], messages[i].msg_len, time);
}

// Sends and receives until all is answered or out of time. It never sleeps: waking up would add to the latency.
static void run(struct state *state) {
    struct epoll_event events[SOCKETS];
    state->start = now() + second / 100;
    uint64_t end = due(state, state->total) + DRAIN_SECONDS * second;
    while ((state->sent < state->total || state->answered < state->sent) && now() < end) {
        send_due(state);
        int ready = epoll_wait(state->epoll, events, SOCKETS, 0);
        for (int i = 0; i < ready; i++) receive(state, events[i].data.u32);
    }
    for (uint64_t i = 0; i < state->sent; i++) {
        // At least so long; a lost query must not make the figures look better.
        if (!state->latency[i]) state->latency[i] = saturated(end - due(state, i));
    }
}

static int compare(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

// Prints the percentile in microseconds.
static void print_percentile(const char *name, const uint32_t *sorted, uint64_t count, double share) {
    uint64_t index = (uint64_t)(share * (double)count);
    printf("%s %.1f\n", name, sorted[index < count ? index : count - 1] / 1000.0);
}

static void print(struct state *state) {
    uint64_t count = state->sent;
    qsort(state->latency, count, sizeof *state->latency, compare);
    qsort(state->late, count, sizeof *state->late, compare);
    printf("sent %llu\nanswered %llu\n", (unsigned long long)count, (unsigned long long)state->answered);
    printf("not_noerror %llu\n", (unsigned long long)state->wrong);
    print_percentile("p50", state->latency, count, 0.5);
    print_percentile("p99", state->latency, count, 0.99);
    print_percentile("p999", state->latency, count, 0.999);
    print_percentile("max", state->latency, count, 1);
    print_percentile("late_p99", state->late, count, 0.99);
    print_percentile("late_max", state->late, count, 1);
}

int main(int argc, char **argv) {
    long port = argc == 5 ? atol(argv[1]) : 0;
    long rate = argc == 5 ? atol(argv[3]) : 0;
    double seconds = argc == 5 ? atof(argv[4]) : 0;
    if (port <= 0 || port > 65535 || rate <= 0 || seconds <= 0 || (double)rate * seconds > QUERIES_MAX) {
        fprintf(stderr, "usage: paced PORT QUESTIONS RATE SECONDS\n");
        return 2;
    }
    static struct state state;
    state.rate = (uint64_t)rate;
    state.total = (uint64_t)((double)rate * seconds);
    if (!state.total) state.total = 1;
    state.latency = calloc(state.total, sizeof *state.latency);
    state.late = calloc(state.total, sizeof *state.late);
    if (!state.latency || !state.late) fail("calloc");
    read_questions(&state, argv[2]);
    open_sockets(&state, (uint16_t)port);
    run(&state);
    print(&state);
    return 0;
}
