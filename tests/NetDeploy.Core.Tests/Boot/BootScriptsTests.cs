using System.Diagnostics;
using System.Net;
using NetDeploy.Core.Boot;
using NetDeploy.Protocols;
using Scriban.Runtime;
using Scriban.Syntax;

namespace NetDeploy.Core.Tests.Boot;

public class BootScriptsTests
{
    private static readonly DeployScript Script = new(
        "blade1", "0190aa", new string('T', 43), MacAddress.Parse("52:54:00:00:00:01"), IPAddress.Parse("10.77.0.1"), "http://10.77.0.1:8080",
        ["console=tty0", "console=ttyS0,115200n8"]);

    private const string Arguments =
        "netdeploy.url=http://10.77.0.1:8080 netdeploy.deployment=0190aa netdeploy.token=TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTT BOOTIF=01-52-54-00-00-00-01 console=tty0 console=ttyS0,115200n8";

    [Fact]
    public void IPXE_loads_kernel_and_initrd_over_http()
    {
        var text = BootScripts.Deploy(ScriptDialect.Ipxe, Script);
        Assert.StartsWith("#!ipxe\n", text, StringComparison.Ordinal);
        Assert.Contains($"\nkernel http://10.77.0.1:8080/boot/environment/vmlinuz initrd=initrd {Arguments} || goto again\n", text, StringComparison.Ordinal);
        Assert.Contains("\ninitrd --name initrd http://10.77.0.1:8080/boot/environment/initrd || goto again\n", text, StringComparison.Ordinal);
        foreach (var label in text.Split('\n').Where(l => l.Contains("goto ", StringComparison.Ordinal)).Select(l => l[(l.IndexOf("goto ", StringComparison.Ordinal) + 5)..].Split(' ')[0]))
        {
            Assert.Contains($"\n:{label}\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_token_shows_in_the_script_alone() => Assert.DoesNotContain(Script.Token, $"{Script}", StringComparison.Ordinal);

    [Fact]
    public void Grub_loads_them_over_tftp_from_this_server()
    {
        var text = BootScripts.Deploy(ScriptDialect.Grub, Script);
        Assert.Contains($"linux (tftp,10.77.0.1)/environment/vmlinuz {Arguments};", text, StringComparison.Ordinal);
        Assert.Contains("initrd (tftp,10.77.0.1)/environment/initrd;", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_script_ends_at_the_machines_own_disk()
    {
        foreach (var text in new[] { BootScripts.Deploy(ScriptDialect.Ipxe, Script), BootScripts.Local(ScriptDialect.Ipxe, "why") })
        {
            Assert.EndsWith("iseq ${platform} efi && exit 1 ||\nsanboot --no-describe --drive 0x80 || exit 1\n", text, StringComparison.Ordinal);
        }

        foreach (var text in new[] { BootScripts.Deploy(ScriptDialect.Grub, Script), BootScripts.Local(ScriptDialect.Grub, "why") })
        {
            Assert.Contains("chainloader $path", text, StringComparison.Ordinal);
            Assert.EndsWith("exit\n", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("a\nboot http://evil/")]
    [InlineData("x || shell")]
    [InlineData("${net0/mac} `id` '; reboot; '")]
    [InlineData("{{ 1 + 1 }}")]
    public void A_reason_stays_text(string reason)
    {
        foreach (var dialect in Enum.GetValues<ScriptDialect>())
        {
            var clean = BootScripts.Local(dialect, "why");
            var text = BootScripts.Local(dialect, reason);
            Assert.Equal(clean.Split('\n').Length, text.Split('\n').Length);
            var line = text.Split('\n')[1];
            Assert.DoesNotContain(line.Replace("echo '", "", StringComparison.Ordinal).TrimEnd('\''), c => "\n'\"$`|&;{}\\#".Contains(c, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_template_with_an_undefined_variable_makes_no_script_and_names_it()
    {
        var wrong = Assert.Throws<ScriptRuntimeException>(() => BootScripts.Render(BootScripts.Parse("#!ipxe\nkernel {{ bse }}/vmlinuz\n"), new ScriptObject { ["base"] = "http://10.77.0.1" }));

        Assert.Contains("bse", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("(2,", wrong.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => BootScripts.Parse("kernel {{ end }}"));
    }

    [Theory]
    [InlineData("quiet\nsingle")]
    [InlineData("a b")]
    [InlineData("a;b")]
    [InlineData("a=${x}")]
    [InlineData("")]
    public void Nothing_but_one_plain_word_passes_into_a_kernel_command_line(string argument) =>
        Assert.Throws<ArgumentException>(() => BootScripts.Deploy(ScriptDialect.Grub, Script with { KernelArguments = [argument] }));

    [Fact]
    public async Task Grubs_own_parser_takes_the_configs()
    {
        var check = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "grub-script-check")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(check is not null, "needs grub-script-check (grub-common)");
        foreach (var text in new[] { BootScripts.Deploy(ScriptDialect.Grub, Script), BootScripts.Local(ScriptDialect.Grub, "why (not), 5 %") })
        {
            using var process = Process.Start(new ProcessStartInfo(check!) { RedirectStandardInput = true, RedirectStandardError = true })!;
            await process.StandardInput.WriteAsync(text);
            process.StandardInput.Close();
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, error);
        }
    }
}
