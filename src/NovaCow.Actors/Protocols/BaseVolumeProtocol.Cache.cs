using NovaCow.Core;

namespace NovaCow.Actors.Protocols;

/// <summary>Bases that are made before a launch asks for them.</summary>
public static partial class BaseVolumeProtocol
{
    /// <summary>The base is to be made if it is not there; it reports at once.</summary>
    public sealed record Warm(BaseContent Content) : IBaseVolumeMessage;

    /// <summary>A launch has come to wait for a base that was to be made ahead: its turn is that of
    /// a launch.</summary>
    public sealed record Hurry(BaseKey Key) : IBaseVolumeMessage;
}
