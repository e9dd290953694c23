namespace NovaCow.Runtime.Tests.Configuration;

/// <summary>A directory of its own for one test, gone afterwards.</summary>
internal sealed class TemporaryFiles : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("novacow-hocon-").FullName;

    public string Write(string name, string text)
    {
        var path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
