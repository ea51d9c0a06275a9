using System.Text;
using Microsoft.Extensions.Time.Testing;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Tests.Storage;

public sealed class BulkStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    public void Dispose() => _folder.Dispose();

    private BulkStore Open(long total = 1000) =>
        new(_folder.Path, new BulkLimits { FileBytes = 100, TotalBytes = total, Retention = TimeSpan.FromDays(2) }, _clock);

    private static string? Text(BulkStore store, string hash)
    {
        using var stream = store.Open(hash);
        return stream is null ? null : new StreamReader(stream).ReadToEnd();
    }

    private static Task<string> Add(BulkStore store, string text) => store.AddAsync(Encoding.UTF8.GetBytes(text));

    [Fact]
    public async Task A_file_is_named_by_its_content()
    {
        var store = Open();
        var hash = await Add(store, "log");
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("log"u8)), hash);
        Assert.Equal("log", Text(store, hash));
        Assert.Equal(hash, await Add(store, "log"));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public void What_is_no_stored_hash_opens_nothing(string hash) => Assert.Null(Open().Open(hash));

    [Fact]
    public async Task Retention_and_the_total_bound_take_the_oldest()
    {
        var store = Open(total: 20);
        var first = await Add(store, "0123456789");
        _clock.Advance(TimeSpan.FromHours(1));
        var second = await Add(store, "abcdefghij");
        _clock.Advance(TimeSpan.FromHours(1));
        var third = await Add(store, "ABCDEFGHIJ");
        Assert.Null(Text(store, first));
        Assert.NotNull(Text(store, second));
        _clock.Advance(TimeSpan.FromDays(2) - TimeSpan.FromMinutes(30));
        store.Sweep();
        Assert.Null(Text(store, second));
        Assert.NotNull(Text(store, third));
    }

    [Fact]
    public async Task A_file_over_the_bound_is_refused_and_torn_files_go_at_the_start()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Add(Open(), new string('x', 101)));
        await File.WriteAllTextAsync(_folder["abc.part"], "torn", TestContext.Current.CancellationToken);
        Open();
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_server_key_is_made_once_for_the_owner_alone_and_a_remedy_says_what_its_loss_means()
    {
        var path = _folder["server.key"];
        var key = ServerKey.LoadOrCreate(path, "all is lost then");
        Assert.Equal(32, key.Length);
        Assert.Equal(key, ServerKey.LoadOrCreate(path, "all is lost then"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var open = Assert.Throws<StoreException>(() => ServerKey.LoadOrCreate(path, "all is lost then")).Remedy;
        Assert.Contains("chmod 600", open, StringComparison.Ordinal);
        Assert.Contains("all is lost then", open, StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(path, "short");
        Assert.Contains("all is lost then", Assert.Throws<StoreException>(() => ServerKey.LoadOrCreate(path, "all is lost then")).Remedy, StringComparison.Ordinal);
    }
}
