"""Just enough of the DNS wire format to check that a server answers rightly before it is measured."""

import socket
import struct

TYPES = {"A": 1, "AAAA": 28}
TYPE_OPT = 41
CLASS_IN = 1
UDP_PAYLOAD_BYTES = 1232
DO = 0x8000
QR = 0x8000
TC = 0x0200
RD = 0x0100
RCODE_MASK = 0x000F
HEADER_BYTES = 12
IDENTIFIER = 0x5359


class WrongAnswer(Exception):
    """The server answered, but not as it had to; the text says how."""


def query(check):
    """Returns the query that a zone.Check asks, in wire form."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in check.qname.rstrip(".").split("."))
    header = struct.pack("!6H", IDENTIFIER, RD, 1, 0, 0, int(check.wants_dnssec))
    question = labels + b"\0" + struct.pack("!2H", TYPES[check.qtype], CLASS_IN)
    opt = struct.pack("!BHHIH", 0, TYPE_OPT, UDP_PAYLOAD_BYTES, DO, 0) if check.wants_dnssec else b""
    return header + question + opt


def ask(port, check, transport, timeout_seconds):
    """Sends one query to 127.0.0.1 and returns the response; raises OSError when none comes in time."""
    message = query(check)
    if transport == "tcp":
        with socket.create_connection(("127.0.0.1", port), timeout_seconds) as connection:
            connection.settimeout(timeout_seconds)
            connection.sendall(struct.pack("!H", len(message)) + message)
            (length,) = struct.unpack("!H", _read(connection, 2))
            return _read(connection, length)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(timeout_seconds)
        datagrams.connect(("127.0.0.1", port))
        datagrams.send(message)
        return datagrams.recv(65535)


def check_answer(response, check):
    """Raises WrongAnswer unless `response` is what the zone.Check wants, with no other record as answer."""
    try:
        _check_answer(response, check)
    except (IndexError, struct.error) as error:
        raise WrongAnswer("the response is cut short") from error


def check_echo(response):
    """Raises WrongAnswer unless `response` is a query that came back with QR set."""
    if len(response) < HEADER_BYTES or not response[2] & 0x80:
        raise WrongAnswer("QR is not set")


def _check_answer(response, check):
    identifier, flags, questions, answers, authority, additional = struct.unpack_from("!6H", response)
    if identifier != IDENTIFIER or not flags & QR:
        raise WrongAnswer("not a response to the query")
    if flags & RCODE_MASK != check.rcode:
        raise WrongAnswer(f"RCODE {flags & RCODE_MASK} for {check.qname}")
    if flags & TC or questions != 1:
        raise WrongAnswer(f"TC {bool(flags & TC)}, {questions} questions for {check.qname}")
    qname, offset = _name(response, HEADER_BYTES)
    offset += 4
    if qname != check.qname.lower():
        raise WrongAnswer(f"question {qname} for {check.qname}")
    addresses, has_opt = [], False
    for index in range(answers + authority + additional):
        owner, rtype, rdata, offset = _record(response, offset)
        has_opt = has_opt or rtype == TYPE_OPT
        if index < answers:
            if owner != check.qname.lower() or rtype != TYPES[check.qtype] or len(rdata) != 4:
                raise WrongAnswer(f"owner {owner}, type {rtype} for {check.qname}")
            addresses.append(socket.inet_ntoa(rdata))
    if sorted(addresses) != sorted(check.addresses):
        raise WrongAnswer(f"{addresses or 'no address'} for {check.qname}")
    if has_opt != check.wants_dnssec:
        raise WrongAnswer(f"{'an' if has_opt else 'no'} OPT record for {check.qname}")


def _record(message, offset):
    """Returns owner, type and RDATA of the record at `offset`, and the offset behind it."""
    owner, offset = _name(message, offset)
    rtype, _, _, length = struct.unpack_from("!HHIH", message, offset)
    offset += 10
    if offset + length > len(message):
        raise WrongAnswer("a record is cut short")
    return owner, rtype, message[offset : offset + length], offset + length


def _name(message, offset):
    """Returns the name at `offset`, in lower case and without the last dot, and the offset behind it."""
    labels, end = [], None
    for _ in range(128):
        length = message[offset]
        if length >= 0xC0:
            end = end or offset + 2
            offset = (length & 0x3F) << 8 | message[offset + 1]
        elif length:
            labels.append(message[offset + 1 : offset + 1 + length].decode("latin-1").lower())
            offset += 1 + length
        else:
            return ".".join(labels), end or offset + 1
    raise WrongAnswer("a name does not end")


def _read(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the connection was closed")
        data += part
    return data
