# syntax=docker/dockerfile:1
# Packs the one-file executables that `npm run executable -- linux-x64 linux-arm64` has made. They need nothing beside them;
# with `--build-arg BASE=debian:bookworm-slim` there is a shell.
ARG BASE=scratch
ARG TARGETARCH

FROM scratch AS amd64
COPY build/k8s-leader-linux-x64 /k8s-leader

FROM scratch AS arm64
COPY build/k8s-leader-linux-arm64 /k8s-leader

FROM ${TARGETARCH} AS program

FROM ${BASE}
COPY --from=program /k8s-leader /usr/local/bin/
COPY build/THIRD-PARTY-NOTICES LICENSE /usr/share/doc/k8s-leader/
LABEL org.opencontainers.image.title="k8s-leader" \
      org.opencontainers.image.description="Run a command only while it is the leader: a Kubernetes Lease in front of any process" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER 65532:65532
WORKDIR /
ENTRYPOINT ["k8s-leader"]
CMD ["--help"]
