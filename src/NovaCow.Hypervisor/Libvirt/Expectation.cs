using System.Threading.Channels;
using NovaCow.Hypervisor.Libvirt.Native;

namespace NovaCow.Hypervisor.Libvirt;

/// <summary>What a waiting call learned.</summary>
internal abstract record Heard
{
    private Heard()
    {
    }

    /// <summary>The event came.</summary>
    public sealed record Event(DomainSignal Signal) : Heard;

    /// <summary>Events may have been missed: look for yourself.</summary>
    public sealed record LookAgain : Heard;

    /// <summary>Nothing came in time.</summary>
    public sealed record Nothing : Heard;
}

/// <summary>
/// Waits for events of one kind, and is made before what causes them is asked for, so that none is
/// missed.
/// </summary>
internal sealed class Expectation(
    Func<DomainSignal, bool> isIt, TimeProvider time, Action<Expectation> forget) : IDisposable
{
    /// <summary>More unread ones say no more than these.</summary>
    private const int MaxUnread = 16;

    private readonly Channel<Heard> _heard = Channel.CreateBounded<Heard>(
        new BoundedChannelOptions(MaxUnread) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <inheritdoc/>
    public void Dispose() => forget(this);

    /// <summary>Waits for the next one.</summary>
    /// <param name="patience">For how long at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<Heard> NextAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            return await _heard.Reader.ReadAsync(cancellationToken).AsTask()
                .WaitAsync(patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return new Heard.Nothing();
        }
    }

    /// <summary>Takes an event, if it is one of those.</summary>
    public void Offer(DomainSignal signal)
    {
        if (isIt(signal))
            _heard.Writer.TryWrite(new Heard.Event(signal));
    }

    /// <summary>Makes who waits look for itself.</summary>
    public void LookAgain() => _heard.Writer.TryWrite(new Heard.LookAgain());
}
