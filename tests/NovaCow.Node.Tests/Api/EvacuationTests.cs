using System.Net;
using System.Text;
using System.Text.Json;
using NovaCow.Cli;

namespace NovaCow.Node.Tests.Api;

/// <summary>Evacuations that are refused; those that are not are the cluster's tests.</summary>
public sealed class EvacuationTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    [Theory]
    [InlineData("test", "{}", 400, "InvalidRequest", "nobody says that it is off")]
    [InlineData("test", "{\"fenced\":true}", 409, "Conflict", "it is connected, so it lives")]
    [InlineData("nowhere", "{\"fenced\":true}", 404, "HostNotFound", "nowhere")]
    [InlineData("test", "{\"fenced\":true,\"to\":\"a b\"}", 400, "InvalidRequest", "to: ")]
    [InlineData("test", "{\"force\":true}", 400, "InvalidRequest", "force")]
    public async Task What_is_not_evacuated_is_a_problem_that_says_why(
        string host, string body, int status, string code, string says)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await node.Http.PostAsync($"v1/hosts/{host}/evacuate", content);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Contains(says, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_tells_what_a_person_has_to_say_first()
    {
        var (exit, _, error) = await node.CliAsync("host", "evacuate", "test");
        Assert.NotEqual(ExitCode.Success, exit);
        Assert.Contains("--fenced", error, StringComparison.Ordinal);
        (exit, _, error) = await node.CliAsync("host", "evacuate", "test", "--fenced");
        Assert.Equal(ExitCode.Conflict, exit);
        Assert.Contains("drain --move", error, StringComparison.Ordinal);
    }
}
