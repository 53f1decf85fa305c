import ArgumentParser
import Server

/// `switchyard drain CLUSTER`: asks a cluster nothing, while somebody works on it.
struct Drain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send no more questions to a cluster, until it is restored or the server restarts.",
        discussion: """
            Cached answers are given until they expire, and then past their end for as long as `serveStale` \
            says; other questions fail and say why. Probes go on, so that its servers' state stays known.
            """
    )

    @Argument(help: "The cluster's name.")
    var cluster: String

    @OptionGroup var options: ControlOptions

    func run() throws { try DrainRequest.send("/control/drain", cluster, options) }
}

/// `switchyard restore CLUSTER`: ends that.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send questions to a drained cluster again."
    )

    @Argument(help: "The cluster's name.")
    var cluster: String

    @OptionGroup var options: ControlOptions

    func run() throws { try DrainRequest.send("/control/restore", cluster, options) }
}

/// What both do.
private enum DrainRequest {
    static func send(_ target: String, _ cluster: String, _ options: ControlOptions) throws {
        let body = try options.client().post(target, [("cluster", cluster)])
        if options.json { return StandardStream.output.write(line: String(decoding: body, as: UTF8.self)) }
        let report = try ControlClient.decode(DrainReport.self, body)
        let state = report.isDrained ? "drained" : "not drained"
        let word = report.hasChanged ? "now" : "already"
        StandardStream.output.write(line: "cluster \(report.cluster) is \(word) \(state)")
    }
}
