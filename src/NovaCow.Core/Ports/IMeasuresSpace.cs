namespace NovaCow.Core;

/// <summary>A volume driver whose volumes do not lie in the store's file system: it says what room
/// there is where they do.</summary>
public interface IMeasuresSpace
{
    /// <summary>The size of what the volumes lie in, and what is free in it, in bytes.</summary>
    /// <exception cref="PortException">It could not be looked at.</exception>
    Task<StoreSpace> MeasureSpaceAsync(CancellationToken cancellationToken);
}
