using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NovaCow.Security;

/// <summary>
/// What lets a machine have a host certificate: which authority it is to believe, for which host,
/// until when; sealed with a key that only the authority's holders can derive. Pure.
/// </summary>
public sealed partial record JoinToken
{
    /// <summary>In place of a host's name: any that never joined.</summary>
    public const string AnyHost = "*";

    /// <summary>What the sealing key is derived for.</summary>
    public const string Purpose = "novacow join token 1";

    private const string Prefix = "novacow1";
    private const int MaxLength = 1024;

    /// <summary>The SHA-256 of the authority's certificate, in lower-case hexadecimal.</summary>
    [JsonPropertyName("ca")]
    public required string Authority { get; init; }

    /// <summary>The host, or <see cref="AnyHost"/>.</summary>
    [JsonPropertyName("host")]
    public required string Host { get; init; }

    /// <summary>Until when it may be used.</summary>
    [JsonPropertyName("until")]
    public required DateTimeOffset Until { get; init; }

    /// <summary>The token as people pass it on.</summary>
    public string Seal(byte[] key)
    {
        var content = Base64Url.EncodeToString(
            JsonSerializer.SerializeToUtf8Bytes(this, TokenJson.Default.JoinToken));
        return $"{Prefix}.{content}.{Base64Url.EncodeToString(Mac(key, content))}";
    }

    /// <summary>What a token says, without asking whether it is genuine: its bearer cannot know,
    /// and needs only the fingerprint.</summary>
    /// <exception cref="SecurityException">It is no token.</exception>
    public static JoinToken Read(string text) => Split(text).Token;

    /// <summary>What a token says, if it is genuine, still valid, and for that host.</summary>
    /// <param name="text">The token.</param>
    /// <param name="key">The sealing key.</param>
    /// <param name="host">Who wants to join.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="SecurityException">It is not; the message says why.</exception>
    public static JoinToken Verify(string text, byte[] key, string host, DateTimeOffset now)
    {
        var (token, content, mac) = Split(text);
        if (!CryptographicOperations.FixedTimeEquals(mac, Mac(key, content)))
        {
            throw new SecurityException(
                "the token was not made by this cluster, or it was changed: ask an operator for "
                + "one (novacow host token)");
        }

        if (now > token.Until)
        {
            throw new SecurityException(
                $"the token expired at {token.Until.UtcDateTime:O}, and the clock here says "
                + $"{now.UtcDateTime:O}: ask an operator for a new one (novacow host token)");
        }

        return token.Host == AnyHost || token.Host == host
            ? token
            : throw new SecurityException(
                $"the token is for host {token.Host}, and {host} wants to join with it: use "
                + $"--name {token.Host}, or ask an operator for a token for {host}");
    }

    private static (JoinToken Token, string Content, byte[] Mac) Split(string text)
    {
        if (text.Length <= MaxLength && text.Split('.') is [Prefix, var content, var mac])
        {
            try
            {
                var json = Base64Url.DecodeFromChars(content);
                if (JsonSerializer.Deserialize(json, TokenJson.Default.JoinToken) is { } token)
                    return (token, content, Base64Url.DecodeFromChars(mac));
            }
            catch (Exception e) when (e is FormatException or JsonException)
            {
                // Said below.
            }
        }

        throw new SecurityException(
            "that is no join token: expected one line as novacow host token prints it");
    }

    private static byte[] Mac(byte[] key, string content) =>
        HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{Prefix}.{content}"));

    [JsonSourceGenerationOptions(
        RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
    [JsonSerializable(typeof(JoinToken))]
    private sealed partial class TokenJson : JsonSerializerContext;
}
