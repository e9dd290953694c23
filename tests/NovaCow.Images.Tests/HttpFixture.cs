using NovaCow.Core;
using NovaCow.Images.Tests.Support;

namespace NovaCow.Images.Tests;

/// <summary>An origin, a source with virtual time, and a place to fetch to.</summary>
public abstract class HttpFixture : IAsyncLifetime
{
    protected static readonly TimeSpan Stall = TimeSpan.FromMinutes(10);

    protected static byte[] Content { get; } = Scratch.RandomBytes(1_000_003);

    protected static Digest ContentDigest { get; } = Scratch.DigestOf(Content);

    protected Scratch Scratch { get; } = new();

    protected ImageSite Site { get; } = new(Content);

    /// <summary>Answers by turns; when there are none left, the site answers well.</summary>
    protected Queue<Func<ScriptedRequest, ScriptedReply>> Script { get; } = new();

    /// <summary>Pauses between tries take no time; stall time-outs wait to be advanced.</summary>
    protected ManualTime Time { get; } = new() { AutoAdvance = TimeSpan.FromMinutes(1) };

    protected ScriptedServer Server { get; }

    protected HttpFixture()
    {
        Server = new ScriptedServer(Answer) { WhileStalled = () => Time.Advance(Stall / 10) };
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Scratch.Dispose();
    }

    protected static HttpImageOptions Options { get; } = new()
    {
        StallTimeout = Stall,
        MaxTries = 4,
        CheckpointBytes = 64 * 1024,
    };

    protected FetchRequest Request(string path = "/image.raw") =>
        Scratch.Request(Server.Url(path), ContentDigest);

    /// <summary>Fetches with a source of its own, as a process just started would.</summary>
    protected async Task<FetchedImage> FetchAsync(
        FetchRequest? request = null,
        HttpImageOptions? options = null,
        IProgress<FetchProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using var source = new HttpImageSource(options ?? Options, Time, new Random(1));
        return await source.FetchAsync(request ?? Request(), progress, cancellationToken);
    }

    protected async Task<LaunchError> FailAsync(
        FetchRequest? request = null, HttpImageOptions? options = null) =>
        (await Assert.ThrowsAsync<PortException>(() => FetchAsync(request, options))).Error;

    protected void AssertFetched(FetchedImage fetched)
    {
        Assert.Equal((ContentDigest, Content.LongLength), (fetched.Digest, fetched.SizeBytes));
        Assert.Equal(Content, File.ReadAllBytes(fetched.Path));
        Assert.Equal(["image"], Directory.GetFiles(Scratch.Root).Select(Path.GetFileName));
    }

    protected void Then(Func<ScriptedReply, ScriptedReply> spoil, int times = 1)
    {
        for (var i = 0; i < times; i++)
            Script.Enqueue(request => spoil(Site.Answer(request)));
    }

    protected void Answers(ScriptedReply reply, int times = 1) => Then(_ => reply, times);

    private ScriptedReply Answer(ScriptedRequest request)
    {
        lock (Script)
            return Script.TryDequeue(out var step) ? step(request) : Site.Answer(request);
    }
}
