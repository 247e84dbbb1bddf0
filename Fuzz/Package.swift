// swift-tools-version: 6.2
import PackageDescription

// libFuzzer's coverage and the address sanitizer. Flags of this kind are why fuzzing is a package of its own: a package
// that others depend on may not have them.
let sanitizers = ["-sanitize=fuzzer,address"]

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .unsafeFlags(sanitizers),
]

let package = Package(
    // The main package's name, so that `package` declarations are visible here too.
    name: "martlet",
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .target(
            name: "WebSocketProtocol",
            dependencies: [.product(name: "HTTPTypes", package: "swift-http-types")],
            swiftSettings: swiftSettings
        ),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "WebSocketDeflate", dependencies: ["CZlib"], swiftSettings: swiftSettings),
        .target(name: "EngineIOProtocol", dependencies: ["WebSocketProtocol"], swiftSettings: swiftSettings),
        .target(
            name: "SocketIOProtocol",
            dependencies: [
                "WebSocketProtocol",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "OrderedCollections", package: "swift-collections"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "WebSocketProtocol", "WebSocketDeflate", "EngineIOProtocol", "SocketIOProtocol",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: swiftSettings,
            // The default linker of Linux toolchains, gold, fails on the sanitizer's symbols.
            linkerSettings: [.unsafeFlags(sanitizers + ["-use-ld=lld"], .when(platforms: [.linux]))]
        ),
    ]
)
