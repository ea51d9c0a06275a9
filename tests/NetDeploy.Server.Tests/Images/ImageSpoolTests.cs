using Microsoft.Extensions.Time.Testing;
using NetDeploy.Server.Images;

namespace NetDeploy.Server.Tests.Images;

public sealed class ImageSpoolTests : IDisposable
{
    private readonly SpoolFixture _fixture = new();

    private CancellationToken Stop { get; } = TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_requested_image_is_built_and_found()
    {
        Assert.IsType<ImageState.Absent>(_fixture.Store.State("k1"));
        _fixture.Store.Request("k1", SpoolFixture.Spec());
        Assert.Equal(ImageBuildStep.Queued, Assert.IsType<ImageState.Pending>(_fixture.Store.State("k1")).Progress.Step);
        Assert.Null(_fixture.Store.Find("k1"));

        await _fixture.DrainAsync();

        var entry = Assert.IsType<ImageState.Ready>(_fixture.Store.State("k1")).Entry;
        Assert.Equal(1, entry.Generation);
        Assert.Equal("fake/1", entry.Builder);
        Assert.Equal(entry.Id, _fixture.Store.Find("k1")!.Id);
        _fixture.AssertIndexIsWhole();
        _fixture.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task However_many_ask_and_work_one_build_is_made_per_key()
    {
        _fixture.Builder.During = (_, stop) => Task.Delay(50, stop);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var workers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => _fixture.Worker().RunAsync(stop.Token), Stop)).ToArray();
        var stores = Enumerable.Range(0, 2).Select(_ => new ImageStore(_fixture.Spool, TimeProvider.System, () => new HashSet<string>())).ToArray();

        var entries = await Task.WhenAll(Enumerable.Range(0, 60).Select(machine => Task.Run(
            async () =>
            {
                var (store, key) = (stores[machine % 2], $"key{machine % 3}");
                store.Request(key, SpoolFixture.Spec());
                return await store.WaitAsync(key, null, Stop);
            },
            Stop)));

