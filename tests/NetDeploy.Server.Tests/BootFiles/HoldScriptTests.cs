namespace NetDeploy.Server.Tests.BootFiles;

/// <summary>How a held machine behaves: its own shell functions, with a server of canned answers. It shows what it is, and only a boot ends it.</summary>
public sealed class HoldScriptTests : IDisposable
{
    private readonly Scratch _scratch = new();

    [Fact]
    public async Task It_tells_and_shows_what_it_is_says_each_reason_once_and_reboots_when_told_to()
    {
        var run = await RunAsync("wait a network adapter: nobody knows it", "wait a network adapter: nobody knows it", "inventory say it again", "nonsense", "wait it is web1 now", "reboot it gets its system");

        Assert.Equal(["POST inventory", "GET state", "GET state", "GET state", "POST inventory", "GET state", "GET state", "GET state", "reboot"], run.Did);
        Assert.Contains("is      Dell Inc., R640, serial SN7\r", run.Console, StringComparison.Ordinal);
        Assert.Contains("has     4 processors, 2048 MiB of memory, firmware bios\r", run.Console, StringComparison.Ordinal);
        Assert.Contains("disk    /dev/sda 1000 sata - - A DISK\r", run.Console, StringComparison.Ordinal);
        Assert.Contains("netdeploy adopt 52:54:00:00:00:01 NAME --profile P --distro D --deploy\r", run.Console, StringComparison.Ordinal);
        Assert.Equal(2, run.Console.Split("nobody knows it").Length);
        Assert.Contains("answer 'nonsense' is unknown to this environment", run.Console, StringComparison.Ordinal);
        Assert.Contains("it is web1 now", run.Console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_away_is_asked_again_and_one_that_refuses_it_ends_in_a_reboot()
    {
        var run = await RunAsync("!no answer", "!no answer", "wait again", "403");

        Assert.Equal(["POST inventory", "GET state", "GET state", "GET state", "GET state", "reboot"], run.Did);
        Assert.Equal(2, run.Console.Split("no answer").Length);
    }

    public void Dispose() => _scratch.Dispose();

    /// <param name="answers">Of the state, one after the other; with a ! none comes, with 403 it is refused.</param>
    private async Task<(string[] Did, string Console)> RunAsync(params string[] answers)
    {
        Assert.SkipUnless(SourceTree.Tool("busybox") is not null, "needs busybox");
        _scratch.Write("answers", string.Join('\n', answers) + "\n");
        _scratch.Write("told", "vendor=Dell Inc.\nproduct=R640\nserial=SN7\ncpus=4\nmemory=2147483648\nfirmware=bios\nnic=eth0 52:54:00:00:00:01 e1000e 0000:00:03.0 up\ndisk=/dev/sda 1000 sata - - A DISK\n");
        var script = _scratch.Write("run", $$"""
            ND={{_scratch.Path}}
            exec 3>"$ND/console"
            hold=52:54:00:00:00:01 http_reason='' http_status=''
            inventory() { cat "$ND/told"; }
            say() { printf '%s\n' "$*" >&3; }
            one_line() { printf '%s' "$*"; }
            build_id() { echo test; }
            sync() { :; }
            sleep() { :; }
            reboot() { echo reboot >>"$ND/did"; exit 0; }
            http() {
                local line
                shift
                echo "$1 $2" >>"$ND/did"
                [ "$1" = GET ] || { echo ok >"$ND/answer"; return 0; }
                line=$(head -n 1 "$ND/answers")
                sed -i 1d "$ND/answers"
                case $line in
                    '!'*) http_status='' http_reason=${line#!}; return 1 ;;
                    403) http_status=403 http_reason='the server answered 403'; return 22 ;;
                    *) http_status=200; echo "$line" >"$ND/answer" ;;
                esac
            }
            . {{Path.Combine(SourceTree.BootFiles, "deploy/lib/hold.sh")}}
            run_hold >/dev/null
            """);
        var result = await ShellRun.Async("busybox", ["sh", "-u", script]);
        Assert.True(result is { ExitCode: 0, Error: "" }, result.ToString());
        return (await File.ReadAllLinesAsync(Path.Combine(_scratch.Path, "did")), await File.ReadAllTextAsync(Path.Combine(_scratch.Path, "console")));
    }
}
