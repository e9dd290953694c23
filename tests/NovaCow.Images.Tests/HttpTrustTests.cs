using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NovaCow.Core;
using NovaCow.Images.Tests.Support;

namespace NovaCow.Images.Tests;

/// <summary>Whom a fetch asks, whom it believes, and what it gives away.</summary>
public sealed class HttpTrustTests : HttpFixture
{
    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_followed_relative_or_absolute(int status)
    {
        Redirects(status, "/second");
        Redirects(status, Server.Url("/third").AbsoluteUri);
        AssertFetched(await FetchAsync());
        Assert.Equal(["/image.raw", "/second", "/third"], Server.Requests.Select(r => r.Target));
    }

    [Fact]
    public async Task A_redirect_loop_ends()
    {
        for (var i = 0; i < 20; i++)
            Redirects(302, "/image.raw");
        var error = await FailAsync();
        Assert.Equal((LaunchErrorCode.ImageSource, false), (error.Code, error.IsRetryable));
        Assert.Contains("more than 5 redirects", error.Message);
        Assert.Equal(6, Server.Requests.Count);
        Scratch.AssertNothingLeft();
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://elsewhere/image")]
    [InlineData("gopher://127.0.0.1:6379/_x")]
    [InlineData(null)]
    public async Task A_redirect_to_what_is_not_http_is_refused(string? location)
    {
        Redirects(302, location);
        var error = await FailAsync();
        Assert.Equal((LaunchErrorCode.ImageSource, false), (error.Code, error.IsRetryable));
    }

    [Fact]
    public void A_redirect_from_https_to_http_is_refused_and_the_other_way_is_not()
    {
        var (plain, secure) = (new Uri("http://a/x"), new Uri("https://a/x"));
        var error = Assert.Throws<PortException>(
            () => Images.Redirects.Next(Request(), Options, secure, plain));
        Assert.Contains("not encrypted", error.Message);
        Assert.Equal(secure, Images.Redirects.Next(Request(), Options, plain, secure));
        Assert.Equal(
            new Uri("https://a/y"),
            Images.Redirects.Next(Request(), Options, secure, new Uri("y", UriKind.Relative)));
    }

    [Fact]
    public async Task After_a_redirect_each_try_starts_at_the_source_again()
    {
        Redirects(302, "/signed?n=1");
        Then(reply => reply with { BreakAfter = 400_000 });
        Redirects(302, "/signed?n=2");
        AssertFetched(await FetchAsync());
        Assert.Equal(
            ["/image.raw", "/signed?n=1", "/image.raw", "/signed?n=2"],
            Server.Requests.Select(request => request.Target));
        Assert.Equal(400_000, Server.Requests[^1].RangeStart);
    }

    [Fact]
    public async Task A_host_that_is_not_allowed_is_not_asked()
    {
        var options = Options with { AllowedHosts = ["images.example.org"] };
        var error = await FailAsync(options: options);
        Assert.Equal((LaunchErrorCode.InvalidRequest, false), (error.Code, error.IsRetryable));
        Assert.Contains("novacow.images.http.allowed-hosts", error.Message);
        Assert.Empty(Server.Requests);
    }

    [Fact]
    public async Task A_redirect_to_a_host_that_is_not_allowed_is_refused()
    {
        await using var inner = new ScriptedServer(_ => new ScriptedReply());
        Redirects(302, inner.Url("/secret").AbsoluteUri);
        var options = Options with { AllowedHosts = [Server.Authority] };
        var error = await FailAsync(options: options);
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Code);
        Assert.Contains(inner.Authority, error.Message);
        Assert.Empty(inner.Requests);
    }

