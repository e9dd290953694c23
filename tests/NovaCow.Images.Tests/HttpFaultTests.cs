using NovaCow.Core;
using NovaCow.Images.Tests.Support;

namespace NovaCow.Images.Tests;

/// <summary>What goes wrong within one fetch.</summary>
public sealed class HttpFaultTests : HttpFixture
{
    [Fact]
    public async Task A_whole_image_is_fetched_in_one_request_as_it_is()
    {
        var progress = new ProgressLog();
        AssertFetched(await FetchAsync(progress: progress));
        var request = Assert.Single(Server.Requests);
        Assert.Equal("identity", request.Headers["Accept-Encoding"]);
        Assert.False(request.Headers.ContainsKey("Range"));
        Assert.Equal(new FetchProgress(Content.Length, Content.Length), progress.Reports[^1]);
    }

    [Fact]
    public async Task A_broken_connection_is_gone_on_with_from_the_last_byte()
    {
        Then(reply => reply with { BreakAfter = 400_000 });
        Then(reply => reply with { BreakAfter = 100_000 });
        var fetched = await FetchAsync();
        AssertFetched(fetched);
        Assert.Equal(3, Server.Requests.Count);
        Assert.All(Server.Requests.Skip(1), request => Assert.Equal("\"v1\"", request.IfRange));
        Assert.Equal([null, 400_000, 500_000], Server.Requests.Select(asked => asked.RangeStart));
        Assert.Equal(Content.Length, fetched.TransferredBytes);
    }

    [Fact]
    public async Task A_connection_that_is_reset_is_gone_on_with()
    {
        Then(reply => reply with { BreakAfter = 400_000, Resets = true }, times: 2);
        AssertFetched(await FetchAsync());
        Assert.Equal(3, Server.Requests.Count);
    }

