using System.Net;
using NovaCow.Node.Api;
using NovaCow.Node.Tests.Api;

namespace NovaCow.Node.Tests.Machines;

public sealed class ConsoleFollowerTests(MachineFixture node) : IClassFixture<MachineFixture>
{
    [Fact]
    public async Task Only_so_many_follow_and_a_place_that_is_left_is_free_again()
    {
        var all = new List<HttpResponseMessage>();
        try
        {
            for (var i = 0; i < ConsoleApi.MaxFollowers; i++)
                all.Add(await FollowAsync());
            Assert.All(all, r => Assert.Equal(HttpStatusCode.OK, r.StatusCode));
            using var late = await FollowAsync();
            Assert.Equal(HttpStatusCode.ServiceUnavailable, late.StatusCode);
            Assert.NotNull(late.Headers.RetryAfter);
            Assert.Contains("\"Busy\"", await late.Content.ReadAsStringAsync());

            all[0].Dispose();
            await NodeFixture.PollAsync(async () =>
            {
                var again = await FollowAsync();
                all.Add(again);
                return again.IsSuccessStatusCode;
            });
        }
        finally
        {
            all.ForEach(r => r.Dispose());
        }
    }

    private Task<HttpResponseMessage> FollowAsync() => node.Http.GetAsync(
        "v1/instances/web/console?follow=true", HttpCompletionOption.ResponseHeadersRead);
}
