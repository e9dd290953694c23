namespace NovaCow.Runtime.Configuration;

/// <summary>
/// Where a value was written: a file (or a name for a text that is no file), and the line and
/// column in it, both counted from one; zero where a line makes no sense, as for the environment.
/// </summary>
public sealed record HoconOrigin(string Source, int Line, int Column)
{
    /// <summary>The origin of what no document wrote.</summary>
    public static HoconOrigin None { get; } = new("", 0, 0);

    /// <summary><c>node.conf:12</c>, for messages that name many places.</summary>
    public string SourceAndLine => Line == 0 ? Source : $"{Source}:{Line}";

    public override string ToString() => Line == 0 ? Source : $"{Source}:{Line}:{Column}";
}
