using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetDeploy.Cli.Lab.Blades;

namespace NetDeploy.Cli.Lab.Supervision;

/// <summary>One of the supervisor's processes. It has an exit code once it ended.</summary>
internal sealed record ChildState(string Name, ProcessIdentity? Process, int? ExitCode);

/// <summary>One blade now.</summary>
/// <param name="PoweredOnAt">Unix time in milliseconds of the last power-on; null before the first.</param>
/// <param name="Console">The file of its serial console.</param>
internal sealed record BladeState(BladeHardware Hardware, bool On, long? PoweredOnAt, ProcessIdentity? Process, string Console);

/// <summary>What a lab is: lab.json, and the answer to <c>state</c>.</summary>
internal sealed record LabState(
    string Network,
    string ServerAddress,
    string Accelerator,
    ProcessIdentity Supervisor,
    ImmutableArray<ChildState> Children,
    ImmutableArray<BladeState> Blades)
{
    /// <summary>Null where there is no such file, or it is damaged: then only the lab's name is known.</summary>
    public static LabState? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), LabJson.Default.LabState);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whole or not at all: a reader never sees half a file.</summary>
    public void Write(string path)
    {
        var beside = path + ".new";
        File.WriteAllText(beside, JsonSerializer.Serialize(this, LabJson.Default.LabState));
        File.Move(beside, path, overwrite: true);
    }
}

/// <summary>A word to the supervisor: one line of JSON.</summary>
/// <param name="Verb"><c>state</c>, <c>on</c>, <c>off</c>, <c>cycle</c>, <c>renew</c> (new hardware under the same name) or <c>down</c>.</param>
/// <param name="Blade">Its name or its MAC address.</param>
internal sealed record ControlRequest(string Verb, string? Blade = null);

/// <summary>The supervisor's answer: one line of JSON.</summary>
internal sealed record ControlAnswer(string? Error, LabState? State);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LabPlan))]
[JsonSerializable(typeof(LabState))]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class LabJson : JsonSerializerContext;
