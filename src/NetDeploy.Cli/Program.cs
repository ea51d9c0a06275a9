using System.CommandLine;
using System.CommandLine.Help;
using NetDeploy.Cli;
using NetDeploy.Cli.Commands;

// The one command. Each verb is a file in Commands/.
// No RootCommand: that one is called after its executable, and the operator types netdeploy.
var root = new Command("netdeploy", "NetDeploy: turns powered-on hardware and requested guests into running systems, from one set of profiles.")
{
    new HelpOption(),
    new VersionOption(),
    ServeCommand.Create(),
    ApplyCommand.Create(),
    MachinesCommand.Create(),
    ShowCommand.Create(),
    DeployCommand.Create(),
    ReplaceCommand.Create(),
    ReleaseCommand.Create(),
    CancelCommand.Create(),
    AdoptCommand.Create(),
    ForgetCommand.Create(),
    ExportCommand.Create(),
    ImagesCommand.Create(),
    MirrorCommand.Create(),
    PasswdCommand.Create(),
    SchemaCommand.Create(),
    SecretCommand.Create(),
    BootFilesCommand.Create(),
    WorkerCommand.Create(),
    LabCommand.Create(),
};

return await Invocation.RunAsync(root, args).ConfigureAwait(false);
