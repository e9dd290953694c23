using NovaCow.Client;

namespace NovaCow.Cli.Commands;

/// <summary>Looks at an instance until it is as somebody waits for it. A control node lets nobody
/// wait for long; the rest of the time is spent looking.</summary>
internal static class InstanceWatch
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Looks again as long as something is so.</summary>
    /// <param name="client">Asks.</param>
    /// <param name="instance">The instance as it was seen last.</param>
    /// <param name="isSo">What is waited out.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The instance as it is then.</returns>
    public static async Task<InstanceResource> WhileAsync(
        NovaCowClient client, InstanceResource instance, Func<InstanceResource, bool> isSo,
        CancellationToken ct)
    {
        while (isSo(instance))
        {
            await Task.Delay(LookEvery, ct);
            instance = await client.GetInstanceAsync(instance.Id, ct);
        }

        return instance;
    }

    /// <summary>Whether it was launched and is no host's for good yet.</summary>
    public static bool IsBeingMade(InstanceResource instance) =>
        instance.State is "accepted" or "placed";
}
