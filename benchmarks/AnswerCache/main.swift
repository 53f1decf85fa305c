// Measures the cache alone: `answer-cache-benchmark lookup|insert|threads|memory|hit-rate`.
CacheBenchmark.run(Array(CommandLine.arguments.dropFirst()))
