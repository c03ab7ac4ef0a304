# The API for a team: `evals-mcp serve` (docs/serving.md). It runs as a user without rights, and writes to /data alone.
ARG BASE=docker.io/library/python:3.13.9-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
RUN python3 -m venv /uv && /uv/bin/pip install --no-cache-dir uv==0.13.9
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY server ./server
# The versions of uv.lock. Bytecode is compiled here, because the server cannot write it.
RUN UV_PROJECT_ENVIRONMENT=/opt/evals-mcp /uv/bin/uv sync --frozen --no-editable --no-cache --compile-bytecode \
      --link-mode copy --no-python-downloads --python "$(command -v python3)"

FROM ${BASE}
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin evals \
    && install --directory --owner evals --mode 0700 /data
COPY --from=build /opt/evals-mcp /opt/evals-mcp
ENV PATH="/opt/evals-mcp/bin:${PATH}" \
    EVALS_MCP_DATABASE=/data/evals.db \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001
VOLUME ["/data"]
EXPOSE 8421
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8421/ready', timeout=4)"]
ENTRYPOINT ["evals-mcp"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8421"]
