using NovaCow.Core;
using NovaCow.Images.Tests.Support;

namespace NovaCow.Images.Tests;

/// <summary>
/// Seeded schedules of faults, cancellations and restarts: whatever happens, there is the right
/// file or a typed error, and never a published wrong file.
/// </summary>
public sealed class HttpNemesisTests : HttpFixture
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Right_bytes_or_a_typed_error(int seed)
    {
        var random = new Random(seed);
        var versions = new[] { Content, Scratch.RandomBytes(Content.Length, seed + 1000) };
        for (var i = random.Next(1, 12); i > 0; i--)
            Script.Enqueue(Fault(random, versions));
        var request = Request() with { MaxBytes = random.Next(8) == 0 ? 700_000 : 2_000_000 };

        for (var fetches = 0; fetches < 12; fetches++)
        {
            if (await TryAsync(request, random) is { } fetched)
            {
                Assert.True(request.MaxBytes >= Content.Length);
                AssertFetched(fetched);
                return;
            }

            Assert.False(File.Exists(Scratch.DestinationPath), $"seed {seed}: published a failure");
        }

        // Only a cap that is too small may keep a well-behaved server from being fetched from.
        Assert.Equal(700_000, request.MaxBytes);
    }

    private async Task<FetchedImage?> TryAsync(FetchRequest request, Random random)
    {
        using var cancel = new CancellationTokenSource();
        var reports = random.Next(4) == 0 ? random.Next(1, 20) : int.MaxValue;
        var progress = new ProgressLog
        {
            OnReport = _ =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                if (--reports == 0)
                    cancel.Cancel();
            },
        };
        try
        {
            return await FetchAsync(request, progress: progress, cancellationToken: cancel.Token);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return null;
        }
        catch (PortException e)
        {
            Assert.Contains("debian-12", e.Message);
            return null;
        }
    }

    private Func<ScriptedRequest, ScriptedReply> Fault(Random random, byte[][] versions)
    {
        var at = random.Next(Content.Length);
        var lie = random.Next(-1000, 1000);
        var other = random.Next(versions.Length);
        Func<ScriptedReply, ScriptedReply> spoil = random.Next(12) switch
        {
            0 => reply => reply with { BreakAfter = at },
            1 => reply => reply with { BreakAfter = at, Resets = true },
            2 => reply => reply with { StallAfter = at },
            3 => _ => new ScriptedReply { Silent = true },
            4 => _ => new ScriptedReply { Status = 503 },
            5 => _ => new ScriptedReply { Status = 416 },
            6 => reply => reply with { ClaimedLength = Math.Max(0, reply.Body.Length + lie) },
            7 => reply => reply with { OmitLength = true, BreakAfter = at },
            8 => reply => reply with { Status = reply.Status == 206 ? 200 : 206 },
            9 => reply => reply with { Headers = [] },
            10 => reply => reply with { Body = reply.Body[(reply.Body.Length / 2)..] },
            _ => reply => reply,
        };
        return request =>
        {
            // Another version, with or without saying so, for this answer alone.
            var honest = random.Next(2) == 0;
            (Site.Content, Site.ETag) = (versions[other], honest ? $"\"v{other}\"" : "\"v0\"");
            Site.IgnoresIfRange = random.Next(4) == 0;
            var reply = spoil(Site.Answer(request));
            (Site.Content, Site.ETag) = (Content, "\"v0\"");
            return reply;
        };
    }
}
