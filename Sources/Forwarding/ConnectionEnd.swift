/// When a socket or connection towards a server failed.
public enum ConnectionEnd: Sendable, BitwiseCopyable {
    /// Before it could be used.
    case notOpened
    /// Once it was open.
    case open
    /// Once it had brought an answer: its server is well, and ends connections when it likes.
    case afterAnswers
}
