using System.Net;
using System.Net.Http.Headers;
using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Images;
using NovaCow.Security;

namespace NovaCow.Node.Tests.Api;

/// <summary>Images that one host made of disks, fetched by another: over the real web server, with
/// and without TLS.</summary>
public sealed class CapturesTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_host_fetches_what_another_one_captured(bool isSecure)
    {
        await using var host = await CapturingHost.StartAsync(isSecure);
        var image = await host.CaptureAsync();
        Assert.Equal(isSecure ? "peer+https" : "peer+http", image.Source.Scheme);
        using var peers = new PeerImageSource(tls: host.DialAs(ClusterRole.Host));
        Assert.True(peers.Handles(image.Source));
        var fetched = await peers.FetchAsync(host.Request(image), null, default);
        Assert.Equal((image.SizeBytes, image.Digest), (fetched.SizeBytes, fetched.Digest));
    }

    [Theory]
    [InlineData(ClusterRole.Control, null)]
    [InlineData(ClusterRole.Host, null)]
    [InlineData(ClusterRole.Operator, LaunchErrorCode.ImageNotFound)]
    [InlineData(null, LaunchErrorCode.ImageNotFound)]
    public async Task Only_hosts_and_control_nodes_are_given_images(
        ClusterRole? role, LaunchErrorCode? refusal)
    {
        await using var host = await CapturingHost.StartAsync(isSecure: true);
        var image = await host.CaptureAsync();
        using var peers = new PeerImageSource(tls: host.DialAs(role));
        var error = await Record.ExceptionAsync(
            () => peers.FetchAsync(host.Request(image), null, default));
        Assert.Equal(refusal, (error as PortException)?.Error.Code);
    }

    [Fact]
    public async Task An_image_is_served_from_where_a_fetch_broke_off()
    {
        await using var host = await CapturingHost.StartAsync(isSecure: false);
        var image = await host.CaptureAsync();
        using var http = new HttpClient();
        var address = new Uri(image.Source.ToString()["peer+".Length..]);
        var whole = await http.GetByteArrayAsync(address);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Range = new RangeHeaderValue(1000, null);
        request.Headers.IfRange = new RangeConditionHeaderValue($"\"{image.Digest}\"");
        using var rest = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, rest.StatusCode);
        Assert.Equal(whole[1000..], await rest.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_is_not_there_or_has_another_digest_is_not_fetched()
    {
        await using var host = await CapturingHost.StartAsync(isSecure: false);
        var image = await host.CaptureAsync();
        using var peers = new PeerImageSource();
        var other = Digest.Sha256(new byte[32]);
        await host.Captures.RemoveAsync([image.Digest], default);
        (FetchRequest Request, LaunchErrorCode Code)[] wrong =
        [
            (host.Request(image), LaunchErrorCode.ImageNotFound),
            (host.Request(image) with { Expected = other }, LaunchErrorCode.InvalidRequest),
            (host.Request(image) with { Expected = null }, LaunchErrorCode.InvalidRequest),
            (With("http://x/v1/instances"), LaunchErrorCode.InvalidRequest),
            (With($"http://x/v1/captures/{image.Digest}?x=1"), LaunchErrorCode.InvalidRequest),
            (With($"http://a@x/v1/captures/{image.Digest}"), LaunchErrorCode.InvalidRequest),
        ];
        foreach (var (request, code) in wrong)
        {
            var error = await Assert.ThrowsAsync<PortException>(
                () => peers.FetchAsync(request, null, default));
            Assert.Equal(code, error.Error.Code);
            Assert.False(error.Error.IsRetryable);
        }

        FetchRequest With(string uri) =>
            host.Request(image) with { Source = new Uri($"peer+{uri}") };
    }

    [Fact]
    public async Task What_a_client_registers_never_leads_to_a_host()
    {
        var digest = Digest.Sha256(new byte[32]);
        var error = await Assert.ThrowsAsync<NovaCowException>(() =>
            node.Client.RegisterImageAsync(
                new RegisterImageRequest
                {
                    Name = "stolen",
                    Source = $"peer+http://127.0.0.1:1/v1/captures/{digest}",
                    Digest = digest.Value,
                },
                default));
        Assert.Contains("expected an absolute path", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_without_such_an_image_says_so()
    {
        using var answer = await node.Http.GetAsync(
            new Uri($"v1/captures/{Digest.Sha256(new byte[32])}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("NotCaptured", await answer.Content.ReadAsStringAsync());
    }
}
