import Testing

/// The Dockerfile, as far as it can be checked without Docker.
@Suite struct DockerfileTests {
    /// A target whose folder is missing is an error, even one that is not built.
    @Test func theImageIsBuiltWithAllFoldersOfThePackage() throws {
        let manifest = try #require(Project.text("Package.swift"))
        let dockerfile = try #require(Project.text("Dockerfile"))
        let paths = manifest.matches(of: /path: "(\w+)\//).map { String($0.1) }
        let folders = Set(paths).union(["Sources", "Tests"])
        #expect(folders.count > 2)
        let ignored = (Project.text(".dockerignore") ?? "").split(separator: "\n").map(String.init)
        for folder in folders {
            #expect(dockerfile.contains("\nCOPY \(folder) ./\(folder)\n"), "\(folder)")
            #expect(!ignored.contains(folder), "\(folder)")
        }
    }

    /// The packages of the build are those of the Makefile.
    @Test func theImageIsBuiltWithTheSamePackages() throws {
        let makefile = try #require(Project.text("Makefile"))
        let dockerfile = try #require(Project.text("Dockerfile"))
        let packages = try #require(makefile.firstMatch(of: /BUILD_PACKAGES = (.*)/)?.1)
        #expect(dockerfile.contains(packages))
    }
}
