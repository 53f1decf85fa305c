import Foundation
import Testing

extension SystemTests {
    /// The page that the server has of itself, in a real browser.
    @Suite struct DashboardTests {
        /// Does in the browser what each line says; returns what came of each, and how it ended.
        private func browse(_ url: String, _ lines: [String]) throws -> RunResult {
            let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "browse")
            return try run(.python, [script.path(), url] + lines, seconds: 90)
        }

        private func server(port: UInt16, _ upstream: ScriptedUpstream) throws -> TestServer {
            try TestServer.switchyard(
                cluster: upstream,
                settings: "admin: {listen: \"127.0.0.1:\(port)\", controlSocket: none}"
            )
        }

        @Test func thePageShowsWhatTheServerDoes() throws {
            let upstream = try ScriptedUpstream {
                [.reply(TestMessage(to: $0.query, answer: [.a($0.query.qname, "10.0.0.1")]))]
            }
            defer { upstream.stop() }
            let port = try FreePort.find()
            let server = try server(port: port, upstream)
            for place in 0..<20 { _ = try dig("n\(place).shop.svc.east.k8s.corp", at: server.endpoint) }
            let result = try browse(
                "http://127.0.0.1:\(port)/",
                [
                    "!size 390 844",
                    // Two samples, five seconds apart.
                    "!wait document.querySelectorAll('.cluster').length === 2",
                    "!wait document.querySelector('#verdict').textContent === 'all well'",
                    "document.documentElement.scrollWidth <= 390",
                    "[...document.querySelectorAll('.cluster h3')].map(name => name.textContent).sort().join()",
                    "document.querySelector('.servers .address').textContent.includes('\(upstream.endpoint)')",
                    "document.querySelector('#explain').elements.name.value = 'n1.shop.svc.east.k8s.corp'",
                    "document.querySelector('#explain').requestSubmit()",
                    "!wait document.querySelector('#explanation').textContent.includes('cluster east')",
                    "document.querySelector('#explanation').textContent.includes('n1.shop.svc.cluster.local')",
                ]
            )
            #expect(result.status == .exited(0), "\(result.error)")
            let values = result.output.split(separator: "\n").map(String.init)
            try #require(values.count == 10, "\(values)")
            #expect(values[3] == "true", "no scrolling sideways on a phone")
            #expect(values[4] == "\"default route,east\"")
            #expect(values[5] == "true")
            #expect(values[9] == "true")
        }

        @Test func hostileNamesStayText() throws {
            let upstream = try ScriptedUpstream { _ in [] }
            defer { upstream.stop() }
            let port = try FreePort.find()
            let server = try server(port: port, upstream)
            let result = try browse(
                "http://127.0.0.1:\(port)/",
                [
                    "!wait document.querySelectorAll('.tile').length === 5",
                    "document.querySelector('#explain').elements.name.value = '<img src=x onerror=window.bad=1>'",
                    "document.querySelector('#explain').requestSubmit()",
                    "!wait document.querySelector('#explanation').textContent.length > 10",
                    "window.bad === undefined && document.querySelectorAll('img').length === 0",
                ]
            )
            withExtendedLifetime(server) {}
            let values = result.output.split(separator: "\n").map(String.init)
            #expect(values.last == "true", "\(values) \(result.error)")
        }

        @Test func whatIsNotThePageIsNotServed() throws {
            let upstream = try ScriptedUpstream { _ in [] }
            defer { upstream.stop() }
            let port = try FreePort.find()
            let server = try server(port: port, upstream)
            defer { withExtendedLifetime(server) {} }
            func status(_ path: String) throws -> String {
                let url = "http://127.0.0.1:\(port)\(path)"
                let options = ["-s", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}"]
                return try run(.curl, options + [url]).output
            }
            for path in ["/", "/dashboard.js", "/dashboard.css", "/api/history", "/api/history?after=0"] {
                #expect(try status(path) == "200", "\(path)")
            }
            for path in ["/index.html", "/dashboard.js/..", "/..%2fetc/passwd", "/favicon.ico"] {
                #expect(try status(path) == "404", "\(path)")
            }
            for after in ["-1", "x", "99999999999999999999", ""] {
                #expect(try status("/api/history?after=\(after)") == "400", "\(after)")
            }
        }
    }
}
