using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NovaCow.Core;

namespace NovaCow.Images;

/// <summary>
/// What is known of the bytes in a <c>.part</c> file: where they came from, which version they
/// are, and how many of them are durable. Kept beside it as JSON, without credentials.
/// </summary>
internal sealed record PartialRecord
{
    /// <summary>What a record that is being written is called, until it is whole.</summary>
    public const string FreshSuffix = ".new";

    /// <summary>The source, for people.</summary>
    public required string Url { get; init; }

    /// <summary>The source with its query, hashed, for comparison.</summary>
    public required string UrlSha256 { get; init; }

    public required Validator Validator { get; init; }

    public required long? TotalBytes { get; init; }

    public required long DurableBytes { get; init; }

    /// <summary>The digest of the durable bytes.</summary>
    public required Digest DurableDigest { get; init; }

    public static string Fingerprint(Uri source)
    {
        var url = source.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url)));
    }

    /// <summary>The record at a path, or null if there is none that can be read.</summary>
    public static PartialRecord? Load(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return JsonSerializer.Deserialize(file, PartialRecordJson.Default.PartialRecord);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the record at a path, whole or not at all.</summary>
    public void Save(string path)
    {
        var fresh = path + FreshSuffix;
        using (var file = File.Create(fresh))
        {
            JsonSerializer.Serialize(file, this, PartialRecordJson.Default.PartialRecord);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(PartialRecord))]
internal sealed partial class PartialRecordJson : JsonSerializerContext;
