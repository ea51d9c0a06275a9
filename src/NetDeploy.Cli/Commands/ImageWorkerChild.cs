using System.Diagnostics;

namespace NetDeploy.Cli.Commands;

/// <summary>
/// The image worker of a server that was not told of another one: a process of its own, since the server never runs a
/// profile's code. Where this process is root, that one becomes the build user before it does anything else
/// (<see cref="Server.Images.ImageWorkerProcess.BecomeBuildUser"/>). It ends when this process does, also by kill -9: its
/// standard input is a pipe whose other end only we hold.
/// </summary>
internal sealed class ImageWorkerChild : IDisposable
{
    private readonly Process _process;

    private ImageWorkerChild(Process process) => _process = process;

    public static ImageWorkerChild Start(string imagesFolder)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "NetDeploy.Cli.dll"));
        }

        foreach (var argument in new[] { "worker", "--images", imagesFolder, "--until-stdin-ends" })
        {
            start.ArgumentList.Add(argument);
        }

        return new ImageWorkerChild(Process.Start(start) ?? throw new UserFault("The image worker did not start."));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(15)))
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
