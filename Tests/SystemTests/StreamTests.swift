import Testing

extension SystemTests {
    /// DNS over TCP as clients use it (RFC 7766).
    @Suite struct StreamTests {
        private let name = "web.shop.svc.east.k8s.corp"

        @Test func toolsAreServedOverTCP() throws {
            let server = try Lab.server
            #expect(try dig(name, "+tcp", at: server).data("A") == ["10.96.0.20"])
            #expect(try kdig(name, "+tcp", at: server).data("A") == ["10.96.0.20"])
            #expect(try drill("-t", name, at: server).data("A") == ["10.96.0.20"])
        }

        @Test func digKeepsAConnectionOpenForSeveralQueries() throws {
            let server = try Lab.server
            let common = ["-r", "@\(server.host)", "-p", "\(server.port)", "+tcp", "+keepopen"]
            let result = try run(.dig, common + [name, "nothing.shop.svc.east.k8s.corp", "www.example.org"])
            let statuses = result.output.split(separator: "\n").filter { $0.contains("status: ") }
            #expect(statuses.count == 3, "\(result.output)")
            #expect(!result.output.contains("error"))
        }

        @Test func manyQueriesPassOverOneConnection() throws {
            let client = try StreamClient(try Lab.server)
            for i in 0..<200 {
                let query = TestMessage(query: i % 2 == 0 ? name : "nothing\(i).shop.svc.west.k8s.corp")
                client.send(query)
                let reply = try client.receiveMessage()
                #expect(reply.id == query.id)
                #expect(reply.questions == query.questions)
                #expect(reply.responseCode == (i % 2 == 0 ? Code.noError : Code.nxDomain))
            }
        }

        @Test func pipelinedQueriesAreAllAnswered() throws {
            let client = try StreamClient(try Lab.server)
            let queries = (0..<300).map { i in
                var query = TestMessage(query: i % 3 == 0 ? name : "pipelined\(i).shop.svc.east.k8s.corp")
                query.id = UInt16(i)
                return query
            }
            client.socket.send(queries.flatMap(\.framed))
            var missing = Set(queries.map(\.id))
            for _ in queries {
                let reply = try client.receiveMessage()
                #expect(missing.remove(reply.id) != nil, "each query has one answer")
                #expect(reply.questions == queries[Int(reply.id)].questions)
            }
            #expect(missing.isEmpty)
        }

