#pragma once
// First, because event-config.h defines _GNU_SOURCE: without this the C library's types would differ from those
// that Swift's own module of the C library declares.
#include <features.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
