# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin dunghen \
    && strip --strip-debug -o /dunghen target/release/dunghen

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/dunghen --create-home dunghen
COPY --from=build /dunghen /usr/local/bin/dunghen
COPY config /app/config
WORKDIR /app
USER 10001
ENV DUNGHEN_ENV=production \
    DUNGHEN__DATA_DIR=/var/lib/dunghen
VOLUME /var/lib/dunghen
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["dunghen", "health"]
ENTRYPOINT ["dunghen"]
CMD ["serve"]
