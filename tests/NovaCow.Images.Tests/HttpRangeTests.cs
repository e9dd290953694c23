using NovaCow.Images.Tests.Support;

namespace NovaCow.Images.Tests;

/// <summary>When a fetch goes on where it broke off, and when it must not.</summary>
public sealed class HttpRangeTests : HttpFixture
{
    [Fact]
    public async Task A_server_that_ignores_ranges_starts_over()
    {
        Site.IgnoresRange = true;
        Then(reply => reply with { BreakAfter = 400_000 });
        var fetched = await FetchAsync();
        AssertFetched(fetched);
        Assert.True(fetched.TransferredBytes > Content.Length);
    }

    [Theory]
    [InlineData("W/\"weak\"", null)]
    [InlineData(null, null)]
    [InlineData(null, "2026-01-01T00:00:00Z")]
    public async Task Without_a_strong_validator_nothing_is_resumed(string? tag, string? modified)
    {
        Site.ETag = tag;
        Site.LastModified = modified is null ? null : DateTimeOffset.Parse(modified);
        Then(reply => reply with { BreakAfter = 400_000 });
        AssertFetched(await FetchAsync());
        Assert.All(Server.Requests, request => Assert.Null(request.RangeStart));
    }

    [Fact]
    public async Task A_modification_date_that_is_old_enough_is_a_validator()
    {
        Site.ETag = null;
        Site.LastModified = DateTimeOffset.Parse("2025-12-31T23:59:59Z");
        Then(reply => reply with { BreakAfter = 400_000 });
        AssertFetched(await FetchAsync());
        Assert.Equal("Wed, 31 Dec 2025 23:59:59 GMT", Server.Requests[1].IfRange);
        Assert.NotNull(Server.Requests[1].RangeStart);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_that_changes_in_the_middle_is_started_over(bool ignoresIfRange)
    {
        Site.Content = Scratch.RandomBytes(1_000_003, seed: 2);
        Site.ETag = "\"v0\"";
        Site.IgnoresIfRange = ignoresIfRange;
        Script.Enqueue(request =>
        {
            var reply = Site.Answer(request) with { BreakAfter = 400_000 };
            (Site.Content, Site.ETag) = (Content, "\"v1\"");
            return reply;
        });
        var fetched = await FetchAsync(Request() with { Expected = null });
        AssertFetched(fetched);
        Assert.Equal(400_000 + Content.Length, fetched.TransferredBytes);
    }

    [Fact]
    public async Task A_validator_that_lies_is_found_out_by_the_digest_and_started_over()
    {
        Site.Content = Scratch.RandomBytes(1_000_003, seed: 2);
        Script.Enqueue(request =>
        {
            var reply = Site.Answer(request) with { BreakAfter = 400_000 };
            Site.Content = Content;
            return reply;
        });
        AssertFetched(await FetchAsync());
        Assert.Equal(3, Server.Requests.Count);
    }

    [Fact]
    public async Task A_range_whose_length_contradicts_the_first_answer_is_started_over()
    {
        Then(reply => reply with { BreakAfter = 400_000 });
        Then(reply => reply with
        {
            Headers = new(reply.Headers) { ["Content-Range"] = "bytes 400000-1999999/2000000" },
        });
        AssertFetched(await FetchAsync());
        Assert.Null(Server.Requests[2].RangeStart);
    }

    [Theory]
    [InlineData("bytes 399999-1000002/1000003")]
    [InlineData("bytes 400001-1000002/1000003")]
    [InlineData("bytes 400000-900000/1000003")]
    [InlineData("bytes 400000-1000002/*")]
    [InlineData("lines 400000-1000002/1000003")]
    [InlineData(null)]
    public async Task A_range_other_than_the_one_asked_for_is_not_taken(string? range)
    {
        Then(reply => reply with { BreakAfter = 400_000 });
        Then(reply =>
        {
            var headers = new Dictionary<string, string>(reply.Headers);
            headers.Remove("Content-Range");
            if (range is not null)
                headers["Content-Range"] = range;
            return reply with { Headers = headers, Body = Scratch.RandomBytes(600_003, seed: 3) };
        });

        // Without a digest nothing but the header shows that these are other bytes.
        AssertFetched(await FetchAsync(Request() with { Expected = null }));
        Assert.Null(Server.Requests[2].RangeStart);
    }

    [Fact]
    public async Task A_range_that_cannot_be_had_is_started_over()
    {
        Then(reply => reply with { BreakAfter = 400_000 });
        Answers(new ScriptedReply { Status = 416 });
        AssertFetched(await FetchAsync());
        Assert.Null(Server.Requests[2].RangeStart);
    }
}
