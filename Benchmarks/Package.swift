// swift-tools-version: 6.2
import PackageDescription

// The load generator. The servers it measures are targets of the package above, or not Swift.
let package = Package(
    name: "martlet-benchmarks",
    targets: [.executableTarget(name: "load", cSettings: [.define("_GNU_SOURCE")])]
)
