import EventLoop
import FoundationEssentials
import Glibc
import HTTP

/// A running server whose place this process takes, on the same addresses, without a moment in which nobody answers.
struct Predecessor {
    let processID: Int32

    /// Milliseconds that it gets to leave its admin port and control socket.
    private static let leaveMilliseconds = 5000

    /// Asks the server at a control socket to make room; nil when nobody is there.
    static func find(_ path: String) throws(ServerError) -> Predecessor? {
        let client = UnixHTTPClient(path: path)
        let reply: UnixHTTPClient.Reply
        do throws(HTTPClientError) {
            reply = try client.send(.post, "/control/handover?pid=\(getpid())")
        } catch .noServer {
            return nil
        } catch {
            throw .handover("nobody answers at \(path); look at the log of the server there")
        }
        guard reply.status == 200,
            let report = try? JSONDecoder().decode(HandoverReport.self, from: Data(reply.body)),
            report.processID > 1, report.processID != getpid()
        else {
            throw .handover("the server at \(path) refuses; end it, then start without --take-over")
        }
        try waitUntilItLeft(client, path)
        return Predecessor(processID: report.processID)
    }

    private static func waitUntilItLeft(_ client: UnixHTTPClient, _ path: String) throws(ServerError) {
        for _ in 0..<leaveMilliseconds / 20 {
            do throws(HTTPClientError) {
                _ = try client.send(.get, "/api/config")
            } catch {
                if error == .noServer { return }
            }
            usleep(20_000)
        }
        throw .handover("the server does not leave \(path); try again")
    }

    /// Lets it finish what is in flight and end.
    func end() { kill(processID, SIGTERM) }
}