        @Test func moreQueriesThanMayBePendingAreAllAnswered() throws {
            let upstream = try ScriptedUpstream { request in
                let reply = TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
                return [.sendLater(milliseconds: 100, reply.bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let client = try StreamClient(server.endpoint)
            let names = (0..<1500).map { "n\($0).east.k8s.corp" }
            client.socket.send(names.flatMap { TestMessage(query: $0).framed })
            var missing = Set(names)
            for _ in names { missing.remove(try client.receiveMessage().qname) }
            #expect(missing.isEmpty)
        }

        @Test func clientThatReadsLateGetsEverything() throws {
            let client = try StreamClient(try Lab.server)
            let query = TestMessage(query: "large.shop.svc.east.k8s.corp", Type.txt)
            client.send(query)
            #expect(try client.receiveMessage().answer.count == 1)
            // Some 2.6 MB of replies, more than a connection may have waiting.
            client.socket.send((0..<1000).flatMap { _ in query.framed })
            #expect(waitUntil(seconds: 10) { client.socket.isReadable(within: 0) })
            for i in 0..<1000 { #expect(try client.receiveMessage().answer.count == 1, "reply \(i)") }
        }

        @Test func largeAnswerForManyWaitingQueriesComesToEach() throws {
            let upstream = try ScriptedUpstream { request in
                let text = ["\(request.number)" + String(repeating: "t", count: 200)]
                let answer = (0..<20).map { TestRecord.txt(request.query.qname, text + ["\($0)"]) }
                let reply = TestMessage(to: request.query, answer: answer)
                return [.sendLater(milliseconds: 200, reply.bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let client = try StreamClient(server.endpoint)
            // As many as may be pending: 2 MB of replies at one moment.
            let query = TestMessage(query: "large.east.k8s.corp", Type.txt)
            client.socket.send((0..<500).flatMap { _ in query.framed })
            for i in 0..<500 { #expect(try client.receiveMessage().answer.count == 20, "reply \(i)") }
        }

        @Test func pipelinedLargeAnswersAllCome() throws {
            let upstream = try ScriptedUpstream { request in
                var reply = TestMessage(to: request.query)
                if !request.isStream {
                    reply.flags |= TestMessage.truncated
                    return [.reply(reply)]
                }
                reply.answer = (0..<200).map {
                    .txt(request.query.qname, ["\($0)" + String(repeating: "t", count: 200)])
                }
                return [.reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let client = try StreamClient(server.endpoint)
            let query = TestMessage(query: "huge.east.k8s.corp", Type.txt)
            for count in [1, 200] {
                client.socket.send((0..<count).flatMap { _ in query.framed })
                for i in 0..<count { #expect(try client.receiveMessage().answer.count == 200, "reply \(i)") }
            }
        }

        @Test func slowAnswerDoesNotHoldUpThoseBehindIt() throws {
            let upstream = try ScriptedUpstream { request in
                let reply = TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
                let isSlow = request.query.qname.hasPrefix("slow")
                return [isSlow ? .sendLater(milliseconds: 1200, reply.bytes) : .reply(reply)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let client = try StreamClient(server.endpoint)
            let names = ["slow", "fast1", "fast2", "fast3"].map { "\($0).east.k8s.corp" }
            client.socket.send(names.flatMap { TestMessage(query: $0).framed })
            var order: [String] = []
            for _ in names { order.append(try client.receiveMessage().qname) }
            #expect(Set(order.prefix(3)) == Set(names.dropFirst()))
            #expect(order.last == names[0])
        }

        @Test func messageInPiecesIsReadAsOne() throws {
            let client = try StreamClient(try Lab.server)
            let query = TestMessage(query: name)
            for octet in query.framed { client.socket.send([octet]) }
            #expect(try client.receiveMessage().id == query.id)
        }

        @Test func frameWithoutAMessageEndsTheConnection() throws {
            let client = try StreamClient(try Lab.server)
            let query = TestMessage(query: name)
            client.socket.send(query.framed + [0, 0] + query.framed)
            #expect(try client.receiveMessage().id == query.id, "what came before it is answered")
            #expect(client.isClosed(within: 5))
        }

        @Test func halfClosedConnectionStillGetsItsAnswers() throws {
            let upstream = try ScriptedUpstream { request in
                let reply = TestMessage(to: request.query, answer: [.a(request.query.qname, "10.0.0.1")])
                return [.sendLater(milliseconds: 300, reply.bytes)]
            }
            defer { upstream.stop() }
            let server = try TestServer.switchyard(cluster: upstream)
            let client = try StreamClient(server.endpoint)
            let query = TestMessage(query: name)
            client.send(query)
            client.socket.shutDownSending()
            #expect(try client.receiveMessage().id == query.id)
            #expect(client.isClosed(within: 10))
        }

        @Test func silentAndUnfinishedConnectionsAreClosed() throws {
            let server = try Lab.server
            let silent = try StreamClient(server)
            let used = try StreamClient(server)
            let halfLength = try StreamClient(server)
            let halfMessage = try StreamClient(server)
            let trickle = try StreamClient(server)
            let query = TestMessage(query: name)
            used.send(query)
            #expect(try used.receiveMessage().id == query.id)
            halfLength.socket.send([0])
            halfMessage.socket.send(Array(query.framed.dropLast()))
            // An octet now and then is no progress: it must not keep the connection for ever.
            trickle.socket.send([0xFF, 0xFF])
            let deadline = Deadline(seconds: 40)
            var isTrickleClosed = false
            while !deadline.isOver, !isTrickleClosed {
                trickle.socket.send([0])
                isTrickleClosed = trickle.isClosed(within: 0.25)
            }
            #expect(isTrickleClosed)
            for (what, client) in [
                ("silent", silent), ("used", used), ("half a length", halfLength),
                ("half a message", halfMessage),
            ] {
                #expect(client.isClosed(within: 30), "\(what)")
            }
            #expect(try dig(name, "+tcp", at: server).data("A") == ["10.96.0.20"])
        }

        @Test func oneClientCannotTakeAllConnections() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(clusterServers: [lab.east.endpoint])
            // Far above what one client may have.
            let clients = try (0..<400).map { _ in try StreamClient(server.endpoint, from: "127.0.0.1") }
            var answered = 0
            for client in clients {
                client.send(TestMessage(query: name))
                if client.receive(within: 2) != nil { answered += 1 }
            }
            #expect(answered > 0)
            #expect(answered < clients.count, "connections of one client are limited")
            // Another client is served while the first holds all that it got.
            #expect(
                try dig("-b", "127.0.0.77", name, "+tcp", at: server.endpoint).data("A") == ["10.96.0.20"]
            )
            #expect(try dig("-b", "127.0.0.1", name, at: server.endpoint).data("A") == ["10.96.0.20"])
        }

        @Test func connectionsLeaveNoDescriptorsBehind() throws {
            let lab = try Lab.current
            let server = try TestServer.switchyard(clusterServers: [lab.east.endpoint])
            let query = TestMessage(query: name)
            func useConnections(_ count: Int) throws {
                for i in 0..<count {
                    let client = try StreamClient(server.endpoint)
                    client.socket.send(i % 2 == 0 ? query.framed : Array(query.framed.prefix(9)))
                    if i % 2 == 0 { #expect(client.receive() != nil) }
                }
            }
            try useConnections(20)
            let before = try server.process.openDescriptors
            try useConnections(200)
            _ = try dig(name, "+tcp", at: server.endpoint)
            #expect(try server.process.openDescriptors <= before + 20)
        }
    }
}
