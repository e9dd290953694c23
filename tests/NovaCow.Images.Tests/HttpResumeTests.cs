using System.Text.Json.Nodes;
using NovaCow.Core;
using NovaCow.Images.Tests.Support;

namespace NovaCow.Images.Tests;

/// <summary>What an earlier fetch left, and how the next one goes on.</summary>
public sealed class HttpResumeTests : HttpFixture
{
    [Fact]
    public async Task A_cancelled_fetch_keeps_every_byte_it_had()
    {
        await CancelAfterAsync(500_000);
        var kept = new FileInfo(Scratch.PartPath).Length;
        Assert.Equal(500_000, kept);

        var fetched = await FetchAsync();
        AssertFetched(fetched);
        Assert.Equal(kept, Server.Requests[^1].RangeStart);
        Assert.Equal(Content.Length - kept, fetched.TransferredBytes);
    }

    [Fact]
    public async Task Cancelled_at_every_chunk_boundary_the_image_still_arrives_whole()
    {
        Site.Content = Content[..(DigestPipe.BufferBytes + 70_000)];
        var request = Request() with { Expected = Scratch.DigestOf(Site.Content) };
        int[] boundaries =
        [
            1, 65_535, 65_536, 65_537, DigestPipe.BufferBytes - 1, DigestPipe.BufferBytes,
            DigestPipe.BufferBytes + 1, Site.Content.Length - 1,
        ];
        foreach (var boundary in boundaries)
        {
            await CancelAfterAsync(boundary, request);
            var fetched = await FetchAsync(request);
            Assert.Equal(Site.Content, await File.ReadAllBytesAsync(fetched.Path));
            Assert.Equal(Site.Content.Length - boundary, fetched.TransferredBytes);
            File.Delete(fetched.Path);
        }
    }

