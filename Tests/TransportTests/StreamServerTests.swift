import EventLoop
import Glibc
import Testing

@testable import Transport

@Suite struct StreamServerTests {
    // MARK: - Many queries

    @Test func answersMayGoInAnyOrder() throws {
        let server = try EchoServer()
        var first: [UInt8]?
        server.recorder.whenReceived = { connection, octets in
            guard let waiting = first else {
                first = octets
                return
            }
            connection.send(octets)
            connection.send(waiting)
        }
        let answers = try server.run { address -> [[UInt8]?] in
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 1, 0, 1, 2])
            return [client.receiveMessage(), client.receiveMessage()]
        }
        #expect(answers == [[2], [1]])
    }

    @Test func lateAnswersOfOneRoundArrive() throws {
        let server = try EchoServer()
        var waiting: [(StreamConnection, [UInt8])] = []
        let timer = try Timer(server.loop) {
            for (connection, octets) in waiting { connection.send(octets) }
            waiting = []
        }
        server.recorder.whenReceived = { connection, octets in
            waiting.append((connection, octets))
            if waiting.count == 20 { timer.schedule(afterMilliseconds: 10) }
        }
        let answers = try server.run { address -> [[UInt8]?] in
            let client = PlainSocket.stream(to: address)
            for i in 0..<20 { client.send([0, 1, UInt8(i)]) }
            return (0..<20).map { _ in client.receiveMessage() }
        }
        #expect(answers == (0..<20).map { [UInt8($0)] })
    }

    @Test func tooManyPendingQueriesPauseReading() throws {
        let server = try EchoServer()
        let total = 3000
        var waiting: [(StreamConnection, [UInt8])] = []
        var mostWaiting = 0
        server.recorder.whenReceived = { connection, octets in
            waiting.append((connection, octets))
            mostWaiting = max(mostWaiting, waiting.count)
        }
        // Answers some now and then.
        var timer: Timer?
        timer = try Timer(server.loop) {
            for (connection, octets) in waiting.prefix(300) { connection.send(octets) }
            waiting.removeFirst(min(300, waiting.count))
            timer?.schedule(afterMilliseconds: 5)
        }
        timer?.schedule(afterMilliseconds: 50)
        let answers = try server.run { address -> [[UInt8]?] in
            let client = PlainSocket.stream(to: address)
            client.send((0..<total).flatMap { [UInt8](bigEndian: UInt16($0)).framed })
            return (0..<total).map { _ in client.receiveMessage() }
        }
        timer = nil
        #expect(answers == (0..<total).map { [UInt8](bigEndian: UInt16($0)) })
        #expect(mostWaiting == TransportLimits.pendingQueriesLimit)
    }

    @Test func slowReaderIsNotReadWhileItsAnswersWait() throws {
        let server = try EchoServer()
        let total = 400
        var mostWaiting = 0
        server.recorder.whenReceived = { connection, octets in
            connection.send([UInt8](repeating: octets[0], count: 60_000))
            mostWaiting = max(mostWaiting, connection.waitingCount)
        }
        let wrong = try server.run { address -> Int in
            let client = PlainSocket.stream(to: address)
            client.send((0..<total).flatMap { [0, 1, UInt8($0 & 0xFF)] })
            usleep(100_000)
            return (0..<total).count {
                client.receiveMessage() != [UInt8](repeating: UInt8($0 & 0xFF), count: 60_000)
            }
        }
        #expect(wrong == 0)
        #expect(server.recorder.messages.count == total)
        #expect(mostWaiting <= TransportLimits.outputPauseLength + 65_537)
    }

    @Test func answersAboveTheOutputLimitCloseTheConnection() throws {
        let server = try EchoServer()
        var waiting: [StreamConnection] = []
        let timer = try Timer(server.loop) {
            for connection in waiting { connection.send([UInt8](repeating: 1, count: 65_535)) }
        }
        server.recorder.whenReceived = { connection, _ in
            waiting.append(connection)
            if waiting.count == 300 { timer.schedule(afterMilliseconds: 1) }
        }
        let client = PlainSocket.stream(to: server.listener.localAddress)
        client.send((0..<300).flatMap { _ in [0, 1, 1] as [UInt8] })
        try server.run { !server.recorder.closed.isEmpty }
        #expect(server.recorder.closed == [.outputLimit])
        #expect(server.resources.connectionCount == 0)
    }

    @Test func closingInTheHandlerStopsTheBurst() throws {
        let server = try EchoServer()
        server.recorder.whenReceived = { connection, _ in
            connection.close()
            #expect(!connection.send([1]))
            connection.close()
        }
        let isAtEnd = try server.run { address in
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 1, 0, 1, 2])
            return client.isAtEnd()
        }
        #expect(isAtEnd)
        #expect(server.recorder.messages == [[1]])
        #expect(server.recorder.closed == [.closedHere])
    }

    // MARK: - The end

    @Test func peerThatEndedItsSideStillGetsItsAnswers() throws {
        let server = try EchoServer()
        var waiting: [(StreamConnection, [UInt8])] = []
        let timer = try Timer(server.loop) {
            for (connection, octets) in waiting.reversed() { connection.send(octets) }
        }
        server.recorder.whenReceived = { connection, octets in
            waiting.append((connection, octets))
            timer.schedule(afterMilliseconds: 50)
        }
        let (answers, isAtEnd) = try server.run { address in
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 1, 0, 1, 2, 0, 9, 3])
            client.endWriting()
            return ([client.receiveMessage(), client.receiveMessage()], client.isAtEnd())
        }
        #expect(answers == [[2], [1]])
        #expect(isAtEnd)
        #expect(server.recorder.closed == [.finished])
    }

    @Test func queriesThatGetNoAnswerDoNotKeepAnEndedConnection() throws {
        let server = try EchoServer()
        server.recorder.whenReceived = { connection, _ in connection.abandonQuery() }
        let isAtEnd = try server.run { address in
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 1])
            client.endWriting()
            return client.isAtEnd()
        }
        #expect(isAtEnd)
        #expect(server.recorder.closed == [.finished])
    }

    @Test func stoppingClosesThePortAndFinishesWhatIsPending() throws {
        let server = try EchoServer()
        var waiting: (StreamConnection, [UInt8])?
        let answer = try Timer(server.loop) {
            if let (connection, octets) = waiting { connection.send(octets) }
        }
        server.recorder.whenReceived = { [listener = server.listener] connection, octets in
            waiting = (connection, octets)
            listener.stop()
            answer.schedule(afterMilliseconds: 50)
        }
        let (message, isAtEnd, isIdleAtEnd, isRefused) = try server.run { address in
            let idle = PlainSocket.stream(to: address)
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 1])
            let message = client.receiveMessage()
            let refused = !PlainSocket(SOCK_STREAM).connect(address)
            return (message, client.isAtEnd(), idle.isAtEnd(), refused)
        }
        #expect(message == [1])
        #expect(isAtEnd && isIdleAtEnd && isRefused)
        #expect(server.recorder.closed == [.finished, .finished])
        #expect(server.resources.connectionCount == 0)
    }

    @Test func whatDoesNotFinishIsClosed() throws {
        let server = try EchoServer()
        server.recorder.whenReceived = { _, _ in }
        let clients = (0..<3).map { _ in PlainSocket.stream(to: server.listener.localAddress) }
        clients[0].send([0, 1, 1])
        try server.run { server.recorder.messages.count == 1 && server.resources.connectionCount == 3 }
        server.listener.stop()
        server.resources.closeConnections()
        #expect(server.resources.connectionCount == 0)
        #expect(server.recorder.closed == [.closedHere, .closedHere, .closedHere])
        for client in clients { #expect(client.isAtEnd()) }
    }

    @Test func resetIsReported() throws {
        let server = try EchoServer()
        server.recorder.whenReceived = { _, _ in }
        var client: PlainSocket? = PlainSocket.stream(to: server.listener.localAddress)
        client?.send([0, 1, 1])
        try server.run { server.recorder.messages.count == 1 }
        client?.resetWhenClosed()
        client = nil
        try server.run { !server.recorder.closed.isEmpty }
        #expect(server.recorder.closed == [.failed(SystemError(call: "recv", errno: ECONNRESET))])
    }

    // MARK: - Timeouts

    @Test func idleConnectionIsClosed() throws {
        var timeouts = StreamTimeouts()
        timeouts.idleMilliseconds = 50
        let server = try EchoServer(timeouts: timeouts)
        let isAtEnd = try server.run { address in PlainSocket.stream(to: address).isAtEnd() }
        #expect(isAtEnd)
        #expect(server.recorder.closed == [.idle])
    }

    @Test func connectionWithPendingQueryIsNotIdle() throws {
        var timeouts = StreamTimeouts()
        timeouts.idleMilliseconds = 30
        let server = try EchoServer(timeouts: timeouts)
        var waiting: (StreamConnection, [UInt8])?
        let timer = try Timer(server.loop) {
            if let (connection, octets) = waiting { connection.send(octets) }
        }
        server.recorder.whenReceived = { connection, octets in
            waiting = (connection, octets)
            timer.schedule(afterMilliseconds: 200)
        }
        let (answer, isAtEnd) = try server.run { address in
            let client = PlainSocket.stream(to: address)
            client.send([0, 1, 1])
            return (client.receiveMessage(), client.isAtEnd())
        }
        #expect(answer == [1])
        #expect(isAtEnd)
        #expect(server.recorder.closed == [.idle])
    }

    @Test func queryThatIsNeverAnsweredDoesNotKeepTheConnectionForever() throws {
        var timeouts = StreamTimeouts()
        timeouts.unansweredMilliseconds = 50
        let server = try EchoServer(timeouts: timeouts)
        server.recorder.whenReceived = { _, _ in }
        let client = PlainSocket.stream(to: server.listener.localAddress)
        client.send([0, 1, 1])
        try server.run { !server.recorder.closed.isEmpty }
        #expect(server.recorder.closed == [.unanswered])
    }

    @Test func unfinishedMessageTimesOut() throws {
        var timeouts = StreamTimeouts()
        timeouts.partialMessageMilliseconds = 50
        let server = try EchoServer(timeouts: timeouts)
        let isAtEnd = try server.run { address in
            let client = PlainSocket.stream(to: address)
            client.send([0])
            return client.isAtEnd()
        }
        #expect(isAtEnd)
        #expect(server.recorder.closed == [.partialMessage])
    }

    @Test func sendingSlowlyDoesNotProlongAMessage() throws {
        var timeouts = StreamTimeouts()
        timeouts.partialMessageMilliseconds = 100
        let server = try EchoServer(timeouts: timeouts)
        let client = PlainSocket.stream(to: server.listener.localAddress)
        client.send([0xFF, 0xFF])
        var timer: Timer?
        var sent = 0
        timer = try Timer(server.loop) {
            client.send([1])
            sent += 1
            if sent < 1000 { timer?.schedule(afterMilliseconds: 5) }
        }
        timer?.schedule(afterMilliseconds: 0)
        try server.run { !server.recorder.closed.isEmpty }
        timer = nil
        #expect(server.recorder.closed == [.partialMessage])
    }

    @Test func peerThatReadsNothingIsClosed() throws {
        var timeouts = StreamTimeouts()
        timeouts.writeStallMilliseconds = 100
        let server = try EchoServer(timeouts: timeouts)
        server.recorder.whenReceived = { connection, _ in
            connection.send([UInt8](repeating: 1, count: 65_535))
        }
        let client = PlainSocket.stream(to: server.listener.localAddress)
        client.send((0..<400).flatMap { _ in [0, 1, 1] as [UInt8] })
        try server.run { !server.recorder.closed.isEmpty }
        #expect(server.recorder.closed == [.writeStalled])
        withExtendedLifetime(client) {}
    }

    // MARK: - Limits

    @Test func connectionsAreLimitedInAll() throws {
        var limits = StreamLimits()
        limits.connections = 3
        let server = try EchoServer(limits: limits)
        let (fourthIsAtEnd, answer) = try server.run { address in
            let clients = (0..<3).map { _ in PlainSocket.stream(to: address) }
            let isAtEnd = PlainSocket.stream(to: address).isAtEnd()
            clients[0].send([0, 1, 7])
            return (isAtEnd, clients[0].receiveMessage())
        }
        #expect(fourthIsAtEnd)
        #expect(answer == [7])
        #expect(server.resources.counters.refusedInAll == 1)
        #expect(server.resources.counters.accepted == 3)
    }

    @Test func connectionsAreLimitedPerClient() throws {
        var limits = StreamLimits()
        limits.connectionsPerClient = 2
        let server = try EchoServer(SocketAddress(ipv4: 0, port: 0), limits: limits)
        let port = server.listener.localAddress.port
        let (thirdIsAtEnd, answer) = try server.run { _ in
            let address = SocketAddress.loopback.with(port: port)
            let clients = (0..<2).map { _ in PlainSocket.stream(to: address) }
            let isAtEnd = PlainSocket.stream(to: address).isAtEnd()
            // Another client: 127.0.0.2.
            let other = PlainSocket(SOCK_STREAM)
            other.bind(SocketAddress(ipv4: 0x7F00_0002, port: 0))
            other.connect(address)
            other.send([0, 1, 7])
            return withExtendedLifetime(clients) { (isAtEnd, other.receiveMessage()) }
        }
        #expect(thirdIsAtEnd)
        #expect(answer == [7])
        #expect(server.resources.counters.refusedPerClient == 1)
    }

    @Test func closedConnectionsMakeRoom() throws {
        var limits = StreamLimits()
        limits.connectionsPerClient = 1
        let server = try EchoServer(limits: limits)
        for i in 0..<5 {
            let answer = try server.run { address -> [UInt8]? in
                let client = PlainSocket.stream(to: address)
                client.send([0, 1, UInt8(i)])
                return client.receiveMessage()
            }
            #expect(answer == [UInt8(i)])
            try server.run { server.resources.connectionCount == 0 }
        }
    }

    @Test func clientsOfOneIPv6NetworkCountAsOne() {
        let one = SocketAddress(ipv6: 0x2001_0DB8 << 96 | 1, port: 5)
        let two = SocketAddress(ipv6: 0x2001_0DB8 << 96 | 0xFFFF_FFFF, port: 6)
        let other = SocketAddress(ipv6: 0x2001_0DB8 << 96 | 1 << 64, port: 5)
        #expect(one.client == two.client)
        #expect(one.client != other.client)
        #expect(SocketAddress(ipv4: 1, port: 2).client != SocketAddress(ipv4: 2, port: 2).client)
    }
}
