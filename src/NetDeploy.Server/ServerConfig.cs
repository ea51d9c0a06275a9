using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Reflection;
using System.Text.RegularExpressions;
using NetDeploy.Core.Boot;
using NetDeploy.Core.Deployments;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Profiles.Documents;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Mirror;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace NetDeploy.Server;

/// <summary>An interface the server answers on. It answers on no other.</summary>
/// <param name="Address">The server's own IPv4 address there; null: the interface's first one.</param>
public sealed record BootInterface(string Name, string? Address = null);

/// <summary>The configuration file of <c>netdeploy serve</c>. Every key has a default but the interfaces.</summary>
public sealed partial record ServerConfig
{
    private const string Example = "An interface is written '- name: eth1', below 'interfaces:'.";

    public string Data { get; init; } = "/var/lib/netdeploy";

    public ImmutableArray<BootInterface> Interfaces { get; init; } = [];

    /// <summary>TCP port of the boot listener.</summary>
    public int BootPort { get; init; } = 8080;

    /// <summary>UDP port where the logs of distributions' installers are heard.</summary>
    public int SyslogPort { get; init; } = 514;

    /// <summary>Distributions and profiles that come with the server: an applied file at the same path takes the place of the whole file.</summary>
    public string Profiles { get; init; } = "/usr/share/netdeploy/profiles";

    /// <summary>What <c>netdeploy bootfiles sync</c> and <c>build</c> wrote.</summary>
    public string BootFiles { get; init; } = BootFilesCatalog.DefaultFolder;

    /// <summary>The image spool that server and worker share.</summary>
    public string Images { get; init; } = "/var/cache/netdeploy/images";

    /// <summary>False: another process runs <c>netdeploy worker</c>.</summary>
    public bool StartWorker { get; init; } = true;

    /// <summary>The control socket of a lab that powers machines; null: a person does.</summary>
    public string? LabPower { get; init; }

    /// <summary>What machines reach through this server, as <c>/mirror/NAME/</c>; nothing else.</summary>
    public ImmutableArray<MirrorConfig> Mirrors { get; init; } = [];

    /// <summary>Where files of the mirrors are kept, in a folder for each.</summary>
    public string MirrorFolder { get; init; } = "/var/cache/netdeploy/mirrors";

    /// <summary>Arguments for the kernel of the deploy environment; the last console gets the environment's own output.</summary>
    public ImmutableArray<string> KernelArguments { get; init; } = ["console=tty0", "console=ttyS0,115200n8"];

    /// <summary>How long each silence of a deployment may last.</summary>
    public DeploymentLimits Deployments { get; init; } = new();

    /// <summary>The data folder is a restored copy: the store gets a new generation, which voids open grants and tokens. For one start, so in no file.</summary>
    public bool Restored { get; init; }

    /// <exception cref="ServerFault">The file is missing, is not YAML, or holds a key or value that means nothing.</exception>
    public static ServerConfig Load(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ServerFault($"The configuration {path} cannot be read: {e.Message}", "Name a readable file with --config, or start with --interface alone.", e);
        }

