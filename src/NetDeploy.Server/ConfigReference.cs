using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;

namespace NetDeploy.Server;

/// <summary>One key of the configuration file, as people read about it.</summary>
/// <param name="Path">Such as <c>deployments.grant</c>; <c>interfaces[].name</c> within a list.</param>
/// <param name="Text">What it is: sentences.</param>
/// <param name="Value">What the example says: its default where it has one; null for a key that only holds others.</param>
/// <param name="HasDefault">Whether the value is what holds without the key.</param>
/// <param name="Needed">Not commented out in the example.</param>
internal sealed record ConfigKey(string Path, string Text, string? Value = null, bool Needed = false, bool HasDefault = true);

/// <summary>
/// What is written about the configuration file: the commented example and the JSON Schema come from here. A test holds this list equal to the keys that
/// <see cref="ServerConfig.Load"/> reads.
/// </summary>
public static class ConfigReference
{
    private const string Head = """
        # The configuration of 'netdeploy serve --config FILE': one file, one process, no other server.
        #
        # A key that is commented out has the value that stands here, unless its comment calls that an example. The interfaces
        # have no default: the server answers on those that are named, and on no other. 'netdeploy schema --config' prints the
        # JSON Schema of this file for editors.

        """;

    internal static ImmutableArray<ConfigKey> Keys { get; } =
    [
        new("interfaces", "The interfaces that machines boot on.", Needed: true),
        new("interfaces[].name", "As 'ip -br link' shows it.", "eth1", Needed: true),
        new("interfaces[].address", "The server's own IPv4 address there. Default: the interface's first one.", "10.77.0.1", HasDefault: false),
        new("data", "The server's state: documents, records, leases, secrets, keys. Its socket lies in it too.", "/var/lib/netdeploy"),
        new("bootPort", "TCP port of the boot listener, which serves scripts, images and the deploy environment over HTTP.", "8080"),
        new("syslogPort", "UDP port where the logs of distributions' installers are heard.", "514"),
        new("profiles", "Distributions and profiles that come with the server. An applied file at the same path takes the place of the whole file.", "/usr/share/netdeploy/profiles"),
        new("bootFiles", "Loaders and deploy environment, as 'netdeploy bootfiles sync' and 'netdeploy bootfiles build' wrote them.", "/var/cache/netdeploy/bootfiles"),
        new("images", "The folder that the server shares with the image worker. Two servers on one machine need one each: a worker takes any job in it.", "/var/cache/netdeploy/images"),
        new("startWorker", "Whether the server starts the image worker beside it. false: another process runs 'netdeploy worker' on that folder.", "true"),
        new("labPower", "The control socket of a lab that switches its machines on. Without it a person does.", "/run/netdeploy/lab.sock", HasDefault: false),
        new("kernelArguments", "Arguments for the kernel of the deploy environment, blanks between. The last console gets the environment's own output.", "console=tty0 console=ttyS0,115200n8"),
        new("mirrors", "What machines without internet may fetch through the server: /mirror/NAME/ leads to that upstream, and to nothing else."),
        new("mirrors[].name", "The name in the address.", "debian", HasDefault: false),
        new("mirrors[].upstream", "Where it comes from.", "http://ftp.debian.org/debian", HasDefault: false),
        new("mirrors[].via", "A Unix socket that leads to the upstream's host. Without it the server's own network does.", "/run/upstream.sock", HasDefault: false),
        new("mirrors[].maxSize", "Of what is kept of it on the disk.", "20GiB"),
        new("mirrorFolder", "Where the mirrors keep what they fetched.", "/var/cache/netdeploy/mirrors"),
        new("deployments", "How long each silence of a deployment may last: 30s, 60m, 2h, 1d."),
        new("deployments.preparing", "Until its image is built.", "2h"),
        new("deployments.grant", "Until the machine claims: a grant that is forgotten wipes nothing at the next power cut.", "60m"),
        new("deployments.claimedSilence", "Between two reports of the deploy environment.", "5m"),
        new("deployments.installerSilence", "Between two signs of life of a distribution's own installer.", "20m"),
        new("deployments.firstBoot", "From the written disk to the new system's first report.", "15m"),
        new("deployments.boots", "Boots before the claim, from 1 to 100.", "5"),
        new("deployments.sameBoot", "Two fetches of the boot script this close together are one boot, where the server saw no DHCP.", "2m"),
    ];

