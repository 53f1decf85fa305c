import EventLoop
import Testing

@testable import HTTP

/// What a client gets from a server, the hostile one included.
@Suite(.serialized) struct HTTPServerTests {
    @Test(arguments: [
        "GET / HTTP/1.1\r\n: x\r\n\r\n", "GET /x HTTP/1.0\r\n\r\n", "GET /%00%ff?%00=%ff HTTP/1.1\r\n\r\n",
    ])
    func oddRequestsAreServed(request: String) throws {
        let server = try Self.echo()
        #expect(PlainClient(port: server.port).exchange(request)?.status == 200)
    }

    /// Says what it was asked.
    private static func echo() throws -> RunningServer {
        try RunningServer { exchange, _ in
            let fields = exchange.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
            exchange.answer(
                .text(
                    "\(exchange.method) \(exchange.path) [\(fields)] \(exchange.body.count)"
                )
            )
        }
    }

    private static func get(_ target: String, _ server: RunningServer) -> Answer? {
        PlainClient(port: server.port).exchange("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }

    @Test func aRequestArrivesWithPathAndDecodedQuery() throws {
        let server = try Self.echo()
        let answer = try #require(Self.get("/a/b?name=w%65b+x&type=&%zz&&plain", server))
        #expect(answer.status == 200)
        #expect(answer.body == "get /a/b [name=web x;type=;%zz=;plain=] 0\n")
    }

    @Test func everyAnswerForbidsGuessingAndKeeping() throws {
        let server = try Self.echo()
        let head = try #require(Self.get("/", server)).head.lowercased()
        #expect(head.contains("\r\nx-content-type-options: nosniff"))
        #expect(head.contains("\r\ncache-control: no-store"))
        #expect(head.contains("\r\nconnection: close"))
    }

    @Test func headHasTheLengthOfTheBodyAndNoBody() throws {
        let server = try RunningServer { exchange, _ in exchange.answer(.text("four")) }
        let answer = try #require(
            PlainClient(port: server.port).exchange("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        )
        #expect(answer.head.contains("Content-Length: 5"))
        #expect(answer.body.isEmpty)
    }

    @Test func aBodyArrives() throws {
        let server = try Self.echo()
        let answer = PlainClient(port: server.port)
            .exchange("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        #expect(answer?.body == "post /x [] 5\n")
    }

    @Test func anAnswerMayComeLater() throws {
        let server = try RunningServer { exchange, loop in
            Later.run(loop, afterMilliseconds: 50) { exchange.answer(.text("late")) }
        }
        #expect(Self.get("/", server)?.body == "late\n")
    }

    @Test func whatIsNotHandledIsAnErrorAndNotSilence() throws {
        let server = try RunningServer { _, _ in }
        #expect(Self.get("/", server)?.status == 500)
    }

    @Test func aSecondAnswerIsIgnored() throws {
        let server = try RunningServer { exchange, _ in
            exchange.answer(.text("first"))
            exchange.answer(.text("second", status: 500))
        }
        let answer = Self.get("/", server)
        #expect(answer?.status == 200)
        #expect(answer?.body == "first\n")
    }

    @Test func aClientThatIsGoneDoesNoHarm() throws {
        let server = try RunningServer { exchange, loop in
            Later.run(loop, afterMilliseconds: exchange.path == "/slow" ? 100 : 0) {
                exchange.answer(
                    HTTPResponse(contentType: "text/plain", body: .init(repeating: 65, count: 1 << 20))
                )
            }
        }
        for _ in 0..<20 { PlainClient(port: server.port).send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n") }
        for _ in 0..<20 { PlainClient(port: server.port).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(Self.get("/slow", server)?.body.count == 1 << 20)
    }

    @Test func theEndOfTheServerEndsWhatIsOpen() throws {
        let client: PlainClient
        do {
            let hasArrived = Flag()
            let server = try RunningServer { exchange, loop in
                Later.run(loop, afterMilliseconds: 60_000) { exchange.answer(.text("never")) }
                hasArrived.set()
            }
            client = PlainClient(port: server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(hasArrived.wait())
        }
        #expect(client.receiveAll() != nil)
    }

    // MARK: - Hostile

    @Test func aLargeHeaderIsRefused() throws {
        let server = try Self.echo()
        let field = "X-Large: \(String(repeating: "a", count: 9000))\r\n"
        let answer = PlainClient(port: server.port).exchange("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n")
        #expect(answer?.status == 431)
    }

    @Test func aLongTargetIsRefused() throws {
        let server = try Self.echo()
        #expect(Self.get("/\(String(repeating: "a", count: 9000))", server)?.status == 431)
    }

    @Test func anEndlessHeaderEnds() throws {
        let server = try Self.echo()
        let client = PlainClient(port: server.port)
        client.send("GET / HTTP/1.1\r\n")
        let field = "X-Many: \(String(repeating: "a", count: 1000))\r\n"
        for _ in 0..<1000 where !client.send(field) { break }
        let text = try #require(client.receiveAll())
        #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 4"))
        #expect(Self.get("/", server)?.status == 200)
    }

    @Test func aLargeBodyIsRefused() throws {
        let server = try Self.echo()
        let answer = PlainClient(port: server.port)
            .exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n")
        #expect(answer?.status == 413)
    }

    @Test(arguments: [
        "\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{1}\u{2}\u{3}\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func nonsenseIsRefusedAndTheServerGoesOn(request: String) throws {
        let server = try RunningServer(limits: .short) { exchange, _ in
            exchange.answer(.text("ok", status: exchange.method == .other ? 405 : 200))
        }
        let client = PlainClient(port: server.port)
        client.send(request)
        let text = try #require(client.receiveAll())
        #expect(text.isEmpty || !text.hasPrefix("HTTP/1.1 200"), "\(text)")
        #expect(Self.get("/", server)?.status == 200)
    }

    @Test func nothingOfTheRequestIsInAnErrorPage() throws {
        let server = try RunningServer(limits: .short) { exchange, _ in
            exchange.answer(.text("no", status: 404))
        }
        for request in [
            "GET /<script>x</script> HTTP/1.1\r\nHost: a\r\n\r\n", "<script> / HTTP/1.1\r\n\r\n",
            "GET <script>\r\n\r\n",
        ] {
            let client = PlainClient(port: server.port)
            client.send(request)
            #expect(try #require(client.receiveAll()).contains("<script") == false)
        }
    }

    @Test func aSilentClientIsClosed() throws {
        let server = try RunningServer(limits: .short) { exchange, _ in exchange.answer(.text("ok")) }
        let client = PlainClient(port: server.port)
        client.send("GET / HTTP/1.1\r\nHost")
        #expect(client.receiveAll() != nil)
    }

    @Test func aClientThatTricklesIsClosed() throws {
        let server = try RunningServer(limits: .short) { exchange, _ in exchange.answer(.text("ok")) }
        let client = PlainClient(port: server.port)
        client.send("GET / HTTP/1.1\r\n")
        var octets = 0
        // Never silent for the second that would end it; the whole must end all the same.
        while octets < 60, client.send("X") {
            Later.pause(milliseconds: 100)
            octets += 1
        }
        #expect(octets < 60)
    }

    @Test func onlySoManyConnectionsAreServed() throws {
        var limits = HTTPLimits()
        limits.connections = 4
        let server = try RunningServer(limits: limits) { exchange, _ in exchange.answer(.text("ok")) }
        let held = (0..<4).map { _ in PlainClient(port: server.port) }
        for client in held { client.send("GET / HTTP/1.1\r\n") }
        // The four may still be on their way.
        var refused = 0
        for _ in 0..<8 where PlainClient(port: server.port).receiveAll()?.isEmpty == true { refused += 1 }
        #expect(refused >= 7)
        for client in held { #expect(client.exchange("Host: a\r\n\r\n")?.status == 200) }
        #expect(Self.get("/", server)?.status == 200)
    }
}

extension HTTPLimits {
    /// For tests that wait for the end of a connection.
    static var short: HTTPLimits {
        var limits = HTTPLimits()
        limits.idleSeconds = 1
        limits.totalSeconds = 1
        return limits
    }
}