        try
        {
            var file = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build().Deserialize<ConfigFile>(text) ?? new ConfigFile();
            var defaults = new ServerConfig();
            return Checked(path, new ServerConfig
            {
                Data = file.Data ?? defaults.Data,
                Interfaces = [.. (file.Interfaces ?? []).Select(i => new BootInterface(i?.Name ?? throw new ServerFault($"{path}: an interface without a name.", Example), i.Address))],
                BootPort = file.BootPort ?? defaults.BootPort,
                SyslogPort = file.SyslogPort ?? defaults.SyslogPort,
                Profiles = file.Profiles ?? defaults.Profiles,
                BootFiles = file.BootFiles ?? defaults.BootFiles,
                Images = file.Images ?? defaults.Images,
                StartWorker = file.StartWorker ?? defaults.StartWorker,
                LabPower = file.LabPower,
                KernelArguments = file.KernelArguments is { } arguments ? Words(path, arguments) : defaults.KernelArguments,
                Mirrors = [.. (file.Mirrors ?? []).Select(m => Mirror(path, m ?? new ConfigMirror()))],
                MirrorFolder = file.MirrorFolder ?? defaults.MirrorFolder,
                Deployments = Limits(path, file.Deployments ?? new ConfigLimits()),
            });
        }
        catch (YamlException e)
        {
            var place = $"{path}:{e.Start.Line}:{e.Start.Column}";
            throw UnknownKey().Match(e.Message) is { Success: true } unknown
                ? new ServerFault($"{place}: there is no key '{unknown.Groups[1].Value}'", KnownKeys(unknown.Groups[1].Value, unknown.Groups[2].Value), e)
                : new ServerFault($"{place}: {Reason(text, e)}", $"The commented example profiles/netdeploy.yaml.example says what each key holds. {Example}", e);
        }
    }

    /// <summary>The key that was meant, or those that may stand there.</summary>
    private static string KnownKeys(string key, string type)
    {
        var map = typeof(ServerConfig).GetNestedTypes(BindingFlags.NonPublic).FirstOrDefault(t => type.EndsWith(t.Name, StringComparison.Ordinal)) ?? typeof(ConfigFile);
        return $"{Spelling.Remedy(key, ConfigReference.NamesOf(map))} Every key is in the commented example profiles/netdeploy.yaml.example.";
    }

    /// <summary>The deserializer knows the place of a value, and not its key: that stands before it in the line.</summary>
    private static string Reason(string text, YamlException e)
    {
        var line = text.Split('\n').ElementAtOrDefault((int)e.Start.Line - 1) ?? "";
        var key = KeyBefore().Match(line[..(int)Math.Clamp(e.Start.Column - 1, 0, line.Length)]).Groups[1].Value;
        var reason = e.InnerException switch
        {
            FormatException or OverflowException when key.Length > 0 => IsSwitch(key) ? "the value is neither true nor false" : "the value is no whole number",
            var inner when WrongForm().IsMatch(inner?.Message ?? e.Message) => "the value of this key has another form",
            var inner => inner?.Message ?? e.Message,
        };
        return key.Length > 0 ? $"{key}: {reason}" : reason;
    }

    private static bool IsSwitch(string key) => typeof(ServerConfig).GetNestedTypes(BindingFlags.NonPublic).SelectMany(t => t.GetProperties())
        .Any(p => p.PropertyType == typeof(bool?) && p.Name.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>Found now, and not when the first machine boots.</summary>
    private static ImmutableArray<string> Words(string path, string arguments)
    {
        ImmutableArray<string> words = [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        try
        {
            new KernelCommandLine().AddAll(words);
            return words;
        }
        catch (ArgumentException e)
        {
            throw new ServerFault($"{path}: kernelArguments: {e.Message}", "Write arguments such as console=ttyS1,115200n8, with blanks between.", e);
        }
    }

    private static DeploymentLimits Limits(string path, ConfigLimits file)
    {
        var defaults = new DeploymentLimits();
        if (file.Boots is < 1 or > 100)
        {
            throw new ServerFault($"{path}: deployments: boots {file.Boots} is no number of boots.", $"Write a number from 1 to 100; {defaults.Boots} is the default.");
        }

        return new DeploymentLimits
        {
            Preparing = Duration(path, "preparing", file.Preparing, defaults.Preparing),
            Grant = Duration(path, "grant", file.Grant, defaults.Grant),
            ClaimedSilence = Duration(path, "claimedSilence", file.ClaimedSilence, defaults.ClaimedSilence),
            InstallerSilence = Duration(path, "installerSilence", file.InstallerSilence, defaults.InstallerSilence),
            FirstBoot = Duration(path, "firstBoot", file.FirstBoot, defaults.FirstBoot),
            Boots = file.Boots ?? defaults.Boots,
            SameBoot = Duration(path, "sameBoot", file.SameBoot, defaults.SameBoot),
        };
    }

    private static MirrorConfig Mirror(string path, ConfigMirror file)
    {
        var mirror = MirrorConfig.Parse($"{path}: mirrors", file.Name, file.Upstream, file.Via);
        return file.MaxSize is not { } size ? mirror
            : Sizes.TryParse(size, out var bytes) && bytes >= MirrorConfig.SmallestSize ? mirror with { MaxSize = bytes }
            : throw new ServerFault($"{path}: mirrors: maxSize '{size}' of '{mirror.Name}' is no size that holds a mirror's files.", "Write one such as 20GiB; 64MiB is the least.");
    }

    private static TimeSpan Duration(string path, string key, string? text, TimeSpan otherwise) =>
        text is null ? otherwise
        : Durations.TryParse(text, out var duration) ? duration
        : throw new ServerFault($"{path}: deployments: {key} '{text}' is no duration.", $"Write one such as 30s, 60m, 2h, 1d; {otherwise.TotalMinutes:0}m is the default.");

    private static ServerConfig Checked(string path, ServerConfig config)
    {
        if (config.BootPort is < 1 or > 65535)
        {
            throw new ServerFault($"{path}: bootPort {config.BootPort} is no TCP port.", "Write a number from 1 to 65535; 8080 is the default.");
        }

        if (config.SyslogPort is < 1 or > 65535)
        {
            throw new ServerFault($"{path}: syslogPort {config.SyslogPort} is no UDP port.", "Write a number from 1 to 65535; 514 is the default.");
        }

        if (config.Mirrors.GroupBy(m => m.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ServerFault($"{path}: mirrors: '{twice.Key}' is there twice.", "Give each mirror a name of its own.");
        }

        return config;
    }

    /// <summary>The deserializer's own words name our types; an operator has keys.</summary>
    [GeneratedRegex("Property '([^']*)' not found on type '([^']*)'")]
    private static partial Regex UnknownKey();

    [GeneratedRegex("([A-Za-z]+)[\"']?\\s*:\\s*$")]
    private static partial Regex KeyBefore();

    [GeneratedRegex("^(No node deserializer|Invalid cast|Expected '(Scalar|MappingStart|SequenceStart))")]
    private static partial Regex WrongForm();

    /// <summary>The interface's address on this machine now.</summary>
    /// <exception cref="ServerFault">No such interface, or no such address on it.</exception>
    public static IPAddress AddressOf(BootInterface wanted)
    {
        var all = NetworkInterface.GetAllNetworkInterfaces();
        var found = all.FirstOrDefault(i => i.Name == wanted.Name)
            ?? throw new ServerFault($"There is no interface '{wanted.Name}'.", $"This machine has {string.Join(", ", all.Select(i => i.Name))}.");
        var addresses = found.GetIPProperties().UnicastAddresses.Select(a => a.Address).Where(a => a.AddressFamily == AddressFamily.InterNetwork).ToArray();
        if (wanted.Address is null)
        {
            return addresses.FirstOrDefault() ?? throw new ServerFault($"Interface '{wanted.Name}' has no IPv4 address.", $"Give it one: ip address add ADDRESS/PREFIX dev {wanted.Name}");
        }

        return addresses.FirstOrDefault(a => a.ToString() == wanted.Address)
            ?? throw new ServerFault($"Interface '{wanted.Name}' does not have the address {wanted.Address}.", $"It has {string.Join(", ", addresses.Select(a => a.ToString()).DefaultIfEmpty("none"))}.");
    }

    internal sealed class ConfigFile
    {
        public string? Data { get; set; }

        public List<ConfigInterface?>? Interfaces { get; set; }

        public int? BootPort { get; set; }

        public int? SyslogPort { get; set; }

        public string? Profiles { get; set; }

        public string? BootFiles { get; set; }

        public string? Images { get; set; }

        public bool? StartWorker { get; set; }

        public string? LabPower { get; set; }

        public string? KernelArguments { get; set; }

        public List<ConfigMirror?>? Mirrors { get; set; }

        public string? MirrorFolder { get; set; }

        public ConfigLimits? Deployments { get; set; }
    }

    internal sealed class ConfigLimits
    {
        public string? Preparing { get; set; }

        public string? Grant { get; set; }

        public string? ClaimedSilence { get; set; }

        public string? InstallerSilence { get; set; }

        public string? FirstBoot { get; set; }

        public int? Boots { get; set; }

        public string? SameBoot { get; set; }
    }

    internal sealed class ConfigMirror
    {
        public string? Name { get; set; }

        public string? Upstream { get; set; }

        public string? Via { get; set; }

        public string? MaxSize { get; set; }
    }

    internal sealed class ConfigInterface
    {
        public string? Name { get; set; }

        public string? Address { get; set; }
    }
}