    /// <summary>The file <c>profiles/netdeploy.yaml.example</c>.</summary>
    public static string Example()
    {
        var text = new StringBuilder(Head);
        foreach (var key in Keys)
        {
            var depth = key.Path.Count(c => c == '.');
            var inList = key.Path.Contains("[].", StringComparison.Ordinal);
            var first = inList && Keys.First(k => k.Path.StartsWith(key.Path[..key.Path.LastIndexOf('.')], StringComparison.Ordinal) && k.Path.Contains('.', StringComparison.Ordinal)) == key;
            var name = key.Path[(key.Path.LastIndexOf('.') + 1)..];
            var indent = new string(' ', inList ? 4 : depth * 2);
            text.Append(depth == 0 ? "\n" : "").Append(first ? "  " : indent).Append("# ").Append(key.Text).Append(key.HasDefault || key.Needed ? "" : " The value is an example.").Append('\n');
            text.Append(key.Needed ? "" : "#").Append(first ? "  - " : indent).Append(name).Append(key.Value is null ? ":" : $": {key.Value}").Append('\n');
        }

        return text.ToString();
    }

    /// <summary>JSON Schema (draft 2020-12) of the file, for editors.</summary>
    public static JsonObject Schema()
    {
        var schema = Object(typeof(ServerConfig.ConfigFile), "");
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "NetDeploy server configuration");
        return schema;
    }

    /// <summary>The keys that the file may hold, by the types it is read into.</summary>
    internal static IEnumerable<string> PathsOf(Type type, string above = "") => type.GetProperties().SelectMany(property =>
    {
        var path = above + Spelled(property);
        return Inner(property.PropertyType) switch
        {
            (var item, true) when IsOurs(item) => PathsOf(item, $"{path}[].").Prepend(path),
            (var item, false) when IsOurs(item) => PathsOf(item, $"{path}.").Prepend(path),
            _ => [path],
        };
    });

    /// <summary>The keys of one map.</summary>
    internal static IEnumerable<string> NamesOf(Type type) => type.GetProperties().Select(Spelled);

    private static JsonObject Object(Type type, string above)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in type.GetProperties())
        {
            var path = above + Spelled(property);
            var key = Keys.FirstOrDefault(k => k.Path == path);
            var (item, isList) = Inner(property.PropertyType);
            var value = IsOurs(item) ? Object(item, isList ? $"{path}[]." : $"{path}.") : Scalar(item);
            properties[Spelled(property)] = isList ? new JsonObject { ["description"] = key?.Text, ["type"] = "array", ["items"] = value } : Described(value, key?.Text);
            if (key is { Needed: true } && above.Length > 0)
            {
                required.Add(Spelled(property));
            }
        }

        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        return schema;
    }

    private static JsonObject Described(JsonObject schema, string? text)
    {
        if (text is not null)
        {
            schema.Insert(0, "description", text);
        }

        return schema;
    }

    private static JsonObject Scalar(Type type) => new() { ["type"] = type == typeof(bool) ? "boolean" : type == typeof(int) || type == typeof(long) ? "integer" : "string" };

    private static (Type Item, bool IsList) Inner(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>)
        ? (type.GetGenericArguments()[0], true)
        : (Nullable.GetUnderlyingType(type) ?? type, false);

    private static bool IsOurs(Type type) => type.DeclaringType == typeof(ServerConfig);

    private static string Spelled(PropertyInfo property) => char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
}
