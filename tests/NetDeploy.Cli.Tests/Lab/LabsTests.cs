using System.Net.Sockets;
using NetDeploy.Cli.Commands;
using NetDeploy.Cli.Lab;
using NetDeploy.Server;

namespace NetDeploy.Cli.Tests.Lab;

public sealed class LabsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ndt-").FullName;
    private readonly List<Socket> _sockets = [];

    private Labs Labs => new(_root);

    public void Dispose()
    {
        _sockets.ForEach(s => s.Dispose());
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void The_only_server_is_meant_also_that_of_a_named_lab()
    {
        Assert.Equal(_root, Labs.DataFolder());
        Assert.Equal("", Labs.ServersHint());
        Assert.Equal("No lab runs.", Labs.OthersHint("drill"));

        Lab("new");

        Assert.Equal($"{_root}/new/server", Labs.DataFolder());
        Assert.Contains($"--data {_root}/new/server", Labs.ServersHint(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_crashed_lab_left_is_no_lab()
    {
        var control = new LabFolder($"{_root}/dead").ControlSocket;
        var socket = Lab("dead");
        Assert.Single(Labs.Running);
        // Disposing of it in order would take its file away.
        File.Move(control, control + ".left");
        socket.Dispose();
        File.Move(control + ".left", control);

        Assert.Empty(Labs.Running);
        Assert.Equal(_root, Labs.DataFolder());
    }

    [Fact]
    public void Of_several_servers_none_is_guessed_and_each_is_named()
    {
        Lab("a");
        Listen(ServerPaths.Socket(_root));
        var remedy = Assert.Throws<UserFault>(() => Labs.DataFolder()).Remedy;
        Assert.Contains($"--data {_root}, or --data {_root}/a/server.", remedy, StringComparison.Ordinal);
        Assert.Contains("NETDEPLOY_DATA", remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lab_that_does_not_run_is_answered_with_those_that_do()
    {
        Lab("new");
        var fault = Labs.Absent(new LabFolder($"{_root}/old"), "drill");
        Assert.Equal("There is no lab 'old'.", fault.Message);
        Assert.Equal("These run: netdeploy lab drill --name new. 'netdeploy lab up --name old' starts that one.", fault.Remedy);
    }

    [Fact]
    public void Commands_carry_what_they_need_and_no_more()
    {
        var lab = new LabFolder(LabDefaults.StateFolder);
        Assert.Equal("netdeploy lab down", lab.Command("down"));
        Assert.Equal("netdeploy show blade-1", Labs.ServerCommand(lab, "show blade-1"));
        Assert.Equal("netdeploy show blade-1 --data /var/lib/netdeploy/new/server", Labs.ServerCommand(new LabFolder("/var/lib/netdeploy/new"), "show blade-1"));
        Assert.Equal("netdeploy lab drill blade-1 --name new", new LabFolder("/var/lib/netdeploy/new").Command("drill blade-1"));

        Lab("a");
        Lab("b");
        Assert.Equal("netdeploy show blade-1 --data /var/lib/netdeploy/lab/server", Labs.ServerCommand(lab, "show blade-1"));
    }

    [Fact]
    public void The_variable_is_in_the_help() => Assert.Contains("NETDEPLOY_DATA", VerbOptions.Data().Description, StringComparison.Ordinal);

    private Socket Lab(string name) => Listen(new LabFolder(Path.Combine(_root, name)).ControlSocket);

    private Socket Listen(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen();
        _sockets.Add(socket);
        return socket;
    }
}
