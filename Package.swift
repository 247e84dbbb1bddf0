// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// What targets take from other packages.
extension Target.Dependency {
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let swiftASN1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let x509 = product(name: "X509", package: "swift-certificates")
    static let dequeModule = product(name: "DequeModule", package: "swift-collections")
    static let orderedCollections = product(name: "OrderedCollections", package: "swift-collections")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let metricsTestKit = product(name: "MetricsTestKit", package: "swift-metrics")
    static let nioConcurrencyHelpers = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioExtras = product(name: "NIOExtras", package: "swift-nio-extras")
    static let nioHTTPCompression = product(name: "NIOHTTPCompression", package: "swift-nio-extras")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP2 = product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras")
    static let nioWebSocket = product(name: "NIOWebSocket", package: "swift-nio")
    static let nioHPACK = product(name: "NIOHPACK", package: "swift-nio-http2")
    static let nioHTTP2 = product(name: "NIOHTTP2", package: "swift-nio-http2")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
}

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [
        .library(name: "WebSocketServer", targets: ["WebSocketServer"]),
        .library(name: "WebSocketClient", targets: ["WebSocketClient"]),
        .library(name: "EngineIOServer", targets: ["EngineIOServer"]),
        .library(name: "EngineIOClient", targets: ["EngineIOClient"]),
        .library(name: "SocketIOServer", targets: ["SocketIOServer"]),
        .library(name: "SocketIOClient", targets: ["SocketIOClient"]),
        .executable(name: "martlet", targets: ["martlet"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        .target(
            name: "WebSocketProtocol",
            dependencies: [.httpTypes],
            swiftSettings: swiftSettings
        ),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "WebSocketDeflate", dependencies: ["CZlib"], swiftSettings: swiftSettings),
        .target(
            name: "WebSocketNIO",
            dependencies: [
                "WebSocketProtocol", "WebSocketDeflate", .httpTypes, .nioCore, .nioConcurrencyHelpers, .nioHTTP2,
                .nioHPACK, .nioPosix, .dequeModule, .logging, .metrics,
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "WebSocketServer",
            dependencies: [
                "WebSocketNIO", "WebSocketProtocol", .httpTypes, .nioCore, .nioConcurrencyHelpers, .nioPosix,
                .nioHTTP1, .nioHTTP2, .nioTLS, .nioHTTPTypes, .nioHTTPTypesHTTP2, .nioSSL,
                .nioHTTPTypesHTTP1, .logging, .serviceLifecycle,
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "WebSocketClient",
            dependencies: [
                "WebSocketNIO", "WebSocketProtocol", .httpTypes, .nioCore, .nioConcurrencyHelpers, .nioPosix,
                .nioHTTP1, .nioHTTP2, .nioTLS, .nioHTTPTypes, .nioHTTPTypesHTTP2, .crypto, .nioSSL,
                .logging,
            ],
            swiftSettings: swiftSettings
        ),
        .target(name: "EngineIOProtocol", dependencies: ["WebSocketProtocol"], swiftSettings: swiftSettings),
        .target(
            name: "EngineIOServer",
            dependencies: [
                "EngineIOProtocol", "WebSocketServer", "WebSocketNIO", "WebSocketProtocol", "CZlib", .httpTypes,
                .nioCore, .nioConcurrencyHelpers, .dequeModule, .logging,
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "EngineIOClient",
            dependencies: [
                "EngineIOProtocol", "WebSocketClient", "WebSocketNIO", "WebSocketProtocol", .asyncHTTPClient,
                .httpTypes, .nioCore, .nioHTTP1, .nioSSL, .nioHTTPTypesHTTP1,
                .nioHTTPCompression, .dequeModule,
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "SocketIOProtocol",
            dependencies: ["WebSocketProtocol", .dequeModule, .orderedCollections],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "SocketIOClient",
            dependencies: [
                "EngineIOClient", "SocketIOProtocol", "WebSocketNIO", .httpTypes, .nioCore,
                .logging, .serviceLifecycle,
            ],
            swiftSettings: swiftSettings
        ),
        .target(
            name: "SocketIOServer",
            dependencies: [
                "SocketIOProtocol", "EngineIOServer", "WebSocketServer", "WebSocketNIO",
                "WebSocketProtocol", .nioCore, .dequeModule, .orderedCollections, .logging,
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "martlet",
            dependencies: [
                "WebSocketServer", "WebSocketClient", "EngineIOServer", "SocketIOServer", "EngineIOClient",
                "SocketIOClient", "SocketIOProtocol", "WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate",
                .httpTypes, .nioCore, .nioPosix, .crypto, .x509, .swiftASN1, .nioSSL,
                .nioExtras, .nioHPACK, .logging, .serviceLifecycle, .unixSignals, .argumentParser,
            ],
            resources: [.embedInCode("Serve/Page/index.html"), .embedInCode("Serve/Page/engine.io.js")],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "example-echo-server",
            dependencies: ["WebSocketServer", .serviceLifecycle],
            path: "Examples/EchoServer"
        ),
        .executableTarget(
            name: "example-echo-client",
            dependencies: ["WebSocketClient"],
            path: "Examples/EchoClient"
        ),
        .executableTarget(
            name: "example-chat",
            dependencies: ["WebSocketServer", .serviceLifecycle],
            path: "Examples/Chat"
        ),
        .executableTarget(
            name: "example-socket-io-chat",
            dependencies: ["SocketIOServer", .serviceLifecycle],
            path: "Examples/SocketIOChat"
        ),
        .executableTarget(
            name: "example-socket-io-client",
            dependencies: ["SocketIOClient"],
            path: "Examples/SocketIOClient"
        ),
        .executableTarget(
            name: "autobahn-client",
            dependencies: ["WebSocketClient"],
            path: "Tests/Conformance/AutobahnClient",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "martlet-server",
            dependencies: ["WebSocketServer", "SocketIOServer", .logging, .nioPosix, .nioSSL],
            path: "Benchmarks/Servers/Martlet"
        ),
        .executableTarget(
            name: "nio-websocket-server",
            dependencies: [.nioCore, .nioHTTP1, .nioPosix, .nioWebSocket],
            path: "Benchmarks/Servers/NIOWebSocket",
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "differential-core",
            dependencies: [
                "WebSocketNIO", "WebSocketProtocol", .httpTypes, .nioCore, .nioEmbedded,
                .logging,
            ],
            path: "Tests/Conformance/DifferentialCore",
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "WebSocketProtocolTests",
            dependencies: ["WebSocketProtocol", .httpTypes],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "WebSocketDeflateTests",
            dependencies: ["WebSocketDeflate"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "WebSocketNIOTests",
            dependencies: [
                "WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate", .httpTypes, .nioCore, .nioConcurrencyHelpers,
                .nioEmbedded, .nioPosix, .logging, .metrics, .metricsTestKit,
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "WebSocketServerTests",
            dependencies: [
                "WebSocketServer", "WebSocketClient", .crypto, .httpTypes, .nioCore, .nioConcurrencyHelpers,
                .nioEmbedded, .nioPosix, .nioSSL, .logging, .serviceLifecycle,
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "EngineIOProtocolTests",
            dependencies: ["EngineIOProtocol", "WebSocketProtocol"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "SocketIOProtocolTests",
            dependencies: ["SocketIOProtocol", "WebSocketProtocol"],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "EngineIOClientTests",
            dependencies: [
                "EngineIOClient", "EngineIOServer", "WebSocketServer", "WebSocketClient", .httpTypes, .nioCore,
                .nioConcurrencyHelpers, .nioPosix, .logging,
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "SocketIOClientTests",
            dependencies: [
                "SocketIOClient", "SocketIOServer", "WebSocketServer", "WebSocketClient",
                .httpTypes, .nioCore, .nioConcurrencyHelpers, .nioPosix, .logging,
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "SocketIOServerTests",
            dependencies: [
                "SocketIOServer", "WebSocketServer", "WebSocketClient", .nioCore,
                .nioConcurrencyHelpers, .nioPosix, .logging,
            ],
            swiftSettings: swiftSettings
        ),
        .testTarget(
            name: "EngineIOServerTests",
            dependencies: [
                "EngineIOServer", "WebSocketServer", "WebSocketClient", .httpTypes, .nioCore,
                .nioConcurrencyHelpers, .nioPosix, .logging,
            ],
            swiftSettings: swiftSettings
        ),
    ]
)
