import Testing

extension SystemTests {
    /// At least 100,000 damaged messages each over UDP and TCP: every one gets a well-formed answer or none, and
    /// the server stays what it was.
    @Suite struct HostileClientTests {
        private static let messages = 100_000 * fuzzFactor
        private static let perBarrier = 50
        /// Octets by which the server's memory may grow while it gets them; its caches of 5 MiB fill meanwhile.
        private static let growthMax = 12 << 20

        private let name = "web.shop.svc.east.k8s.corp"

        private static let corpus: [[UInt8]] = {
            var cookie = TestMessage(query: "_http._tcp.web.shop.svc.west.k8s.corp", 33, edns: 4096)
            cookie.additional[0].rdata = [
                0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 8, 0, 7, 0, 1, 24, 0, 192, 0, 2,
            ]
            var chaos = TestMessage(query: "version.bind", Type.txt)
            chaos.questions[0].questionClass = 3
            var update = TestMessage(query: "east.k8s.corp", Type.soa)
            update.flags = 0x2800
            update.authority = [.a("new.east.k8s.corp", "192.0.2.1")]
            return [
                TestMessage(query: "web.shop.svc.east.k8s.corp"),
                TestMessage(query: "web.shop.svc.east.k8s.corp", edns: 512),
                TestMessage(query: "worker.batch.svc.east.k8s.corp", edns: 65_535),
                TestMessage(query: "peer.shop.svc.west.k8s.corp", 28),
                TestMessage(query: "web.shop.svc.esat.k8s.corp", edns: 1232),
                TestMessage(query: "20.0.96.10.in-addr.arpa", 12),
                TestMessage(query: "www.example.org", 255, edns: 1232),
                TestMessage(query: "east.k8s.corp", 252),
                cookie, chaos, update,
            ].map(\.bytes)
        }()

        /// A server of its own: caches small enough to be filled, one worker so that nothing evades.
        private func startServer() throws -> TestServer {
            let lab = try Lab.current
            return try .switchyard(
                """
                listen: [127.0.0.1:PORT]
                workers: 1
                upstream: {servers: ["\(lab.publicDNS.endpoint)"]}
                zonePattern: "{cluster}.k8s.corp"
                clusters:
                \(Lab.clusters(east: lab.east.endpoint, west: lab.west.endpoint, old: lab.old.endpoint))
                cache: {size: 4MiB}
                """
            )
        }

        /// A reply must be a response that can be read to its last octet.
        private func isDefined(_ reply: [UInt8]) -> Bool {
            guard let message = try? TestMessage(parsing: reply) else { return false }
            return message.flags & TestMessage.response != 0
        }

        private func expectUnharmed(_ server: TestServer, _ before: Int) throws {
            #expect(server.process.exitStatus == nil, "\(server.process.log)")
            #expect(try dig(name, at: server.endpoint).data("A") == ["10.96.0.20"])
            #expect(try dig(name, "+tcp", at: server.endpoint).data("A") == ["10.96.0.20"])
            #expect(try kdig("fresh.shop.svc.west.k8s.corp", at: server.endpoint).status == "NXDOMAIN")
            let growth = try server.process.residentBytes - before
            #expect(growth < Self.growthMax, "grew by \(growth >> 10) KiB")
        }

        @Test(.timeLimit(.minutes(3 * fuzzFactor))) func damagedDatagramsDoNoHarm() throws {
            let server = try startServer()
            var mutator = Mutator(seed: 1)
            let socket = try Socket.datagrams(to: server.endpoint)
            var sent = 0
            var replies = 0
            var undefined = 0
            var before = try server.process.residentBytes
            while sent < Self.messages {
                for _ in 0..<Self.perBarrier {
                    let original = Self.corpus[mutator.below(Self.corpus.count)]
                    let isNoise = mutator.below(16) == 0
                    socket.send(isNoise ? mutator.bytes(mutator.below(600)) : mutator.mutate(original))
                    sent += 1
                }
                // A good query must be answered in between, which bounds the rate as well.
                let barrier = TestMessage(query: name)
                var isAnswered = false
                for _ in 0..<4 where !isAnswered {
                    socket.send(barrier.bytes)
                    while let reply = socket.receive(within: 3) {
                        replies += 1
                        if !isDefined(reply) { undefined += 1 }
                        if let message = try? TestMessage(parsing: reply), message.id == barrier.id,
                            message.questions == barrier.questions, !message.answer.isEmpty
                        {
                            isAnswered = true
                            break
                        }
                    }
                }
                try #require(isAnswered, "no answer after \(sent) messages: \(server.process.log)")
                // Tables and buffers are made for the first messages.
                if sent == 5000 { before = try server.process.residentBytes }
            }
            #expect(undefined == 0)
            #expect(replies > sent / 4, "most of it is answered: \(replies) of \(sent)")
            try expectUnharmed(server, before)
        }

        @Test(.timeLimit(.minutes(3 * fuzzFactor))) func damagedMessagesOnStreamsDoNoHarm() throws {
            let server = try startServer()
            var mutator = Mutator(seed: 2)
            var client = try StreamClient(server.endpoint)
            var sent = 0
            var undefined = 0
            var reconnects = 0
            var before = try server.process.residentBytes
            while sent < Self.messages {
                var octets: [UInt8] = []
                for _ in 0..<Self.perBarrier {
                    let original = Self.corpus[mutator.below(Self.corpus.count)]
                    let message = mutator.mutate(original)
                    // A frame without a message ends the connection; that has a test of its own.
                    octets += frame(message.isEmpty ? [0] : message)
                    sent += 1
                }
                let barrier = TestMessage(query: name)
                var isAnswered = false
                var next = octets
                for _ in 0..<4 where !isAnswered {
                    client.socket.send(next + barrier.framed)
                    next = []
                    while let reply = client.receive(within: 6) {
                        if !isDefined(reply) { undefined += 1 }
                        if let message = try? TestMessage(parsing: reply), message.id == barrier.id,
                            message.questions == barrier.questions, !message.answer.isEmpty
                        {
                            isAnswered = true
                            break
                        }
                    }
                    if !isAnswered {
                        reconnects += 1
                        client = try StreamClient(server.endpoint)
                    }
                }
                try #require(isAnswered, "no answer after \(sent) messages: \(server.process.log)")
                if sent == 5000 { before = try server.process.residentBytes }
            }
            #expect(undefined == 0)
            #expect(reconnects == 0, "a bad message is no reason to end a connection")
            try expectUnharmed(server, before)
        }

        @Test(.timeLimit(.minutes(2 * fuzzFactor))) func streamsOfNoiseDoNoHarm() throws {
            let server = try startServer()
            var mutator = Mutator(seed: 3)
            var open: [StreamClient] = []
            let descriptors = try server.process.openDescriptors
            var before = try server.process.residentBytes
            for i in 0..<1500 {
                let client = try StreamClient(server.endpoint)
                // Lengths that promise more or less than what follows.
                client.socket.send(mutator.bytes(1 + mutator.below(i % 50 == 0 ? 70_000 : 300)))
                open.append(client)
                if open.count > 60 { open.removeFirst(30) }
                if i % 100 == 0 {
                    #expect(
                        try RawClient.ask(TestMessage(query: name), of: server.endpoint).answer.count == 1
                    )
                    if i == 300 { before = try server.process.residentBytes }
                }
            }
            open = []
            try expectUnharmed(server, before)
            #expect(
                waitUntil(seconds: 20) { ((try? server.process.openDescriptors) ?? .max) <= descriptors + 20 }
            )
        }
    }
}
