import Foundation

/// How many times the usual number of damaged messages `make fuzz` wants; 1 in tests.
let fuzzFactor = max(1, ProcessInfo.processInfo.environment["SWITCHYARD_FUZZ_FACTOR"].flatMap(Int.init) ?? 1)
