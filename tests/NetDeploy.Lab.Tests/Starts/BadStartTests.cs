using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using NetDeploy.Cli;
using NetDeploy.Lab.Tests.Kills;
using NetDeploy.Server;
using NetDeploy.Server.BootFiles;
using NetDeploy.Server.Mirror;
using NetDeploy.Server.Power;
using NetDeploy.Server.Storage;

namespace NetDeploy.Lab.Tests.Starts;

/// <summary>A whole server that cannot start here says why and what to do, and leaves nothing running or locked.</summary>
public sealed class BadStartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ndt-start-").FullName;
    private readonly TcpListener _taken = new(IPAddress.Loopback, 0);

    public BadStartTests()
    {
        FakeBootFiles.Write(BootFiles, Installation.BootFiles);
        _taken.Start();
    }

    private string Data => Path.Combine(_folder, "data");

    private string BootFiles => Path.Combine(_folder, "bootfiles");

    /// <summary>Nothing but the port is wrong with it: that is seen after the store, so it ends each start here.</summary>
    private ServerConfig Config => new()
    {
        Data = Data,
        Interfaces = [new BootInterface("lo", "127.0.0.1")],
        BootPort = ((IPEndPoint)_taken.LocalEndpoint).Port,
        BootFiles = BootFiles,
        Images = Path.Combine(_folder, "images"),
        MirrorFolder = Path.Combine(_folder, "mirrors"),
        Profiles = Installation.Profiles,
    };

    [Fact]
    public async Task A_port_in_use_is_named_and_the_store_is_free_again()
    {
        for (var round = 0; round < 2; round++)
        {
            await SaysAsync(Config, Config.BootPort.ToString(CultureInfo.InvariantCulture), "set another bootPort");
        }
    }

    [Fact]
    public Task An_interface_that_is_missing_is_answered_with_those_that_are_there() =>
        SaysAsync(Config with { Interfaces = [new BootInterface("nosuch0")] }, "There is no interface 'nosuch0'", "lo");

    [Fact]
    public Task No_interface_is_a_mistake_too() => SaysAsync(Config with { Interfaces = [] }, "No interface is configured", "--interface eth1");

    [Fact]
    public async Task A_store_that_another_server_holds_is_left_to_it()
    {
        Directory.CreateDirectory(ServerPaths.State(Data));
        await using var other = LiteDbRecordStore.Open(ServerPaths.State(Data));
        await SaysAsync(Config, ServerPaths.State(Data), "stop the other one");
    }

    [Theory]
    [InlineData("records.db", "estore the data folder")]
    [InlineData("secrets.json", "")]
    public async Task A_damaged_store_stops_the_start_and_is_left_as_it_is(string file, string remedy)
    {
        // The first start gets as far as the port, so the store is made.
        await SaysAsync(Config, "", "bootPort");
        var path = Path.Combine(ServerPaths.State(Data), file);
        var garbage = Enumerable.Repeat((byte)0xA5, 8192).ToArray();
        await File.WriteAllBytesAsync(path, garbage, TestContext.Current.CancellationToken);
        await SaysAsync(Config, file, remedy);
        Assert.Equal(garbage, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Documents_that_do_not_compile_any_more_are_named_and_the_store_is_free_again()
    {
        var revision = Directory.CreateDirectory(Path.Combine(ServerPaths.Documents(Data), "r000001")).FullName;
        await File.WriteAllTextAsync(Path.Combine(revision, "rack1.yaml"), "kind: [", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(ServerPaths.Documents(Data), "current"), "r000001");
        for (var round = 0; round < 2; round++)
        {
            await SaysAsync(Config, "rack1.yaml", "Mend that file");
        }

        Directory.Delete(revision, recursive: true);
        File.Delete(Path.Combine(ServerPaths.Documents(Data), "current"));
        await SaysAsync(Config, "", "bootPort");
    }

    [Theory]
    [InlineData("loaders", "undionly.kpxe", BootFilesCatalog.SyncRemedy)]
    [InlineData("environment", "vmlinuz", BootFilesCatalog.BuildRemedy)]
    [InlineData("environment", "initrd", BootFilesCatalog.BuildRemedy)]
    public async Task A_missing_loader_or_kernel_is_named_with_the_command_that_brings_it(string kind, string file, string remedy)
    {
        var folder = BootFilesFolder.Current(kind == "loaders" ? BootFilesFolder.Loaders(BootFiles) : BootFilesFolder.Environment(BootFiles))!;
        await File.WriteAllTextAsync(Path.Combine(folder, file), "something else", TestContext.Current.CancellationToken);
        await SaysAsync(Config, file, remedy);
        File.Delete(Path.Combine(folder, file));
        await SaysAsync(Config, file, remedy);
    }

    [Fact]
    public async Task A_folder_that_is_a_file_is_named()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "mirrors"), "", TestContext.Current.CancellationToken);
        await SaysAsync(
            Config with { Mirrors = [new MirrorConfig("debian", new Uri("http://mirror.example/debian"))] }, Path.Combine(_folder, "mirrors"), "must be folders that this user may write");
    }

    public void Dispose()
    {
        _taken.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task SaysAsync(ServerConfig config, string what, string remedy)
    {
        var fault = await Assert.ThrowsAnyAsync<ServerFault>(() => NetDeployServer.StartAsync(
            config, Installation.BootFiles, new ManualPower(), NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken));
        Assert.Contains(what, fault.Message, StringComparison.OrdinalIgnoreCase);
        Assert.NotEmpty(fault.Remedy);
        Assert.Contains(remedy, fault.Remedy, StringComparison.OrdinalIgnoreCase);
    }
}
