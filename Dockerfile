# The server. Lab and tests need a whole machine (namespaces, QEMU); this image does not hold them.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
# Compiled ahead for the processor that this is built on: a start has less to do.
RUN dotnet publish -c Release --use-current-runtime --self-contained false -p:PublishReadyToRun=true -o /app src/NetDeploy.Cli

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update \
    && apt-get install -y --no-install-recommends mmdebstrap uidmap zstd xz-utils cpio kmod debian-archive-keyring \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin netdeploy-build \
    && usermod --add-subuids 400000-465535 --add-subgids 400000-465535 netdeploy-build
COPY --from=build /app /app
COPY bootfiles /usr/share/netdeploy/bootfiles
COPY profiles /usr/share/netdeploy/profiles
ENV NETDEPLOY_HOME=/usr/share/netdeploy
VOLUME ["/var/lib/netdeploy", "/var/cache/netdeploy"]
# DHCP and TFTP need the host's network: docker run --network host --cap-add NET_ADMIN --cap-add NET_RAW ...
ENTRYPOINT ["dotnet", "/app/NetDeploy.Cli.dll"]
CMD ["serve", "--config", "/etc/netdeploy/netdeploy.yaml"]
