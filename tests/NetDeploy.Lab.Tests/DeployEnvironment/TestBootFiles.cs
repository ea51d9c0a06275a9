using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using NetDeploy.Server.BootFiles;

namespace NetDeploy.Lab.Tests.DeployEnvironment;

/// <summary>The built environment and a deployable image, made once and kept in the user's cache folder.</summary>
internal static class TestBootFiles
{
    private static readonly SemaphoreSlim OneAtATime = new(1);
    private static NetDeploy.Server.BootFiles.DeployEnvironment? environment;

    private static string Cache { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "netdeploy-tests");

    /// <summary>Skips the test where a tool is missing.</summary>
    public static async Task<NetDeploy.Server.BootFiles.DeployEnvironment> EnvironmentAsync()
    {
        Assert.SkipUnless(TestMachine.Program is not null, "needs qemu-system-x86_64");
        Assert.SkipUnless(File.Exists("/usr/bin/apt-get"), "needs apt-get");
        await OneAtATime.WaitAsync();
        try
        {
            if (environment is not null)
            {
                return environment;
            }

            // Refresh: a change of the environment's own scripts is a new build; equal inputs are found again.
            var options = new BootFilesOptions { Sources = Sources(), Refresh = true };
            var catalog = await BootFilesCatalog.EnsureAsync(Cache, options, progress: null, CancellationToken.None);
            Assert.Empty(catalog.Faults);
            return environment = catalog.Environment!;
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    /// <summary>A minimal Debian with kernel, GRUB for BIOS and UEFI, shim, sshd; without any identity.</summary>
    public static async Task<(string Path, string Sha256, long Bytes)> ImageAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/mmdebstrap"), "needs mmdebstrap");
        await EnvironmentAsync();
        await OneAtATime.WaitAsync();
        try
        {
            var image = Path.Combine(Cache, "metal-bookworm-1.tar.zst");
            if (!File.Exists(image))
            {
                await MakeAsync(image);
            }

            await using var stream = File.OpenRead(image);
            return (image, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream)), stream.Length);
        }
        finally
        {
            OneAtATime.Release();
        }
    }

    private static async Task MakeAsync(string image)
    {
        var part = image + ".part.tar.zst";
        using var process = Process.Start(
            "/usr/bin/mmdebstrap",
            [
                $"--mode={(Environment.UserName == "root" ? "root" : "unshare")}", "--variant=minbase", "--quiet",
                "--include=linux-image-amd64,grub-pc-bin,grub-efi-amd64-bin,grub-efi-amd64-signed,shim-signed,grub2-common,"
                + "openssh-server,systemd-sysv,systemd-resolved,lvm2,iproute2",
                "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
                "--customize-hook=rm -f \"$1\"/etc/ssh/ssh_host_* \"$1\"/etc/machine-id \"$1\"/etc/hostname \"$1\"/etc/resolv.conf",
                "bookworm", part, Path.Combine(Cache, "packages/sources.list"),
            ]);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        File.Move(part, image);
    }

    private static string Sources([CallerFilePath] string here = "")
    {
        var folder = Path.GetDirectoryName(here);
        while (!File.Exists(Path.Combine(folder!, "NetDeploy.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder!, "bootfiles");
    }
}
