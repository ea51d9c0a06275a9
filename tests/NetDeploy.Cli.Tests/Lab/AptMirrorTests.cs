using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class AptMirrorTests : IDisposable
{
    private readonly DirectoryInfo _apt = Directory.CreateTempSubdirectory("ndt-");

    public void Dispose() => _apt.Delete(recursive: true);

    [Fact]
    public void Reads_the_one_line_format()
    {
        Write("sources.list", """
            # deb http://commented.example/debian bookworm main
            deb cdrom:[Debian GNU/Linux 12]/ bookworm main
            deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://mirror.example/debian/ bookworm main contrib # ours
            deb-src http://source.example/debian bookworm main
            deb http://security.example/debian-security bookworm-security main
            """);

        Assert.Equal(new AptMirror("http://mirror.example/debian", "http://security.example/debian-security"), AptMirror.Read(_apt.FullName));
    }

    [Fact]
    public void Reads_deb822_stanzas()
    {
        Write("sources.list.d/debian.sources", """
            Types: deb
            # a comment
            URIs: https://mirror.example/debian
            Suites: trixie trixie-updates
            Components: main
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            Types: deb deb-src
            URIs: http://security.example/debian-security
            Suites:
             trixie-security
            Components: main

            Enabled: no
            Types: deb
            URIs: http://disabled.example/debian
            Suites: trixie
            Components: main
            """);

        Assert.Equal(new AptMirror("https://mirror.example/debian", "http://security.example/debian-security"), AptMirror.Read(_apt.FullName));
    }

    [Fact]
    public void Passes_over_what_is_not_Debian_or_not_for_others()
    {
        Write("sources.list.d/a-vendor.list", "deb https://packages.example/apt cloud-sdk-bookworm main");
        Write("sources.list.d/b-node.sources", "Types: deb\nURIs: https://node.example/node_20.x\nSuites: nodistro\nComponents: main\n");
        Write("sources.list.d/c-secret.list", "deb https://user:password@mirror.example/debian bookworm main");
        Write("sources.list.d/d-off.sources", "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n");
        Write("sources.list.d/e.list.save", "deb http://saved.example/debian bookworm main");

        Assert.Equal(AptMirror.Default, AptMirror.Read(_apt.FullName));
    }

    [Fact]
    public void Without_sources_there_is_Debians_own_mirror() => Assert.Equal(AptMirror.Default, AptMirror.Read(_apt.FullName));

    private void Write(string name, string text)
    {
        var path = Path.Combine(_apt.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
