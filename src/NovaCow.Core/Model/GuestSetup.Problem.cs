using System.Buffers;
using System.Globalization;
using System.Text;

namespace NovaCow.Core;

/// <summary>What may be said to a guest.</summary>
public sealed partial record GuestSetup
{
    /// <summary>The longest host name, as DNS has it.</summary>
    public const int MaxHostNameLength = 253;

    private const int MaxHostLabelLength = 63;

    private static readonly SearchValues<char> s_base64 = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    private static readonly string[] s_keyTypes =
    [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ];

    /// <summary>What is wrong with it and what would be right, without a word of a key or of user
    /// data, since what was given in their place may be secret; null: nothing is.</summary>
    public string? Problem()
    {
        if (HostName is not null && !IsHostName(HostName))
        {
            return $"host name '{Names.Printable(HostName)}': expected labels of a-z, 0-9 and '-', "
                + $"of at most {MaxHostLabelLength} characters, with '.' between them, and at most "
                + $"{MaxHostNameLength} characters";
        }

        if (SshKeys.Count > MaxSshKeys)
            return $"{SshKeys.Count} ssh keys: at most {MaxSshKeys} are allowed";
        for (var i = 0; i < SshKeys.Count; i++)
        {
            if (KeyProblem(SshKeys[i]) is { } problem)
                return $"ssh key {i + 1} of {SshKeys.Count}: {problem}";
        }

        return UserData is null ? null : UserDataProblem(UserData);
    }

    private static bool IsHostName(string name) =>
        name.Length is > 0 and <= MaxHostNameLength && name.Split('.').All(IsLabel);

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxHostLabelLength && label[0] != '-' && label[^1] != '-'
            && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static string? KeyProblem(string? key)
    {
        if (key is null || key.Length is 0 or > MaxSshKeyLength)
            return $"{key?.Length ?? 0} characters: expected 1 to {MaxSshKeyLength}";
        if (!IsOneLine(key))
            return "expected one line of text, without control characters or emoji";
        return key.Split(' ', 3) is [var type, var bytes, ..] && s_keyTypes.Contains(type)
            && bytes.Length > 0 && !bytes.AsSpan().ContainsAnyExcept(s_base64)
                ? null
                : "expected a public key as ssh-keygen writes it: one of "
                    + $"{string.Join(", ", s_keyTypes)}, a space, and the key in base64";
    }

    private static string? UserDataProblem(string data)
    {
        if (Encoding.UTF8.GetByteCount(data) is var bytes and > MaxUserDataBytes)
            return $"user data: {bytes} bytes: at most {MaxUserDataBytes} are allowed";
        return IsWellFormed(data)
            ? null
            : "user data: halves of characters stand alone in it; expected valid Unicode";
    }

    /// <summary>Readers of YAML and of JSON disagree about what is beyond 16 bits.</summary>
    private static bool IsOneLine(string text) =>
        text.All(c => char.GetUnicodeCategory(c)
            is not (UnicodeCategory.Control or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.Surrogate));

    private static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var length) != OperationStatus.Done)
                return false;
            text = text[length..];
        }

        return true;
    }
}
