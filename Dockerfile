# The image of web, worker and beat: docs/operations.md.
FROM debian:12-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-venv npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/guanhu
COPY requirements.txt ./
RUN python3 -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
# collectstatic needs no server; the key is for this one command only
RUN SECRET_KEY=unused-at-build-time ALLOWED_HOSTS=localhost DATABASE_URL=postgresql:///unused \
    REDIS_URL=redis://unused .venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /srv/guanhu guanhu
COPY --from=build /srv/guanhu /srv/guanhu
WORKDIR /srv/guanhu
# the only folders that a process writes: volumes, which take their owner from here
RUN mkdir -p var/feed-reports var/history && chown guanhu: var/feed-reports var/history
ENV PATH=/srv/guanhu/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER guanhu
EXPOSE 8000
CMD ["gunicorn", "--config", "gunicorn.conf.py"]
