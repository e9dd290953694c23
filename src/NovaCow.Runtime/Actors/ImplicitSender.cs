namespace NovaCow.Runtime.Actors;

/// <summary>
/// The sender of what is told outside of actors, per asynchronous flow. The test kit sets it; a
/// process that never does pays one look at a flag.
/// </summary>
internal static class ImplicitSender
{
    private static readonly AsyncLocal<IActorRef?> Ambient = new();
    private static bool s_used;

    public static IActorRef? Current
    {
        get => s_used ? Ambient.Value : null;
        set
        {
            s_used = true;
            Ambient.Value = value;
        }
    }
}
