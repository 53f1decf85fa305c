"""The parts of benchmarks/gates."""
