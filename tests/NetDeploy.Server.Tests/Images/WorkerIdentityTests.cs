using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

public sealed class WorkerIdentityTests : IDisposable
{
    private readonly string _databases = Directory.CreateTempSubdirectory("ndt-identity-").FullName;

    public WorkerIdentityTests()
    {
        Write("passwd", "root:x:0:0:root:/root:/bin/bash\nnetdeploy-build:x:990:980::/nonexistent:/usr/sbin/nologin\ntoor:x:0:0::/root:/bin/sh\n");
        Write("subuid", "other:100000:65536\nnetdeploy-build:1000000:65536\ntoor:2000000:65536\n");
        Write("subgid", "netdeploy-build:1000000:65536\ntoor:2000000:65536\n");
    }

    public void Dispose() => Directory.Delete(_databases, recursive: true);

    [Fact]
    public void Root_becomes_the_build_user_without_roots_groups()
    {
        var identity = WorkerIdentity.Find("netdeploy-build", effectiveUserId: 0, _databases);
        Assert.Equal(new("netdeploy-build", 990, 980, Drops: true), identity);
        Assert.Equal(
            ["setsid", "setpriv", "--reuid", "990", "--regid", "980", "--clear-groups", "--pdeathsig", "KILL", "mmdebstrap", "x"],
            identity.Wrap(["mmdebstrap", "x"]));
        Assert.Equal(
            ["setsid", "setpriv", "--reuid", "990", "--regid", "980", "--clear-groups", "sh"],
            identity.Wrap(["sh"], diesWithParent: false));
    }

    [Fact]
    public void Another_user_builds_as_itself()
    {
        var identity = WorkerIdentity.Find("whoever", effectiveUserId: 990, _databases);
        Assert.Equal(new("netdeploy-build", 990, 980, Drops: false), identity);
        Assert.Equal(["setsid", "setpriv", "--pdeathsig", "KILL", "true"], identity.Wrap(["true"]));
        Assert.Equal(["setsid", "true"], identity.Wrap(["true"], diesWithParent: false));
    }

    [Fact]
    public void A_missing_build_user_is_an_error_with_the_commands()
    {
        var error = Assert.Throws<ImageBuilderException>(() => WorkerIdentity.Find("nd-build", 0, _databases));
        Assert.Equal(ImageFailureKind.BuildUser, error.Kind);
        Assert.Contains("useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin nd-build", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("usermod --add-subuids 1000000-1065535 --add-subgids 1000000-1065535 nd-build", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("subuid", "")]
    [InlineData("subgid", "")]
    [InlineData("subgid", "netdeploy-build:1000000:1000\n")]
    [InlineData("subuid", "netdeploy-build-2:1000000:65536\n")]
    [InlineData("subuid", null)]
    public void Missing_or_small_ranges_are_an_error_with_the_command(string file, string? content)
    {
        if (content is null)
        {
            File.Delete(Path.Combine(_databases, file));
        }
        else
        {
            Write(file, content);
        }

        var error = Assert.Throws<ImageBuilderException>(() => WorkerIdentity.Find("netdeploy-build", 0, _databases));
        Assert.Contains($"/{file}.", error.Message, StringComparison.Ordinal);
        Assert.Contains("usermod --add-subuids", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_range_may_be_given_to_the_number()
    {
        Write("subuid", "990:1000000:65536\n");
        Assert.Equal("netdeploy-build", WorkerIdentity.Find("netdeploy-build", 0, _databases).Name);
    }

    [Fact]
    public void Nothing_is_built_as_root_under_another_name()
    {
        var error = Assert.Throws<ImageBuilderException>(() => WorkerIdentity.Find("toor", 0, _databases));
        Assert.Contains("never built as root", error.Message, StringComparison.Ordinal);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_databases, name), text);
}
