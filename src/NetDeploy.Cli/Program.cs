using System.CommandLine;
using NetDeploy.Cli;
using NetDeploy.Cli.Commands;

// The one command. Each verb is a file in Commands/.
var root = new RootCommand("NetDeploy: turns powered-on hardware and requested guests into running systems, from one set of profiles.")
{
    ServeCommand.Create(),
    ApplyCommand.Create(),
    MachinesCommand.Create(),
    ShowCommand.Create(),
    DeployCommand.Create(),
    ReplaceCommand.Create(),
    ReleaseCommand.Create(),
    CancelCommand.Create(),
    ImagesCommand.Create(),
    PasswdCommand.Create(),
    SecretCommand.Create(),
    BootFilesCommand.Create(),
    WorkerCommand.Create(),
    LabCommand.Create(),
};

return await Invocation.RunAsync(root, args).ConfigureAwait(false);
