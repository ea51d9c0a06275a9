using System.Collections;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using NetDeploy.Server.Linux;

namespace NetDeploy.Server.Images;

/// <summary>Makes processes of root the build user: its ids, its groups, no capability (setpriv(1), util-linux).</summary>
internal sealed class PrivilegeDrop(WorkerIdentity identity)
{
    /// <summary>A shell's exit status for what cannot be executed.</summary>
    private const int NotExecutable = 126;

    // Not no_new_privs: mmdebstrap needs newuidmap, which is setuid root, for its user namespaces. These four are what newuidmap
    // and newgidmap use to open and write another process's map; whatever else is setuid on this computer gets no others.
    private const string Bounds = "--bounding-set=-all,+setuid,+setgid,+sys_admin,+dac_override";

    // What a server's environment may hold besides is not for whoever runs builds.
    private static readonly string[] Kept = ["PATH", "LANG", "TZ", "http_proxy", "https_proxy", "no_proxy"];
    private static readonly string[] KeptPrefixes = ["DOTNET_", "LC_", "NETDEPLOY_"];

    /// <summary>Why this process cannot become the build user, in setpriv's words; null where it can.</summary>
    public string? Refusal => Run(["true"]) is (not 0, var error) ? error : null;

    /// <summary>Whether the build user can read a file, each folder above it included.</summary>
    public bool CanRead(string file) => Run(["test", "-r", file]).Status == 0;

    /// <summary>This process becomes the command. Never returns.</summary>
    /// <exception cref="IOException">It cannot be executed.</exception>
    public void Execute(IEnumerable<string> command)
    {
        // The folder of whoever started it may be closed to the build user.
        Directory.SetCurrentDirectory("/");
        Posix.Execute([.. Wrap(command)], Keep(Environment.GetEnvironmentVariables()));
    }

    /// <summary>The kernel forgets the parent-death signal when ids change; setpriv asks for it again.</summary>
    internal IEnumerable<string> Wrap(IEnumerable<string> command) =>
    [
        "setpriv",
        "--reuid", identity.UserId.ToString(CultureInfo.InvariantCulture),
        "--regid", identity.GroupId.ToString(CultureInfo.InvariantCulture),
        "--init-groups", "--inh-caps=-all", "--ambient-caps=-all", Bounds, "--pdeathsig", "keep", "--", .. command,
    ];

    internal static IEnumerable<string> Keep(IDictionary environment) =>
    [
        .. environment.Keys.Cast<string>()
            .Where(name => Kept.Contains(name) || KeptPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal).Select(name => $"{name}={environment[name]}"),
        "HOME=/",
    ];

    private (int Status, string Error) Run(IEnumerable<string> command)
    {
        var words = Wrap(command).ToArray();
        try
        {
            // Its own input, which ends at once: ours may say when to stop.
            using var process = Process.Start(new ProcessStartInfo(words[0], words[1..])
            {
                WorkingDirectory = "/",
                RedirectStandardInput = true,
                RedirectStandardError = true,
            })!;
            process.StandardInput.Close();
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, error.Trim());
        }
        catch (Win32Exception e)
        {
            return (NotExecutable, $"{words[0]}: {e.Message}");
        }
    }
}
