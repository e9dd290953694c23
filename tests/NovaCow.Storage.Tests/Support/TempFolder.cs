namespace NovaCow.Storage.Tests;

/// <summary>A folder for one test, removed with it.</summary>
internal sealed class TempFolder : IDisposable
{
    private const string Prefix = "novacow-storage-";

    /// <param name="parent">Where to make it; else with the other temporary folders.</param>
    public TempFolder(string? parent = null) => Path = parent is null
        ? Directory.CreateTempSubdirectory(Prefix).FullName
        : Directory.CreateDirectory(
            System.IO.Path.Combine(parent, $"{Prefix}{Guid.NewGuid():N}")).FullName;

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
