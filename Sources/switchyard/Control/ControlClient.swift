import FoundationEssentials
import HTTP
import Server

/// Talks to the running server through its control socket.
struct ControlClient {
    let path: String

    /// Reads something that changes nothing.
    func get(_ target: String, _ fields: [(String, String?)] = []) throws -> [UInt8] {
        try send(.get, target, fields)
    }

    /// Has something done.
    func post(_ target: String, _ fields: [(String, String?)] = []) throws -> [UInt8] {
        try send(.post, target, fields)
    }

    /// What JSON says.
    static func decode<Report: Decodable>(_ type: Report.Type, _ body: [UInt8]) throws -> Report {
        guard let report = try? JSONDecoder().decode(type, from: Data(body)) else {
            throw CommandFailure(
                code: 3,
                message: "switchyard: the server's answer is not understood; use the command of its version"
            )
        }
        return report
    }

    private func send(_ method: HTTPMethod, _ target: String, _ fields: [(String, String?)]) throws -> [UInt8]
    {
        let reply: UnixHTTPClient.Reply
        do throws(HTTPClientError) {
            reply = try UnixHTTPClient(path: path).send(method, Self.target(target, fields))
        } catch {
            throw CommandFailure(code: 3, message: "switchyard: \(sentence(error))")
        }
        guard reply.status == 200 else { throw Self.failure(reply) }
        return reply.body
    }

    private static func failure(_ reply: UnixHTTPClient.Reply) -> CommandFailure {
        let problem = try? JSONDecoder().decode(ControlProblem.self, from: Data(reply.body))
        let text = String(decoding: reply.body.prefix(500), as: UTF8.self).split(separator: "\n").first
        let sentence = problem?.error ?? "the server refused: \(text ?? "HTTP \(reply.status)")"
        return CommandFailure(code: reply.status == 400 ? 1 : 3, message: "switchyard: \(sentence)")
    }

    /// Path and query; a field without a value is left out.
    private static func target(_ path: String, _ fields: [(String, String?)]) -> String {
        let pairs = fields.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }
        return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    private static func escaped(_ text: String) -> String {
        text.utf8.map { octet in
            switch octet {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126: String(UnicodeScalar(octet))
            default: "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
            }
        }.joined()
    }

    private func sentence(_ error: HTTPClientError) -> String {
        switch error {
        case .tooLong: "`\(path)` cannot be a socket: its path is empty or over 107 octets"
        case .noServer: "no server listens at \(path); start it, or name its socket with --socket"
        case .noPermission: "no permission for \(path); run this as root or as the server's user or group"
        case .timeout: "the server at \(path) does not answer; look at its log"
        case .malformed: "what listens at \(path) is no switchyard, or ended meanwhile"
        case .system(let number): "\(path): error \(number) of the system"
        }
    }
}
