using System.CommandLine;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Cli.Commands;

/// <summary><c>netdeploy bootfiles sync|build|check</c>: what goes over the wire before an operating system exists.</summary>
internal static class BootFilesCommand
{
    public static Command Create()
    {
        var cache = new Option<DirectoryInfo>("--cache") { Description = $"Where they are kept. Default: {BootFilesCatalog.DefaultFolder}", DefaultValueFactory = _ => new DirectoryInfo(BootFilesCatalog.DefaultFolder) };
        var suite = new Option<string?>("--suite") { Description = "The Debian release they are taken from." };
        var mirror = new Option<string?>("--mirror") { Description = "The Debian mirror; default: this machine's own." };
        var firmware = new Option<string[]>("--firmware") { Description = "A Debian package of firmware for the deploy environment; may be given again." };
        var json = VerbOptions.Json();
        var sync = new Command("sync", "Fetch the loaders (iPXE, shim, GRUB) from Debian packages.") { cache, suite, mirror, json };
        sync.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), async () =>
            await BootFilesSync.RunAsync(parsed.GetRequiredValue(cache).FullName, Options(parsed, suite, mirror, null), Progress, cancellationToken).ConfigureAwait(false)));
        var build = new Command("build", "Build the deploy environment from Debian packages.") { cache, suite, mirror, firmware, json };
        build.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), async () =>
            await DeployEnvironmentBuild.RunAsync(parsed.GetRequiredValue(cache).FullName, Options(parsed, suite, mirror, firmware), Progress, cancellationToken).ConfigureAwait(false)));
        var check = new Command("check", "Verify that all of them are there and intact.") { cache, json };
        check.SetAction((parsed, _) => RunAsync(parsed.GetValue(json), () =>
        {
            var catalog = BootFilesCatalog.Load(parsed.GetRequiredValue(cache).FullName, Installation.BootFiles);
            if (catalog.Fault is { } fault)
            {
                throw new UserFault(fault.Message, fault.Remedy, inner: fault);
            }

            return Task.FromResult($"{catalog.Loaders.Count} loaders and the deploy environment {catalog.Environment!.BuildId} are intact.");
        }));
        return new Command("bootfiles", "Loaders, the deploy environment, and distributions' own installers.") { sync, build, Installer(cache, mirror, json), check };
    }

    private static Command Installer(Option<DirectoryInfo> cache, Option<string?> mirror, Option<bool> json)
    {
        var distro = new Argument<string>("distro") { Description = "The Distro document's name, such as debian-13." };
        var profiles = new Option<DirectoryInfo>("--profiles") { Description = "The folder with its document. Default: the shipped one." };
        var suite = new Option<string?>("--components-suite") { Description = "A suite of the machines' mirror that the installer's components come from, instead of the distribution's." };
        var key = new Option<FileInfo?>("--components-key") { Description = "The archive key that signed that suite." };
        var installer = new Command("installer", "Fetch a distribution's own installer, for --method installer.") { distro, cache, mirror, profiles, suite, key, json };
        installer.Validators.Add(r =>
        {
            if (r.GetValue(suite) is null != r.GetValue(key) is null)
            {
                r.AddError("--components-suite and --components-key go together.");
            }
        });
        installer.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(json), async () => await InstallerBuild.RunAsync(
            parsed.GetRequiredValue(cache).FullName,
            ShippedDistros.Find(parsed.GetRequiredValue(distro), parsed.GetValue(profiles)?.FullName ?? Installation.Profiles),
            Options(parsed, null, mirror, null),
            parsed.GetValue(suite) is { } own ? new InstallerComponents(own, parsed.GetValue(key)!.FullName) : null,
            Progress,
            cancellationToken).ConfigureAwait(false)));
        return installer;
    }

    private static Progress<string> Progress { get; } = new(line => Console.Error.WriteLine(line));

    private static BootFilesOptions Options(ParseResult parsed, Option<string?>? suite, Option<string?> mirror, Option<string[]>? firmware)
    {
        var options = new BootFilesOptions { Sources = Installation.BootFiles, Mirror = parsed.GetValue(mirror), Refresh = true };
        options = suite is not null && parsed.GetValue(suite) is { } wanted ? options with { Suite = wanted } : options;
        return firmware is not null && parsed.GetValue(firmware) is { Length: > 0 } packages ? options with { Firmware = [.. packages] } : options;
    }

    private static async Task<int> RunAsync(bool json, Func<Task<string>> work)
    {
        try
        {
            var done = await work().ConfigureAwait(false);
            if (json)
            {
                Output.Json(new BootFilesResult(done), CommandJson.Default.BootFilesResult);
            }
            else
            {
                Console.Out.WriteLine(done);
            }

            return Invocation.Done;
        }
        catch (BootFilesException e)
        {
            throw new UserFault(e.Message, e.Remedy, inner: e);
        }
    }
}
