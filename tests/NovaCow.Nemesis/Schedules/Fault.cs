namespace NovaCow.Nemesis.Schedules;

/// <summary>Something that is done to a fleet for a while, and undone. Nodes are named, or by
/// their part: see <see cref="Parts"/>.</summary>
public abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>A process is killed with SIGKILL, and started again.</summary>
    public sealed record Kill(string Node) : Fault
    {
        public override string ToString() => $"kill -9 {Node}";
    }

    /// <summary>A process is asked to stop, and started again.</summary>
    public sealed record Stop(string Node) : Fault
    {
        public override string ToString() => $"stop {Node}";
    }

    /// <summary>A process stands still, SIGSTOP to SIGCONT.</summary>
    public sealed record Pause(string Node) : Fault
    {
        public override string ToString() => $"pause {Node}";
    }

    /// <summary>Nothing passes between two nodes, or parts of the fleet.</summary>
    public sealed record Cut(string From, string To, CutWay Way) : Fault
    {
        public override string ToString() => Way switch
        {
            CutWay.There => $"cut {From} -> {To}",
            CutWay.Back => $"cut {From} <- {To}",
            CutWay.Refused => $"refuse {From} <-> {To}",
            _ => $"cut {From} <-> {To}",
        };
    }

    /// <summary>The database is stopped, or killed, and started again.</summary>
    public sealed record LoseDatabase(bool IsKilled) : Fault
    {
        public override string ToString() => IsKilled ? "kill -9 database" : "stop database";
    }

    /// <summary>The disk under a host's store is full.</summary>
    public sealed record FillDisk(string Host) : Fault
    {
        public override string ToString() => $"fill the disk of {Host}";
    }
}

/// <summary>How a cut is felt.</summary>
public enum CutWay
{
    /// <summary>Silence both ways.</summary>
    Both,

    /// <summary>What the first sends does not arrive.</summary>
    There,

    /// <summary>What the second sends does not arrive.</summary>
    Back,

    /// <summary>Connections are reset, and new ones refused.</summary>
    Refused,
}

/// <summary>Names of more than one node, or of one that only the run knows.</summary>
public static class Parts
{
    /// <summary>The control node that leads when the fault begins.</summary>
    public const string Leader = "leader";

    public const string Hosts = "hosts";

    public const string Controls = "controls";

    public const string Database = "database";

    public static string Control(int number) => $"control-{number}";

    public static string Host(int number) => $"host-{number}";
}
