# syntax=docker/dockerfile:1
# Runs on the machine that builds, whatever it builds for.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json ./
RUN npm ci --ignore-scripts
COPY bin bin
COPY native/bin native/bin
COPY packaging/executable packaging/executable
COPY scripts scripts
COPY src src
ARG TARGETARCH
RUN node scripts/executable.js "linux-$(echo "$TARGETARCH" | sed s/amd64/x64/)" \
 && mv build/k8s-leader-* build/k8s-leader

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/build/k8s-leader /usr/local/bin/
COPY --from=build /build/build/THIRD-PARTY-NOTICES /usr/share/doc/k8s-leader/
COPY LICENSE /usr/share/doc/k8s-leader/
LABEL org.opencontainers.image.title="k8s-leader" \
      org.opencontainers.image.description="Run a command only while it is the leader: a Kubernetes Lease in front of any process" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 65532:65532
WORKDIR /
ENTRYPOINT ["tini", "--", "k8s-leader"]
CMD ["--help"]
