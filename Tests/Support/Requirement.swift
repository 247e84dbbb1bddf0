import Testing

/// Ties a test to the numbered requirements of `docs/requirements.md` that it shows.
struct RequirementTrait: TestTrait, SuiteTrait {
    let numbers: [Int]
}

extension Trait where Self == RequirementTrait {
    /// The requirements that the test shows; `scripts/conformance` reads the numbers from the source.
    static func requirement(_ numbers: Int...) -> RequirementTrait {
        RequirementTrait(numbers: numbers)
    }
}
