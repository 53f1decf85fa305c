/// What all workers know of a server together.
///
/// Lives as long as the server has its number. Any thread.
public final class UpstreamHealth: Sendable {
    let trust = UpstreamTrust()

    public init() {}
}
