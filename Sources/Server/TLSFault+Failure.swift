// The same faults in the words of two modules that must not know each other.
import Forwarding
import TLS

extension TLSFault {
    init(_ failure: TLSFailure) {
        self =
            switch failure {
            case .expired: .expired
            case .notYetValid: .notYetValid
            case .wrongName: .wrongName
            case .unknownAuthority: .unknownAuthority
            case .certificate: .invalidCertificate
            case .handshake, .closed, .timeout: .handshake
            }
    }
}