    [Fact]
    public async Task A_stalled_body_is_cut_and_gone_on_with()
    {
        Then(reply => reply with { StallAfter = 300_000 });
        var fetched = await FetchAsync();
        AssertFetched(fetched);
        Assert.Equal(2, Server.Requests.Count);
        Assert.Equal(Content.Length, fetched.TransferredBytes);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_tried_a_bounded_number_of_times()
    {
        Answers(new ScriptedReply { Silent = true }, times: 10);
        var error = await FailAsync();
        Assert.Equal((LaunchErrorCode.ImageSource, true), (error.Code, error.IsRetryable));
        Assert.Contains("nothing arrived for 600 s", error.Message);
        Assert.Equal(4, Server.Requests.Count);
        Scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task A_slow_drip_is_slow_but_no_stall()
    {
        Site.Content = Content[..64];
        Task Wait()
        {
            Time.Advance(Stall - TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        }

        // Each piece comes only when the one before it was seen, so that time moves once a piece.
        var seen = new SemaphoreSlim(1);
        Then(reply => reply with
        {
            PieceBytes = 1,
            BeforePiece = async () =>
            {
                Assert.True(await seen.WaitAsync(TimeSpan.FromSeconds(30)));
                await Wait();
            },
        });
        var progress = new ProgressLog { OnReport = _ => seen.Release() };
        var request = Request() with { Expected = Scratch.DigestOf(Site.Content) };
        var fetched = await FetchAsync(request, progress: progress);
        Assert.Equal(64, fetched.SizeBytes);
        Assert.Single(Server.Requests);
    }

    [Theory]
    [InlineData(408)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task A_passing_refusal_is_tried_again_with_growing_pauses(int status)
    {
        Answers(new ScriptedReply { Status = status }, times: 3);
        AssertFetched(await FetchAsync());
        Assert.Equal(4, Server.Requests.Count);
        for (var i = 0; i < 3; i++)
        {
            var most = Options.FirstPause * Math.Pow(2, i);
            Assert.InRange(Time.Pauses[i], most / 2, most);
        }
    }

    [Fact]
    public async Task A_server_that_says_when_to_come_back_is_believed_within_bounds()
    {
        var busy = new ScriptedReply { Status = 503 };
        Answers(busy with { Headers = new() { ["Retry-After"] = "7" } });
        Answers(busy with { Headers = new() { ["Retry-After"] = "86400" } });
        Answers(busy with
        {
            Headers = new()
            {
                ["Date"] = "Thu, 01 Jan 2026 00:00:00 GMT",
                ["Retry-After"] = "Thu, 01 Jan 2026 00:00:09 GMT",
            },
        });
        AssertFetched(await FetchAsync());
        Assert.Equal([7, 30, 9], Time.Pauses.Select(pause => pause.TotalSeconds));
    }

    [Theory]
    [InlineData(404, LaunchErrorCode.ImageNotFound)]
    [InlineData(410, LaunchErrorCode.ImageNotFound)]
    [InlineData(401, LaunchErrorCode.ImageNotFound)]
    [InlineData(403, LaunchErrorCode.ImageNotFound)]
    [InlineData(400, LaunchErrorCode.ImageSource)]
    [InlineData(204, LaunchErrorCode.ImageSource)]
    [InlineData(304, LaunchErrorCode.ImageSource)]
    public async Task A_final_refusal_fails_at_once(int status, LaunchErrorCode code)
    {
        Answers(new ScriptedReply { Status = status });
        var error = await FailAsync();
        Assert.Equal((code, false), (error.Code, error.IsRetryable));
        Assert.Contains(status.ToString(), error.Message);
        Assert.Contains("debian-12", error.Message);
        Assert.Single(Server.Requests);
        Scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task A_length_that_is_too_long_is_detected()
    {
        Then(reply => reply with { ClaimedLength = Content.Length + 10 }, times: 10);
        var error = await FailAsync();
        Assert.Equal((LaunchErrorCode.ImageSource, true), (error.Code, error.IsRetryable));
        Assert.False(File.Exists(Scratch.DestinationPath));
    }

    [Fact]
    public async Task A_length_that_is_too_short_is_detected_by_the_digest()
    {
        Then(reply => reply with { ClaimedLength = Content.Length - 10 });
        var error = await FailAsync();
        Assert.Equal((LaunchErrorCode.ChecksumMismatch, false), (error.Code, error.IsRetryable));
        Assert.Contains(ContentDigest.Hex, error.Message);
        Assert.Contains(Scratch.DigestOf(Content[..^10]).Hex, error.Message);
        Scratch.AssertNothingLeft();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task More_bytes_than_the_cap_are_refused_announced_or_not(bool omitLength)
    {
        Then(reply => reply with { OmitLength = omitLength });
        var error = await FailAsync(Request() with { MaxBytes = 500_000 });
        Assert.Equal((LaunchErrorCode.InvalidRequest, false), (error.Code, error.IsRetryable));
        Assert.Contains("500000", error.Message);
        Assert.Single(Server.Requests);
        Scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task An_unannounced_length_needs_a_digest()
    {
        Then(reply => reply with { OmitLength = true }, times: 2);
        AssertFetched(await FetchAsync());
        File.Delete(Scratch.DestinationPath);
        var error = await FailAsync(Request() with { Expected = null });
        Assert.Contains("give its digest", error.Message);
        Scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task Without_an_expected_digest_the_digest_is_told()
    {
        Assert.Equal(ContentDigest, (await FetchAsync(Request() with { Expected = null })).Digest);
    }

    [Fact]
    public async Task A_long_download_survives_more_breaks_than_tries()
    {
        var content = Scratch.RandomBytes(12 << 20);
        Site.Content = content;
        Then(reply => reply with { BreakAfter = (3 << 20) / 2 }, times: 7);
        var fetched = await FetchAsync(Request() with { Expected = Scratch.DigestOf(content) });
        Assert.Equal(content.Length, fetched.SizeBytes);
        Assert.True(Server.Requests.Count > Options.MaxTries);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        await Server.DisposeAsync();
        var error = await FailAsync();
        Assert.Equal((LaunchErrorCode.ImageSource, true), (error.Code, error.IsRetryable));
        Assert.Contains($"cannot connect to {Server.Authority}", error.Message);
        Scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task A_full_disk_is_said_and_leaves_nothing()
    {
        var full = Scratch.Mount("full", "-t", "tmpfs", "-o", "size=300k", "none");
        var error = await FailAsync(
            Request() with { DestinationPath = Path.Combine(full, "image") });
        Assert.Equal((LaunchErrorCode.InsufficientStorage, true), (error.Code, error.IsRetryable));
        Assert.Empty(Directory.GetFiles(full));
    }
}
