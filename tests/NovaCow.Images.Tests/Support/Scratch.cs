using System.Diagnostics;
using System.Security.Cryptography;
using NovaCow.Core;

namespace NovaCow.Images.Tests.Support;

/// <summary>A directory of a test's own, and the fetches into it.</summary>
public sealed class Scratch : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("novacow-images-");
    private readonly Stack<string> _mounts = new();

    public string Root => _directory.FullName;

    public string Destination { get; init; } = "image";

    public string DestinationPath => At(Destination);

    public string PartPath => DestinationPath + ".part";

    public string RecordPath => DestinationPath + ".part.json";

    public static byte[] RandomBytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static Digest DigestOf(byte[] bytes) => Digest.Sha256(SHA256.HashData(bytes));

    public string At(string name) => Path.Combine(Root, name);

    public string Write(string name, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    public FetchRequest Request(Uri source, Digest? expected = null) => new()
    {
        Source = source,
        DestinationPath = DestinationPath,
        MaxBytes = 1L << 40,
        Expected = expected,
        DisplayName = "debian-12",
    };

    /// <summary>Mounts a small file system, or skips the test where that cannot be done.</summary>
    public string Mount(string name, params string[] arguments)
    {
        Directory.CreateDirectory(At(name));
        if (Run("mount", [.. arguments, At(name)]) != 0)
            Assert.Skip("needs the right to mount file systems");
        _mounts.Push(At(name));
        return At(name);
    }

    public static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    RedirectStandardError = true,
                    UseShellExecute = false,
                })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return 127;
        }
    }

    public void AssertNothingLeft() =>
        Assert.Empty(Directory.GetFiles(Root, Destination + "*").Select(Path.GetFileName));

    public void Dispose()
    {
        foreach (var mount in _mounts)
            Run("umount", mount);
        _directory.Delete(recursive: true);
    }
}

/// <summary>Keeps every report, in order.</summary>
public sealed class ProgressLog : IProgress<FetchProgress>
{
    private readonly Lock _gate = new();
    private readonly List<FetchProgress> _reports = [];

    public IReadOnlyList<FetchProgress> Reports
    {
        get
        {
            lock (_gate)
                return [.. _reports];
        }
    }

    public Action<FetchProgress>? OnReport { get; init; }

    public void Report(FetchProgress value)
    {
        lock (_gate)
            _reports.Add(value);
        OnReport?.Invoke(value);
    }
}
