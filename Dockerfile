# graphmem and its packages; no key, no password and no data are in it. Without arguments it is the API with a worker; until
# there is a key it listens on 127.0.0.1 inside the container only: see compose.yaml. Any other command works too:
#   docker run --rm --volume graphmem:/data graphmem:0.1.0 status --scope ada
# `python -m scripts.image` runs these steps where there is no Docker, and knows just the instructions used here.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# What is pinned comes first, since it changes less often than graphmem. Wheels only: there is no compiler here.
COPY requirements.txt ./
RUN python -m venv --without-pip /opt/graphmem \
    && python -m pip --python /opt/graphmem/bin/python install --only-binary :all: --requirement requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY cypher ./cypher
COPY graphmem ./graphmem
RUN python -m pip wheel --no-deps --wheel-dir /dist . \
    && python -m pip --python /opt/graphmem/bin/python install --no-deps /dist/*.whl

FROM python:3.11-slim-bookworm
# For the embedded store; where NEO4J_URI is set nothing is written there. Besides /data only /tmp is written to.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/graphmem /opt/graphmem
ENV PATH=/opt/graphmem/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENV HOME=/data GRAPHMEM_HOME=/data/graphmem
# The runtime of the embedding model would tell its maker of its use.
ENV ORT_DISABLE_TELEMETRY=1
WORKDIR /data
USER 10001:10001
# There is no curl in the image. http.client asks no proxy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "\
import http.client; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=4); \
c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["graphmem"]
CMD ["serve", "--port", "8000"]
