// swift-tools-version: 6.2
import PackageDescription

// Programs that measure. The servers they measure are targets of the package above, or not Swift.
let package = Package(
    name: "martlet-benchmarks",
    targets: [
        .executableTarget(name: "load", cSettings: [.define("_GNU_SOURCE")]),
        .executableTarget(
            name: "compression-parameters",
            cSettings: [.define("_GNU_SOURCE")],
            linkerSettings: [.linkedLibrary("z")]
        ),
    ]
)
