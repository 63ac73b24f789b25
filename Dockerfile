# The current long-term-support release on Debian, where the native parts are tested too.
FROM node:24-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build
# What the image contains, for whoever looks for a known fault in it (CycloneDX).
COPY test/tools/write-sbom.mjs test/tools/
RUN node test/tools/write-sbom.mjs dist/sbom.cdx.json

FROM base AS dependencies
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
# What only a build needs stays out of the image.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* \
  && mkdir -p /etc/gatehouse /var/lib/gatehouse \
  && chown 65532:65532 /var/lib/gatehouse \
  && chmod 0700 /var/lib/gatehouse
WORKDIR /app
COPY package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY config/third-party-licences.txt ./
# Belongs to nobody in particular, and owns nothing but its data: the root file system may be read-only.
USER 65532:65532
VOLUME /var/lib/gatehouse
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/auth/health/live').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/main.js", "serve", "--config", "/etc/gatehouse/gateway.yaml"]