    [Fact]
    public async Task What_is_on_disk_at_any_moment_of_a_fetch_can_be_gone_on_with()
    {
        // As after a kill: the files as they are at that moment, nothing run to tidy them up.
        var moments = 0;
        Then(reply => reply with
        {
            PieceBytes = 50_000,
            BeforePiece = async () =>
            {
                // Checkpoints are taken beside the transfer: the last pieces wait for the first.
                if (moments == 16)
                    await UntilAsync(() => File.Exists(Scratch.RecordPath));
                CopyAsFound(Scratch.At($"moment{moments++}"));
            },
        });
        await FetchAsync();
        Assert.Equal(21, moments);

        var resumed = 0;
        for (var i = 0; i < moments; i++)
        {
            var request = Request() with { DestinationPath = Scratch.At($"moment{i}/image") };
            var fetched = await FetchAsync(request);
            Assert.Equal(Content, await File.ReadAllBytesAsync(fetched.Path));
            Assert.Single(Directory.GetFiles(Scratch.At($"moment{i}")));
            resumed += fetched.TransferredBytes < Content.Length ? 1 : 0;
        }

        Assert.True(resumed > 0, "no checkpoint was ever used");
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(5), deadline.Token);
    }

    [Fact]
    public async Task The_record_names_the_source_without_its_secrets()
    {
        var secret = new Uri($"http://user:hunter2@{Server.Authority}/image.raw?signature=s3cret");
        await CancelAfterAsync(500_000, Request() with { Source = secret });
        var record = await File.ReadAllTextAsync(Scratch.RecordPath);
        Assert.Contains($"http://{Server.Authority}/image.raw", record);
        Assert.Contains("v1", record);
        Assert.Contains("500000", record);
        Assert.DoesNotContain("hunter2", record);
        Assert.DoesNotContain("s3cret", record);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Scratch.PartPath));
    }

    [Fact]
    public async Task Bytes_of_another_url_are_not_used()
    {
        await CancelAfterAsync(500_000);
        var fetched = await FetchAsync(Request("/other.raw"));
        AssertFetched(fetched);
        Assert.Null(Server.Requests[^1].RangeStart);
    }

    [Fact]
    public async Task Bytes_of_another_version_are_not_used()
    {
        Site.Content = Scratch.RandomBytes(1_000_003, seed: 2);
        Site.ETag = "\"v0\"";
        await CancelAfterAsync(500_000);
        (Site.Content, Site.ETag) = (Content, "\"v1\"");
        AssertFetched(await FetchAsync());
        Assert.Equal("\"v0\"", Server.Requests[1].IfRange);
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("flipped")]
    [InlineData("missing")]
    [InlineData("record not json")]
    [InlineData("record empty")]
    [InlineData("record missing")]
    [InlineData("record without validator")]
    [InlineData("record counts too much")]
    [InlineData("record counts below zero")]
    public async Task What_is_damaged_on_disk_is_fetched_again(string damage)
    {
        await CancelAfterAsync(500_000);
        Damage(damage);
        var fetched = await FetchAsync();
        AssertFetched(fetched);
        Assert.Null(Server.Requests[^1].RangeStart);
        Assert.Equal(Content.Length, fetched.TransferredBytes);
    }

    [Fact]
    public async Task Bytes_beyond_those_known_durable_are_dropped()
    {
        await CancelAfterAsync(500_000);
        await using (var part = new FileStream(Scratch.PartPath, FileMode.Append))
            part.Write(Scratch.RandomBytes(900_000, seed: 5));
        AssertFetched(await FetchAsync());
        Assert.Equal(500_000, Server.Requests[^1].RangeStart);
    }

    [Fact]
    public async Task A_download_that_was_whole_but_not_published_needs_no_request()
    {
        await CancelAfterAsync(500_000);
        var record = JsonNode.Parse(await File.ReadAllTextAsync(Scratch.RecordPath))!;
        record["durableBytes"] = Content.Length;
        record["durableDigest"] = ContentDigest.Value;
        await File.WriteAllBytesAsync(Scratch.PartPath, Content);
        await File.WriteAllTextAsync(Scratch.RecordPath, record.ToJsonString());
        var before = Server.Requests.Count;
        var fetched = await FetchAsync();
        AssertFetched(fetched);
        Assert.Equal((before, 0L), (Server.Requests.Count, fetched.TransferredBytes));
    }

    [Fact]
    public async Task A_published_image_that_was_not_used_yet_is_not_fetched_again()
    {
        await FetchAsync();
        Assert.Equal(0, (await FetchAsync()).TransferredBytes);
        await File.WriteAllBytesAsync(Scratch.DestinationPath, [1]);
        AssertFetched(await FetchAsync());
        Assert.Equal(2, Server.Requests.Count);
    }

    [Fact]
    public async Task A_fetch_that_gave_up_says_what_it_kept_and_the_next_goes_on()
    {
        Then(reply => reply with { BreakAfter = 100_000 });
        Answers(new ScriptedReply { Status = 503 }, times: 3);
        var error = await FailAsync();
        Assert.Contains("the server answered 503", error.Message);
        Assert.Contains($"100000 of {Content.Length} bytes were kept", error.Message);
        var fetched = await FetchAsync();
        AssertFetched(fetched);
        Assert.Equal(Content.Length - 100_000, fetched.TransferredBytes);
    }

    [Fact]
    public async Task A_wrong_digest_leaves_nothing_to_go_on_with()
    {
        var error = await FailAsync(Request() with { Expected = Scratch.DigestOf([1]) });
        Assert.Equal(LaunchErrorCode.ChecksumMismatch, error.Code);
        Scratch.AssertNothingLeft();
    }

    /// <summary>Cancels a fetch once exactly so many bytes of it have arrived.</summary>
    private async Task CancelAfterAsync(int bytes, FetchRequest? request = null)
    {
        using var cancel = new CancellationTokenSource();
        Then(reply => reply with { StallAfter = bytes, PieceBytes = 4096 });
        var stalled = Server.WhileStalled;
        var reached = false;

        // Each report moves time on, so that no later one is thinned out.
        var progress = new ProgressLog
        {
            OnReport = at =>
            {
                Time.Advance(TimeSpan.FromSeconds(1));
                reached |= at.ReceivedBytes == bytes;
            },
        };
        Server.WhileStalled = () =>
        {
            if (reached)
                cancel.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => FetchAsync(request, progress: progress, cancellationToken: cancel.Token));
        Server.WhileStalled = stalled;
    }

    private void CopyAsFound(string directory)
    {
        Directory.CreateDirectory(directory);

        // The framework's copy would respect the lock. A fresh record may be renamed meanwhile.
        Scratch.Run("sh", "-c", $"cp '{Scratch.Root}'/image.part* '{directory}'");
    }

    private void Damage(string how)
    {
        var part = File.ReadAllBytes(Scratch.PartPath);
        var record = JsonNode.Parse(File.ReadAllText(Scratch.RecordPath))!;
        switch (how)
        {
            case "truncated":
                part = part[..^1];
                break;
            case "flipped":
                part[1234] ^= 1;
                break;
            case "missing":
                part = [];
                break;
            case "record without validator":
                record["validator"] = new JsonObject();
                break;
            case "record counts too much":
                record["durableBytes"] = 500_001;
                break;
            case "record counts below zero":
                record["durableBytes"] = -1;
                break;
        }

        File.WriteAllBytes(Scratch.PartPath, part);
        var text = how switch
        {
            "record not json" => "{",
            "record empty" => "",
            _ => record.ToJsonString(),
        };
        File.WriteAllText(Scratch.RecordPath, text);
        if (how == "record missing")
            File.Delete(Scratch.RecordPath);
    }
}
