namespace NovaCow.Runtime.Actors;

/// <summary>What persistence needs of a cell: to hold commands back while the journal works, and to
/// come back to the actor's turn when it has.</summary>
internal sealed partial class ActorCell
{
    /// <summary>User messages wait in the mailbox, in order, until the journal has answered.
    /// </summary>
    public bool HoldsCommands
    {
        get => IsHeld;
        set => IsHeld = value;
    }

    /// <summary>An asynchronous handler is between two of its steps.</summary>
    public bool IsInsideHandler => IsAwaiting;

    /// <summary>Does something on behalf of an earlier message, with its sender. When that throws
    /// it is this message that failed.</summary>
    public void RunAs(Envelope? envelope, Action work)
    {
        _currentMessage = envelope;
        work();
        if (!IsAwaiting)
            _currentMessage = null;
    }
}
