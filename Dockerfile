# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json tsconfig.json ./
COPY bin bin
COPY scripts scripts
COPY src src
RUN npm ci

FROM node:24-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/k8s-leader
COPY --from=build /build/package.json ./
COPY --from=build /build/bin bin
COPY --from=build /build/dist dist
COPY LICENSE ./
USER 65532:65532
WORKDIR /
ENTRYPOINT ["tini", "--", "node", "--disable-sigusr1", "/opt/k8s-leader/bin/k8s-leader.js"]
CMD ["--help"]
