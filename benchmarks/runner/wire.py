"""Just enough of the DNS wire format to check that a server answers rightly before it is measured."""

import socket
import struct

TYPE_A = 1
CLASS_IN = 1
QR = 0x8000
RD = 0x0100
RCODE_MASK = 0x000F
HEADER_BYTES = 12


class WrongAnswer(Exception):
    """The server answered, but not as it had to; the text says how."""


def query(identifier, qname):
    """Returns a query for the A records of `qname` in wire form."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in qname.rstrip(".").split("."))
    header = struct.pack("!6H", identifier, RD, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!2H", TYPE_A, CLASS_IN)


def ask(port, qname, transport, timeout_seconds):
    """Sends one query to 127.0.0.1 and returns the response; raises OSError when none comes in time."""
    message = query(0x5359, qname)
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


def check_answer(response, qname, address):
    """Raises WrongAnswer unless `response` is NOERROR with exactly one A record `qname` -> `address`."""
    try:
        _check_answer(response, qname, address)
    except (IndexError, struct.error) as error:
        raise WrongAnswer("the response is cut short") from error


def check_echo(response):
    """Raises WrongAnswer unless `response` is a query that came back with QR set."""
    if len(response) < HEADER_BYTES or not response[2] & 0x80:
        raise WrongAnswer("QR is not set")


def _check_answer(response, qname, address):
    identifier, flags, questions, answers = struct.unpack_from("!4H", response)
    if identifier != 0x5359 or not flags & QR:
        raise WrongAnswer("not a response to the query")
    if flags & RCODE_MASK:
        raise WrongAnswer(f"RCODE {flags & RCODE_MASK} for {qname}")
    if questions != 1 or answers != 1:
        raise WrongAnswer(f"{questions} questions and {answers} answers for {qname}")
    question, offset = _name(response, HEADER_BYTES)
    owner, offset = _name(response, offset + 4)
    rtype, rclass, _, length = struct.unpack_from("!HHIH", response, offset)
    rdata = response[offset + 10 : offset + 10 + length]
    if question != qname.lower() or owner != qname.lower():
        raise WrongAnswer(f"question {question} and owner {owner} for {qname}")
    if (rtype, rclass) != (TYPE_A, CLASS_IN) or rdata != socket.inet_aton(address):
        raise WrongAnswer(f"type {rtype}, RDATA {rdata.hex()} for {qname}, not the address {address}")


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
