using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NetDeploy.Cli.Lab.Host;

namespace NetDeploy.Cli.Lab.Installer;

/// <summary>
/// Debian's installer fetches its components from the mirror, and a mirror may hold only some of them, or an index of an earlier point
/// release. Then what it lacks is rebuilt from ordinary packages, and the whole published as a suite of its own, with a key of its own that
/// the lab's blades alone are told to trust. Whole mirrors need none of this, and get none.
/// </summary>
/// <param name="packages">The script <c>bootfiles/debian-packages</c>: what it fetches is checked by the archive's signature.</param>
/// <param name="cache">Its cache.</param>
internal sealed partial class ComponentsBuild(ICommandRunner commands, HttpClient http, string mirror, string packages, string cache, Action<string> say)
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    private const string Index = "main/debian-installer/binary-amd64/Packages.xz";
    private const int Asking = 8;

    /// <summary>Debian 13 merged the two.</summary>
    private static readonly string[] ModuleFolders = ["usr/lib/modules", "lib/modules"];

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <param name="installer">The folder of the installer's boot files.</param>
    /// <param name="release">Such as <c>trixie</c>.</param>
    /// <param name="output">Where the suite goes; a finished one there is kept while nothing changed.</param>
    /// <returns>Null where the mirror holds all.</returns>
    /// <exception cref="UserFault">Something indispensable is not served, or a signature is wrong.</exception>
    public async Task<ComponentsSuite?> EnsureAsync(string installer, string release, string output, CancellationToken cancellationToken)
    {
        var (index, current) = await IndexAsync(release, output, cancellationToken).ConfigureAwait(false);
        var (inInitrd, kernel) = await InitrdAsync(installer, output, cancellationToken).ConfigureAwait(false);
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', index.Select(s => s.ToString())) + kernel + string.Join('\n', inInitrd.OrderBy(p => p.Key, StringComparer.Ordinal)))))[..16];
        var suite = new ComponentsSuite(release + "-lab", Path.Combine(output, id), Path.Combine(output, id + ".gpg"));
        if (File.Exists(suite.Key))
        {
            return suite;
        }

        say($"asking which of the installer's components {mirror} holds");
        var served = await ServedAsync(index, inInitrd, cancellationToken).ConfigureAwait(false);
        var plan = ComponentsPlan.Of(index, inInitrd, kernel, s => served.Contains(s["Filename"] ?? ""));
        if (current && plan.Rebuilt.IsEmpty && plan.Dropped.IsEmpty)
        {
            return null;
        }

        if (plan.Lacks is { } lacking)
        {
            throw new UserFault($"The mirror {mirror} does not hold the installer's component {lacking} of {release}.", "Take --method image, or let this machine's apt sources name a whole mirror.");
        }

        say($"components: {plan.Kept.Length} as they are, {plan.Rebuilt.Length} rebuilt, {plan.Dropped.Length} left out");
        await BuildAsync(plan, suite, release, kernel, output, cancellationToken).ConfigureAwait(false);
        return suite;
    }

    /// <summary>
    /// The index of components with a digest that a signed Release file names: the release's own, else that of "stable", which a
    /// mirror's cache may hold from an earlier day. True where it is the release's own.
    /// </summary>
    private async Task<(ImmutableArray<ControlStanza> Stanzas, bool Current)> IndexAsync(string release, string output, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(output);
        var packed = await GetAsync($"dists/{release}/{Index}", cancellationToken).ConfigureAwait(false)
            ?? throw new UserFault($"The mirror {mirror} has no index of the installer's components of {release}.", "Take --method image, or let this machine's apt sources name a whole mirror.");
        var digest = Convert.ToHexStringLower(SHA256.HashData(packed));
        foreach (var suite in (string[])[release, "stable", "oldstable"])
        {
            if (await GetAsync($"dists/{suite}/InRelease", cancellationToken).ConfigureAwait(false) is not { } signed)
            {
                continue;
            }

            var file = Path.Combine(output, $"InRelease.{suite}");
            await File.WriteAllBytesAsync(file, signed, cancellationToken).ConfigureAwait(false);
            // What gpgv writes is what was signed, and nothing beside it.
            var text = await RunAsync(["gpgv", "--keyring", Keyring, "--output", "-", file], $"the Release file of {suite} at {mirror} is wrongly signed", cancellationToken).ConfigureAwait(false);
            if (CodenameLine().Match(text).Groups[1].Value == release && text.Contains($" {digest} ", StringComparison.Ordinal) && text.Contains(Index, StringComparison.Ordinal))
            {
                var path = Path.Combine(output, "components.xz");
                await File.WriteAllBytesAsync(path, packed, cancellationToken).ConfigureAwait(false);
                return ([.. ControlStanza.Parse(await RunAsync(["xz", "-dc", path], "the index of components is damaged", cancellationToken).ConfigureAwait(false))], suite == release);
            }
        }

        throw new UserFault($"No signed Release file at {mirror} names its index of the installer's components of {release}.", "Take --method image, or let this machine's apt sources name a whole mirror.");
    }

    private async Task<(Dictionary<string, string> Packages, string Kernel)> InitrdAsync(string installer, string output, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(output, "initrd");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        await RunAsync(
            ["sh", "-c", "cd \"$1\" && zcat \"$2\" | cpio -i -d --quiet --no-absolute-filenames var/lib/dpkg/status", "sh", folder, Path.Combine(installer, "initrd.gz")],
            "the installer's initrd cannot be read",
            cancellationToken).ConfigureAwait(false);
        var status = await File.ReadAllTextAsync(Path.Combine(folder, "var/lib/dpkg/status"), cancellationToken).ConfigureAwait(false);
        var kernel = await RunAsync(
            ["sh", "-c", "zcat \"$1\" | cpio -t --quiet | sed -n 's#^\\(usr/\\)\\{0,1\\}lib/modules/\\([^/]*\\)/.*#\\2#p' | sort -u", "sh", Path.Combine(installer, "initrd.gz")],
            "the installer's initrd cannot be read",
            cancellationToken).ConfigureAwait(false);
        return kernel.Split('\n', StringSplitOptions.RemoveEmptyEntries) is [var only]
            ? (ControlStanza.Parse(status).ToDictionary(s => s.Package, s => s.Version), only)
            : throw new UserFault($"The installer's initrd in {installer} holds modules of no kernel, or of several.", "netdeploy bootfiles installer makes it anew.");
    }

    private async Task<HashSet<string>> ServedAsync(IEnumerable<ControlStanza> index, Dictionary<string, string> inInitrd, CancellationToken cancellationToken)
    {
        var served = new HashSet<string>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            index.Where(s => inInitrd.GetValueOrDefault(s.Package) != s.Version).Select(s => s["Filename"]).OfType<string>(),
            new ParallelOptions { MaxDegreeOfParallelism = Asking, CancellationToken = cancellationToken },
            async (path, cancel) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Head, $"{mirror}/{path}");
                using var response = await http.SendAsync(request, cancel).ConfigureAwait(false);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    lock (served)
                    {
                        served.Add(path);
                    }
                }
            }).ConfigureAwait(false);
        return served;
    }

    private async Task BuildAsync(ComponentsPlan plan, ComponentsSuite suite, string release, string kernel, string output, CancellationToken cancellationToken)
    {
        var work = Path.Combine(output, "work");
        foreach (var old in ((string[])[work, suite.Folder]).Where(Directory.Exists))
        {
            Directory.Delete(old, recursive: true);
        }

        var pool = Directory.CreateDirectory(Path.Combine(suite.Folder, "pool", "lab")).FullName;
        var root = await UnpackAsync(release, kernel, work, cancellationToken).ConfigureAwait(false);
        var stanzas = new List<ControlStanza>(plan.Kept);
        foreach (var component in plan.Rebuilt)
        {
            stanzas.Add(await RebuildAsync(component, kernel, root, work, pool, cancellationToken).ConfigureAwait(false));
        }

        await PublishAsync(stanzas, suite, work, cancellationToken).ConfigureAwait(false);
        Directory.Delete(work, recursive: true);
    }

    /// <summary>Ordinary packages, checked by the archive's signature; each in a folder of its own.</summary>
    private async Task<Func<string, string>> UnpackAsync(string release, string kernel, string work, CancellationToken cancellationToken)
    {
        foreach (var package in ComponentsPlan.Substitutes.Values.SelectMany(s => s.Select(f => f.Package)).Append($"linux-image-{kernel}").Distinct())
        {
            say($"unpacking {package}");
            var folder = Directory.CreateDirectory(Path.Combine(work, package)).FullName;
            var list = await RunAsync([packages, "resolve", "--state", cache, "--suite", release, package], $"{package} of {release} cannot be fetched", cancellationToken).ConfigureAwait(false);
            var file = Path.Combine(work, package + ".list");
            await File.WriteAllTextAsync(file, list, cancellationToken).ConfigureAwait(false);
            await RunAsync([packages, "unpack", "--state", cache, "--list", file, "--root", folder], $"{package} of {release} cannot be unpacked", cancellationToken).ConfigureAwait(false);
        }

        return package => Path.Combine(work, package);
    }

    private async Task<ControlStanza> RebuildAsync(ControlStanza component, string kernel, Func<string, string> unpacked, string work, string pool, CancellationToken cancellationToken)
    {
        var tree = Path.Combine(work, "build", component.Package);
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        var control = component.Without("Filename", "Size", "SHA256", "MD5sum", "Description-md5").With("Installed-Size", "1");
        if (ComponentsPlan.ModulesOf(component.Package, kernel) is { } modules)
        {
            var image = unpacked($"linux-image-{kernel}");
            var from = ModuleFolders.Select(m => Path.Combine(image, m, kernel, "kernel")).First(Directory.Exists);
            await CopyAsync(from, modules, Path.Combine(tree, "lib/modules", kernel, "kernel"), cancellationToken).ConfigureAwait(false);
        }
        else
        {
            foreach (var (package, files) in ComponentsPlan.Substitutes[component.Package])
            {
                await CopyAsync(unpacked(package), files, tree, cancellationToken).ConfigureAwait(false);
            }

            // A stand-in needs nothing.
            control = ComponentsPlan.Substitutes[component.Package].IsEmpty ? control.Without("Depends") : control;
        }

        await File.WriteAllTextAsync(Path.Combine(tree, "DEBIAN", "control"), control.ToString(), cancellationToken).ConfigureAwait(false);
        var file = Path.Combine(pool, component.Package + ".udeb");
        await RunAsync(["dpkg-deb", "-Zxz", "--root-owner-group", "-b", tree, file], $"{component.Package} cannot be packed", cancellationToken).ConfigureAwait(false);
        var bytes = await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false);
        return control.With("Filename", $"pool/lab/{component.Package}.udeb")
            .With("Size", bytes.Length.ToString(CultureInfo.InvariantCulture))
            .With("SHA256", Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    /// <summary>Files, and folders with all below them; links stay links.</summary>
    private async Task CopyAsync(string from, ImmutableArray<string> patterns, string to, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(to);
        await RunAsync(
            ["sh", "-c", "cd \"$1\" && to=$2 && shift 2 && for pattern in \"$@\"; do find . -path \"./$pattern\" -o -path \"./$pattern/*\"; done | sort -u | cpio -p -d -m --quiet \"$to\"", "sh", from, to, .. patterns],
            $"nothing can be copied from {from}",
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Packages, Release and its signatures; the key is written last, so that it says that all is there.</summary>
    private async Task PublishAsync(IEnumerable<ControlStanza> stanzas, ComponentsSuite suite, string work, CancellationToken cancellationToken)
    {
        var dists = Path.Combine(suite.Folder, "dists", suite.Name);
        var packed = Path.Combine(dists, Index);
        Directory.CreateDirectory(Path.GetDirectoryName(packed)!);
        var text = packed[..^".xz".Length];
        await File.WriteAllTextAsync(text, string.Join('\n', stanzas.Select(s => s.ToString())), cancellationToken).ConfigureAwait(false);
        await RunAsync(["xz", "-f", text], "the index cannot be packed", cancellationToken).ConfigureAwait(false);
        var bytes = await File.ReadAllBytesAsync(packed, cancellationToken).ConfigureAwait(false);
        var release = Path.Combine(dists, "Release");
        var date = DateTimeOffset.UtcNow.ToString("ddd, dd MMM yyyy HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        await File.WriteAllTextAsync(
            release,
            $"Origin: NetDeploy lab\nSuite: {suite.Name}\nCodename: {suite.Name}\nDate: {date}\nArchitectures: amd64\nComponents: main\nSHA256:\n {Convert.ToHexStringLower(SHA256.HashData(bytes))} {bytes.Length} {Index}\n",
            cancellationToken).ConfigureAwait(false);

        // The key lives as long as this suite: it signs nothing else, and its secret half goes with the work folder.
        var home = Path.Combine(work, "gpg");
        Directory.CreateDirectory(home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string[] gpg = ["gpg", "--homedir", home, "--batch", "--yes", "--quiet", "--no-autostart"];
        string[] agent = ["gpg", "--homedir", home, "--batch", "--yes", "--quiet"];
        await RunAsync([.. agent, "--passphrase", "", "--quick-gen-key", "NetDeploy lab components", "rsa2048", "sign", "1y"], "no key can be made", cancellationToken).ConfigureAwait(false);
        await RunAsync([.. agent, "--armor", "--detach-sign", "--output", release + ".gpg", release], "the suite cannot be signed", cancellationToken).ConfigureAwait(false);
        await RunAsync([.. agent, "--clearsign", "--output", Path.Combine(dists, "InRelease"), release], "the suite cannot be signed", cancellationToken).ConfigureAwait(false);
        await RunAsync(["gpgconf", "--homedir", home, "--kill", "all"], "gpg's agent does not end", cancellationToken).ConfigureAwait(false);
        await RunAsync([.. gpg, "--output", suite.Key, "--export", "NetDeploy lab components"], "the key cannot be written", cancellationToken).ConfigureAwait(false);
    }

    private async Task<byte[]?> GetAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"{mirror}/{path}"), cancellationToken).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false) : null;
        }
        catch (HttpRequestException e)
        {
            throw new UserFault($"The mirror {mirror} is not reached: {e.Message}.", "Check the network and this machine's apt sources (apt-get update).");
        }
    }

    private async Task<string> RunAsync(IReadOnlyList<string> command, string what, CancellationToken cancellationToken)
    {
        var done = await commands.RunAsync(command, Limit, cancellationToken).ConfigureAwait(false);
        return done.Succeeded ? done.Output : throw new UserFault($"{char.ToUpperInvariant(what[0])}{what[1..]}: {done.Complaint}.", $"Run: {string.Join(' ', command)}");
    }

    [GeneratedRegex(@"^Codename: (\S+)", RegexOptions.Multiline)]
    private static partial Regex CodenameLine();
}
