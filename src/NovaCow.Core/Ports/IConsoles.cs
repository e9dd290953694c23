using NovaCow.Core.Hosting;

namespace NovaCow.Core;

/// <summary>Reads what guests wrote on their serial consoles, and bounds it. The files may be
/// written to, and be replaced, by the emulator's user: they are not believed.</summary>
/// <remarks>Expected failures are <see cref="PortException"/>s with Hypervisor.</remarks>
public interface IConsoles
{
    /// <summary>Reads a part of a console; a file that is not there is an empty console.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">From where, in bytes; negative: so many bytes before its end.</param>
    /// <param name="maxBytes">The most bytes to answer.</param>
    ConsolePart Read(string path, long offset, int maxBytes);

    /// <summary>Gives back the room of what is older than the newest bytes; offsets stay as they
    /// are. A file that is not there is no error.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keepBytes">How many of the newest bytes are kept.</param>
    /// <returns>Why that cannot be done where the file is; null: it was done.</returns>
    string? Bound(string path, long keepBytes);
}
