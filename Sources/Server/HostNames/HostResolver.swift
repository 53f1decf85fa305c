import DNSWire
import EventLoop
import Routing

/// Finds the addresses of hosts by asking servers, both families at once.
///
/// Control thread.
final class HostResolver {
    /// The servers that are asked, over UDP or TCP, the first one first; never ourselves.
    var servers: [Upstream] = []

    private let sockets: HostSockets
    private var running: [DomainName: Resolving] = [:]

    /// Both questions for one name.
    private struct Resolving {
        var lookups: [HostLookup] = []
        var resolution = HostResolution()
    }

    init(_ loop: EventLoop) throws(SystemError) { sockets = try HostSockets(loop) }

    /// The number of names that are being resolved.
    var count: Int { running.count }

    /// Resolves a name, anew when it is being resolved already; then nobody hears of the first time.
    ///
    /// - Parameter done: called once; at once only when the system refuses even a timer.
    func resolve(_ name: DomainName, _ done: @escaping (HostResolution) -> Void) {
        cancel(name)
        running[name] = Resolving()
        for type in [RecordType.a, .aaaa] {
            let question = HostQuestion(name: name, type: type)
            do throws(SystemError) {
                let lookup = try HostLookup(question, servers, sockets) { [unowned self] answer in
                    take(answer, question, done)
                }
                running[name]?.lookups.append(lookup)
            } catch {
                take(.failed("\(error)"), question, done)
            }
        }
    }

    private func take(
        _ answer: HostAnswer,
        _ question: HostQuestion,
        _ done: (HostResolution) -> Void
    ) {
        if question.type == .a {
            running[question.name]?.resolution.ipv4 = answer
        } else {
            running[question.name]?.resolution.ipv6 = answer
        }
        guard let resolution = running[question.name]?.resolution, resolution.isComplete else { return }
        running[question.name] = nil
        done(resolution)
    }

    /// Ends everything; nobody hears of it.
    func cancel() {
        for name in Array(running.keys) { cancel(name) }
    }

    private func cancel(_ name: DomainName) {
        for lookup in running.removeValue(forKey: name)?.lookups ?? [] { lookup.cancel() }
    }
}

/// What servers say of a name's addresses of both families.
struct HostResolution {
    /// nil as long as the answer is awaited.
    var ipv4: HostAnswer?
    var ipv6: HostAnswer?

    var isComplete: Bool { ipv4 != nil && ipv6 != nil }
}
