# The two commands to know: `make run` and `make test`. `make help` names the others.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=

# Debian's and Ubuntu's names.
BUILD_PACKAGES = libevent-dev libldns-dev libssl-dev libyaml-dev pkg-config
TEST_PACKAGES = bind9 bind9-dnsutils binutils chromium curl dnsmasq-base dpkg-dev fstrm-bin golang-github-dnstap-golang-dnstap-cli groff iproute2 knot knot-dnsutils ldnsutils lintian man-db mandoc openssl prometheus python3 python3-venv systemd unbound util-linux valgrind
BENCH_PACKAGES = dnsperf gcc knot libc6-dev python3

# Swift's own libraries are linked in, so that the binary runs where no toolchain is.
RELEASE_FLAGS = --configuration release --static-swift-stdlib --product switchyard
# A target that imports what Package.swift does not allow it is an error.
TEST_FLAGS = --explicit-target-dependency-import-check error

# All tests are of Swift Testing.
RUN_TESTS = $(SWIFT) test --skip-build --disable-xctest

RELEASE_BINARY = .build/release/switchyard
PACKETPATH = .build/release/packetpath
DEBUG_BINARY = $(CURDIR)/.build/debug/switchyard
CHAOS = .build/release/chaos
DEB_FOLDER = .build/deb
# What checks the manifests for Kubernetes, and brings the schemas along.
PYTHON_PACKAGES = kubernetes-validate==1.37.0
PYTHON_FOLDER = .build-python/$(PYTHON_PACKAGES)
# How many times more damaged messages `make fuzz` makes than `make test` does.
FUZZ_FACTOR ?= 10

.PHONY: help run test build bench gates microbench chaos fuzz lint install deb test-manifests test-deb clean
.PHONY: toolchain build-packages test-packages bench-packages lint-format tests packetpath

help:
	@echo "make run      install what is missing, build, and start two clusters with Switchyard in front"
	@echo "make test     install what the tests need, and run all of them"
	@echo "make build    build the release binary: $(RELEASE_BINARY)"
	@echo "make bench    measure what a query costs, beside the limit and the peers that are installed"
	@echo "make gates    count what the packet path costs: instructions, allocations, reference counts"
	@echo "make microbench  measure the time of its parts"
	@echo "make chaos    break one cluster of three in many ways, and check what clients get: 6 minutes"
	@echo "make fuzz     the tests with damaged messages, FUZZ_FACTOR=$(FUZZ_FACTOR) times longer"
	@echo "make lint     check format and structure"
	@echo "make install  put the binary, manual pages, completions and samples below DESTDIR=$(DESTDIR) PREFIX=$(PREFIX)"
	@echo "make deb      make a Debian package of it: $(DEB_FOLDER)"
	@echo "make clean    remove what was built"

run: build
	@exec $(RELEASE_BINARY) demo

build: toolchain build-packages
	$(SWIFT) build $(RELEASE_FLAGS)

# The cheapest check comes first. One build serves all tests, the server that they start included.
test: lint-format tests
	SWITCHYARD_BINARY=$(DEBUG_BINARY) $(RUN_TESTS)
	$(MAKE) test-manifests
	$(MAKE) gates
	$(MAKE) test-deb

lint: lint-format tests
	$(RUN_TESTS) --filter TidyTests

fuzz: tests
	SWITCHYARD_BINARY=$(DEBUG_BINARY) SWITCHYARD_FUZZ_FACTOR=$(FUZZ_FACTOR) \
		$(RUN_TESTS) --filter 'MutationTests|HostileClientTests'

bench: build bench-packages
	benchmarks/run --switchyard $(RELEASE_BINARY)

# Counts only, so that a slow or busy machine changes nothing.
gates: build test-packages packetpath
	benchmarks/gates --packetpath $(PACKETPATH) --switchyard $(RELEASE_BINARY) --swift $(SWIFT)

microbench: packetpath
	$(SWIFT) build --configuration release --product answer-cache-benchmark
	$(PACKETPATH) micro
	.build/release/answer-cache-benchmark lookup 100000 1000000
	.build/release/answer-cache-benchmark insert 64 1000000
	.build/release/answer-cache-benchmark threads 2 1000000
	.build/release/answer-cache-benchmark hit-rate

chaos: build test-packages
	$(SWIFT) build --configuration release --product chaos
	$(CHAOS) --switchyard $(RELEASE_BINARY) $(CHAOS_OPTIONS)

# Builds only where nothing is built, so that it can run as a user without a toolchain.
install: $(RELEASE_BINARY)
	packaging/install $(RELEASE_BINARY) "$(DESTDIR)" $(PREFIX)

deb: $(RELEASE_BINARY)
	packaging/deb $(RELEASE_BINARY) $(DEB_FOLDER)

test-manifests: tests $(PYTHON_FOLDER)/installed
	$(PYTHON_FOLDER)/bin/python Tests/check-manifests $(DEBUG_BINARY)
	Tests/check-rules

test-deb: test-packages deb
	Tests/test-deb $(DEB_FOLDER)/*.deb

clean:
	$(SWIFT) package clean

# Parts of the above.

$(PYTHON_FOLDER)/installed: | test-packages
	python3 -m venv $(PYTHON_FOLDER)
	$(PYTHON_FOLDER)/bin/pip install --quiet --disable-pip-version-check $(PYTHON_PACKAGES)
	touch $@

$(RELEASE_BINARY):
	$(MAKE) build

toolchain:
	@command -v $(SWIFT) >/dev/null || { \
		echo "There is no Swift toolchain: install 6.3 or newer from swift.org, and add it to PATH." >&2; exit 1; }

build-packages:
	@Tests/install-packages $(BUILD_PACKAGES)

test-packages:
	@Tests/install-packages $(BUILD_PACKAGES) $(TEST_PACKAGES)

bench-packages:
	@Tests/install-packages $(BENCH_PACKAGES)

lint-format: toolchain
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests benchmarks Package.swift

# Linked with the shared library of the runtime: its calls are counted in between.
packetpath: toolchain build-packages
	$(SWIFT) build --configuration release --product packetpath

tests: toolchain test-packages
	$(SWIFT) build --build-tests $(TEST_FLAGS)
