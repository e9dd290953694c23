using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>How a guest is told who it is.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<GuestSeedKind>))]
public enum GuestSeedKind
{
    /// <summary>cloud-init's NoCloud: a disk labelled <c>cidata</c>.</summary>
    NoCloud,

    /// <summary>OpenStack's config drive: a disk labelled <c>config-2</c>.</summary>
    ConfigDrive,
}

/// <summary>What a guest is told at its first boot, through a small disk; compared by what it says.
/// User data may be secret, and is never shown.</summary>
public sealed partial record GuestSetup
{
    /// <summary>The longest user data, in bytes of UTF-8.</summary>
    public const int MaxUserDataBytes = 64 << 10;

    /// <summary>The most keys.</summary>
    public const int MaxSshKeys = 32;

    /// <summary>The longest key, in characters.</summary>
    public const int MaxSshKeyLength = 16 << 10;

    /// <summary>Its name; null: the instance's id.</summary>
    public string? HostName { get; init; }

    /// <summary>What cloud-init is to do, as it is given to it; null: nothing.</summary>
    public string? UserData { get; init; }

    /// <summary>Public keys, one line each, that may log in.</summary>
    public IReadOnlyList<string> SshKeys { get; init; } = [];

    /// <summary>How it is told.</summary>
    public GuestSeedKind Kind { get; init; }

    /// <inheritdoc/>
    public bool Equals(GuestSetup? other) =>
        other is not null && Kind == other.Kind && HostName == other.HostName
            && UserData == other.UserData && SshKeys.SequenceEqual(other.SshKeys);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, HostName, UserData, SshKeys.Count);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Kind} for {HostName ?? "the instance"}, {SshKeys.Count} keys"
            + (UserData is null ? "" : ", user data");
}
