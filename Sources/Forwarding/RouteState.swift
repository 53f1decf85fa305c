/// What all workers know of a route together.
///
/// Lives as long as the route has its cache tag. Any thread.
public final class RouteState: Sendable {
    public init() {}
}
