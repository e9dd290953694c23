using System.Net;
using System.Text;
using NovaCow.Actors.Protocols;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Machines;

public sealed class ConsoleApiTests : IClassFixture<MachineFixture>
{
    private readonly MachineFixture _node;

    public ConsoleApiTests(MachineFixture node)
    {
        _node = node;
        node.Fleet.ClearConsole();
        node.Fleet.Add("web");
    }

    [Fact]
    public async Task A_part_says_where_it_is_and_is_nothing_but_bytes()
    {
        _node.Fleet.ConsoleStart = 1000;
        _node.Fleet.Print("<script>0123456789"u8);
        using var response = await _node.Http.GetAsync("v1/instances/web/console?offset=-10&max=4");
        Assert.Equal("0123", await response.Content.ReadAsStringAsync());
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.Equal("1008", Header(response, NovaCowClient.ConsoleOffsetHeader));
        Assert.Equal("1018", Header(response, NovaCowClient.ConsoleEndHeader));

        var old = await _node.Client.ReadConsoleAsync("web", 0, default);
        Assert.Equal((1000, 1018, 18), (old.Offset, old.EndOffset, old.Bytes.Length));
    }

    [Theory]
    [InlineData("web/console?offset=x", 400, "offset")]
    [InlineData("web/console?max=0", 400, "max")]
    [InlineData("web/console?max=65537", 400, "65536")]
    [InlineData("web/console?follow=yes", 400, "follow")]
    [InlineData("nobody/console", 404, "nobody")]
    [InlineData("nobody/console?follow=true", 404, "nobody")]
    public async Task What_cannot_be_read_is_a_problem(string path, int status, string says)
    {
        using var response = await _node.Http.GetAsync($"v1/instances/{path}");
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains(says, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_follows_reads_on_until_the_instance_ends()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        _node.Fleet.Add("talker");
        _node.Fleet.Print("booting "u8);
        var read = new StringBuilder();
        await foreach (var part in _node.Client.FollowConsoleAsync("talker", -8, patience.Token))
        {
            read.Append(Encoding.ASCII.GetString(part.Span));
            if (read.ToString() == "booting ")
                _node.Fleet.Print("login:"u8);
            else if (read.ToString() == "booting login:")
                _node.Fleet.Remove("talker");
        }

        Assert.Equal("booting login:", read.ToString());
    }

    [Fact]
    public async Task A_follower_who_was_cut_off_goes_on_where_he_was()
    {
        var handler = new Flaky();
        using var client = new NovaCowClient([_node.Client.Address], handler);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var read = new StringBuilder();
        await foreach (var part in client.FollowConsoleAsync("web", -64, patience.Token))
            read.Append(Encoding.ASCII.GetString(part.Span));
        Assert.Equal("abcdef", read.ToString());
        Assert.Equal(["?offset=-64&follow=true", "?offset=103&follow=true"], handler.Asked);
    }

    [Fact]
    public async Task Head_asks_for_no_stream_that_never_ends()
    {
        using var follow = new HttpRequestMessage(
            HttpMethod.Head, "v1/instances/web/console?follow=true");
        using var endless = await _node.Http.SendAsync(follow);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, endless.StatusCode);
        using var head = new HttpRequestMessage(HttpMethod.Head, "v1/instances/web/console");
        using var part = await _node.Http.SendAsync(head);
        Assert.Equal(HttpStatusCode.OK, part.StatusCode);
    }

    [Fact]
    public async Task What_is_asked_of_the_host_is_bounded()
    {
        _node.Fleet.Add("bounded");
        await _node.Client.ReadConsoleAsync("bounded", -1 << 30, default);
        var asked = Assert.Single(
            _node.Fleet.Asked<SchedulerProtocol.ReadConsole>(), r => r.Id.Value == "bounded");
        Assert.Equal(HostProtocol.MaxConsoleBytes, asked.MaxBytes);
    }

    private static string Header(HttpResponseMessage response, string name) =>
        Assert.Single(response.Headers.GetValues(name));

    /// <summary>Cuts the first stream off in the middle, and ends the second one whole.</summary>
    private sealed class Flaky : HttpMessageHandler
    {
        public List<string> Asked { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.Add(request.RequestUri!.Query);
            var isFirst = Asked.Count == 1;
            var response = new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StreamContent(
                    new Broken(isFirst ? "abc"u8.ToArray() : "def"u8.ToArray(), isFirst)),
            };
            response.Headers.Add(NovaCowClient.ConsoleOffsetHeader, isFirst ? "100" : "103");
            response.Headers.Add(NovaCowClient.ConsoleEndHeader, "106");
            return Task.FromResult(response);
        }
    }

    private sealed class Broken(byte[] content, bool breaks) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            return read == 0 && breaks ? throw new IOException("the connection was reset") : read;
        }
    }
}
