using System.Net;
using System.Text;
using System.Text.Json;
using NovaCow.Cli;
using NovaCow.Client;

namespace NovaCow.Node.Tests.Api;

/// <summary>Moves, where there is nowhere to go; between hosts they are the cluster's tests.
/// </summary>
public sealed class MovesTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Theory]
    [InlineData("{}", 409, "NoRoom", "test: it is there")]
    [InlineData("{\"to\":\"elsewhere\"}", 404, "HostNotFound", "elsewhere")]
    [InlineData("{\"to\":\"a b\"}", 400, "InvalidRequest", "to: ")]
    [InlineData("{\"host\":\"test\"}", 400, "InvalidRequest", "host")]
    public async Task What_cannot_move_is_a_problem_that_says_why(
        string body, int status, string code, string says)
    {
        await node.LaunchAsync("fixed");
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await node.Http.PostAsync("v1/instances/fixed/move", content);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Contains(says, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_that_is_there_already_is_answered_as_it_is()
    {
        await node.LaunchAsync("there");
        var stayed = await node.Client.MoveInstanceAsync(
            "there", new MoveInstanceRequest { To = "test" }, null, default);
        Assert.Equal(("test", null), (stayed.Host, stayed.Operation));
    }

    [Fact]
    public async Task A_host_that_cannot_be_emptied_says_what_stays_and_fails()
    {
        await node.LaunchAsync("staying");
        var (exit, output, _) = await node.CliAsync("host", "drain", "test", "--move");
        await node.Client.UncordonHostAsync("test", default);
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("staying: test: it is there", output, StringComparison.Ordinal);
        var (unknown, _, error) = await node.CliAsync("host", "drain", "nowhere", "--move");
        Assert.Equal(ExitCode.NotFound, unknown);
        Assert.Contains("nowhere", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_tells_why_an_instance_cannot_leave()
    {
        await node.LaunchAsync("bound");
        var (exit, _, error) = await node.CliAsync("instance", "move", "bound", "--wait");
        Assert.Equal(ExitCode.Conflict, exit);
        Assert.Contains("cannot leave host test", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root", null)]
    [InlineData("root", "Bearer 0123456789abcdef0123456789abcdef")]
    [InlineData("root", "Basic 0123456789abcdef0123456789abcdef")]
    [InlineData("..%2Froot", "Bearer 0123456789abcdef0123456789abcdef")]
    public async Task No_disk_is_lent_without_the_token_of_a_move(string disk, string? credentials)
    {
        await node.LaunchAsync("private");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/transfers/{disk}");
        if (credentials is not null)
            request.Headers.TryAddWithoutValidation("Authorization", credentials);
        using var response = await node.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("NotLent", await response.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
    }
}
