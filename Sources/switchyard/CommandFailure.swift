import Configuration
import Server

/// Why a command ends early: one sentence for standard error, and the exit code.
struct CommandFailure: Error {
    /// 1 the input is wrong, 2 usage, 3 the system refused.
    let code: Int32
    let message: String

    func report() { StandardStream.error.write(line: message) }
}

extension CommandFailure {
    init(_ error: ConfigurationLoadError) {
        self.init(
            code: {
                switch error {
                case .unreadable: 3
                case .invalid: 1
                }
            }(),
            message: error.description
        )
    }

    init(_ error: ServerError) {
        self.init(
            code: {
                switch error {
                case .authorities, .forwardsToItself: 1
                case .cannotListen, .cannotListenForAdmin, .system: 3
                }
            }(),
            message: "switchyard: \(error)"
        )
    }
}
