# Pinned by digest, so that every build uses the same image. To update it: docker buildx imagetools inspect node:24-slim
ARG NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund && rm -rf node_modules/.cache \
  # Files that are not needed at run time: documentation and source maps.
  && find node_modules dist -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) \
    -not -name 'LICENSE*' -delete

FROM ${NODE_IMAGE}
# Needed without REDIS_URL: Shiplog then starts a private Redis, with its data in /data.
RUN apt-get update \
  && apt-get install -y --no-install-recommends redis-server \
  && apt-get clean && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY config config
# Any user may run it: a user id that the platform assigns belongs to group 0.
RUN mkdir /data && chown node:0 /data && chmod 770 /data \
  && printf '#!/bin/sh\nexec node /app/dist/main.js "$@"\n' > /usr/local/bin/shiplog && chmod 755 /usr/local/bin/shiplog
USER node
ENV NODE_ENV=production SHIPLOG_HOST=0.0.0.0 SHIPLOG_DATA_DIR=/data PORT=8080
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The flags limit the memory under load (239 MiB instead of 382) and do not change the speed. The first two enlarge the
# young generation, and prevent that short-lived objects are allocated in the old one. The last one lets the old
# generation grow by at most half before it is collected; V8's default is three times (docs/bench.md). npm start sets
# them too.
# main.js handles SIGTERM itself, so it can be process 1. `docker run … doctor` runs another command,
# and so does `docker exec … shiplog doctor`.
ENTRYPOINT ["node", "--max-semi-space-size=32", "--no-allocation-site-pretenuring", "--heap-growing-percent=50", "dist/main.js"]
CMD ["start"]
