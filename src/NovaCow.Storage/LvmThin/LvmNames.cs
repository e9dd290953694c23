using System.Security.Cryptography;
using System.Text;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// What one store calls its logical volumes. Pure. Two volumes of one store never share a name, and
/// neither do those of two stores in one group.
/// </summary>
/// <remarks>
/// Parts are joined by '+', which no id has. That keeps hostile ids apart from lvm's own names too:
/// it reserves those with <c>_tdata</c> and the like in them, and ids have no '_'.
/// </remarks>
internal sealed class LvmNames(string storeId)
{
    /// <summary>The longest name, a '-' counting twice as it does for the device mapper.</summary>
    public const int MaxLength = 64;

    private const int ShownIdLength = 8, HashLength = 32;

    private readonly string _store = storeId[..ShownIdLength];

    public string Base(BaseKey key)
    {
        var dash = key.Value.IndexOf('-');
        var hash = key.Value[(dash + 1)..];
        return hash.Length > HashLength && !key.Value.StartsWith("blank-", StringComparison.Ordinal)
            ? Name("ncb", $"{key.Value[..dash]}-{hash[..HashLength]}")
            : Name("ncb", key.Value);
    }

    public string Disk(InstanceId instance, DiskName disk) => DiskName("ncd", instance, disk);

    /// <summary>What takes a disk's place, while it is made.</summary>
    public string NewDisk(InstanceId instance, DiskName disk) => DiskName("ncn", instance, disk);

    /// <summary>A disk whose place was taken, until it is removed.</summary>
    public string OldDisk(InstanceId instance, DiskName disk) => DiskName("nco", instance, disk);

    public static bool IsName(string text) =>
        text.Length is > 0 and < 128
        && text[0] != '-' && text is not ("." or "..")
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '_' or '.' or '-');

    public static int EscapedLength(string name) => name.Length + name.Count(c => c == '-');

    public static string Printable(string text) =>
        string.Concat(text.Take(64).Select(c => char.IsControl(c) ? '?' : c));

    private string DiskName(string kind, InstanceId instance, DiskName disk)
    {
        var name = Name(kind, $"{instance}+{disk}");
        if (EscapedLength(name) <= MaxLength)
            return name;

        // No id has a capital letter, so that no other disk is called so.
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(instance.Value));
        return Name(kind, $"H{Convert.ToHexStringLower(hash)[..HashLength]}+{disk}");
    }

    private string Name(string kind, string rest) => $"{kind}+{_store}+{rest}";
}
