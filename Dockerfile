# An image for pipelines and for Argo Workflows (`opsbook emit argo --image`): opsbook, git, helm, kubectl
# and bash. https://opsbook.github.io/opsbook/how-to/install/ says how to use it.
#
#   docker build --build-arg VERSION=0.1.0 -t opsbook .
FROM debian:trixie-slim

ARG VERSION
# Those that the tests of typed steps run, see .ci/kube-tools.
ARG HELM_VERSION=4.1.4
ARG KUBECTL_VERSION=1.35.2
ARG TARGETARCH=amd64

SHELL ["/bin/bash", "-euo", "pipefail", "-c"]

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl git \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /tmp

# Each download is compared with the digest that its publisher gives.
RUN curl -fsSLO "https://get.helm.sh/helm-v$HELM_VERSION-linux-$TARGETARCH.tar.gz" \
    && curl -fsSLO "https://get.helm.sh/helm-v$HELM_VERSION-linux-$TARGETARCH.tar.gz.sha256sum" \
    && sha256sum -c "helm-v$HELM_VERSION-linux-$TARGETARCH.tar.gz.sha256sum" \
    && tar -xzf "helm-v$HELM_VERSION-linux-$TARGETARCH.tar.gz" \
    && install "linux-$TARGETARCH/helm" /usr/local/bin/helm \
    && rm -rf /tmp/*

RUN curl -fsSLO "https://dl.k8s.io/release/v$KUBECTL_VERSION/bin/linux/$TARGETARCH/kubectl" \
    && curl -fsSLO "https://dl.k8s.io/release/v$KUBECTL_VERSION/bin/linux/$TARGETARCH/kubectl.sha256" \
    && echo "$(cat kubectl.sha256)  kubectl" | sha256sum -c \
    && install kubectl /usr/local/bin/kubectl \
    && rm -rf /tmp/*

RUN case "$TARGETARCH" in amd64) cpu=x86_64 ;; arm64) cpu=aarch64 ;; *) exit 1 ;; esac \
    && name="opsbook-v$VERSION-$cpu-unknown-linux-gnu" \
    && from="https://github.com/opsbook/opsbook/releases/download/v$VERSION" \
    && curl -fsSLO "$from/$name.tar.gz" \
    && curl -fsSLO "$from/$name.tar.gz.sha256" \
    && sha256sum -c "$name.tar.gz.sha256" \
    && tar -xzf "$name.tar.gz" \
    && install "$name/opsbook" /usr/local/bin/opsbook \
    && rm -rf /tmp/*

# A pipeline brings its checkout here; git wants to be told that another owner's is meant.
RUN git config --system --add safe.directory '*' \
    && useradd --uid 1000 --create-home opsbook
USER 1000
WORKDIR /work
CMD ["opsbook", "--help"]
