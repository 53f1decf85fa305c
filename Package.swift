// swift-tools-version: 6.3
import PackageDescription

// One list for every target of ours, each line with its reason.
let settings: [SwiftSetting] = [
    // Data races are compile errors.
    .swiftLanguageMode(.v6),
    // Each unsafe expression carries `unsafe`: `git grep -w unsafe` is the audit list.
    .strictMemorySafety(),
    // An existential is spelled out, because it costs an indirect call.
    .enableUpcomingFeature("ExistentialAny"),
    // What a module re-exports is written down, so that the arrows of docs/ARCHITECTURE.md hold.
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // Borrowed views (RawSpan) may be returned from properties.
    .enableExperimentalFeature("Lifetimes"),
    // The cache's key, 280 octets, is read where it lies and not copied first.
    .enableExperimentalFeature("AddressableParameters"),
]

let warningsAreErrors: [SwiftSetting] =
    Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)]

func module(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    path: String? = nil,
    resources: [Resource] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: path,
        resources: resources,
        swiftSettings: settings + warningsAreErrors
    )
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        resources: resources,
        swiftSettings: settings + warningsAreErrors
    )
}

let package = Package(
    name: "switchyard",
    products: [.executable(name: "switchyard", targets: ["switchyard"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .target(name: "CSystem"),
        .systemLibrary(name: "CLibevent", pkgConfig: "libevent_extra", providers: [.apt(["libevent-dev"])]),
        .systemLibrary(
            name: "COpenSSL",
            pkgConfig: "openssl",
            providers: [.apt(["libevent-dev", "libssl-dev"])]
        ),
        .systemLibrary(name: "CLDNS", pkgConfig: "ldns", providers: [.apt(["libldns-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        module("DNSWire"),
        module("AnswerCache", ["CSystem", "DNSWire"]),
        module("CacheFile", ["AnswerCache", "DNSWire"]),
        module("Metrics"),
        module("QueryEvents"),
        module("Routing", ["DNSWire"]),
        module("PresentationFormat", ["DNSWire", "CLDNS"]),
        module("Configuration", ["CLibYAML", "DNSWire", "PresentationFormat", "Routing"]),
        module("Forwarding", ["DNSWire", "AnswerCache", "Routing", "Metrics", "QueryEvents"]),
        module("EventLoop", ["CLibevent", "CSystem"]),
        module("HTTP", ["CLibevent", "EventLoop"]),
        module("TLS", ["COpenSSL", "EventLoop"]),
        module("Transport", ["EventLoop", "CSystem", "TLS"]),
        module(
            "Server",
            [
                "AnswerCache", "CacheFile", "Configuration", "DNSWire", "EventLoop", "Forwarding", "HTTP",
                "Metrics", "PresentationFormat", "QueryEvents", "Routing", "TLS", "Transport",
                .product(name: "Logging", package: "swift-log"),
            ],
            // The dashboard is part of the binary.
            resources: ["index.html", "dashboard.css", "dashboard.js"].map { .embedInCode("Dashboard/\($0)") }
        ),
        module("EmbeddedClusters", ["DNSWire", "EventLoop", "PresentationFormat", "Routing", "Transport"]),
        .executableTarget(
            name: "switchyard",
            dependencies: [
                "Configuration", "DNSWire", "EmbeddedClusters", "EventLoop", "HTTP", "PresentationFormat",
                "Routing", "Server", "Transport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings + warningsAreErrors
        ),

        // The packet path without input and output, measured: `make gates`, `make microbench`.
        module(
            "Scenarios",
            ["AnswerCache", "DNSWire", "EventLoop", "Forwarding", "Metrics", "Routing", "Transport"],
            path: "benchmarks/packetpath/Scenarios"
        ),
        .target(
            name: "CCounting",
            path: "benchmarks/packetpath/CCounting",
            // Debian 12's valgrind cannot read newer debug information of C.
            cSettings: [.unsafeFlags(["-gdwarf-4"])]
        ),
        .executableTarget(
            name: "packetpath",
            dependencies: ["CCounting", "EventLoop", "Scenarios"],
            path: "benchmarks/packetpath/packetpath",
            swiftSettings: settings + warningsAreErrors
        ),
        // What the cache alone costs and how often it hits; benchmarks/README.md.
        .target(
            name: "CacheTraces",
            dependencies: ["AnswerCache", "DNSWire"],
            path: "benchmarks/CacheTraces",
            swiftSettings: settings + warningsAreErrors
        ),
        .executableTarget(
            name: "answer-cache-benchmark",
            dependencies: ["AnswerCache", "CacheTraces", "DNSWire", "EventLoop"],
            path: "benchmarks/AnswerCache",
            swiftSettings: settings + warningsAreErrors
        ),

        // Servers that fail in every way, and what clients get meanwhile: `make chaos`.
        module("FaultLab", ["DNSWire", "EventLoop", "Transport"], path: "benchmarks/chaos/FaultLab"),
        .executableTarget(
            name: "chaos",
            dependencies: [
                "FaultLab", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "benchmarks/chaos/chaos",
            swiftSettings: settings + warningsAreErrors
        ),

        tests("DNSWireTests", ["DNSWire", "CLDNS", "PresentationFormat"], resources: [.copy("Fixtures")]),
        tests("AnswerCacheTests", ["AnswerCache", "CacheTraces", "DNSWire"]),
        tests("CacheFileTests", ["AnswerCache", "CacheFile", "DNSWire"]),
        tests("RoutingTests", ["DNSWire", "Routing"]),
        tests("PresentationFormatTests", ["DNSWire", "PresentationFormat"]),
        tests(
            "ConfigurationTests",
            ["Configuration", "DNSWire", "PresentationFormat", "Routing"],
            resources: [.copy("Fixtures")]
        ),
        tests(
            "ForwardingTests",
            [
                "AnswerCache", "DNSWire", "Forwarding", "Metrics", "PresentationFormat", "QueryEvents",
                "Routing",
            ]
        ),
        tests("QueryEventsTests", ["DNSWire", "QueryEvents"]),
        tests("EventLoopTests", ["EventLoop"]),
        tests("HTTPTests", ["EventLoop", "HTTP"]),
        tests("MetricsTests", ["Metrics"]),
        // A TLS server and an authority that signs its certificates.
        module("TLSTestSupport", ["COpenSSL"], path: "Tests/TLSTestSupport"),
        tests("TransportTests", ["EventLoop", "TLS", "TLSTestSupport", "Transport"]),
        tests(
            "EmbeddedClustersTests",
            ["DNSWire", "EmbeddedClusters", "EventLoop", "PresentationFormat", "Routing", "Transport"]
        ),
        tests(
            "ServerTests",
            [
                "Configuration", "DNSWire", "EventLoop", "Forwarding", "Metrics", "PresentationFormat",
                "QueryEvents", "Routing", "Server", "TLS", "TLSTestSupport", "Transport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        tests("ScenariosTests", ["Scenarios"]),
        tests("SystemTests", ["FaultLab", "TLSTestSupport"]),
        tests("TidyTests", ["Configuration"]),
    ]
)
