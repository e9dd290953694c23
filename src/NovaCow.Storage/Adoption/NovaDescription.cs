using System.Text.Json;
using System.Xml;
using System.Xml.Linq;

namespace NovaCow.Storage;

/// <summary>
/// What Nova wrote down of an instance beside its disks: the disks' formats (<c>disk.info</c>, or
/// <c>libvirt.xml</c>), processors and memory. Files that are not there or not readable say nothing.
/// </summary>
internal sealed class NovaDescription
{
    private const string InfoFile = "disk.info", DomainFile = "libvirt.xml";
    private const int MaxBytes = 1 << 20;

    private readonly Dictionary<string, string> _formats = [];

    public int VCpus { get; private set; } = 1;

    public long MemoryBytes { get; private set; }

    /// <summary>Whether a file only describes the instance.</summary>
    public static bool IsDescription(string file) => file is InfoFile or DomainFile;

    public static NovaDescription Read(string folder)
    {
        var description = new NovaDescription();
        description.ReadDomain($"{folder}/{DomainFile}");

        // Nova's own word, which it keeps for this reason, comes before the domain's.
        description.ReadInfo($"{folder}/{InfoFile}");
        return description;
    }

    /// <summary>qemu's name of the format; null when nothing says it.</summary>
    public string? FormatOf(string file) => _formats.GetValueOrDefault(file);

    private void ReadInfo(string path)
    {
        if (TryReadFile(path) is not { } bytes)
            return;
        try
        {
            var formats = JsonSerializer.Deserialize<Dictionary<string, string>>(bytes) ?? [];
            foreach (var (disk, format) in formats)
                _formats[Path.GetFileName(disk)] = format;
        }
        catch (JsonException)
        {
            _formats.Clear();
        }
    }

    private void ReadDomain(string path)
    {
        if (TryReadFile(path) is not { } bytes)
            return;
        try
        {
            using var reader = XmlReader.Create(
                new MemoryStream(bytes),
                new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
            var domain = XDocument.Load(reader).Root;
            if (int.TryParse(domain?.Element("vcpu")?.Value, out var processors) && processors > 0)
                VCpus = processors;
            if (domain?.Element("memory") is { } memory)
                MemoryBytes = BytesOf(memory);
            foreach (var disk in domain?.Element("devices")?.Elements("disk") ?? [])
            {
                var file = (string?)disk.Element("source")?.Attribute("file");
                var format = (string?)disk.Element("driver")?.Attribute("type");
                if (file is not null && format is not null)
                    _formats[Path.GetFileName(file)] = format;
            }
        }
        catch (XmlException)
        {
            // Then it says no more than what was read of it.
        }
    }

    private static long BytesOf(XElement memory)
    {
        var unit = ((string?)memory.Attribute("unit") ?? "KiB") switch
        {
            "b" or "bytes" => 1L,
            "KiB" or "k" => 1L << 10,
            "MiB" or "M" => 1L << 20,
            "GiB" or "G" => 1L << 30,
            _ => 0,
        };
        return long.TryParse(memory.Value, out var count) && count is > 0 and < 1L << 32
            ? count * unit
            : 0;
    }

    private static byte[]? TryReadFile(string path)
    {
        using var file = StoreFiles.TryOpenWithoutLinks(path, isFolder: false, out _);
        var length = file is null ? 0 : StoreFiles.Length(file);
        if (length is 0 or > MaxBytes)
            return null;
        var bytes = new byte[length];
        return RandomAccess.Read(file!, bytes, 0) == length ? bytes : null;
    }
}
