using NovaCow.Actors.Protocols;
using NovaCow.Cli;
using NovaCow.Core;
using NovaCow.Core.Scheduling;

namespace NovaCow.Node.Tests.Machines;

/// <summary>Consoles that are asked for while the instance is still being made.</summary>
public sealed class EarlyConsoleTests(MachineFixture node) : IClassFixture<MachineFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("early", LaunchPhase.Accepted, "accepted")]
    [InlineData("placed", LaunchPhase.Placed, "placed")]
    public async Task Who_follows_waits_until_the_instance_is_made(
        string id, LaunchPhase phase, string state)
    {
        node.Fleet.ClearConsole();
        Add(id, phase);
        var following = node.CliAsync("instance", "console", id, "--follow");
        await LooksAsync(id, 3);
        Assert.Empty(Reads(id));
        node.Fleet.Put(id, LaunchPhase.Committed);
        node.Fleet.Print("booting"u8);
        await UntilAsync(() => Reads(id).Count > 0);
        node.Fleet.Put(id, LaunchPhase.Active);
        node.Fleet.Remove(id);
        var (exit, shown, said) = await following.WaitAsync(Patience);
        Assert.Equal((ExitCode.Success, "booting"), (exit, shown));
        Assert.Contains(state, Assert.Single(Lines(said)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LaunchErrorCode.NoValidHost, ExitCode.Failed)]
    [InlineData(LaunchErrorCode.UnsafeImage, ExitCode.Refused)]
    public async Task A_launch_that_fails_ends_it_with_its_reason(LaunchErrorCode code, int exits)
    {
        var id = $"fails-{code}".ToLowerInvariant();
        Add(id, LaunchPhase.Placed);
        var following = node.CliAsync("instance", "console", id, "--follow");
        await LooksAsync(id, 2);
        var error = new LaunchError(code, "the image is bad", IsRetryable: false);
        node.Fleet.Put(id, LaunchPhase.Failed, error);
        var (exit, shown, said) = await following.WaitAsync(Patience);
        Assert.Equal((exits, ""), (exit, shown));
        Assert.Contains("failed: the image is bad", Lines(said)[^1], StringComparison.Ordinal);
        Assert.Empty(Reads(id));

        // Nor does one that had failed before say anything else.
        Assert.Equal(exits, (await node.CliAsync("instance", "console", id, "--follow")).Exit);
    }

    [Fact]
    public async Task A_machine_that_does_not_start_ends_it_with_the_reason()
    {
        const string Id = "starts-not";
        node.Fleet.ClearConsole();
        Add(Id, LaunchPhase.Committed);
        var following = node.CliAsync("instance", "console", Id, "--follow");
        await UntilAsync(() => Reads(Id).Count > 0);
        node.Fleet.Put(Id, LaunchPhase.Failed, new LaunchError(
            LaunchErrorCode.Hypervisor, "no memory", IsRetryable: false));
        var (exit, _, said) = await following.WaitAsync(Patience);
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("no memory", Assert.Single(Lines(said)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_does_not_follow_is_refused_and_told_how_to_wait()
    {
        Add("soon", LaunchPhase.Placed);
        var (exit, shown, said) = await node.CliAsync("instance", "console", "soon");
        Assert.Equal((ExitCode.Conflict, ""), (exit, shown));
        Assert.Contains("it has no machine", said, StringComparison.Ordinal);
        Assert.Contains("--follow", said, StringComparison.Ordinal);

        node.Fleet.Put("soon", LaunchPhase.Deleting);
        (exit, _, said) = await node.CliAsync("instance", "console", "soon");
        Assert.Equal(ExitCode.Conflict, exit);
        Assert.DoesNotContain("--follow", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_API_itself_refuses_what_is_not_made()
    {
        Add("api", LaunchPhase.Placed);
        using var response = await node.Http.GetAsync("v1/instances/api/console?follow=true");
        Assert.Equal(409, (int)response.StatusCode);
    }

    private void Add(string id, LaunchPhase phase)
    {
        node.Fleet.Add(id);
        node.Fleet.Put(id, phase);
    }

    private Task LooksAsync(string id, int times) => UntilAsync(() => node.Fleet
        .Asked<SchedulerProtocol.GetInstance>().Count(g => g.Id.Value == id) >= times);

    private List<SchedulerProtocol.ReadConsole> Reads(string id) =>
        [.. node.Fleet.Asked<SchedulerProtocol.ReadConsole>().Where(r => r.Id.Value == id)];

    private static string[] Lines(string said) =>
        said.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var late = new CancellationTokenSource(Patience);
        while (!isSo())
            await Task.Delay(20, late.Token);
    }
}
