using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>The images that a simulated host made of disks: they outlive its process, and are there
/// before anybody hears of it.</summary>
internal sealed partial class SimulatedHost
{
    private const int CapturesInLife = 1_000;
    private int _captures;

    /// <summary>The images that it holds.</summary>
    public HashSet<Digest> Captured { get; } = [];

    private long CaptureNumber => (_life * CapturesInLife) + _captures;

    private void BeginCapture(InstanceChange what)
    {
        if (what is InstanceChange.Capture)
            _captures++;
    }

    private IEnumerable<Said> Publish(int number, InstanceChange what)
    {
        if (what is not InstanceChange.Capture capture)
            return [];
        Captured.Add(ImageOf(capture, number).Digest);
        return [Holds()];
    }

    // Whoever makes the same change of another instance comes to the same bytes.
    private Image ImageOf(InstanceChange.Capture capture, int number)
    {
        var image = Given.Image(capture.Name.Value, (byte)(number + 10));
        return image with { Source = new Uri($"peer+http://{Id}/v1/captures/{image.Digest}") };
    }

    private Said.Held Holds() => new(
        Id,
        new HeldCaptures(CaptureNumber, [.. Captured.Select(d => new HeldCapture(d, 1))]));

    private IEnumerable<Said> Drop(SchedulerEffect.DropCaptures c)
    {
        var isMaking = Has.Keys.Any(id => _disks[id].Running?.What is InstanceChange.Capture);
        if (c.Number == CaptureNumber && !isMaking)
            Captured.ExceptWith(c.Digests);
        return [Holds()];
    }
}

internal abstract partial record Said
{
    public sealed record Held(HostId Host, HeldCaptures Captures) : Said;
}