    [Theory]
    [InlineData("images.org", "http://images.org/x", true)]
    [InlineData("images.org", "http://IMAGES.ORG./x", true)]
    [InlineData("images.org", "http://a.images.org/x", false)]
    [InlineData("images.org", "http://images.org.evil.net/x", false)]
    [InlineData("*.images.org", "http://a.b.images.org/x", true)]
    [InlineData("*.images.org", "http://images.org/x", false)]
    [InlineData("*.images.org", "http://evilimages.org/x", false)]
    [InlineData("images.org:8443", "https://images.org:8443/x", true)]
    [InlineData("images.org:443", "https://images.org/x", true)]
    [InlineData("images.org:8443", "https://images.org/x", false)]
    [InlineData("10.0.0.1", "http://10.0.0.1:99/x", true)]
    [InlineData("10.0.0.1", "http://0xa000001/x", true)]
    [InlineData("*.0.0.1", "http://10.0.0.1/x", false)]
    [InlineData("[::1]:80", "http://[::1]/x", true)]
    [InlineData("::1", "http://[::1]:81/x", true)]
    [InlineData("images.org", "http://images.org@evil.net/x", false)]
    public void A_host_pattern_fits_what_it_says(string pattern, string uri, bool fits)
    {
        Assert.Equal(fits, HostPattern.Fits(pattern, new Uri(uri)));
    }

    [Fact]
    public async Task Credentials_go_to_the_source_only()
    {
        await using var elsewhere = new ScriptedServer(Site.Answer);
        Redirects(302, elsewhere.Url().AbsoluteUri);
        AssertFetched(await FetchAsync(WithCredentials()));
        var sent = Server.Requests[0].Headers["Authorization"];
        Assert.Equal("Basic " + Convert.ToBase64String("user:p@ss"u8), sent);
        Assert.False(elsewhere.Requests[0].Headers.ContainsKey("Authorization"));
        Assert.DoesNotContain("p%40ss", Server.Requests[0].Target);
    }

    [Fact]
    public async Task No_error_shows_credentials_or_signatures()
    {
        var failures = new List<PortException>();
        async Task Fails(ScriptedReply reply, HttpImageOptions? options = null, int times = 1)
        {
            Answers(reply, times);
            failures.Add(await Assert.ThrowsAsync<PortException>(
                () => FetchAsync(WithCredentials(), options)));
        }

        await Fails(new ScriptedReply { Status = 404 });
        await Fails(new ScriptedReply { Status = 500 }, times: 4);
        await Fails(new ScriptedReply { Body = new byte[10], BreakAfter = 3 }, times: 4);
        await Fails(new ScriptedReply { Body = new byte[10] });
        await Fails(new ScriptedReply(), Options with { AllowedHosts = ["other"] });
        await Server.DisposeAsync();
        failures.Add(await Assert.ThrowsAsync<PortException>(() => FetchAsync(WithCredentials())));
        foreach (var failure in failures)
        {
            Assert.DoesNotContain("p@ss", failure.ToString());
            Assert.DoesNotContain("p%40ss", failure.ToString());
            Assert.DoesNotContain("s3cret", failure.ToString());
            Assert.Contains(Server.Authority, failure.Message);
        }
    }

    [Fact]
    public async Task A_certificate_that_nobody_trusts_is_final()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var asked = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using var certificate = asked.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var server = new ScriptedServer(Site.Answer, certificate);
        var error = await FailAsync(Request() with { Source = server.Url() });
        Assert.Equal((LaunchErrorCode.ImageSource, false), (error.Code, error.IsRetryable));
        Assert.Contains("cannot be trusted", error.Message);
        Scratch.AssertNothingLeft();
    }

    [Fact]
    public async Task The_first_source_that_knows_a_scheme_fetches_and_others_are_listed()
    {
        using var http = new HttpImageSource(Options, Time);
        var files = new FileImageSource(new FileImageOptions { Roots = [] });
        var all = new CompositeImageSource(("file", files), ("http, https", http));
        AssertFetched(await all.FetchAsync(Request(), null, default));

        var unknown = Request() with { Source = new Uri("s3://bucket/key") };
        Assert.False(all.Handles(unknown.Source));
        var error = await Assert.ThrowsAsync<PortException>(
            () => all.FetchAsync(unknown, null, default));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Contains("'s3:'", error.Message);
        Assert.Contains("file, http, https", error.Message);
        Assert.False(all.Handles(new Uri("relative", UriKind.Relative)));
    }

    private FetchRequest WithCredentials() => Request() with
    {
        Source = new Uri($"http://user:p%40ss@{Server.Authority}/image.raw?signature=s3cret"),
    };

    private void Redirects(int status, string? location)
    {
        var reply = new ScriptedReply { Status = status };
        if (location is not null)
            reply.Headers["Location"] = location;
        Answers(reply);
    }
}
