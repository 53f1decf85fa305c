/// The version of this program.
public enum ServerVersion {
    /// The number, as in CHANGELOG.md.
    public static let number = "0.1.0"
    /// What `version.bind` says.
    public static let text = "switchyard \(number)"
}