        Assert.Equal(3, _fixture.Builder.Builds);
        Assert.Equal(3, entries.Select(entry => entry.Id).Distinct().Count());
        Assert.True(_fixture.Store.WorkerIsRunning);
        await stop.CancelAsync();
        foreach (var worker in workers)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => worker);
        }

        Assert.False(_fixture.Store.WorkerIsRunning);
        _fixture.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task A_refresh_makes_a_new_image_and_keeps_the_old_one()
    {
        _fixture.Store.Request("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();
        var first = _fixture.Store.Find("k")!;

        _fixture.Store.Refresh("k", SpoolFixture.Spec());
        Assert.Equal(first.Id, _fixture.Store.Find("k")!.Id);
        await _fixture.DrainAsync();

        var second = _fixture.Store.Find("k")!;
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(2, second.Generation);
        Assert.Equal([first.Id], second.Earlier.Select(version => version.Id));
        _fixture.AssertIndexIsWhole();
    }

    [Fact]
    public async Task The_third_image_goes_unless_a_deployment_needs_it()
    {
        _fixture.Store.Request("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();
        var pinned = _fixture.Store.Find("k")!.Id;
        _fixture.Pins.Add(pinned);
        var ids = new List<string>();
        for (var refresh = 0; refresh < 4; refresh++)
        {
            _fixture.Store.Refresh("k", SpoolFixture.Spec());
            await _fixture.DrainAsync();
            ids.Add(_fixture.Store.Find("k")!.Id);
        }

        Assert.Equal([ids[2], pinned], _fixture.Store.Find("k")!.Earlier.Select(version => version.Id));
        Assert.Throws<FileNotFoundException>(() => _fixture.Store.Open(ids[0]));
        _fixture.AssertIndexIsWhole();

        _fixture.Pins.Clear();
        _fixture.Store.PublishPins();
        _fixture.Worker().Prune();
        Assert.Throws<FileNotFoundException>(() => _fixture.Store.Open(pinned));
        _fixture.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task A_refresh_that_finds_nothing_new_keeps_the_id()
    {
        _fixture.Builder.Content = (_, _) => "always the same";
        _fixture.Store.Request("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();
        _fixture.Store.Refresh("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();

        Assert.Equal(2, _fixture.Store.Find("k")!.Generation);
        Assert.Empty(_fixture.Store.Find("k")!.Earlier);
        _fixture.AssertIndexIsWhole();
    }

    [Fact]
    public async Task A_failure_is_shown_with_its_log_until_the_next_request()
    {
        _fixture.Builder.During = (_, _) => throw new ImageBuilderException(ImageFailureKind.UnknownPackage, "No package 'x'.", "Correct it.");
        _fixture.Store.Request("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();

        var failure = Assert.Single(_fixture.Store.Failures);
        Assert.Equal((ImageFailureKind.UnknownPackage, "No package 'x'.", "Correct it."), (failure.Kind, failure.Reason, failure.Remedy));
        Assert.Equal(["build 1"], failure.LogTail);
        var thrown = await Assert.ThrowsAsync<ImageBuildException>(() => _fixture.Store.WaitAsync("k", null, Stop));
        Assert.Contains("Correct it.", thrown.Message, StringComparison.Ordinal);

        _fixture.Builder.During = (_, _) => Task.CompletedTask;
        _fixture.Store.Request("k", SpoolFixture.Spec());
        Assert.Empty(_fixture.Store.Failures);
        await _fixture.DrainAsync();
        Assert.IsType<ImageState.Ready>(_fixture.Store.State("k"));
        _fixture.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task A_failed_refresh_leaves_the_old_image_usable()
    {
        _fixture.Store.Request("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();
        _fixture.Builder.During = (_, _) => throw new IOException("No space left on device", 28);
        _fixture.Store.Refresh("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();

        Assert.Equal(ImageFailureKind.DiskFull, Assert.IsType<ImageState.Failed>(_fixture.Store.State("k")).Failure.Kind);
        Assert.Equal(1, _fixture.Store.Find("k")!.Generation);
        _fixture.AssertIndexIsWhole();
        _fixture.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task Progress_reaches_who_waits()
    {
        var middle = new TaskCompletionSource();
        _fixture.Builder.During = (_, stop) => middle.Task.WaitAsync(stop);
        _fixture.Store.Request("k", SpoolFixture.Spec());
        var seen = new List<ImageBuildProgress>();
        var progress = new Reporter(seen, () => middle.TrySetResult());
        var waiting = _fixture.Store.WaitAsync("k", progress, Stop);
        await _fixture.DrainAsync();
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Stop);

        Assert.Equal(ImageBuildStep.Queued, seen[0].Step);
        Assert.Contains(seen, report => report is { Step: ImageBuildStep.Install, Percent: 40, Detail: "Unpacking" });
    }

    [Fact]
    public async Task A_stopped_build_begins_anew_and_does_not_count_as_an_attempt()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        for (var round = 0; round <= ImageWorker.MaximumAttempts; round++)
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            _fixture.Builder.During = (_, token) =>
            {
                stopping.Cancel();
                token.ThrowIfCancellationRequested();
                return Task.CompletedTask;
            };
            _fixture.Store.Request("k", SpoolFixture.Spec());
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _fixture.Worker().ProcessNextAsync(stopping.Token));
            Assert.IsType<ImageState.Pending>(_fixture.Store.State("k"));
        }

        _fixture.Builder.During = (_, _) => Task.CompletedTask;
        await _fixture.DrainAsync();
        Assert.IsType<ImageState.Ready>(_fixture.Store.State("k"));
        _fixture.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task A_build_that_kills_its_worker_each_time_ends_in_a_failure()
    {
        _fixture.Builder.During = (_, _) => throw new SimulatedDeath();
        _fixture.Store.Request("k", SpoolFixture.Spec());
        for (var death = 0; death < ImageWorker.MaximumAttempts; death++)
        {
            await Assert.ThrowsAsync<SimulatedDeath>(() => _fixture.DrainAsync());
        }

        await _fixture.DrainAsync();
        Assert.Equal(ImageFailureKind.WorkerDied, Assert.Single(_fixture.Store.Failures).Kind);
        _fixture.AssertNothingIsLeftOver();
    }

    [Fact]
    public async Task A_damaged_request_fails_and_does_not_stop_the_worker()
    {
        File.WriteAllText(_fixture.Spool.RequestFile("bad"), "{ \"key\": ");
        _fixture.Store.Request("good", SpoolFixture.Spec());
        await _fixture.DrainAsync();

        Assert.Equal(ImageFailureKind.InvalidSpec, Assert.Single(_fixture.Store.Failures).Kind);
        Assert.IsType<ImageState.Ready>(_fixture.Store.State("good"));
    }

    [Fact]
    public async Task A_key_with_trouble_does_not_keep_the_others_waiting()
    {
        // A folder where the failure should be written: the host's fault, whatever the build does.
        Directory.CreateDirectory(Path.Combine(_fixture.Spool.FailedFile("bad"), "in-the-way"));
        _fixture.Store.Request("bad", SpoolFixture.Spec());
        await _fixture.DrainAsync();
        _fixture.Store.Request("good", SpoolFixture.Spec());
        await _fixture.DrainAsync();
        Assert.IsType<ImageState.Ready>(_fixture.Store.State("good"));
    }

    [Fact]
    public void Temporary_files_of_dead_writers_go_when_they_are_old()
    {
        var old = Path.Combine(_fixture.Spool.QueueFolder, $".k.json{SpoolFile.TemporaryMark}1");
        var young = Path.Combine(_fixture.Spool.ReadyFolder, $".k.json{SpoolFile.TemporaryMark}2");
        File.WriteAllText(old, "");
        File.WriteAllText(young, "");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddHours(-2));
        _fixture.Worker().Prune();
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    /// <summary>Whoever escapes from a build writes what it likes there.</summary>
    [Theory]
    [InlineData("not json")]
    [InlineData("""{"key":"k","generation":1,"current":null,"builder":"b"}""")]
    [InlineData("""{"key":"k","generation":1,"current":{"id":"../../x","bytes":1,"unpackedBytes":1,"builtAt":"2026-01-01T00:00:00Z","packages":{}},"builder":"b"}""")]
    [InlineData("""{"key":"k","generation":1,"current":{"id":null,"bytes":1,"unpackedBytes":1,"builtAt":"2026-01-01T00:00:00Z","packages":{}},"builder":"b"}""")]
    [InlineData("""{"key":"k","generation":1,"current":{"bytes":1},"builder":"b"}""")]
    public void A_damaged_index_entry_is_an_error_that_names_its_file(string text)
    {
        File.WriteAllText(_fixture.Spool.ReadyFile("k"), text);
        var error = Assert.Throws<InvalidDataException>(() => _fixture.Store.Find("k"));
        Assert.Contains(_fixture.Spool.ReadyFile("k"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_in_the_spool_is_not_followed()
    {
        var id = new string('a', 64);
        File.CreateSymbolicLink(_fixture.Spool.BlobFile(id), "/etc/passwd");
        Assert.Throws<IOException>(() => _fixture.Store.Open(id));
        File.CreateSymbolicLink(_fixture.Spool.ReadyFile("k"), "/etc/passwd");
        Assert.Throws<IOException>(() => _fixture.Store.Find("k"));
    }

    [Fact]
    public void A_pipe_in_the_spool_does_not_make_the_server_wait()
    {
        var id = new string('a', 64);
        RealBuild.Run("mkfifo", _fixture.Spool.BlobFile(id), _fixture.Spool.ReadyFile("k"));
        Assert.Throws<IOException>(() => _fixture.Store.Open(id));
        Assert.Throws<InvalidDataException>(() => _fixture.Store.Find("k"));
    }

    [Fact]
    public async Task A_deployment_takes_an_image_only_when_its_bytes_are_those_of_its_id()
    {
        _fixture.Store.Request("k", SpoolFixture.Spec());
        await _fixture.DrainAsync();
        var entry = await _fixture.Store.WaitAsync("k", null, Stop);

        File.AppendAllText(_fixture.Spool.BlobFile(entry.Id), "more");
        var error = await Assert.ThrowsAsync<IOException>(() => _fixture.Store.WaitAsync("k", null, Stop));
        Assert.Contains(_fixture.Spool.BlobFile(entry.Id), error.Message, StringComparison.Ordinal);

        File.Delete(_fixture.Spool.BlobFile(entry.Id));
        await Assert.ThrowsAsync<FileNotFoundException>(() => _fixture.Store.WaitAsync("k", null, Stop));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("-rf")]
    [InlineData("a\n")]
    public void Only_plain_names_are_keys_or_ids(string name)
    {
        Assert.Throws<ArgumentException>(() => _fixture.Store.Find(name));
        Assert.Throws<ArgumentException>(() => _fixture.Store.Open(name));
        Assert.Throws<ArgumentException>(() => _fixture.Store.Request(name, SpoolFixture.Spec()));
    }

    [Fact]
    public void The_queue_is_bounded()
    {
        for (var index = 0; index < ImageStore.MaximumQueued; index++)
        {
            _fixture.Store.Request($"k{index}", SpoolFixture.Spec());
        }

        var error = Assert.Throws<IOException>(() => _fixture.Store.Request("more", SpoolFixture.Spec()));
        Assert.Contains("netdeploy worker", error.Message, StringComparison.Ordinal);
        _fixture.Store.Request("k7", SpoolFixture.Spec());
    }

    [Fact]
    public async Task Waiting_for_what_nobody_requested_is_a_mistake() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => new ImageStore(_fixture.Spool, new FakeTimeProvider(), () => new HashSet<string>())
            .WaitAsync("k", null, Stop));

    [Fact]
    public async Task The_oldest_request_comes_first()
    {
        foreach (var (key, age) in new[] { ("young", 1), ("old", 3), ("middle", 2) })
        {
            _fixture.Store.Request(key, SpoolFixture.Spec(key));
            File.SetLastWriteTimeUtc(_fixture.Spool.RequestFile(key), DateTime.UtcNow.AddHours(-age));
        }

        var order = new List<string>();
        _fixture.Builder.During = (spec, _) =>
        {
            order.Add(spec.Release);
            return Task.CompletedTask;
        };
        await _fixture.DrainAsync();
        Assert.Equal(["old", "middle", "young"], order);
    }

    private sealed class Reporter(List<ImageBuildProgress> seen, Action onInstall) : IProgress<ImageBuildProgress>
    {
        public void Report(ImageBuildProgress value)
        {
            seen.Add(value);
            if (value.Step == ImageBuildStep.Install)
            {
                onInstall();
            }
        }
    }
}
