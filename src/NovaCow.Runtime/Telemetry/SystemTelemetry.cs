using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Telemetry;

/// <summary>What one actor system counts.</summary>
internal sealed class SystemTelemetry(ActorSystem system) : IDisposable
{
    public void Started(ActorCell cell) => _ = (system, cell);

    public void Restarted(ActorCell cell) => _ = (system, cell);

    public void Stopped(ActorCell cell) => _ = (system, cell);

    public void DeadLetter(AllDeadLetters letter) => _ = (system, letter);

    public void Dispose()
    {
    }
}
