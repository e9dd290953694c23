using System.Net;
using System.Net.Http.Json;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Client;

/// <summary>What the client tries again, over a scripted fleet.</summary>
public sealed class RetryTests
{
    private static readonly Uri[] Two = [new("http://a/"), new("http://b/")];

    [Theory]
    [InlineData("GET", "v1/instances", true)]
    [InlineData("DELETE", "v1/instances/a", true)]
    [InlineData("POST", "v1/instances", true)]
    [InlineData("POST", "v1/images", true)]
    [InlineData("POST", "v1/placement", true)]
    [InlineData("POST", "v1/hosts/a/cordon", true)]
    [InlineData("POST", "v1/hosts/a/uncordon", true)]
    [InlineData("POST", "v1/hosts/a/drain", true)]
    [InlineData("POST", "v1/hosts/a/empty", true)]
    [InlineData("POST", "v1/instances/a/start", true)]
    [InlineData("POST", "v1/instances/a/stop", true)]
    [InlineData("POST", "v1/instances/a/capture", true)]
    [InlineData("DELETE", "v1/instances/a/disks/data0?delete=true", true)]
    [InlineData("POST", "v1/instances/a/reboot", false)]
    [InlineData("POST", "v1/instances/a/rebuild", false)]
    [InlineData("POST", "v1/instances/a/disks", false)]
    [InlineData("POST", "v1/instances/a/flatten", false)]
    [InlineData("POST", "v1/hosts/a/start", false)]
    [InlineData("POST", "v1/hosts/a/bases/b/empty", false)]
    [InlineData("POST", "v1/hosts/a/adoptions", false)]
    public void Only_what_is_the_same_when_done_twice_is_repeated(
        string method, string path, bool may) =>
        Assert.Equal(may, RetryPolicy.MayRepeat(new HttpMethod(method), path));

    [Fact]
    public void The_others_are_asked_at_once_and_all_of_them_after_ever_longer_pauses()
    {
        var policy = new RetryPolicy(2, IsRepeatable: true);
        List<double> pauses = [];
        for (var i = 0; i < 8; i++)
        {
            var (next, pause) = policy.After(TryOutcome.NoLeader, TimeSpan.Zero)!.Value;
            policy = next;
            pauses.Add(pause.TotalMilliseconds);
        }

        Assert.Equal([0, 100, 0, 200, 0, 400, 0, 800], pauses);
        Assert.Null(policy.After(TryOutcome.NoLeader, RetryPolicy.GiveUpAfter));
        Assert.Null(policy.After(TryOutcome.Final, TimeSpan.Zero));
    }

    [Fact]
    public void Who_waited_long_with_a_leader_that_went_looks_for_the_next_as_long_as_anybody()
    {
        var (wait, bit) = (TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(1));
        var once = new RetryPolicy(1, IsRepeatable: true).After(TryOutcome.NoLeader, wait, wait);
        Assert.NotNull(once);
        var late = wait + RetryPolicy.GiveUpAfter;
        Assert.NotNull(once.Value.Next.After(TryOutcome.NoLeader, late - bit, bit));
        Assert.Null(once.Value.Next.After(TryOutcome.NoLeader, late, bit));

        var again = once.Value.Next.After(TryOutcome.Lost, wait * 2, wait);
        Assert.NotNull(again);
        Assert.Null(again.Value.Next.After(
            TryOutcome.Lost, (wait * 2) + RetryPolicy.GiveUpAfter, bit));
    }

    [Fact]
    public async Task A_launch_whose_answer_was_lost_is_asked_again_elsewhere_with_the_same_ids()
    {
        var fleet = new Fleet((_, n) => n == 0 ? throw Lost() : Answer(
            new LaunchResponse([])));
        using var client = new NovaCowClient(Two, fleet);
        await client.LaunchAsync(Request(), null, default);
        Assert.Equal(["http://a/v1/instances", "http://b/v1/instances"], fleet.Asked);
        Assert.Equal(fleet.Bodies[0], fleet.Bodies[1]);
        Assert.Contains("vm-1", fleet.Bodies[0]);
        Assert.Equal(new Uri("http://b/"), client.Address);
    }

    [Fact]
    public async Task While_nobody_leads_it_is_asked_again()
    {
        var fleet = new Fleet((_, n) => n < 3 ? Problem(503, "NoLeader") : Answer(
            new Page<HostResource>([], null)));
        using var client = new NovaCowClient(Two, fleet);
        await client.ListHostsAsync(default);
        Assert.Equal(4, fleet.Asked.Count);
    }

