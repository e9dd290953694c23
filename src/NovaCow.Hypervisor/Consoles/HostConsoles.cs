using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Hypervisor.Consoles;

/// <summary>The consoles of a host's guests, a file each.</summary>
public sealed class HostConsoles : IConsoles
{
    /// <inheritdoc/>
    public ConsolePart Read(string path, long offset, int maxBytes) =>
        new ConsoleFile(path).Read(offset, maxBytes);

    /// <inheritdoc/>
    public string? Bound(string path, long keepBytes) => new ConsoleFile(path, keepBytes).Trim();
}
