# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json ./
COPY bin bin
COPY scripts scripts
COPY src src
# Code kept by the V8 of the project's own Node, which npm puts first, is of no use to the image's.
RUN npm ci && rm dist/*.cache && node scripts/warm-up.cjs

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/k8s-leader
COPY --from=build /build/package.json ./
COPY --from=build /build/bin bin
COPY --from=build /build/dist dist
COPY LICENSE ./
LABEL org.opencontainers.image.title="k8s-leader" \
      org.opencontainers.image.description="Run a command only while it is the leader: a Kubernetes Lease in front of any process" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 65532:65532
WORKDIR /
ENTRYPOINT ["tini", "--", "node", "--disable-sigusr1", "/opt/k8s-leader/bin/k8s-leader.js"]
CMD ["--help"]
