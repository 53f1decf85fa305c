# docker build -t switchyard .
# docker run -p 53:53/udp -p 53:53/tcp -v ./switchyard.yaml:/etc/switchyard/switchyard.yaml:ro switchyard

FROM swift:6.3-bookworm AS builder
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        libevent-dev libldns-dev libssl-dev libyaml-dev pkg-config
WORKDIR /build
COPY Package.swift ./
RUN swift package resolve
COPY Sources ./Sources
COPY Tests ./Tests
# Not built, but Package.swift names targets in it.
COPY benchmarks ./benchmarks
# Swift's libraries are linked in; libevent, libldns, libssl and libyaml come from the distribution, with its security fixes.
RUN swift build --configuration release --static-swift-stdlib --product switchyard \
    && install -D -m 755 .build/release/switchyard /image/usr/bin/switchyard \
    && strip /image/usr/bin/switchyard

FROM debian:bookworm-slim
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        ca-certificates libevent-core-2.1-7 libevent-extra-2.1-7 libevent-openssl-2.1-7 libldns3 libssl3 libstdc++6 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /image /
# Without a file of one's own: all addresses of the container, private clients, the container's resolv.conf.
RUN install -d /etc/switchyard && printf 'listen: [0.0.0.0:53]\n' >/etc/switchyard/switchyard.yaml
# No capability is needed: Docker lets everybody bind low ports inside a container. Where that is not so (Kubernetes, the
# host's network), listen above 1023, as config/kubernetes.yaml does, and map the port.
USER 65532:65532
EXPOSE 53/udp 53/tcp
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/switchyard"]
CMD ["serve", "--config", "/etc/switchyard/switchyard.yaml"]
