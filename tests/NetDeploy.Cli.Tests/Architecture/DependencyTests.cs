using System.Reflection;
using System.Xml.Linq;

namespace NetDeploy.Cli.Tests.Architecture;

/// <summary>Cli -> Server -> Core -> Protocols, Cli -> Client &lt;- Server, never back; and what each may use from outside.</summary>
public sealed class DependencyTests
{
    private static readonly string Top = FindTop();

    private static readonly Dictionary<string, string[]> AllowedProjects = new()
    {
        ["NetDeploy.Protocols"] = [],
        ["NetDeploy.Core"] = ["NetDeploy.Protocols"],
        ["NetDeploy.Client"] = [],
        ["NetDeploy.Server"] = ["NetDeploy.Core", "NetDeploy.Client", "NetDeploy.Protocols"],
        ["NetDeploy.Cli"] = ["NetDeploy.Server", "NetDeploy.Client", "NetDeploy.Core", "NetDeploy.Protocols"],
    };

    private static readonly Dictionary<string, string[]> AllowedPackages = new()
    {
        ["NetDeploy.Protocols"] = [],
        ["NetDeploy.Core"] = ["Scriban.Signed", "YamlDotNet"],
        ["NetDeploy.Client"] = [],
    };

    public static TheoryData<string> Projects => [.. AllowedProjects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_downwards(string project)
    {
        var references = Project(project).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        Assert.Empty(references.Except(AllowedProjects[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_compiled_assembly_refers_only_downwards(string project)
    {
        var references = Assembly.Load(project).GetReferencedAssemblies().Select(a => a.Name!)
            .Where(n => n.StartsWith("NetDeploy.", StringComparison.Ordinal));
        Assert.Empty(references.Except(AllowedProjects[project]));
    }

    [Theory]
    [InlineData("NetDeploy.Protocols")]
    [InlineData("NetDeploy.Core")]
    [InlineData("NetDeploy.Client")]
    public void A_pure_project_uses_only_the_packages_it_may(string project)
    {
        var packages = Project(project).Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value);
        Assert.Empty(packages.Except(AllowedPackages[project]));
    }

    [Theory]
    [InlineData("NetDeploy.Protocols")]
    [InlineData("NetDeploy.Core")]
    public void The_core_does_no_input_or_output(string project)
    {
        string[] edges = ["System.IO.FileSystem", "System.Net.Sockets", "System.Diagnostics.Process", "System.Net.Http", "System.IO.Pipes", "System.IO.FileSystem.Watcher"];
        var references = Assembly.Load(project).GetReferencedAssemblies().Select(a => a.Name!);
        Assert.Empty(references.Intersect(edges));
    }

    [Theory]
    [InlineData("NetDeploy.Protocols")]
    [InlineData("NetDeploy.Core")]
    public void The_core_opens_no_file_and_reads_no_clock(string project)
    {
        // System.Runtime holds File and DateTime.UtcNow too, so the references alone do not tell.
        string[] forbidden = ["File.", "Directory.", "DateTime.UtcNow", "DateTime.Now", "DateTimeOffset.UtcNow", "DateTimeOffset.Now", "Environment.GetEnvironmentVariable", "new Socket("];
        foreach (var file in Sources(project))
        {
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
            {
                var code = lines[i].Split("//")[0];
                foreach (var word in forbidden)
                {
                    var at = code.IndexOf(word, StringComparison.Ordinal);
                    var whole = at >= 0 && (at == 0 || !(char.IsLetterOrDigit(code[at - 1]) || code[at - 1] is '.' or '_' or '"'));
                    Assert.False(whole, $"{Path.GetRelativePath(Top, file)}:{i + 1} uses {word}");
                }
            }
        }
    }

    [Fact]
    public void Protocols_know_nothing_of_booting_and_targets_know_nothing_of_each_other()
    {
        Assert.All(Sources("NetDeploy.Protocols"), f => Assert.DoesNotContain("NetDeploy.Core", File.ReadAllText(f), StringComparison.Ordinal));
        var targets = Path.Combine(Top, "src/NetDeploy.Core/Targets");
        // Plans are a language that more than one target writes; it is none itself.
        var folders = Directory.GetDirectories(targets).Select(d => Path.GetFileName(d)!).Where(f => f != "Plans").ToArray();
        Assert.NotEmpty(folders);
        foreach (var folder in folders)
        {
            foreach (var file in Directory.GetFiles(Path.Combine(targets, folder), "*.cs", SearchOption.AllDirectories))
            {
                var text = File.ReadAllText(file);
                Assert.All(folders.Where(f => f != folder), other => Assert.DoesNotContain($"NetDeploy.Core.Targets.{other}", text, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void The_top_level_is_what_the_user_asked_for()
    {
        string[] wanted = ["src", "tests", "bootfiles", "profiles", "NetDeploy.sln", "Dockerfile", "README.md", "netdeploy"];
        Assert.All(wanted, name => Assert.True(Path.Exists(Path.Combine(Top, name)), $"{name} is missing at the top level"));
    }

    private static IEnumerable<string> Sources(string project) =>
        Directory.GetFiles(Path.Combine(Top, "src", project), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static XDocument Project(string name) => XDocument.Load(Path.Combine(Top, "src", name, name + ".csproj"));

    private static string FindTop()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "NetDeploy.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("NetDeploy.sln is not above the tests.");
        }

        return folder;
    }
}
