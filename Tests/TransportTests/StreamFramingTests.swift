import EventLoop
import Glibc
import Testing

@testable import Transport

/// A small generator with a fixed seed (SplitMix64), so that a failure can be repeated.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct StreamFramingTests {
    @Test(arguments: [SocketAddress.loopback, .loopbackIPv6])
    func answersWithLengthPrefix(_ address: SocketAddress) throws {
        let server = try EchoServer(address)
        let answer = try server.run { address in
            let client = PlainSocket.stream(to: address)
            client.send([0, 3, 7, 8, 9])
            return client.receive(exactly: 5)
        }
        #expect(answer == [0, 3, 7, 8, 9])
        #expect(server.recorder.messages == [[7, 8, 9]])
    }

    @Test func messageMayComeOctetByOctet() throws {
        let server = try EchoServer()
        let message = (0..<40).map { UInt8($0) }
        let answers = try server.run { address -> [[UInt8]?] in
            let client = PlainSocket.stream(to: address)
            for octet in message.framed + message.framed {
                client.send([octet])
                usleep(200)
            }
            return [client.receiveMessage(), client.receiveMessage()]
        }
        #expect(answers == [message, message])
    }

    @Test func messagesOfOneSegmentAreAnsweredInOneBurst() throws {
        let server = try EchoServer()
        let messages = (1...100).map { [UInt8](repeating: UInt8($0), count: $0) }
        let answers = try server.run { address -> [[UInt8]?] in
            let client = PlainSocket.stream(to: address)
            client.send(messages.flatMap(\.framed))
            return messages.map { _ in client.receiveMessage() }
        }
        #expect(answers == messages)
        #expect(server.recorder.readsEnded < 100)
    }

    @Test(arguments: [1, 2, 3, 65_534, 65_535])
    func messageOfEveryLengthComesBack(_ length: Int) throws {
        let server = try EchoServer()
        let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let answer = try server.run { address -> [UInt8]? in
            let client = PlainSocket.stream(to: address)
            client.send(message.framed)
            return client.receiveMessage()
        }
        #expect(answer == message)
    }

    @Test func everySplitOfTwoMessagesGivesTheSame() throws {
        let server = try EchoServer()
        let octets = [UInt8]([1, 2, 3]).framed + [UInt8]([4]).framed
        let answers = try server.run { address in
            (1..<octets.count).map { split -> [UInt8]? in
                let client = PlainSocket.stream(to: address)
                client.send(Array(octets[..<split]))
                usleep(2000)
                client.send(Array(octets[split...]))
                return client.receive(exactly: octets.count)
            }
        }
        for answer in answers { #expect(answer == octets) }
    }

    @Test func emptyMessageClosesAfterTheAnswersBefore() throws {
        let server = try EchoServer()
        let (answer, isAtEnd) = try server.run { address in
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 5, 0, 0, 0, 1, 6])
            return (client.receiveMessage(), client.isAtEnd())
        }
        #expect(answer == [5])
        #expect(isAtEnd)
        #expect(server.recorder.messages == [[5]])
        #expect(server.recorder.closed == [.emptyMessage])
    }

    @Test func messageTooLongToSendIsRefused() throws {
        let server = try EchoServer()
        var results: [Bool] = []
        server.recorder.whenReceived = { connection, _ in
            results.append(connection.send([UInt8](repeating: 0, count: 65_536)))
            results.append(connection.send([]))
            results.append(connection.send([1]))
        }
        let answer = try server.run { address -> [UInt8]? in
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 5])
            return client.receiveMessage()
        }
        #expect(results == [false, false, true])
        #expect(answer == [1])
    }

    @Test func garbageNeitherCrashesNorStopsTheServer() throws {
        let server = try EchoServer()
        let answer = try server.run { address -> [UInt8]? in
            var generator = SeededGenerator(state: 20_261_122)
            for _ in 0..<300 {
                let client = PlainSocket.stream(to: address)
                let count = Int.random(in: 1...3000, using: &generator)
                client.send((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
            }
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 42])
            return client.receiveMessage()
        }
        #expect(answer == [42])
        try server.run { server.resources.connectionCount == 0 }
        #expect(server.recorder.closed.count == 301)
        #expect(Set(server.recorder.closedIDs).count == 301)
    }

    @Test func partialMessageGrowsWithWhatComesNotWithWhatIsPromised() {
        var partial = PartialMessage()
        let begin: [UInt8] = [0xFF, 0xFF, 1]
        let taken = unsafe partial.append(begin.span.bytes, from: 0)
        #expect(taken == 3)
        #expect(!partial.isComplete)
        let message = partial.take()
        #expect(message.capacity < 1000)
        #expect(partial.isEmpty)
    }

    @Test func outputQueueKeepsOrderAcrossAppendsAndPartialWrites() throws {
        var ends: [CInt] = [0, 0]
        #expect(unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        var queue = OutputQueue()
        var expected: [UInt8] = []
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 100_000)
        for i in 0..<200 {
            let message = [UInt8](repeating: UInt8(i), count: 5000 + i)
            unsafe queue.appendMessage(message.span.bytes)
            expected += message.framed
            _ = queue.write(ends[0])
            if i % 3 == 0 {
                let count = unsafe recv(ends[1], &buffer, buffer.count, 0)
                received += buffer.prefix(count)
            }
        }
        for _ in 0..<10_000 where received.count < expected.count {
            if !queue.isEmpty { _ = queue.write(ends[0]) }
            let count = unsafe recv(ends[1], &buffer, buffer.count, 0)
            received += buffer.prefix(count)
        }
        #expect(received == expected)
        #expect(queue.isEmpty)
    }
}
