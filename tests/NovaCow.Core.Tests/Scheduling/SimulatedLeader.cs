using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>
/// One life of the scheduler as its actor carries it: decisions are in the state at once and are
/// written later, in order; what they have said waits for that. One that was deposed does not know
/// before a write of its is refused.
/// </summary>
internal sealed class SimulatedLeader(
    SchedulerCore core, SimulatedJournal journal, PlantedFault fault, Action<SchedulerEffect> send)
{
    private readonly Queue<Decided> _unwritten = new();

    public SchedulerCore Core { get; } = core;

    /// <summary>The leadership it decides under.</summary>
    public long Epoch { get; } = journal.Epoch;

    public bool HasUnwritten => _unwritten.Count > 0;

    /// <summary>Takes a decision up.</summary>
    public void Take(Decision decision, Action? acknowledge = null)
    {
        if (fault == PlantedFault.SpeaksBeforeItWrites)
            (decision, acknowledge) = (SayEarly(decision, acknowledge), null);
        if (decision.Events.Count == 0 && _unwritten.Count == 0)
            Say(decision, acknowledge);
        else
            _unwritten.Enqueue(Decided.By(Core, decision, acknowledge));
    }

    /// <summary>Its oldest decisions are written, and carried out.</summary>
    /// <returns>False when it finds itself deposed: this life ends.</returns>
    public bool Write(int count)
    {
        for (; count > 0 && _unwritten.TryDequeue(out var decided); count--)
        {
            if (decided.Decision.Events.Count > 0 && !journal.Append(Epoch, decided))
                return false;
            Say(decided.Decision, decided.Acknowledge);
        }

        return true;
    }

    /// <summary>It dies; some of what it was writing is durable, but nobody heard of it.</summary>
    public void Die(int written)
    {
        for (; written > 0 && _unwritten.TryDequeue(out var decided); written--)
            journal.Append(Epoch, decided);
    }

    private Decision SayEarly(Decision decision, Action? acknowledge)
    {
        Say(decision, acknowledge);
        var unsaid = new Decision();
        unsaid.Events.AddRange(decision.Events);
        return unsaid;
    }

    private void Say(Decision decision, Action? acknowledge)
    {
        decision.Effects.ForEach(send);
        acknowledge?.Invoke();
    }
}

/// <summary>What is wrong with a simulated cluster on purpose, to be found out.</summary>
internal enum PlantedFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Hosts and clients are told what is not durable.</summary>
    SpeaksBeforeItWrites,

    /// <summary>The journal takes what a deposed leader decided.</summary>
    WritesWhenDeposed,

    /// <summary>A leader begins with less than what is durable.</summary>
    ForgetsAnEvent,
}
