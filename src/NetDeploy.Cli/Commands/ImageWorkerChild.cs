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
        var words = ThisProgram.With("worker", "--images", imagesFolder, "--until-stdin-ends");
        var start = new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardInput = true };
        return new ImageWorkerChild(Process.Start(start)!);
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