    [Fact]
    public async Task A_full_queue_is_told_at_once()
    {
        var fleet = new Fleet((_, _) => Problem(503, "Busy"));
        using var client = new NovaCowClient(Two, fleet);
        var error = await Assert.ThrowsAsync<NovaCowException>(
            () => client.LaunchAsync(Request(), null, default));
        Assert.Equal("Busy", error.Problem.Code);
        Assert.Single(fleet.Asked);
    }

    [Fact]
    public async Task What_may_have_been_done_and_is_not_the_same_twice_is_not_repeated()
    {
        var fleet = new Fleet((_, _) => throw Lost());
        using var client = new NovaCowClient(Two, fleet);
        await Assert.ThrowsAsync<NovaCowException>(
            () => client.FlattenInstanceAsync("vm", null, default));
        Assert.Single(fleet.Asked);
    }

    [Fact]
    public async Task A_host_goes_on_being_emptied_when_the_leader_changes()
    {
        var fleet = new Fleet((_, n) => n switch
        {
            0 => Problem(503, "NoLeader"),
            1 => throw Lost(),
            _ => Answer(new HostMovesResource { Moving = 1, Waiting = 0, Staying = [] }),
        });
        using var client = new NovaCowClient(Two, fleet);
        Assert.Equal(1, (await client.EmptyHostAsync("a", default)).Moving);
        Assert.Equal(3, fleet.Asked.Count);
    }

    [Theory]
    [InlineData("data0", 2)]
    [InlineData(null, 1)]
    public async Task A_disk_is_attached_again_only_by_its_name(string? disk, int asked)
    {
        var fleet = new Fleet((_, n) => n == 0 ? throw Lost() : Problem(404, "InstanceNotFound"));
        using var client = new NovaCowClient(Two, fleet);
        await Assert.ThrowsAsync<NovaCowException>(() => client.AttachDiskAsync(
            "vm",
            new AttachDiskRequest { Disk = disk, SizeBytes = disk is null ? 1 << 20 : null },
            null, default));
        Assert.Equal(asked, fleet.Asked.Count);
    }

    [Fact]
    public async Task What_was_not_taken_is_asked_elsewhere_whatever_it_is()
    {
        var fleet = new Fleet((uri, _) => uri.Host == "a"
            ? throw new HttpRequestException(HttpRequestError.ConnectionError, "refused")
            : Problem(404, "InstanceNotFound"));
        using var client = new NovaCowClient(Two, fleet);
        var error = await Assert.ThrowsAsync<NovaCowException>(
            () => client.FlattenInstanceAsync("vm", null, default));
        Assert.Equal(404, error.Problem.Status);
        Assert.Equal(2, fleet.Asked.Count);
    }

    [Fact]
    public async Task Where_nobody_listens_it_ends_after_a_few_rounds()
    {
        var fleet = new Fleet((_, _) => throw new HttpRequestException(
            HttpRequestError.ConnectionError, "Connection refused"));
        using var client = new NovaCowClient(Two, fleet);
        var error = await Assert.ThrowsAsync<NovaCowException>(
            () => client.ListHostsAsync(default));
        Assert.Equal(NovaCowException.UnreachableCode, error.Problem.Code);
        Assert.Equal(6, fleet.Asked.Count);
    }

    [Fact]
    public async Task A_deletion_whose_first_answer_was_lost_is_done_when_there_is_nothing_left()
    {
        var fleet = new Fleet((_, n) => n == 0 ? throw Lost() : Problem(404, "ImageNotFound"));
        using var client = new NovaCowClient(Two, fleet);
        await client.DeleteImageAsync("disk", default);
        var error = await Assert.ThrowsAsync<NovaCowException>(
            () => client.DeleteImageAsync("other", default));
        Assert.Equal(404, error.Problem.Status);
    }

    private static LaunchRequest Request() =>
        new() { Image = "disk", Flavor = "m1.tiny", Ids = ["vm-1"] };

    private static HttpRequestException Lost() =>
        new(HttpRequestError.ResponseEnded, "the response ended");

    private static HttpResponseMessage Answer<T>(T value) =>
        new(HttpStatusCode.OK) { Content = JsonContent.Create(value, options: NovaCowClient.Json) };

    private static HttpResponseMessage Problem(int status, string code) =>
        new((HttpStatusCode)status)
        {
            Content = JsonContent.Create(
                new Problem { Status = status, Code = code, Detail = code },
                options: NovaCowClient.Json),
        };

    private sealed class Fleet(Func<Uri, int, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<string> Asked { get; } = [];

        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var number = Asked.Count;
            Asked.Add(request.RequestUri!.ToString());
            Bodies.Add(request.Content is { } content
                ? await content.ReadAsStringAsync(cancellationToken) : "");
            return answer(request.RequestUri, number);
        }
    }
}
