import EventLoop
import Glibc
import Testing

@testable import Transport

@Suite struct StreamListenerExhaustionTests {
    /// In a process of its own, because it takes every descriptor that there is.
    @Test func acceptingPausesWhileThereAreNoDescriptorsAndGoesOnThen() async {
        await #expect(processExitsWith: .success) {
            let server = try EchoServer()
            let client = PlainSocket.stream(to: server.listener.localAddress)
            client.send([0, 1, 7])
            var taken: [CInt] = []
            for _ in 0..<2_000_000 {
                let fd = dup(client.fd)
                if fd < 0 { break }
                taken.append(fd)
            }
            try server.run { server.resources.counters.acceptPauses > 0 }
            precondition(server.recorder.messages.isEmpty)
            for fd in taken { close(fd) }
            try server.run { !server.recorder.messages.isEmpty }
            precondition(client.receiveMessage() == [7])
        }
    }
}
